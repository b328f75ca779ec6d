/**
 * A small language for phrases, compiled once into an automaton over words, so that reading takes time in proportion to the
 * text. Pure. One pattern per line; a line that begins with spaces continues the one before, and `#` begins a comment.
 *
 *     no puedo          the words themselves, as simplify.ts writes them: lower case, no accents, no apostrophes
 *     encantad~         the word with each ending of gender and number: encantado, encantada, encantados, encantadas
 *     (ir|llegar a)     one of them
 *     [ya|siempre]      one of them or nothing
 *     {day} {day?}      a phrase of slots.ts; the same or nothing
 *     {number} {name}   any number from 1 to 99, in digits or words; any word that is in no phrase
 *     {proper}          such a word that is written with a capital within a sentence
 *     ^voy solo$        only at the start, or only at the end, of a clause
 *
 * To teach the parser an expression, add a line to the table of its meaning in phrases-yes.ts, phrases-no.ts,
 * phrases-maybe.ts, filler.ts or sizes.ts, and a labelled message to corpus.tsv.
 */
import { numberOf } from './numbers.ts'
import { SLOTS } from './slots.ts'

/** `skips`: the states that are reached without a word. */
type State = { next: Map<string, State[]>; skips: State[]; rows: number[] }
type Row = { isAtStart: boolean; isAtEnd: boolean }
/** A match of the row with this number, up to `end`. */
export type Match = { row: number; end: number }
/** `first`: the states after each first word, since every position of a text is a start. */
export type Automaton = { first: Map<string, State[]>; rows: Row[]; words: Set<string> }

const newState = (): State => ({ next: new Map(), skips: [], rows: [] })

/** The patterns of a table. A line that begins with spaces continues the one before. */
export const linesOf = (table: string): string[] =>
  table
    .replace(/\n +/g, ' ')
    .split('\n')
    .filter((line) => line !== '' && !line.startsWith('#'))

/** Throws when a pattern is malformed or names an unknown slot. */
export function compile(patterns: string[]): Automaton {
  const start = newState()
  const rows: Row[] = []
  const words = new Set<string>()
  for (const [number, pattern] of patterns.entries()) {
    rows.push({ isAtStart: pattern.startsWith('^'), isAtEnd: pattern.endsWith('$') })
    extend(start, pattern.replace(/^\^|\$$/g, ''), words).rows.push(number)
  }
  const first = new Map<string, State[]>()
  for (const { next } of withSkipped([start]))
    for (const [word, after] of next) first.set(word, [...(first.get(word) ?? []), ...after])
  return { first, rows, words }
}

/** The states and those that are reached from them without a word. */
function withSkipped(states: Iterable<State>): Set<State> {
  const all = new Set(states)
  // A set yields what is added while it is walked.
  for (const { skips } of all) for (const skipped of skips) all.add(skipped)
  return all
}

/** Adds the pattern after the state and returns the state in which it ends. */
function extend(from: State, pattern: string, words: Set<string>): State {
  const parts = pattern.match(/\{\w+\??\}|[()[\]|]|[^\s()[\]|{}]+/g) ?? []
  let at = 0
  const isLast = (part: string | undefined) => part === undefined || /^[|)\]]$/.test(part)
  const readAlternatives = (state: State): State => {
    const end = newState()
    for (;;) {
      // A single word leads to the end directly, because most alternatives are single words.
      if (isWord(parts[at]) && isLast(parts[at + 1])) link(state, parts[at++]!, end, words)
      else readSequence(state).skips.push(end)
      if (parts[at] !== '|') return end
      at++
    }
  }
  const readSequence = (state: State): State => {
    let current = state
    while (!isLast(parts[at])) current = readPart(current)
    return current
  }
  const readPart = (state: State): State => {
    const part = parts[at++]!
    if (part === '(' || part === '[') {
      const end = readAlternatives(state)
      if (parts[at++] !== (part === '(' ? ')' : ']')) throw new Error(`unbalanced brackets in «${pattern}»`)
      if (part === '[') state.skips.push(end)
      return end
    }
    const end = isWord(part) ? link(state, part, newState(), words) : extendBySlot(state, part, words)
    if (part.endsWith('?}')) state.skips.push(end)
    return end
  }
  const end = readAlternatives(from)
  if (at < parts.length) throw new Error(`unbalanced brackets in «${pattern}»`)
  return end
}

const isWord = (part: string | undefined): boolean => part !== undefined && !/^[{([|]/.test(part)

/** The single words of a slot are one class of words, so that the automaton need not repeat them. */
function extendBySlot(state: State, part: string, words: Set<string>): State {
  const name = part.replace(/\W/g, '')
  const slot = SLOTS[name]
  if (slot === undefined && !CLASSES.has(name)) throw new Error(`unknown slot «${part}»`)
  const end = link(state, `{${name}}`, newState(), words)
  const { single, other } = splitSlot(slot ?? '')
  for (const word of single.flatMap(formsOf)) {
    words.add(word)
    SLOTS_OF.set(word, new Set([...(SLOTS_OF.get(word) ?? []), `{${name}}`]))
  }
  if (other !== '') extend(state, other, words).skips.push(end)
  return end
}

/** The slots whose class each word is in. */
const SLOTS_OF = new Map<string, Set<string>>()

function splitSlot(slot: string): { single: string[]; other: string } {
  if (/[([]/.test(slot)) return { single: [], other: slot }
  const alternatives = slot.split('|').map((one) => one.trim())
  const isSingle = (one: string) => /^[^\s{]+$/.test(one)
  return { single: alternatives.filter(isSingle), other: alternatives.filter((one) => !isSingle(one)).join('|') }
}

const formsOf = (word: string): string[] =>
  word.endsWith('~') ? ['o', 'a', 'os', 'as'].map((ending) => word.slice(0, -1) + ending) : [word]

function link(state: State, word: string, after: State, words: Set<string>): State {
  for (const form of formsOf(word)) {
    words.add(form)
    state.next.set(form, [...(state.next.get(form) ?? []), after])
  }
  return after
}

/** The words of a message and what the classes {name} and ^ … $ need to know. */
export type Words = {
  list: string[]
  isName: (word: string) => boolean
  isStart: (at: number) => boolean
  isEnd: (at: number) => boolean
}

/** Returns every match that begins at the word `at`. */
export function matchesAt({ first, rows }: Automaton, words: Words, at: number): Match[] {
  const found: Match[] = []
  let active = new Set(classesOf(words.list[at]!, words).flatMap((one) => first.get(one) ?? []))
  for (let end = at + 1; active.size > 0; end++) {
    const next = new Set<State>()
    const classes = end < words.list.length ? classesOf(words.list[end]!, words) : []
    for (const state of withSkipped(active)) {
      for (const row of state.rows)
        if ((!rows[row]!.isAtStart || words.isStart(at)) && (!rows[row]!.isAtEnd || words.isEnd(end)))
          found.push({ row, end })
      for (const one of classes) for (const after of state.next.get(one) ?? []) next.add(after)
    }
    active = next
  }
  return found
}

const CLASSES = new Set(['number', 'name', 'proper'])

function classesOf(word: string, { isName }: Words): string[] {
  const own = [word, ...(SLOTS_OF.get(word) ?? [])]
  if (word === 'sí') return ['sí', 'si', ...(SLOTS_OF.get('si') ?? [])]
  if (numberOf(word) !== null) return [...own, '{number}']
  if (!isName(word)) return own
  return /^\p{Lu}/u.test(word) ? [...own, '{name}', '{proper}'] : [...own, '{name}']
}
