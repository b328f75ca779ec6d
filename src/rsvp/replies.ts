/** Handles a message that may answer an invitation: what it means, which invitation it is about, and what we reply. */
import { isInWindow } from '../contacts/contacts.ts'
import { answerGuest, wasAnswered, type ReplyTemplate } from './answers.ts'
import type { Config } from '../platform/config.ts'
import { withSavepoint, type Tx } from '../platform/db.ts'
import { Failure } from '../platform/errors.ts'
import { answerInvitation } from './answering.ts'
import { findLatestClosed, listOpenInvitations, type Invited, type OpenInvitation } from './invited.ts'
import { CONFIDENCE_NEEDED, readReply, type Intent } from './parser/parser.ts'

/** The request, its time and the configuration. */
export type ReplyContext = {
  requestId: string
  now: Date
  config: Config
}

/** The payload of our buttons: `rsvp/<yes|no|maybe|ask>/<invitationId>[/<places>]`. `ask` only picks the event. */
export type Button = { intent: Intent | 'ask'; invitationId: string; places: number | null }
export function readButton(payload: string | null): Button | null {
  const found = /^rsvp\/(yes|no|maybe|ask)\/([\w-]{1,64})(?:\/(\d{1,2}))?$/.exec(payload ?? '')
  if (!found) return null
  const [, intent, invitationId, places] = found
  return { intent: intent as Button['intent'], invitationId: invitationId!, places: places ? Number(places) : null }
}

/**
 * `tapped`: the invitation named by the button, if it is the sender's. `quoted`: the invitation of the quoted message.
 * `mustHaveHeardBy`: when the guest wrote, for words that we read later than we heard of them: they answer no invitation that
 * was sent since.
 */
type Clues = {
  phones: string[]
  button: Button | null
  tapped: Invited | null
  quoted: Invited | null
  mustHaveHeardBy?: Date
}
type Reading = { intent: Intent | null; partySize: number | null; confidence: number; rule: string }
/** The guest's message. */
export type Written = { id: string; type: string; text: string | null; payload: string | null; sentAt: Date }

/** WhatsApp shows at most ten rows in a list. */
const CHOICES_MAX = 10

/** What the message means, the invitation it is about, and the outcome (a stable code). `countAs`: counter in the webhook's log. */
export type Understood = Reading & { invited: Invited | null; outcome: string; countAs: string }

/** Records the answer to the invitation that the message is about, or asks the guest what they mean. */
export async function takeReply(tx: Tx, context: ReplyContext, message: Written, clues: Clues): Promise<Understood> {
  const reading = readMeaning(message, clues.button)
  if (!reading.intent && !mayAsk(reading))
    return { ...reading, invited: null, outcome: 'not_understood', countAs: 'messages_stored' }
  const { phones, mustHaveHeardBy } = clues
  const open = await listOpenInvitations(tx, phones, { now: context.now, limit: CHOICES_MAX, mustHaveHeardBy })
  const candidates = withoutUnknown(withoutOptedOut(open))
  const invited = clues.tapped ?? clues.quoted ?? (candidates.length === 1 ? candidates[0]! : null)
  if (!invited && candidates.length === 0) {
    const latest = isCertain(reading) ? await findLatestClosed(tx, clues.phones, context.now) : null
    // Before the event a no matters as well: who says it must know that it was not noted.
    const closed = latest?.isToCome || isPlainYes(reading) ? latest : null
    if (closed) await replyOnce(tx, context, message, closed, closed.isCancelled ? 'event_cancelled' : 'event_over')
    return { ...reading, invited: closed, outcome: 'no_open_invitation', countAs: 'messages_unmatched' }
  }
  const outcome = invited
    ? await handleInvitation(tx, context, message, { reading, invited, isOpen: open.some(isOf(invited)) })
    : await askWhichEvent(tx, context, message, reading, candidates)
  return { ...reading, invited, outcome, countAs: countedAs(outcome) }
}

/** Leaves out organizers that the guest opted out of, unless there are no others. */
function withoutOptedOut(open: OpenInvitation[]): OpenInvitation[] {
  const wanted = open.filter(({ isOptedOut }) => !isOptedOut)
  return wanted.length > 0 ? wanted : open
}

/** Leaves out invitations that the guest has not heard of: «sí, gracias» to a past event does not answer an unsent invitation. */
const withoutUnknown = (open: OpenInvitation[]): OpenInvitation[] => open.filter(({ isKnown }) => isKnown)

const isOf = (invited: Invited) => (one: OpenInvitation) => one.invitationId === invited.invitationId

/** The counter of an outcome: `answers…` for answers, `messages_…` for messages that are only stored. */
const countedAs = (outcome: string): string =>
  outcome === 'answered'
    ? 'answers'
    : /^(unchanged|outdated|refused_)/.test(outcome)
      ? `answers_${outcome}`
      : `messages_${outcome}`

