/** Reads what one clause says. Pure. */
import { isName, type PhraseKind } from './lexicon.ts'
import { segment, type Segment } from './segments.ts'

export type Clause = {
  kind: 'yes' | 'no' | 'maybe' | 'not_yet' | 'filler' | 'unknown'
  /** Words that belong to no phrase. */
  strays: number
  /** Set when the clause is less than a plain answer. A `polite` yes is a plain answer unless there is a no. */
  weak?: 'acknowledged' | 'agreed' | 'wish' | 'leaning' | 'polite'
  /** Whether the answer counts among free text (`solid`), beside what is understood, or only alone (`bare`). */
  strength: 'solid' | 'plain' | 'bare'
  /** Free text, to be searched for markers next to a yes or a no. */
  free: Record<'yes' | 'no', string[]>
  hasReason: boolean
  /** Begins with «pero». */
  isContrast: boolean
  /** Names another place or duty on the day, in a phrase or in a reason that names the day. */
  hasConflict: 'phrase' | 'reason' | false
  /** A word of no phrase follows the answer: «no iré vestida de blanco». */
  hasTail: boolean
  /** Contradicts itself, is a condition, or only looks like an answer, so that nothing next to it is certain. */
  isTorn: boolean
  /** The words that are not filler. */
  content: string[]
}

type Kinds = Set<Segment['kind']>
const YES_KINDS: Kinds = new Set(['attends', 'agrees', 'bare_yes', 'polite'])
const NO_KINDS: Kinds = new Set(['declines', 'refuses', 'bare_no'])
const BARE_KINDS: Kinds = new Set(['bare_yes', 'bare_no'])
const SOLID_KINDS: Kinds = new Set(['attends', 'declines'])
const PLAIN_KINDS: Kinds = new Set(['agrees', 'refuses', 'polite', 'maybe'])
const IDLE_KINDS: Kinds = new Set(['filler', 'vocative', 'exclamation', 'soft', 'rhetorical'])
const QUESTION_STARTS = new Set('como donde cuando cual cuanto cuantos quien where when what who how'.split(' '))
const CONTRASTS = new Set(['pero', 'aunque', 'but'])

/** Whether a question asks nothing: «¿qué tal?», «¿y todavía preguntas?». */
export function isRhetorical(list: string[]): boolean {
  const segments = segment(list)
  return segments.some(({ kind }) => kind === 'rhetorical') && segments.every(({ kind }) => IDLE_KINDS.has(kind))
}

export function readClause(list: string[]): Clause {
  const first = segment(list)
  const has = (wanted: Kinds) => first.some(({ kind }) => wanted.has(kind))
  const hasYesInReason = first.some(({ kind }) => kind === 'reason') && has(YES_KINDS) && has(NO_KINDS)
  const segments = markStrays(hasYesInReason ? segment(list, false) : first)
  return { ...describe(list, segments), ...judge(list, segments) }
}

/**
 * Soft words are strays directly after a short answer, where they may be its object («no puedo con los nervios»), beside a
 * bare one, and where nothing else gives them a sense («sí, ya sé»).
 */
function markStrays(segments: Segment[]): Segment[] {
  const hasSense = segments.some(
    ({ kind }) => kind !== 'soft' && kind !== 'stray' && !BARE_KINDS.has(kind) && kind !== 'vocative',
  )
  let isAfterShort = false
  return segments.map((one) => {
    if (one.kind !== 'soft') {
      isAfterShort = PLAIN_KINDS.has(one.kind) && one.kind !== 'maybe'
      return one
    }
    return isAfterShort || !hasSense ? { ...one, kind: 'stray' } : one
  })
}

const isIn =
  (kinds: Kinds) =>
  ({ kind }: Segment): boolean =>
    kinds.has(kind)

type Description = Omit<Clause, 'kind' | 'weak' | 'isTorn'>

function describe(list: string[], segments: Segment[]): Description {
  const wordsOf = (wanted: (one: Segment) => boolean, isWhole: boolean) =>
    segments.filter(wanted).flatMap(({ from, freeFrom, to }) => list.slice(isWhole ? from : freeFrom, to))
  const isFree = ({ kind }: Segment) => kind === 'stray' || kind === 'reason'
  const hasAnswer = segments.some((one) => isIn(SOLID_KINDS)(one) || isIn(PLAIN_KINDS)(one))
  const content = wordsOf((one) => !IDLE_KINDS.has(one.kind), true)
  const contrast = segments.some(isFree) && CONTRASTS.has(list[0]!) ? [list[0]!] : []
  const reasons = segments.filter(({ kind }) => kind === 'reason')
  return {
    strays: segments.filter(({ kind }) => kind === 'stray').length,
    strength: segments.some(isIn(SOLID_KINDS)) ? 'solid' : hasAnswer ? 'plain' : 'bare',
    free: {
      yes: [...(hasAnswer ? wordsOf(isFree, true) : content), ...contrast],
      no: hasAnswer || reasons.length > 0 ? wordsOf(isFree, false) : content,
    },
    hasReason: reasons.length > 0,
    isContrast: CONTRASTS.has(list[0]!),
    hasConflict: segments.some(({ kind }) => kind === 'conflict')
      ? 'phrase'
      : reasons.length > 0 && NAMES_THE_DAY.test(list.join(' ')) && 'reason',
    hasTail: hasTail(list, segments),
    content,
  }
}

