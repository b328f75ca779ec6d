import { createHash, timingSafeEqual } from 'node:crypto'

/** Compares in constant time, also when the lengths differ. */
export function isSame(given: string, expected: string): boolean {
  const digest = (text: string) => createHash('sha256').update(text).digest()
  return timingSafeEqual(digest(given), digest(expected))
}
