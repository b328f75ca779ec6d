/** A guest's answer to an invitation, by button or in words: which event it is about, and what we reply. */
import { isInWindow } from '../contacts/contacts.ts'
import { answerGuest, wasAnswered, type AnswerTemplate } from './answers.ts'
import type { Config } from '../platform/config.ts'
import { withSavepoint, type Tx } from '../platform/db.ts'
import { Failure } from '../platform/errors.ts'
import { answerInvitation } from './answering.ts'
import { findLatestClosed, listOpenInvitations, type Invited, type OpenInvitation } from './invited.ts'
import { CONFIDENCE_NEEDED, readReply, type Intent } from './parser/parser.ts'

/** Who asks, when, and by which settings. */
export type ReplyContext = {
  requestId: string
  now: Date
  config: Config
  /** Codes of invitations whose answer changed; their pages are made anew after the commit. */
  answered: string[]
}

/** What our buttons carry: `rsvp/<yes|no|maybe>/<invitationId>[/<places>]`; `ask` only picks the event. */
export type Button = { intent: Intent | 'ask'; invitationId: string; places: number | null }
export function readButton(payload: string | null): Button | null {
  const found = /^rsvp\/(yes|no|maybe|ask)\/([\w-]{1,64})(?:\/(\d{1,2}))?$/.exec(payload ?? '')
  if (!found) return null
  const [, intent, invitationId, places] = found
  return { intent: intent as Button['intent'], invitationId: invitationId!, places: places ? Number(places) : null }
}

/** `tapped`: the sender's own invitation that the button names; `quoted`: that of the message they answer. */
type Clues = { phones: string[]; button: Button | null; tapped: Invited | null; quoted: Invited | null }
type Reading = { intent: Intent | null; partySize: number | null; confidence: number; rule: string }
/** What an answer is read from. */
export type Written = { id: string; type: string; text: string | null; payload: string | null; sentAt: Date }

/** WhatsApp shows ten rows in a list. */
const CHOICES_MAX = 10

/** What the message was understood as, whom it is about, and what came of it. `countAs`: for the log of the webhook. */
export type Understood = Reading & { invited: Invited | null; outcome: string; countAs: string }

/** Answers the invitation that the message is about, or asks about it. */
export async function takeReply(tx: Tx, context: ReplyContext, message: Written, clues: Clues): Promise<Understood> {
  const reading = readMeaning(message, clues.button)
  if (!reading.intent && !mayAsk(reading))
    return { ...reading, invited: null, outcome: 'not_understood', countAs: 'messages_stored' }
  const open = await listOpenInvitations(tx, clues.phones, { now: context.now, limit: CHOICES_MAX })
  const meant = withoutUnknown(withoutOptedOut(open))
  const invited = clues.tapped ?? clues.quoted ?? (meant.length === 1 ? meant[0]! : null)
  if (!invited && meant.length === 0) {
    const closed = isPlainYes(reading) ? await findLatestClosed(tx, clues.phones, context.now) : null
    if (closed) await tellOnce(tx, context, message, closed, 'event_over')
    return { ...reading, invited: closed, outcome: 'no_open_invitation', countAs: 'messages_unmatched' }
  }
  const outcome = invited
    ? await takeOne(tx, context, message, { reading, invited, isOpen: open.some(isOf(invited)) })
    : await askWhichEvent(tx, context, message, reading, meant)
  return { ...reading, invited, outcome, countAs: countedAs(outcome) }
}

/** Who wants no messages of an organizer means, among several, the others. */
function withoutOptedOut(open: OpenInvitation[]): OpenInvitation[] {
  const left = open.filter(({ isOptedOut }) => !isOptedOut)
  return left.length > 0 ? left : open
}

/** A guest means what they have heard of: «sí, gracias» to the thanks for one event is no answer to another's invitation. */
const withoutUnknown = (open: OpenInvitation[]): OpenInvitation[] => open.filter(({ isKnown }) => isKnown)

const isOf = (invited: Invited) => (one: OpenInvitation) => one.invitationId === invited.invitationId

