/** A reader that has a spare one. */
const FAILURES_MAX = 5

type Reader<T> = { read(from: T): Promise<string[]> }

/** Reads with `first` until it has failed five times in a row, as the detector of some phones does, and then with the spare one. */
export function withSpare<T>(first: Reader<T>, openSpare: () => Reader<T>): Reader<T> {
  let current = first
  let failures = 0
  return {
    async read(from) {
      if (current !== first) return current.read(from)
      try {
        const codes = await first.read(from)
        failures = 0
        return codes
      } catch {
        if (++failures >= FAILURES_MAX) current = openSpare()
        return []
      }
    },
  }
}
