/** Finds guests by name: from two letters on, each word of the query begins a word of the name, in any order, without accents. */
import type { Entry } from './judge.ts'

const LETTERS_MIN = 2
const RESULTS_MAX = 20

const fold = (text: string): string =>
  text
    .normalize('NFD')
    .replace(/\p{M}+/gu, '')
    .toLowerCase()

const wordsOf = (text: string): string[] =>
  fold(text)
    .split(/[^\p{L}\p{N}]+/u)
    .filter(Boolean)

/** Null: too few letters to search. */
export function findByName(entries: Iterable<Entry>, query: string): Entry[] | null {
  const wanted = wordsOf(query)
  if (wanted.join('').length < LETTERS_MIN) return null
  const found: Entry[] = []
  for (const entry of entries) {
    if (entry.name === undefined || entry.guestId === undefined) continue
    const words = wordsOf(entry.name)
    if (wanted.every((start) => words.some((word) => word.startsWith(start)))) found.push(entry)
  }
  return found.toSorted((a, b) => a.name!.localeCompare(b.name!, 'es')).slice(0, RESULTS_MAX)
}