/** Counts of a webhook tell answers from messages that were only kept. */
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
  if (message.text !== null && isOthersButton(message)) return doubted(readReply(message.text))
  if (message.text !== null) return readReply(message.text)
  return { intent: null, partySize: null, confidence: 0, rule: MEDIA.has(message.type) ? 'media' : 'none' }
}

/** «Cancel» of a question that was not ours says nothing about an invitation. Without a payload of its own a button carries its title. */
const isOthersButton = ({ payload, text }: Written): boolean => payload !== null && payload !== text
const doubted = (reading: Reading): Reading => ({ ...reading, confidence: Math.min(reading.confidence, 0.7) })

/** Who may have meant an answer is shown the buttons; who says something else is left in peace. */
const ASKED = new Set(['media', 'how_to_confirm', 'button_event', 'contradiction', 'unclear'])
const mayAsk = ({ rule }: Reading): boolean => ASKED.has(rule)
/** Of whom an answer is known already is not asked for so little. */
const isFaint = ({ rule }: Reading): boolean => rule === 'media' || rule === 'unclear'

const isCertain = ({ intent, confidence }: Pick<Reading, 'intent' | 'confidence'>): boolean =>
  intent !== null && confidence >= CONFIDENCE_NEEDED
const isPlainYes = (reading: Reading): boolean => reading.intent === 'yes' && isCertain(reading)

type One = { reading: Reading; invited: Invited; isOpen: boolean }

/** Answers the invitation, or asks about it. Returns what came of the message. */
async function takeOne(tx: Tx, context: ReplyContext, message: Written, one: One): Promise<string> {
  const { intent, partySize, confidence } = one.reading
  if (!intent || confidence < CONFIDENCE_NEEDED) {
    if (intent === one.invited.answer) return 'unchanged_guess'
    if (isFaint(one.reading) && one.invited.answer !== 'pending') return 'not_understood'
    return one.isOpen ? ask(tx, context, message, one) : 'not_open'
  }
  // Webhooks come in any order: what the guest said later stands.
  if (one.invited.answerSaidAt && one.invited.answerSaidAt > message.sentAt) return 'outdated'
  if (isTooLittle(one)) return one.isOpen ? ask(tx, context, message, one) : 'not_open'
  // Whoever had said how many come, and says yes once more, means the same people.
  const isSameYes = intent === 'yes' && one.invited.answer === 'yes' && partySize === null
  const outcome = isSameYes
    ? 'unchanged'
    : await answerOrRefuse(tx, context, message, { intent, partySize, invited: one.invited })
  if (outcome === 'refused_places_exceeded' && one.isOpen) await ask(tx, context, message, one)
  const told = outcome === 'unchanged' && !one.isOpen ? undefined : TOLD[outcome]
  if (told && intent === 'yes') await tellOnce(tx, context, message, one.invited, told)
  return outcome
}

/**
 * «Luego te digo» and a thumb are answers to what is open. After a plain answer they may be about anything, so that
 * they do not undo it.
 */
function isTooLittle({ reading, invited: { answer } }: One): boolean {
  if (reading.intent === answer) return false
  if (reading.rule === 'emoji') return answer !== 'pending'
  return reading.intent === 'maybe' && reading.rule !== 'button' && (answer === 'yes' || answer === 'no')
}

/** What a guest who says yes is told of a refusal; who had said it on the page only has no pass here yet. */
const TOLD: Record<string, AnswerTemplate | undefined> = {
  unchanged: 'rsvp_confirmed',
  refused_capacity_reached: 'rsvp_full',
  refused_event_not_open: 'event_over',
}

/** The same of the same invitation once, however often the guest says yes. */
async function tellOnce(
  tx: Tx,
  context: ReplyContext,
  message: Written,
  invited: Invited,
  template: AnswerTemplate,
): Promise<void> {
  if (!(await wasAnswered(tx, invited, template, new Date(0)))) await reply(tx, context, message, invited, template)
}

