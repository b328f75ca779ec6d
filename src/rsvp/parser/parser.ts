/**
 * Reads a guest's text as an answer to an invitation, in Mexican Spanish and English. Pure.
 *
 * It reads each clause separately. A clause that is a known phrase counts fully, a clause that contains one among other
 * words is a guess, and contradicting clauses mean nothing. A wrong yes puts a name on the door's list, so the guest is
 * asked whenever the text is not plain.
 */
import { isRhetorical, readClause, type Clause } from './clauses.ts'
import { isKnown, isName } from './lexicon.ts'
import { BLOCKS_NO, BLOCKS_REASON, BLOCKS_YES, HINT_STEMS, HINT_WORDS, REGRETS } from './markers.ts'
import { numberOf } from './numbers.ts'
import { extractPartySize, namesCompanion, type PartySize } from './party-size.ts'
import { BREAK, LENGTH_MAX, listProper, simplify } from './simplify.ts'
import { correctTypos } from './typos.ts'

export type Intent = 'yes' | 'no' | 'maybe'
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
  const { list, hasTypo } = correctTypos(withProper(simplify(text), text), isKnown)
  const plain = list.join(' ')
  if (ASKS_HOW.some((pattern) => pattern.test(plain))) return { ...NOTHING, confidence: 1, rule: 'how_to_confirm' }
  if (ASKS_FOR_MORE.test(plain)) return { ...NOTHING, rule: 'unclear' }
  const party = extractPartySize(list, isName)
  const { stated, asked } = splitClauses(party.rest)
  const all = stated.map(readClause)
  const read = withoutFillers(all)
  if (read.some(({ kind }) => kind === 'not_yet')) return { ...NOTHING, confidence: 1, rule: 'not_yet' }
  const intents = new Set(read.flatMap(({ kind }) => (isIntent(kind) ? [kind] : [])))
  const emoji = readEmoji(text)
  const isUnderstood = read.every(({ kind }) => kind !== 'unknown')
  const isOnlyEmoji = emoji !== null && intents.size === 0 && isUnderstood
  if (emoji && isUnderstood) intents.add(emoji)
  const message: Message = { text, list, plain, party, all, read, intents, emoji, hasAsked: asked.length > 0 }
  if (contradicts(message, stated, isOnlyEmoji)) return { ...NOTHING, rule: 'contradiction' }
  if (isUnableByReason(message)) return { intent: 'no', partySize: null, confidence: 0.9, rule: 'plain' }
  if (intents.size === 0) return readWithoutIntent(message)
  const intent: Intent = intents.has('maybe') ? 'maybe' : intents.has('no') ? 'no' : 'yes'
  const partySize = intent === 'yes' ? party.size : null
  const strays = countStrays(read)
  const isMixed = (strays > 0 && !isAside(intent, all)) || !isReasonable(intent, all) || intents.size > 1
  if (isMixed || message.hasAsked)
    return { intent, partySize, confidence: Math.max(0.3, 0.75 - 0.05 * strays), rule: 'in_a_sentence' }
  // A thumb alone is an answer; next to «gracias» it may only acknowledge the message.
  if (isOnlyEmoji) return { intent, partySize, confidence: plain === '' ? 1 : 0.7, rule: 'emoji' }
  const confidence = isDoubtful(intent, message) ? 0.7 : hasTypo ? 0.9 : 1
  return { intent, partySize, confidence, rule: hasTypo ? 'typo' : 'plain' }
}

/** `all`: every clause that states something; `read`: the same without what says nothing beside the others. */
type Message = {
  text: string
  list: string[]
  plain: string
  party: PartySize
  all: Clause[]
  read: Clause[]
  intents: Set<Intent>
  emoji: Intent | null
  hasAsked: boolean
}

const isIntent = (kind: Clause['kind']): kind is Intent => kind === 'yes' || kind === 'no' || kind === 'maybe'
const countStrays = (clauses: Clause[]): number => clauses.reduce((sum, { strays }) => sum + strays, 0)
const hasRegret = (list: string[]): boolean => list.some((word) => REGRETS.has(word))

function contradicts({ intents, list, party, emoji }: Message, stated: string[][], isOnlyEmoji: boolean): boolean {
  const isPartial = intents.has('yes') && stated.some(isSomebodyNot)
  const isNoToSome = intents.has('no') && party.isCounted
  const isRegrettedYes = isOnlyEmoji && emoji === 'yes' && hasRegret(list)
  return (intents.has('yes') && intents.has('no')) || isPartial || isNoToSome || isRegrettedYes
}

function isDoubtful(intent: Intent, { text, list, plain, party, all, read }: Message): boolean {
  if (read.some(({ weak }) => weak && weak !== 'polite') || text.length > LENGTH_MAX) return true
  if (mayBeJoke(text, plain, all)) return true
  if (intent !== 'yes') return false
  const isUncounted = party.isContradictory || (party.size === null && namesCompanion(party.rest))
  return isUncounted || isConditional(text) || mayBePromise(list, party.size)
}

