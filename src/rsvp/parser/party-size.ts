/** Reads how many people come: «vamos 3», «somos dos», «mi esposa y yo», «party of four». Pure. */
import { numberOf } from './numbers.ts'
import { compile, matchesAt, type Match, type Words } from './patterns.ts'
import { BREAK } from './simplify.ts'
import { SIZE_RULES, type Counts } from './sizes.ts'
import { SLOTS } from './slots.ts'

/**
 * `rest`: the text without the words that gave the number. `isCounted`: the size came from a number or a companion, so a
 * no may be about some of the people; «no vamos mi esposa y yo» is only a no. `isContradictory`: different numbers were
 * given, so `size` is null.
 */
export type PartySize = { rest: string[]; size: number | null; isCounted: boolean; isContradictory: boolean }

const RULES = compile(SIZE_RULES.map(({ pattern }) => pattern))
export const SIZE_WORDS = RULES.words
const RELATIVES = compile([SLOTS['relative']!]).words
/** «Somos cuatro hermanos» says who they are. */
const isRelative = (word: string | undefined): boolean => word !== undefined && RELATIVES.has(word)
const COUPLES = new Set(['papas', 'padres', 'suegros', 'abuelos'])
const VERBS_LEFT: [RegExp, string][] = [
  [/^confirm/, 'confirmo asistencia'],
  [/^voy$/, 'voy'],
  [/^(somos|seremos|seriamos|serian|estamos|were)$/, 'vamos'],
  [/^(vamos|iriamos|ire|iremos|asist|estare|ocup|usare|neces|jalamos|caemos|caigo|lleg|ill|im)/, 'asistiremos'],
]

/** A text with more numbers of people is no answer. */
const SIZES_MAX = 10

/** Takes the party size out of a simplified text. */
export function extractPartySize(list: string[], isName: (word: string) => boolean): PartySize {
  const sizes: number[] = []
  let rest = list
  let isCounted = false
  let found = findRules(rest, isName)
  for (const [row, { counts, leaves, isNotAfterNo }] of SIZE_RULES.entries()) {
    for (let at = 0; at < rest.length; at++) {
      const end = Math.max(-1, ...found[at]!.filter((match) => match.row === row).map((match) => match.end))
      if (end < 0 || (isNotAfterNo && isDenied(rest, at))) continue
      if (counts === 'number' && isRelative(rest[end])) continue
      const span = rest.slice(at, end)
      const size = typeof counts === 'number' ? counts : count(span, counts, isName)
      if (size === null) continue
      sizes.push(size)
      if (sizes.length > SIZES_MAX) return { rest, size: null, isCounted, isContradictory: true }
      isCounted ||= counts !== 'kin'
      const left = leaves === 'verb' ? verbLeft(span) : leaves.split(' ').filter(Boolean)
      rest = [...rest.slice(0, at), ...left, ...rest.slice(end)]
      found = findRules(rest, isName)
      at += left.length - 1
    }
  }
  const distinct = [...new Set(sizes)]
  const size = distinct.length === 1 ? distinct[0]! : null
  return { rest, size, isCounted, isContradictory: distinct.length > 1 }
}

function findRules(list: string[], isName: (word: string) => boolean): Match[][] {
  const words = wordsOf(list, isName)
  return list.map((_, at) => matchesAt(RULES, words, at))
}

/** Whether a no stands close before, or the number is whom a wish goes to: «no voy solo», «felicidades a los dos». */
const isDenied = (list: string[], at: number): boolean =>
  list.slice(Math.max(0, at - 3), at).some((word) => /^(no|not|wont|dont)$/.test(word)) ||
  /^(a|de|to)$/.test(list[at - 1] ?? '')

const AFTER_SIZES = new Set(
  'hola gracias por favor porfa porfavor buenas buenos muchas hi hello thanks thank please y saludos en'.split(' '),
)
const wordsOf = (list: string[], isName: (word: string) => boolean): Words => ({
  list,
  isName,
  isStart: (at) => at === 0 || /^(,|\?|hola|gracias|buenas)$/.test(list[at - 1]!),
  isEnd: (at) => at >= list.length || list[at] === BREAK || list[at] === '?' || AFTER_SIZES.has(list[at]!),
})

function count(span: string[], how: Exclude<Counts, number>, isName: (word: string) => boolean): number | null {
  if (how === 'kin' || how === 'company') return countKin(span, isName)
  const numbers = span.flatMap((word) => numberOf(word, how === 'sum') ?? [])
  if (how === 'number' && numbers.length === 0) return span.some((word) => word === 'un' || word === 'una') ? 1 : null
  if (how === 'self') return 1 + numbers[0]!
  return how === 'sum' ? numbers.reduce((sum, one) => sum + one, 0) : numbers[0]!
}

/** Whether the text names a companion who is not counted: «confirmo, y tal vez mi novia». */
export const namesCompanion = (list: string[]): boolean =>
  list.some((word, at) => isRelative(word) && /^(mi|my)$/.test(list[at - 1] ?? '') && COMPANY.has(list[at - 2] ?? ''))
const COMPANY = new Set(['y', 'e', 'con', 'and', 'with', 'mas', 'para'])

/** Counts the guest, each named person, and the relatives given as a number. */
function countKin(span: string[], isName: (word: string) => boolean): number {
  let total = 1
  for (const [at, word] of span.entries()) {
    const before = at > 0 ? numberOf(span[at - 1]!) : null
    if (COUPLES.has(word)) total += 2
    else if (before !== null) total += before
    else if (isName(word) || (RELATIVES.has(word) && !RELATIVES.has(span[at - 1] ?? ''))) total += 1
  }
  return total
}

function verbLeft(span: string[]): string[] {
  for (const word of span) for (const [verb, left] of VERBS_LEFT) if (verb.test(word)) return left.split(' ')
  return /^(we|there)$/.test(span[0]!) ? ['vamos'] : []
}