/** A full or closed event refuses an answer; the message is kept, and the old answer stands. */
async function answerOrRefuse(
  tx: Tx,
  context: ReplyContext,
  message: Written,
  { intent, partySize, invited }: { intent: Intent; partySize: number | null; invited: Invited },
): Promise<string> {
  try {
    const { code, isNew } = await withSavepoint(tx, () =>
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
    context.answered.push(code)
    if (intent === 'yes') await reply(tx, context, message, invited, 'rsvp_confirmed')
    return 'answered'
  } catch (error) {
    if (error instanceof Failure) return `refused_${error.code}`
    throw error
  }
}

const HOUR_MS = 3_600_000
const DAY_MS = 24 * HOUR_MS

/** Shows the two buttons, unless this guest was asked just now; who sends pictures is asked once a day. */
async function ask(tx: Tx, context: ReplyContext, message: Written, { reading, invited }: One): Promise<string> {
  const since = new Date(context.now.getTime() - (reading.rule === 'media' ? DAY_MS : HOUR_MS))
  if (reading.rule !== 'button_event' && (await wasAnswered(tx, invited, 'rsvp_question', since))) return 'asked_before'
  return (await reply(tx, context, message, invited, 'rsvp_question')) ? 'asked' : 'too_late_to_ask'
}

/** One button for each open event, with the answer behind it; a guess is asked for once the event is known. */
async function askWhichEvent(
  tx: Tx,
  context: ReplyContext,
  message: Written,
  reading: Reading,
  open: OpenInvitation[],
): Promise<string> {
  const isPlain = isCertain(reading)
  if (isFaint(reading) && open.every(({ answer }) => answer !== 'pending')) return 'not_understood'
  if (reading.partySize === null && reading.intent !== null && open.every(({ answer }) => answer === reading.intent))
    return isPlain ? 'unchanged' : 'unchanged_guess'
  const addressee = open.find(({ isPaused }) => !isPaused) ?? open[0]!
  const since = new Date(context.now.getTime() - (reading.rule === 'media' ? DAY_MS : HOUR_MS))
  if (!isPlain && (await wasAnswered(tx, addressee, 'event_question', since))) return 'asked_before'
  const suffix = reading.partySize === null ? '' : `/${reading.partySize}`
  const titles = titlesOf(open)
  const offered = open.map((one) => ({
    id: isPlain ? `rsvp/${reading.intent}/${one.invitationId}${suffix}` : `rsvp/ask/${one.invitationId}`,
    title: titles.get(one)!,
  }))
  const choices = JSON.stringify(offered)
  if (isPlain && (await wasAnswered(tx, addressee, 'event_question', since, { choices }))) return 'asked_before'
  const isSent = await reply(tx, context, message, addressee, 'event_question', { choices })
  return isSent ? 'asked_event' : 'too_late_to_ask'
}

/**
 * WhatsApp shows 20 characters of a button, and refuses two that look alike: events of one name begin with their day,
 * guests of one event who share a phone with their names.
 */
function titlesOf(open: OpenInvitation[]): Map<OpenInvitation, string> {
  const ways: ((one: OpenInvitation) => string)[] = [
    ({ eventName }) => eventName,
    ({ eventName, startsAt, timeZone }) => `${dayOf(startsAt, timeZone)} ${eventName}`,
    ({ eventName, guestName }) => `${guestName}: ${eventName}`,
  ]
  const titles = new Map<OpenInvitation, string>()
  let alike = open
  for (const way of ways) {
    const shown = alike.map((one) => way(one).slice(0, 19))
    const isAlone = (at: number) => shown.indexOf(shown[at]!) === shown.lastIndexOf(shown[at]!)
    for (const [at, one] of alike.entries()) if (isAlone(at)) titles.set(one, way(one))
    alike = alike.filter((_, at) => !isAlone(at))
  }
  for (const [at, one] of alike.entries()) titles.set(one, `${at + 1}. ${one.eventName}`)
  return titles
}

const dayOf = (at: Date, timeZone: string): string =>
  new Intl.DateTimeFormat('es-MX', { timeZone, day: '2-digit', month: '2-digit' }).format(at)

async function reply(
  tx: Tx,
  context: ReplyContext,
  message: Written,
  to: Invited,
  template: AnswerTemplate,
  variables: Record<string, string> = {},
): Promise<boolean> {
  const { now, requestId, config } = context
  if (!isInWindow(message.sentAt, { now, windowMs: config.whatsapp.windowMs })) return false
  const { attemptsMax } = config.delivery
  return answerGuest(tx, { to, template, answersMessage: message.id, variables, attemptsMax, requestId, now })
}