/** Gives unknown words the capital that they were written with. */
function withProper(list: string[], text: string): string[] {
  const proper = listProper(text)
  return list.map((word) => (proper.has(word) && !isKnown(word) ? word[0]!.toUpperCase() + word.slice(1) : word))
}

const ASKS_HOW = [/(como|donde) (le hago para |puedo |se |te |les )?confirm/, /how (do|can) (i|we) (confirm|rsvp)/]
/** «Necesito 2 boletos más» wants more places than it has. */
const ASKS_FOR_MORE = /\b(?:necesit|ocup|falta|quier|quisier)\w*\b.*\b(?:mas|extras?|adicional(?:es)?)$/

const BREAKS_NEWS = /\b(?:que crees|fijate|fijese)\b/
const POSTPONED = /\b(?:para|en|hasta) (?:la |una )?(?:otra|proxima)\b/

/**
 * Whether a text without an answer is a no: another duty or place on the day with a regret or a wish («qué pena, estaremos de
 * viaje»), a wish and a reason against it («quisiera ir, pero trabajo»), or a reason and another time.
 */
function isUnableByReason({ read, all, list, plain, party, emoji, hasAsked }: Message): boolean {
  if (hasAsked || emoji === 'yes' || party.isCounted) return false
  if (read.some(({ kind, weak }) => isIntent(kind) && weak !== 'wish')) return false
  const hasWish = all.some(({ weak }) => weak === 'wish')
  const isSorry = hasWish || hasRegret(list) || BREAKS_NEWS.test(plain)
  const isReason =
    (isSorry && all.some(({ hasConflict }) => hasConflict)) ||
    (hasWish && all.some(({ hasReason, isContrast }) => hasReason && isContrast)) ||
    (all.some(({ hasReason }) => hasReason) && POSTPONED.test(plain))
  return isReason && countStrays(all) === 0 && isFreeOf(all, 'no')
}

const BLOCKS = { yes: BLOCKS_YES, no: BLOCKS_NO }

/** Whether no free text has a marker that makes the answer suspicious. */
function isFreeOf(clauses: Clause[], intent: 'yes' | 'no'): boolean {
  const isSolidNo = intent === 'no' && hasSolid('no', clauses)
  return clauses.every(({ free, isTorn, hasReason, strays }) => {
    const markers = isSolidNo && hasReason && strays === 0 ? BLOCKS_REASON : BLOCKS[intent]
    return !isTorn && free[intent].every((word) => !markers.has(word))
  })
}

/** Whether the words of no phrase stand beside a solid answer, or lead to one, and do not change it. */
function isAside(intent: Intent, clauses: Clause[]): boolean {
  if (intent === 'maybe') return false
  return (hasSolid(intent, clauses) || concludes(intent, clauses)) && isFreeOf(clauses, intent)
}

const isOwn = (intent: Intent, { kind, weak, hasTail }: Clause): boolean => kind === intent && !weak && !hasTail
const hasSolid = (intent: Intent, clauses: Clause[]): boolean =>
  clauses.some((one) => isOwn(intent, one) && one.strength === 'solid')

/** «Me dieron el día, ahí nos vemos»: the text ends in a yes that has a verb. */
function concludes(intent: Intent, clauses: Clause[]): boolean {
  const last = clauses.at(-1)!
  const hasVerb = last.content.some((word) => GOING.has(word))
  return intent === 'yes' && isOwn(intent, last) && last.strays === 0 && hasVerb
}

/** Whether the reasons fit the answer: a bare «no, estoy en junta» may be about something else. */
function isReasonable(intent: Intent, clauses: Clause[]): boolean {
  if (clauses.some(({ isTorn }) => isTorn)) return false
  const hasReason = clauses.some((clause) => clause.hasReason)
  const hasConflict = clauses.some((clause) => clause.hasConflict)
  if (!hasReason && !hasConflict) return true
  if (intent === 'maybe') return !hasConflict
  const strengths = clauses.filter(({ kind, weak }) => kind === intent && !weak).map(({ strength }) => strength)
  if (intent === 'yes')
    return (
      clauses.every((clause) => clause.hasConflict !== 'phrase') &&
      (strengths.includes('solid') || concludes(intent, clauses)) &&
      isFreeOf(clauses, 'yes')
    )
  return (hasConflict || strengths.some((strength) => strength !== 'bare')) && isFreeOf(clauses, 'no')
}

/** Too short to mean something without the filler words that follow: «paso, gracias». */
const CURT = new Set(['paso', 'pasamos'])

/** The clauses that state something, and those that end in a question mark. */
function splitClauses(list: string[]): { stated: string[][]; asked: string[][] } {
  const [stated, asked]: [string[][], string[][]] = [[], []]
  let clause: string[] = []
  for (const word of list) {
    const isCurt = clause.length === 1 && CURT.has(clause[0]!)
    if (isCurt && word === BREAK) continue
    if (word !== BREAK && word !== '?') {
      clause.push(word)
      continue
    }
    if (word === '?' && !isRhetorical(clause)) asked.push(clause)
    else if (clause.length > 0) stated.push(clause)
    clause = []
  }
  if (clause.length > 0) stated.push(clause)
  return { stated, asked }
}