const MEDIA = new Set(['audio', 'voice', 'sticker', 'image', 'video'])

function readMeaning(message: Written, button: Button | null): Reading {
  if (button?.intent === 'ask') return { intent: null, partySize: null, confidence: 1, rule: 'button_event' }
  if (button) return { intent: button.intent, partySize: button.places, confidence: 1, rule: 'button' }
  if (message.text !== null && isForeignButton(message)) return lowerConfidence(readReply(message.text))
  if (message.text !== null) return readReply(message.text)
  return { intent: null, partySize: null, confidence: 0, rule: MEDIA.has(message.type) ? 'media' : 'none' }
}

/**
 * Whether a button of somebody else's message was tapped: its «Cancel» says nothing about an invitation. A button without
 * a payload of its own has its title as payload.
 */
const isForeignButton = ({ payload, text }: Written): boolean => payload !== null && payload !== text
const lowerConfidence = (reading: Reading): Reading => ({ ...reading, confidence: Math.min(reading.confidence, 0.7) })

/** Rules of the parser after which we ask with buttons, because the guest may have meant an answer. */
const ASK_AFTER = new Set(['media', 'how_to_confirm', 'button_event', 'contradiction', 'unclear'])
const mayAsk = ({ rule }: Reading): boolean => ASK_AFTER.has(rule)
/** A weak hint. We do not ask a guest about it who has already answered. */
const isWeak = ({ rule }: Reading): boolean => rule === 'media' || rule === 'unclear'

const isCertain = ({ intent, confidence }: Pick<Reading, 'intent' | 'confidence'>): boolean =>
  intent !== null && confidence >= CONFIDENCE_NEEDED
const isPlainYes = (reading: Reading): boolean => reading.intent === 'yes' && isCertain(reading)

type Target = { reading: Reading; invited: Invited; isOpen: boolean }

/** Records the answer to a known invitation, or asks the guest. Returns the outcome. */
async function handleInvitation(tx: Tx, context: ReplyContext, message: Written, target: Target): Promise<string> {
  const { intent, partySize, confidence } = target.reading
  if (!intent || confidence < CONFIDENCE_NEEDED) {
    if (intent === target.invited.answer) return 'unchanged_guess'
    if (isWeak(target.reading) && target.invited.answer !== 'pending') return 'not_understood'
    return target.isOpen ? ask(tx, context, message, target) : 'not_open'
  }
  // Webhooks arrive in any order, and the answer that the guest gave last counts.
  if (target.invited.answerSaidAt && target.invited.answerSaidAt > message.sentAt) return 'outdated'
  if (isTooVague(target)) return target.isOpen ? ask(tx, context, message, target) : 'not_open'
  // A second yes without a number keeps the number of people.
  const isSameYes = intent === 'yes' && target.invited.answer === 'yes' && partySize === null
  const outcome = isSameYes
    ? 'unchanged'
    : await answerOrRefuse(tx, context, message, { intent, partySize, invited: target.invited })
  if (outcome === 'refused_places_exceeded' && target.isOpen) await ask(tx, context, message, target)
  const template = outcome === 'unchanged' && !target.isOpen ? undefined : REPLY_TO_YES[outcome]
  if (template && (intent === 'yes' || outcome === 'refused_rsvp_closed'))
    await replyOnce(tx, context, message, target.invited, template)
  return outcome
}

/**
 * Whether a message is too vague to change an answer: a «luego te digo» or an emoji counts for a pending invitation, but
 * after a clear answer it may be about anything.
 */
function isTooVague({ reading, invited: { answer } }: Target): boolean {
  if (reading.intent === answer) return false
  if (reading.rule === 'emoji') return answer !== 'pending'
  return reading.intent === 'maybe' && reading.rule !== 'button' && (answer === 'yes' || answer === 'no')
}

/** The reply to a yes, and after the cutoff to any answer, by outcome. `unchanged`: a guest who confirmed on the page has not received the pass here. */
const REPLY_TO_YES: Record<string, ReplyTemplate | undefined> = {
  unchanged: 'rsvp_confirmed',
  refused_capacity_reached: 'rsvp_full',
  refused_event_not_open: 'event_over',
  refused_rsvp_closed: 'event_over',
  refused_event_cancelled: 'event_cancelled',
}

/** Sends a reply unless this invitation has already had it. */
async function replyOnce(
  tx: Tx,
  context: ReplyContext,
  message: Written,
  invited: Invited,
  template: ReplyTemplate,
): Promise<void> {
  if (!(await wasAnswered(tx, invited, template, new Date(0)))) await reply(tx, context, message, invited, template)
}

