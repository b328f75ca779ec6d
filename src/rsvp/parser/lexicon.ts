/** The tables of phrases, compiled once. Pure. */
import { ACKNOWLEDGES, EXCLAMATIONS, FILLER, LOOK_ALIKES, RHETORICAL, SOFT, VOCATIVES } from './filler.ts'
import { BLOCKS_NO, BLOCKS_YES, REASONS } from './markers.ts'
import { numberOf } from './numbers.ts'
import { SIZE_WORDS } from './party-size.ts'
import { compile, linesOf, type Automaton } from './patterns.ts'
import { MAYBE, NOT_YET } from './phrases-maybe.ts'
import { BARE_NO, CONFLICTS, DECLINES, LEANS_NO, REFUSES } from './phrases-no.ts'
import { AGREES, ATTENDS, BARE_YES, LEANS_YES, POLITE, WISHES } from './phrases-yes.ts'

/** When two kinds cover the same words equally well, the first counts. */
const TABLES = {
  not_yet: NOT_YET,
  look_alike: LOOK_ALIKES,
  leans_yes: LEANS_YES,
  leans_no: LEANS_NO,
  declines: DECLINES,
  refuses: REFUSES,
  bare_no: BARE_NO,
  maybe: MAYBE,
  wish: WISHES,
  polite: POLITE,
  attends: ATTENDS,
  agrees: AGREES,
  bare_yes: BARE_YES,
  conflict: CONFLICTS,
  acknowledges: ACKNOWLEDGES,
  exclamation: EXCLAMATIONS,
  filler: FILLER,
  rhetorical: RHETORICAL,
  vocative: VOCATIVES,
  /** Only the beginning; free text follows. */
  reason: REASONS,
}
export type PhraseKind = keyof typeof TABLES
export const KINDS = Object.keys(TABLES) as PhraseKind[]

const ROWS = KINDS.flatMap((kind) => linesOf(TABLES[kind]).map((pattern) => ({ kind, pattern })))
export const PHRASES: Automaton = compile(ROWS.map(({ pattern }) => pattern))
export const kindOf = (row: number): PhraseKind => ROWS[row]!.kind

/** Every word of a table. Only another word can be a name, and only another word can be a typing error. */
const KNOWN = new Set(['sí', ...PHRASES.words, ...SIZE_WORDS, ...SOFT, ...BLOCKS_YES, ...BLOCKS_NO])
export const isKnown = (word: string): boolean => KNOWN.has(word)
export const isName = (word: string): boolean =>
  !KNOWN.has(word) && numberOf(word) === null && /^\p{L}{2,}$/u.test(word)
