/** A bounded memory of one process. What several processes must agree on is not for it. */

export type Memory<V> = {
  get(key: string, now: Date): V | undefined
  /** Remembers a value until `until`. A full memory forgets its oldest entry. */
  set(key: string, value: V, until: Date): void
}

export function openMemory<V>(max: number): Memory<V> {
  const entries = new Map<string, { value: V; untilMs: number }>() // in the order of their insertion
  return {
    get(key, now) {
      const entry = entries.get(key)
      if (!entry || now.getTime() < entry.untilMs) return entry?.value
      entries.delete(key)
      return undefined
    },
    set(key, value, until) {
      entries.delete(key)
      entries.set(key, { value, untilMs: until.getTime() })
      if (entries.size > max) entries.delete(entries.keys().next().value!)
    },
  }
}
