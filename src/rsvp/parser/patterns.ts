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

type State = { next: Map<string, State[]>; rows: number[] }
type Row = { isAtStart: boolean; isAtEnd: boolean }
/** A match of the row with this number, up to `end`. */
export type Match = { row: number; end: number }
export type Automaton = { start: State; rows: Row[]; words: Set<string> }

const newState = (): State => ({ next: new Map(), rows: [] })

/** The patterns of a table. A line that begins with spaces continues the one before. */
export const linesOf = (table: string): string[] =>
  table
    .replace(/\n +/g, ' ')
    .split('\n')
    .filter((line) => line !== '' && !line.startsWith('#'))

/** Throws when a pattern is malformed or names an unknown slot. */
export function compile(patterns: string[]): Automaton {
  const automaton: Automaton = { start: newState(), rows: [], words: new Set() }
  for (const [number, pattern] of patterns.entries()) {
    automaton.rows.push({ isAtStart: pattern.startsWith('^'), isAtEnd: pattern.endsWith('$') })
    const ends = extend([automaton.start], pattern.replace(/^\^|\$$/g, ''), automaton.words)
    for (const end of ends) end.rows.push(number)
  }
  return automaton
}

/** Adds the pattern after each of the states and returns the states in which it ends. */
function extend(from: State[], pattern: string, words: Set<string>): State[] {
  const parts = pattern.match(/\{\w+\??\}|[()[\]|]|[^\s()[\]|{}]+/g) ?? []
  let at = 0
  const readAlternatives = (states: State[]): State[] => {
    const ends = new Set<State>()
    for (;;) {
      for (const end of readSequence(states)) ends.add(end)
      if (parts[at] !== '|') return [...ends]
      at++
    }
  }
  const readSequence = (states: State[]): State[] => {
    let current = states
    while (at < parts.length && !/^[|)\]]$/.test(parts[at]!)) current = readPart(current)
    return current
  }
  const readPart = (states: State[]): State[] => {
    const part = parts[at++]!
    if (part === '(' || part === '[') {
      const ends = readAlternatives(states)
      if (parts[at++] !== (part === '(' ? ')' : ']')) throw new Error(`unbalanced brackets in «${pattern}»`)
      return part === '[' ? [...new Set([...states, ...ends])] : ends
    }
    if (!part.startsWith('{')) return addWord(states, part, words)
    const name = part.replace(/\W/g, '')
    const slot = SLOTS[name]
    if (slot === undefined && !CLASSES.has(name)) throw new Error(`unknown slot ${part} in «${pattern}»`)
    const ends = slot === undefined ? addWord(states, `{${name}}`, words) : extend(states, slot, words)
    return part.endsWith('?}') ? [...new Set([...states, ...ends])] : ends
  }
  const ends = readAlternatives(from)
  if (at < parts.length) throw new Error(`unbalanced brackets in «${pattern}»`)
  return ends
}

function addWord(states: State[], word: string, words: Set<string>): State[] {
  const forms = word.endsWith('~') ? ['o', 'a', 'os', 'as'].map((ending) => word.slice(0, -1) + ending) : [word]
  const after = newState()
  for (const form of forms) {
    words.add(form)
    for (const state of states) state.next.set(form, [...(state.next.get(form) ?? []), after])
  }
  return [after]
}

/** The words of a message and what the classes {name} and ^ … $ need to know. */
export type Words = {
  list: string[]
  isName: (word: string) => boolean
  isStart: (at: number) => boolean
  isEnd: (at: number) => boolean
}

/** Returns every match that begins at the word `at`. */
export function matchesAt({ start, rows }: Automaton, words: Words, at: number): Match[] {
  const found: Match[] = []
  let active: Iterable<State> = [start]
  for (let end = at; ; end++) {
    const next = new Set<State>()
    const word = words.list[end]
    const classes = word === undefined ? [] : classesOf(word, words)
    for (const state of active) {
      for (const row of state.rows)
        if ((!rows[row]!.isAtStart || words.isStart(at)) && (!rows[row]!.isAtEnd || words.isEnd(end)))
          found.push({ row, end })
      for (const one of classes) for (const after of state.next.get(one) ?? []) next.add(after)
    }
    if (next.size === 0) return found
    active = next
  }
}

const CLASSES = new Set(['number', 'name', 'proper'])

function classesOf(word: string, { isName }: Words): string[] {
  if (numberOf(word) !== null) return [word, '{number}']
  if (word === 'sí') return ['sí', 'si']
  if (!isName(word)) return [word]
  return /^\p{Lu}/u.test(word) ? [word, '{name}', '{proper}'] : [word, '{name}']
}
