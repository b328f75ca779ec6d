/** What people of an organizer do with a conversation: read it, assign it, reply, and write down an answer. */
import { findByIdempotencyKey, insertDelivery, type NewDelivery } from '../delivery/delivery.ts'
import { findGuest } from '../events/events.ts'
import type { User } from '../http/access.ts'
import type { Config } from '../platform/config.ts'
import { newId, withTx, type Db } from '../platform/db.ts'
import { Failure } from '../platform/errors.ts'
import { cleanLines } from '../platform/values/text.ts'
import { answerInvitation, type AnswerKind } from '../rsvp/rsvp.ts'
import {
  assign,
  findAddressee,
  findInvitationOf,
  isColleague,
  markRead,
  type Addressee,
  type Whose,
} from './team-sql.ts'

type Context = { db: Db; now: () => Date; config: Config }

/** WhatsApp's limit of a text, in UTF-16 units. */
const TEXT_MAX = 4096

export type PersonalReply = Whose & { text: string; user: User; requestId: string; idempotencyKey: string | null }

/**
 * Requests a reply by a person, as free-form text. It is a delivery like every other: the claim looks again whether the window
 * is open and the guest may be written to, and skips it if not. Throws `guest_not_found`, `guest_opted_out`,
 * `no_address_for_channel`, `window_closed`, `invalid_request`.
 */
export async function replyToGuest(context: Context, reply: PersonalReply) {
  const { db, config } = context
  const now = context.now()
  const { windowMs } = config.whatsapp
  const text = readText(reply.text)
  const addressee = await findAddressee(db, reply, { now, windowFloor: new Date(now.getTime() - windowMs) })
  if (!addressee) throw new Failure('guest_not_found')
  const { eventId, guestId, user, requestId, idempotencyKey } = reply
  const { organizerId, locale, lastMessageId } = addressee
  const delivery: NewDelivery = {
    ...{ id: newId('dl'), organizerId, eventId, guestId, locale, requestId, idempotencyKey },
    ...{ template: 'personal_reply', variables: { reply_text: text }, requestedBy: user.id, requestedAt: now },
    ...{ channel: 'whatsapp', channelReason: 'reply', mayFallBack: false, scheduledAt: null, isEnqueued: true },
    ...(lastMessageId ? { answersMessage: lastMessageId } : {}),
    attemptsMax: config.delivery.attemptsMax,
  }
  // The first request with this key may have lost its answer; the row that it left is the answer, also when the window has
  // closed.
  const earlier = idempotencyKey ? await findByIdempotencyKey(db, delivery) : null
  if (earlier) return { deliveryId: earlier.deliveryId, windowOpenUntil: closingOf(addressee, windowMs) }
  const windowOpenUntil = checkReach(addressee, reply, windowMs)
  if (!(await withTx(db, (tx) => insertDelivery(tx, delivery)))) throw new Failure('idempotency_key_reused')
  return { deliveryId: delivery.id, windowOpenUntil }
}

function readText(given: string): string {
  const text = cleanLines(given)
  const message = text === '' ? 'has no visible letter' : `has more than ${TEXT_MAX} characters`
  if (text !== '' && text.length <= TEXT_MAX) return text
  throw new Failure('invalid_request', { detail: `The text ${message}.`, errors: [{ path: 'body.text', message }] })
}

/** When the window closes or has closed; null when the guest has never written. */
const closingOf = ({ lastInboundAt }: Addressee, windowMs: number): Date | null =>
  lastInboundAt && new Date(lastInboundAt.getTime() + windowMs)

/** Returns until when the window is open. */
function checkReach(to: Addressee, { eventId, guestId }: Whose, windowMs: number): Date {
  if (to.isOptedOut) throw new Failure('guest_opted_out', { detail: 'The guest wrote BAJA to this organizer.' })
  if (to.phone === null) throw new Failure('no_address_for_channel', { detail: 'The guest has no phone.' })
  const closesAt = closingOf(to, windowMs)
  if (closesAt && to.isWindowOpen) return closesAt
  const since = closesAt ? `The window closed at ${closesAt.toISOString()}.` : 'The guest has not written yet.'
  throw new Failure('window_closed', {
    detail: `${since} ${adviceFor(to.eventStatus, `/events/${eventId}/guests/${guestId}/send`)}`,
  })
}

/** The approved template that may be sent instead. */
function adviceFor(eventStatus: Addressee['eventStatus'], path: string): string {
  if (eventStatus === 'draft') return 'Activate the event to send a template instead.'
  if (eventStatus === 'expired') return 'The event has expired, so no template may be sent either.'
  const others = { archived: 'event_thanks', cancelled: 'event_cancelled' } as const
  const template = eventStatus === 'active' ? 'event_update' : others[eventStatus]
  return `Send the template ${template} instead: POST ${path}.`
}

/** `until`: what the reader has seen; later messages stay unread. Throws `guest_not_found`. */
export async function readConversation(
  { db, now }: Context,
  whose: Whose,
  by: string,
  until: Date | null,
): Promise<Date> {
  const at = now()
  const readAt = until && until < at ? until : at
  if (!(await markRead(db, whose, by, readAt))) throw new Failure('guest_not_found')
  return readAt
}

/** Null takes the conversation from whoever had it. Throws `guest_not_found`, `user_not_found`. */
export async function assignConversation(
  { db, now }: Context,
  whose: Whose,
  { assigneeId, by }: { assigneeId: string | null; by: string },
): Promise<void> {
  if (!(await findGuest(db, whose.scope, whose.eventId, whose.guestId))) throw new Failure('guest_not_found')
  if (assigneeId !== null && !(await isColleague(db, whose.eventId, assigneeId))) throw new Failure('user_not_found')
  if (!(await assign(db, whose, { assigneeId, by, now: now() }))) throw new Failure('guest_not_found')
}

export type StaffAnswer = Whose & {
  answer: AnswerKind
  partySize?: number | undefined
  note?: string | undefined
  by: string
  requestId: string
}

/**
 * Writes down what a guest said, such as by telephone, by the rule of the guest's own answers. Throws `guest_not_found` and what
 * answerInvitation throws.
 */
export async function writeDownAnswer({ db, now }: Context, said: StaffAnswer) {
  const at = now()
  const { answer, partySize: places, by, requestId } = said
  const note = said.note === undefined ? undefined : cleanLines(said.note) || undefined
  return withTx(db, async (tx) => {
    const invitationId = await findInvitationOf(tx, said)
    if (invitationId === null) throw new Failure('guest_not_found')
    return answerInvitation(tx, {
      ...{ invitationId, answer, source: 'staff', sourceRef: requestId, by, note, saidAt: at, now: at },
      ...(places === undefined ? {} : { places }),
    })
  })
}
