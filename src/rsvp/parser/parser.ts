/**
 * Reads a guest's text as an answer to an invitation, in Mexican Spanish and English. Pure.
 *
 * It reads each clause separately. A clause that is a known phrase counts fully, a clause that contains one among other
 * words is a guess, and contradicting clauses mean nothing. A wrong yes puts a name on the door's list, so the guest is
 * asked whenever the text is not plain.
 */
import { ACKNOWLEDGED, AGREED_FIRST, FILLER } from './filler.ts'
import {
  CONDITION,
  CONFIRMS_THAT,
  DEPENDS,
  HINT,
  INSIDE,
  LAUGH,
  LEANING,
  NO_WELL,
  NOT_YET,
  PROMISE,
  QUESTION_WORDS,
  REGRET,
  SOMEBODY_NOT,
  SAID,
  WHOLE,
  WISH,
  type Intent,
} from './phrases.ts'
import { extractPartySize } from './party-size.ts'
import { correctTypos } from './typos.ts'

export type { Intent } from './phrases.ts'
export type Reply = {
  intent: Intent | null
  /** How many people come, when the text says so; only with a yes. */
  partySize: number | null
  /** 0 to 1. At or above CONFIDENCE_NEEDED the intent is an answer, below it is a guess. */
  confidence: number
  /** The rule that decided. */
  rule:
    | 'plain'
    | 'typo'
    | 'emoji'
    | 'in_a_sentence'
    | 'party_size'
    | 'contradiction'
    /** Not understood, but the text may contain an answer. */
    | 'unclear'
    | 'not_yet'
    | 'question'
    | 'how_to_confirm'
    | 'none'
}

/** Below this confidence the guest is asked with buttons. */
export const CONFIDENCE_NEEDED = 0.8

const NOTHING: Reply = { intent: null, partySize: null, confidence: 0, rule: 'none' }

export function readReply(text: string): Reply {
  const emoji = readEmoji(text)
  const { plain, hasTypo } = correctTypos(simplify(text))
  if (/(como|donde) (le hago para |puedo |se |te |les )?confirm|how (do|can) (i|we) (confirm|rsvp)/.test(plain))
    return { ...NOTHING, confidence: 1, rule: 'how_to_confirm' }
  const { rest, size, isCounted, isContradictory } = extractPartySize(plain)
  const clauses = rest.split(/[|?]/).map((words) => words.trim())
  const asked = rest.includes('?') ? listQuestions(rest) : []
  const stated = clauses.filter((words) => words !== '' && !asked.includes(words))
  const read = withoutFillers(stated.map(readClause))
  if (read.some(({ kind }) => kind === 'not_yet')) return { ...NOTHING, confidence: 1, rule: 'not_yet' }
  const intents = new Set(
    read.flatMap(({ kind }) => (kind === 'yes' || kind === 'no' || kind === 'maybe' ? [kind] : [])),
  )
  const isOnlyEmoji = emoji !== null && intents.size === 0 && read.every(({ kind }) => kind !== 'unknown')
  if (emoji && read.every(({ kind }) => kind !== 'unknown')) intents.add(emoji)
  const isPartial = intents.has('yes') && stated.some((words) => SOMEBODY_NOT.test(words))
  const isNoToSome = intents.has('no') && isCounted
  const isRegrettedYes = isOnlyEmoji && emoji === 'yes' && REGRET.test(plain)
  if ((intents.has('yes') && intents.has('no')) || isPartial || isNoToSome || isRegrettedYes)
    return { ...NOTHING, rule: 'contradiction' }
  if (intents.size === 0)
    return readWithoutIntent(read, { emoji, size, hasAsked: asked.length > 0, isUnclear: isUnclear(text, plain) })
  const intent: Intent = intents.has('maybe') ? 'maybe' : intents.has('no') ? 'no' : 'yes'
  const partySize = intent === 'yes' ? size : null
  const strayWords = read.reduce((sum, { strays }) => sum + strays, 0)
  if (strayWords > 0 || asked.length > 0 || intents.size > 1)
    return { intent, partySize, confidence: Math.max(0.3, 0.75 - 0.05 * strayWords), rule: 'in_a_sentence' }
  // A thumb alone is an answer; next to «gracias» it may only acknowledge the message.
  if (isOnlyEmoji) return { intent, partySize, confidence: plain === '' ? 1 : 0.7, rule: 'emoji' }
  const isWeak = read.some(({ weak }) => weak && weak !== 'polite')
  const isDoubtful =
    isWeak ||
    mayBeJoke(text, plain) ||
    (intent === 'yes' && (isContradictory || isConditional(text) || mayBePromise(plain, size)))
  if (hasTypo) return { intent, partySize, confidence: isDoubtful ? 0.7 : 0.9, rule: 'typo' }
  return { intent, partySize, confidence: isDoubtful ? 0.7 : 1, rule: 'plain' }
}