const NAMES_THE_DAY =
  /\b(?:(?:ese|esa|esas|that|mismo) (?:mismo )?(?:dia|fechas?|fin|sabado|domingo|viernes|semana|day|weekend))\b/

/**
 * Whether the first word after an answer, soft words aside, belongs to no phrase. One last unknown word after a solid yes
 * is an adjective or a name: «ahí estaremos lupita».
 */
function hasTail(list: string[], segments: Segment[]): boolean {
  const [before, last] = segments.slice(-2)
  if (last?.kind === 'stray' && before?.kind === 'attends' && isName(list[last.from]!))
    return hasTail(list, segments.slice(0, -1))
  let isAfterAnswer = false
  for (const one of segments) {
    if (one.kind === 'stray' && isAfterAnswer) return true
    if (one.kind !== 'soft') isAfterAnswer = YES_KINDS.has(one.kind) || NO_KINDS.has(one.kind)
  }
  return false
}

function judge(list: string[], segments: Segment[]): Pick<Clause, 'kind' | 'weak' | 'isTorn'> {
  const kinds = new Set(segments.map(({ kind }) => kind))
  const [isYes, isNo] = [segments.some(isIn(YES_KINDS)), segments.some(isIn(NO_KINDS))]
  const isBare = !segments.some((one) => isIn(SOLID_KINDS)(one) || isIn(PLAIN_KINDS)(one))
  const is = (kind: Clause['kind'], weak?: Clause['weak']) => ({ kind, isTorn: false, ...(weak ? { weak } : {}) })
  const torn = { kind: 'unknown' as const, isTorn: true }
  if (kinds.has('not_yet')) return is('not_yet')
  const alike = segments.find(({ kind }) => kind === 'look_alike')
  if (alike) return { kind: isYes && !isBare ? 'yes' : guessOf(list[alike.from]!), isTorn: true }
  if (isConditional(list, segments)) return isYes && !isBare && !isNo ? { kind: 'yes', isTorn: true } : torn
  if (isDenied(list, segments)) return { kind: kinds.has('reason') && !isYes ? 'no' : 'unknown', isTorn: true }
  const isPoliteOnly = isYes && segments.filter(isIn(YES_KINDS)).every(({ kind }) => kind === 'polite')
  if (isYes && isNo && !isPoliteOnly) return torn
  const answer = isNo ? 'no' : isYes ? 'yes' : null
  if (kinds.has('stray')) {
    if (QUESTION_STARTS.has(list[0]!)) return torn
    if (kinds.has('maybe')) return { kind: 'maybe', isTorn: answer !== null }
    return is(isBare ? 'unknown' : answer!)
  }
  if (kinds.has('maybe')) return { kind: 'maybe', isTorn: answer !== null }
  const isAgreement = kinds.has('acknowledges') || kinds.has('exclamation')
  if (isNo) return kinds.has('acknowledges') && isBare ? torn : is('no')
  if (kinds.has('leans_no')) return is('no', 'leaning')
  if (kinds.has('leans_yes')) return is('yes', 'leaning')
  if (isYes && isBare && isAgreement && isBefore(segments, YES_KINDS)) return is('yes', 'agreed')
  if (isYes) return is('yes', isPoliteOnly ? 'polite' : undefined)
  if (kinds.has('wish')) return is('yes', 'wish')
  if (kinds.has('reason') || kinds.has('conflict')) return is('unknown')
  return kinds.has('acknowledges') && !kinds.has('soft') ? is('yes', 'acknowledged') : is('filler')
}

/** What a look-alike might mean after all. */
const guessOf = (first: string): Clause['kind'] =>
  /^(voy|vamos|ire|iremos)$/.test(first) ? 'yes' : first === 'no' ? 'no' : 'unknown'

/** Whether an acknowledgement or an exclamation follows the answer: «sí qué bonito» only agrees. */
const isBefore = (segments: Segment[], answers: Kinds): boolean =>
  segments.findIndex(isIn(answers)) <
  segments.findLastIndex(({ kind }) => kind === 'acknowledges' || kind === 'exclamation')

const AFTER_CONDITION: Kinds = new Set<PhraseKind | 'soft' | 'stray'>([
  'soft',
  'stray',
  'reason',
  'conflict',
  'acknowledges',
  'maybe',
  'leans_no',
  'leans_yes',
])

/** «Si no pasa nada ahí estaré»: a «si» that something else than an answer follows. */
const isConditional = (list: string[], segments: Segment[]): boolean =>
  segments.some(({ kind, from }, at) => {
    const next = segments[at + 1]
    if (kind !== 'bare_yes' || !/^sii?$/.test(list[from]!) || !next) return false
    return (
      AFTER_CONDITION.has(next.kind) || NO_KINDS.has(next.kind) || (next.kind === 'filler' && list[next.from] === 'no')
    )
  })

/** «No cancelen mi lugar», «no trabajo ese día»: a no directly before a reason, or a refusal that has no no of its own. */
const isDenied = (list: string[], segments: Segment[]): boolean =>
  segments.some(
    ({ kind, from }, at) =>
      segments[at - 1]?.kind === 'bare_no' &&
      (kind === 'reason' || ((kind === 'declines' || kind === 'refuses') && !BEFORE_REFUSALS.has(list[from]!))),
  )
const BEFORE_REFUSALS = new Set(
  'no ya siempre nel claro definitivamente lamentablemente desafortunadamente i we yo nosotros nosotras im cant sorry'.split(
    ' ',
  ),
)
