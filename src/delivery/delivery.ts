/**
 * One message to one guest, as it is asked for. claiming.ts takes it, settling.ts writes down what the provider said, statuses.ts moves it forward by
 * what the provider tells; docs/states.md draws the machine, and the database enforces it.
 */
import type { Config } from '../platform/config.ts'
import { newId, withTx, type Db } from '../platform/db.ts'
import { Failure } from '../platform/errors.ts'
import type { User } from '../http/access.ts'
import type { ChannelName, Locale } from '../channels/channel.ts'
import { readSchedule, refuseClosed, refuseDraft } from './due.ts'
import { composeMessage } from '../templates/message.ts'
import { mayEmailInstead, narrowAuto } from '../contacts/simulated.ts'
import {
  findByIdempotencyKey,
  findSlotHolder,
  findTarget,
  insertDelivery,
  isGuestGone,
  takeSlot,
  type NewDelivery,
  type Target,
} from './sql.ts'
import { findRequestable } from '../templates/templates.ts'
import { staysUnreachable } from '../contacts/unreachable.ts'

export { rememberTemplateStatuses } from '../templates/statuses.ts'
export { rememberMessagingLimit } from '../campaigns/messaging-limit.ts'
export { answerGuest, wasAnswered, wasPhoneAnswered, type AnswerTemplate } from './answers.ts'
export {
  findAnyInvited,
  findInvitedById,
  findInvitedByMessage,
  findLatestClosed,
  isGuestPhone,
  listMeantOrganizers,
  listOpenInvitations,
  rememberAlias,
  wasSentToAnother,
  type Invited,
  type OpenInvitation,
} from '../rsvp/invited.ts'
export { restartChannel, stopChannel } from './pauses.ts'
export { explainReason } from '../channels/reasons.ts'
export { replayDeliveries } from './replay.ts'
export { recordStatus } from './statuses.ts'
export type { Channels } from '../channels/channel.ts'
export type { StatusEvent } from './statuses-sql.ts'

type Context = { db: Db; now: () => Date; config: Config }

export type DeliveryRequest = {
  eventId: string
  guestId: string
  channel: ChannelName | 'auto'
  /** False: WhatsApp or nothing. */
  fallback: boolean
  template: string
  locale?: Locale
  variables: Record<string, string>
  scheduledAt?: string
  force: boolean
  user: User
  requestId: string
  idempotencyKey: string | null
}
export type Requested =
  | { status: 'queued' | 'scheduled'; deliveryId: string; channel: ChannelName; dueAt: Date }
  | { status: 'duplicate'; duplicateOf: string }

/**
 * Asks for one message. The caller enqueues the queue after this has committed. A second request with the same
 * Idempotency-Key finds the row of the first, also when the answer to that one was never stored.
 */
export async function requestDelivery({ db, now, config }: Context, input: DeliveryRequest): Promise<Requested> {
  const requestedAt = now()
  const target = await findTarget(db, input.user.organizerId, input.eventId, input.guestId)
  checkTarget(target, input)
  const { channel, reason } = chooseChannel(target, input.channel, narrowAuto(input.channel, config), requestedAt)
  const scheduledAt = readSchedule(input.scheduledAt, requestedAt)
  const delivery: NewDelivery = {
    id: newId('dl'),
    organizerId: target.organizerId,
    eventId: input.eventId,
    guestId: input.guestId,
    channel,
    channelReason: reason,
    mayFallBack: channel === 'whatsapp' && input.fallback && mayEmailInstead(config),
    template: input.template,
    locale: input.locale ?? target.locale,
    variables: input.variables,
    attemptsMax: config.delivery.attemptsMax,
    requestId: input.requestId,
    requestedBy: input.user.id,
    idempotencyKey: input.idempotencyKey,
    requestedAt,
    scheduledAt,
  }
  composeMessage({ ...target, ...delivery }, config.http.publicBaseUrl) // refuses what lacks a variable
  const windowMs = input.force ? 0 : config.delivery.dedupeWindowMs
  return withTx(db, async (tx): Promise<Requested> => {
    const made = input.idempotencyKey ? await findByIdempotencyKey(tx, delivery) : null
    if (made) return { ...made, status: made.scheduledAt ? 'scheduled' : 'queued' }
    if (!(await takeSlot(tx, delivery, windowMs))) {
      const duplicateOf = await findSlotHolder(tx, input.eventId, input.guestId, input.template)
      return { status: 'duplicate', duplicateOf: duplicateOf! }
    }
    await insertDelivery(tx, delivery)
    const dueAt = scheduledAt ?? requestedAt
    return { status: scheduledAt ? 'scheduled' : 'queued', deliveryId: delivery.id, channel, dueAt }
  }).catch((error: unknown) => {
    throw isGuestGone(error) ? new Failure('guest_not_found', { cause: error }) : error
  })
}

function checkTarget(target: Target | null, input: DeliveryRequest): asserts target is Target & { guestName: string } {
  if (!target) throw new Failure('event_not_found')
  if (target.guestName === null) throw new Failure('guest_not_found')
  findRequestable(input.template)
  refuseClosed(target.eventStatus, input.template)
  refuseDraft(target.eventStatus)
  if (target.isOptedOut) throw new Failure('guest_opted_out', { detail: 'The guest wrote BAJA to this organizer.' })
}

/** `auto`: WhatsApp, if the guest has a number that has not proved unreachable; else e-mail. The reason is stored. */
function chooseChannel(
  target: Target,
  asked: ChannelName | 'auto',
  wanted: ChannelName | 'auto',
  now: Date,
): { channel: ChannelName; reason: string } {
  const canEmail = target.email !== null && !target.isEmailStopped
  if (wanted === 'auto' && target.phone && !(staysUnreachable(target.unreachableSince, now) && canEmail))
    return { channel: 'whatsapp', reason: 'auto_has_phone' }
  if (wanted === 'auto') return takeEmail(target, target.phone ? 'auto_whatsapp_unreachable' : 'auto_no_phone')
  if (wanted === 'email') return takeEmail(target, asked === 'auto' ? 'auto_whatsapp_not_configured' : 'requested')
  if (!target.phone) throw new Failure('no_address_for_channel', { detail: 'The guest has no phone.' })
  return { channel: 'whatsapp', reason: 'requested' }
}

function takeEmail(target: Target, reason: string): { channel: 'email'; reason: string } {
  if (!target.email) throw new Failure('no_address_for_channel', { detail: 'The guest has no e-mail address.' })
  if (target.isEmailStopped) {
    const detail = 'This address bounced, complained or unsubscribed: nothing is sent to it any more.'
    throw new Failure('email_stopped', { detail })
  }
  return { channel: 'email', reason }
}