/** Records the answer. When the event refuses it, the old answer stays and the outcome is `refused_<code>`. */
async function answerOrRefuse(
  tx: Tx,
  context: ReplyContext,
  message: Written,
  { intent, partySize, invited }: { intent: Intent; partySize: number | null; invited: Invited },
): Promise<string> {
  try {
    const { isNew } = await withSavepoint(tx, () =>
      answerInvitation(tx, {
        invitationId: invited.invitationId,
        answer: intent,
        ...(partySize === null ? {} : { places: partySize }),
        source: 'whatsapp',
        sourceRef: message.id,
        saidAt: message.sentAt,
        now: context.now,
      }),
    )
    if (!isNew) return 'unchanged'
    if (intent === 'yes') await reply(tx, context, message, invited, 'rsvp_confirmed')
    return 'answered'
  } catch (error) {
    if (error instanceof Failure) return `refused_${error.code}`
    throw error
  }
}

const HOUR_MS = 3_600_000
const DAY_MS = 24 * HOUR_MS

/** Asks with two buttons, at most once an hour, or once a day after pictures and audio. */
async function ask(tx: Tx, context: ReplyContext, message: Written, { reading, invited }: Target): Promise<string> {
  const since = new Date(context.now.getTime() - (reading.rule === 'media' ? DAY_MS : HOUR_MS))
  if (reading.rule !== 'button_event' && (await wasAnswered(tx, invited, 'rsvp_question', since))) return 'asked_before'
  return (await reply(tx, context, message, invited, 'rsvp_question')) ? 'asked' : 'too_late_to_ask'
}

/** Asks which event the guest means, with one button each. A certain answer is in the payload; else we ask for it afterwards. */
async function askWhichEvent(
  tx: Tx,
  context: ReplyContext,
  message: Written,
  reading: Reading,
  open: OpenInvitation[],
): Promise<string> {
  const hasAnswer = isCertain(reading)
  if (isWeak(reading) && open.every(({ answer }) => answer !== 'pending')) return 'not_understood'
  if (reading.partySize === null && reading.intent !== null && open.every(({ answer }) => answer === reading.intent))
    return hasAnswer ? 'unchanged' : 'unchanged_guess'
  const addressee = open.find(({ isPaused }) => !isPaused) ?? open[0]!
  const since = new Date(context.now.getTime() - (reading.rule === 'media' ? DAY_MS : HOUR_MS))
  if (!hasAnswer && (await wasAnswered(tx, addressee, 'event_question', since))) return 'asked_before'
  const suffix = reading.partySize === null ? '' : `/${reading.partySize}`
  const titles = titlesOf(open)
  const offered = open.map((one) => ({
    id: hasAnswer ? `rsvp/${reading.intent}/${one.invitationId}${suffix}` : `rsvp/ask/${one.invitationId}`,
    title: titles.get(one)!,
  }))
  const choices = JSON.stringify(offered)
  if (hasAnswer && (await wasAnswered(tx, addressee, 'event_question', since, { choices }))) return 'asked_before'
  const isSent = await reply(tx, context, message, addressee, 'event_question', { choices })
  return isSent ? 'asked_event' : 'too_late_to_ask'
}

/**
 * Distinct titles, because WhatsApp shows 20 characters of a button and refuses equal ones. Events with equal names start
 * with the day, guests of one event who share a phone with the guest's name, and the rest with a number.
 */
function titlesOf(open: OpenInvitation[]): Map<OpenInvitation, string> {
  const ways: ((one: OpenInvitation) => string)[] = [
    ({ eventName }) => eventName,
    ({ eventName, startsAt, timeZone }) => `${dayOf(startsAt, timeZone)} ${eventName}`,
    ({ eventName, guestName }) => `${guestName}: ${eventName}`,
  ]
  const titles = new Map<OpenInvitation, string>()
  let ambiguous = open
  for (const way of ways) {
    const shown = ambiguous.map((one) => way(one).slice(0, 19))
    const isDistinct = (at: number) => shown.indexOf(shown[at]!) === shown.lastIndexOf(shown[at]!)
    for (const [at, one] of ambiguous.entries()) if (isDistinct(at)) titles.set(one, way(one))
    ambiguous = ambiguous.filter((_, at) => !isDistinct(at))
  }
  for (const [at, one] of ambiguous.entries()) titles.set(one, `${at + 1}. ${one.eventName}`)
  return titles
}

const dayOf = (at: Date, timeZone: string): string =>
  new Intl.DateTimeFormat('es-MX', { timeZone, day: '2-digit', month: '2-digit' }).format(at)

async function reply(
  tx: Tx,
  context: ReplyContext,
  message: Written,
  to: Invited,
  template: ReplyTemplate,
  variables: Record<string, string> = {},
): Promise<boolean> {
  const { now, requestId, config } = context
  if (!isInWindow(message.sentAt, { now, windowMs: config.whatsapp.windowMs })) return false
  const { attemptsMax } = config.delivery
  return answerGuest(tx, { to, template, answersMessage: message.id, variables, attemptsMax, requestId, now })
}