type Traces = { emoji: Intent | null; size: number | null; hasAsked: boolean; isUnclear: boolean }

function readWithoutIntent(read: Clause[], { emoji, size, hasAsked, isUnclear }: Traces): Reply {
  const strays = read.reduce((sum, clause) => sum + clause.strays, 0)
  if (hasAsked) return { ...NOTHING, confidence: 1, rule: 'question' }
  if (emoji && strays > 0) return { intent: emoji, partySize: null, confidence: 0.5, rule: 'emoji' }
  if (size !== null && strays === 0) return { intent: 'yes', partySize: size, confidence: 0.7, rule: 'party_size' }
  return isUnclear ? { ...NOTHING, rule: 'unclear' } : NOTHING
}

/** Longer texts without a known phrase are about something else. */
const UNCLEAR_WORDS = 25

function isUnclear(text: string, plain: string): boolean {
  if ((YES_EMOJI.test(text) && NO_EMOJI.test(text)) || HINT_EMOJI.test(text)) return true
  const words = plain.replace(FILLER, ' ')
  return HINT.test(words) && countWords(words) <= UNCLEAR_WORDS
}

/**
 * Drops weak clauses that another clause makes redundant: «con mucho gusto» next to a no is only polite, «ok» and «me
 * encantaría» next to a plain answer say nothing, and a leaning clause adds nothing to the same plain answer.
 */
function withoutFillers(read: Clause[]): Clause[] {
  const isAnswer = ({ kind }: Clause) => kind === 'yes' || kind === 'no' || kind === 'maybe'
  const plain = read.filter((clause) => isAnswer(clause) && (!clause.weak || clause.weak === 'polite'))
  const hasNo = read.some(({ kind }) => kind === 'no')
  return read.filter(({ weak, kind }) => {
    if (weak === 'leaning') return !plain.some((clause) => clause.kind === kind)
    if (weak === 'polite') return !hasNo
    return !weak || !(hasNo || plain.length > 0)
  })
}

/** «Si puedo, voy» is a yes with a condition. */
function isConditional(text: string): boolean {
  const original = text.slice(0, 1000).toLowerCase().normalize('NFC')
  const rest = original.replace(CONDITION, ' ')
  return rest !== original && (DEPENDS.test(simplify(rest)) || readReply(rest).intent === 'yes')
}

/** «Gracias, te confirmo» and «sí te confirmo» may promise an answer for later. */
const mayBePromise = (plain: string, size: number | null): boolean =>
  size === null && PROMISE.test(plain) && !/^(te|les|le) (confirmo|confirmamos)$/.test(plain)

/** «Jaja, sí, cómo no» and «no, pues felicidades» may mean the opposite. */
const mayBeJoke = (text: string, plain: string): boolean =>
  NO_WELL.test(plain) || (LAUGH.test(text.toLowerCase()) && countWords(plain.replace(FILLER, ' ')) <= 3)

const YES_EMOJI = /[👍✅👌✔☑🆗]/u
const NO_EMOJI = /[👎❌🚫🙅✖]/u
const HINT_EMOJI = /[💯🙋🫡🤙🤝]/u

