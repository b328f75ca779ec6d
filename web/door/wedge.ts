/** A scanner that types: its keys follow each other faster than fingers can, and Enter ends them. */
const BETWEEN_KEYS_MS = 35
const LENGTH_MIN = 6

export type Typed = { text: string; atMs: number }
export const NOTHING_TYPED: Typed = { text: '', atMs: 0 }

/** Takes one key. `code`: what was scanned, when this key ends it. `isScanner`: the key is not of fingers. */
export function typeKey(
  { text, atMs }: Typed,
  key: string,
  nowMs: number,
): { typed: Typed; code: string | null; isScanner: boolean } {
  const isFast = nowMs - atMs < BETWEEN_KEYS_MS
  if (key === 'Enter') {
    const code = isFast && text.length >= LENGTH_MIN ? text : null
    return { typed: NOTHING_TYPED, code, isScanner: code !== null }
  }
  // Shift and the like come between letters.
  if (key.length !== 1) return { typed: { text, atMs: isFast ? nowMs : atMs }, code: null, isScanner: false }
  const typed = { text: isFast ? text + key : key, atMs: nowMs }
  return { typed, code: null, isScanner: typed.text.length >= LENGTH_MIN }
}