function readWithoutIntent({ text, list, read, all, party, emoji, hasAsked }: Message): Reply {
  const words = read.reduce((sum, { strays, content }) => sum + strays + content.length, 0)
  if (hasAsked) return { ...NOTHING, confidence: 1, rule: 'question' }
  if (emoji && words > 0) return { intent: emoji, partySize: null, confidence: 0.5, rule: 'emoji' }
  if (party.size !== null && words === 0)
    return { intent: 'yes', partySize: party.size, confidence: 0.7, rule: 'party_size' }
  return party.isCounted || isUnclear(text, list.length, all) ? { ...NOTHING, rule: 'unclear' } : NOTHING
}

/** Longer texts without a known phrase are about something else. */
const UNCLEAR_WORDS = 28

function isUnclear(text: string, length: number, clauses: Clause[]): boolean {
  if ((YES_EMOJI.test(text) && NO_EMOJI.test(text)) || HINT_EMOJI.test(text)) return true
  const words = clauses.flatMap(({ content }) => content)
  const isHint = (word: string) =>
    HINT_WORDS.has(word) || numberOf(word) !== null || HINT_STEMS.some((stem) => word.startsWith(stem))
  return length <= UNCLEAR_WORDS && (words.some(isHint) || words.join(' ').includes('lista de invitados'))
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
    if (weak === 'agreed') return hasNo || plain.length === 0
    return !weak || !(hasNo || plain.length > 0)
  })
}

/** Somebody of the party does not come, so the party is smaller by an unknown number. */
function isSomebodyNot(clause: string[]): boolean {
  const at = clause[0] === 'y' ? 1 : 0
  return (
    /^(mi|mis|my|el|ella|ellos|ellas)$/.test(clause[at] ?? '') &&
    clause.some((word) => /^(no|cant|wont|isnt|not)$/.test(word))
  )
}

const CONDITIONS = [
  /(?<!\p{L})si no hay (?:ning[uú]n )?(?:problema|inconveniente|bronca)(?!\p{L})/gu,
  /(?<!\p{L})si (?:puedo|podemos|podr[eé](?:mos)?|alcanzo|alcanzamos)(?!\p{L})(?: (?:ir|asistir|llegar|estar)(?!\p{L}))?/gu,
]
/** Verbs of an answer in the first person. */
const GOING = new Set(
  `voy vamos ire iremos estare estaremos andare confirmo confirmamos llego llegamos asisto asistimos asistire asistiremos
  cuenta cuenten caigo caemos jalo jalamos apunto apuntamos vemos`.split(/\s+/),
)

/** «Si puedo, voy» is a yes with a condition; «sí puedo, voy», with its accent, is none. */
function isConditional(text: string): boolean {
  const original = text.slice(0, LENGTH_MAX).toLowerCase().normalize('NFC')
  const rest = CONDITIONS.reduce((left, condition) => left.replace(condition, ' '), original)
  if (rest === original) return false
  return simplify(rest).some((word) => GOING.has(word)) || readReply(rest).intent === 'yes'
}

/** «Gracias, te confirmo» and «sí te confirmo» may promise an answer for later. «Te confirmo» alone is one. */
function mayBePromise(list: string[], size: number | null): boolean {
  if (size !== null || (list.length === 2 && /^(te|les|le)$/.test(list[0]!))) return false
  return list.some(
    (word, at) =>
      /^(confirmo|confirmamos)$/.test(word) &&
      /^(te|les|le)$/.test(list[at - 1] ?? '') &&
      list[at - 2] !== 'no' &&
      !/^(mi|nuestra|la|de|que|asistencia|presencia)$/.test(list[at + 1] ?? ''),
  )
}

const LAUGHS = /(?:\b|\p{P})(?:(?:ja|je|ji|ha){2,}j?|lol)\b|[😂🤣]/u
const IRONY = /[🙃🙄😒]/u
/** In «no, pues felicidades» the no is an interjection. */
const NO_WELL =
  /\bno (?:, )?(?:pues|pos|bueno|hombre)(?: ,)? (?!no\b|ya no\b|que crees|fijate|gracias|muchas|mil|siempre|la verdad|$)/

/** «Jaja, sí, cómo no» and «no, pues felicidades» may mean the opposite. */
const mayBeJoke = (text: string, plain: string, all: Clause[]): boolean =>
  NO_WELL.test(plain) ||
  IRONY.test(text) ||
  (LAUGHS.test(text.toLowerCase()) &&
    !all.some(({ strength }) => strength === 'solid') &&
    all.flatMap(({ content }) => content).length <= 3)

const YES_EMOJI = /[👍✅👌✔☑🆗]/u
const NO_EMOJI = /[👎❌🚫🙅✖]/u
const HINT_EMOJI = /[💯🙋🫡🤙🤝]/u

function readEmoji(text: string): Intent | null {
  const [yes, no] = [YES_EMOJI.test(text), NO_EMOJI.test(text)]
  return yes === no ? null : yes ? 'yes' : 'no'
}