function readEmoji(text: string): Intent | null {
  const [yes, no] = [YES_EMOJI.test(text), NO_EMOJI.test(text)]
  return yes === no ? null : yes ? 'yes' : 'no'
}

/**
 * Returns lower-case text without accents and emoji, with repeated letters reduced to one. `|` separates clauses and `?`
 * ends a question.
 */
function simplify(text: string): string {
  return text
    .slice(0, 1000)
    .toLowerCase()
    .normalize('NFD')
    .replace(/\p{M}+/gu, '')
    .replace(/[’'´`]/g, '')
    .replace(/\d+ ?%/g, ' porciento ')
    .replace(/¿/g, ' | ')
    .replace(/\?+/g, ' ? ')
    .replace(/[.,;:!¡()\n\r…]+/g, ' | ')
    .replace(/\b(pero|aunque|but)\b/g, ' | ')
    .replace(/\b[qk]\b/g, 'que')
    .replace(/\bx ?(?=\d|(?:dos|tres|cuatro|cinco|seis)\b)/g, ' por ')
    .replace(/\+/g, ' mas ')
    .replace(/[^\p{L}\p{N}|? ]+/gu, ' ')
    .replace(/([a-z])\1{2,}/g, '$1')
    .replace(/\s+/g, ' ')
    .trim()
}

/** The clauses that end in a question mark. */
const listQuestions = (rest: string): string[] =>
  rest
    .split('?')
    .slice(0, -1)
    .map((before) => before.split('|').at(-1)!.trim())

type Clause = {
  kind: Intent | 'not_yet' | 'filler' | 'unknown'
  strays: number
  /** Set when the clause is less than a plain answer. A `polite` yes is a plain answer unless there is a no. */
  weak?: 'acknowledged' | 'wish' | 'leaning' | 'polite'
}

function readClause(words: string): Clause {
  const core = withoutFiller(words)
  if (core === '') return { kind: 'filler', strays: 0 }
  if (NOT_YET.test(core)) return { kind: 'not_yet', strays: 0 }
  const agreed = core.replace(AGREED_FIRST, '').replace(CONFIRMS_THAT, '')
  const whole =
    (['no', 'maybe', 'yes'] as const).find((kind) => WHOLE[kind].test(core)) ??
    (['no', 'yes'] as const).find((kind) => agreed !== core && SAID[kind].test(agreed))
  if (WISH.test(core)) return { kind: 'yes', strays: 0, weak: whole === 'yes' ? 'polite' : 'wish' }
  if (whole) return { kind: whole, strays: 0 }
  if (QUESTION_WORDS.test(core)) return { kind: 'unknown', strays: countWords(core) }
  if (ACKNOWLEDGED.test(core)) return { kind: 'yes', strays: 0, weak: 'acknowledged' }
  for (const kind of ['yes', 'no'] as const) if (LEANING[kind].test(core)) return { kind, strays: 0, weak: 'leaning' }
  return readAmongWords(core)
}

/** Finds a known phrase among other words. A bare «sí» or «no» does not count, since many sentences begin with it. */
function readAmongWords(core: string): Clause {
  let left = core
  const found: Intent[] = []
  for (const kind of ['maybe', 'no', 'yes'] as const) {
    const without = left.replace(INSIDE[kind], ' ')
    if (without !== left) found.push(kind)
    left = without
  }
  const strays = Math.max(1, countWords(left))
  if (found.length === 1) return { kind: found[0]!, strays }
  return found.includes('maybe') ? { kind: 'maybe', strays: strays + 2 } : { kind: 'unknown', strays }
}

const countWords = (text: string): number => text.split(' ').filter(Boolean).length

const withoutFiller = (words: string): string =>
  words
    .replace(FILLER, ' ')
    .replace(/\s+/g, ' ')
    .trim()
    .replace(/^y(?: |$)| y$/g, '')
