/** Limits log lines that an outage would repeat many times a second. */

/**
 * Returns a function that is true for a key at most once in `everyMs` milliseconds: log only when it is.
 * `nowMs` is a monotonic clock; tests pass their own.
 */
export function throttleLogs(everyMs: number, nowMs = () => performance.now()): (key: string) => boolean {
  const lastMs = new Map<string, number>()
  return (key) => {
    const atMs = nowMs()
    if (atMs - (lastMs.get(key) ?? -Infinity) < everyMs) return false
    lastMs.set(key, atMs)
    return true
  }
}
