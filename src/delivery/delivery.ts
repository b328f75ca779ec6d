/**
 * One message to one guest. This file handles the request; claiming.ts takes the row, settling.ts writes the provider's
 * answer, and statuses.ts applies its later statuses. docs/states.md draws the states; the database enforces them.
 */
import { chooseChannel, mayFallBackToEmail, narrowAuto, type ChannelName } from '../contacts/contacts.ts'
import type { User } from '../http/access.ts'
import type { Config } from '../platform/config.ts'
import { newId, withTx, type Db, type Tx } from '../platform/db.ts'
import { Failure } from '../platform/errors.ts'
import type { Locale } from '../platform/languages.ts'
import { composeMessage, findRequestable, readSchedule, refuseClosed, refuseDraft } from '../templates/templates.ts'
import { requestDeliveries } from './requests.ts'
import { findSlotHolder, isGuestGone, type SlotTimes } from './slots.ts'
import { findByIdempotencyKey, findTarget, type NewDelivery, type Request, type Target } from './sql.ts'

export { endPauses, listChannelPauses, pauseSending, switchSending } from './pauses.ts'
export { countServiceMessages } from './service-months.ts'
export { replayDeliveries } from './replay.ts'
export { requestDeliveries } from './requests.ts'
export { deleteOldSlots, isGuestGone, isTaken, type SlotTimes } from './slots.ts'
export { recordClick, recordStatus } from './statuses.ts'
export type { StatusEvent } from './statuses-sql.ts'
export { cancelDeliveries, deleteStrayEvents } from './sweep.ts'
export { insertDeliveries, type NewDelivery, type Request } from './sql.ts'

type Context = { db: Db; now: () => Date; config: Config }

export type DeliveryRequest = {
  eventId: string
  guestId: string
  channel: ChannelName | 'auto'
  /** Whether an e-mail may replace a WhatsApp message that fails. */
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
 * Requests one message; the caller enqueues its job after the commit. A repeated Idempotency-Key returns the first
 * request's row, even if its answer was never stored. Throws `event_not_found`,
 * `guest_not_found`, `event_closed`, `event_draft`, `guest_opted_out`, `no_address_for_channel`, `email_stopped`,
 * `invalid_date`, and what findRequestable and composeMessage throw.
 */
export async function requestDelivery({ db, now, config }: Context, input: DeliveryRequest): Promise<Requested> {
  const requestedAt = now()
  const windowFloor = new Date(requestedAt.getTime() - config.whatsapp.windowMs)
  const target = await findTarget(db, input.user.organizerId, input, { now: requestedAt, windowFloor })
  checkTarget(target, input)
  const { channel, reason } = channelFor(target, input.channel, narrowAuto(input.channel, config))
  const scheduledAt = readSchedule(input.scheduledAt, requestedAt)
  const request: Request = {
    ...input,
    organizerId: target.organizerId,
    attemptsMax: config.delivery.attemptsMax,
    requestedBy: input.user.id,
    requestedAt,
    scheduledAt,
    isEnqueued: scheduledAt === null,
  }
  const delivery: NewDelivery = {
    id: newId('dl'),
    guestId: input.guestId,
    channel,
    channelReason: reason,
    mayFallBack: channel === 'whatsapp' && input.fallback && mayFallBackToEmail(config),
    locale: input.locale ?? target.locale,
  }
  // Throws when a variable is missing.
  composeMessage({ ...target, ...request, ...delivery }, config.http.publicBaseUrl)
  const dueAt = scheduledAt ?? requestedAt
  const times = { requestedAt, dueAt, windowMs: input.force ? 0 : config.delivery.dedupeWindowMs }
  return withTx(db, (tx) => insertOnce(tx, request, delivery, times)).catch((error: unknown) => {
    throw isGuestGone(error) ? new Failure('guest_not_found', { cause: error }) : error
  })
}

async function insertOnce(tx: Tx, request: Request, delivery: NewDelivery, times: SlotTimes): Promise<Requested> {
  const { guestId, channel } = delivery
  const existing = request.idempotencyKey ? await findByIdempotencyKey(tx, { ...request, guestId }) : null
  if (existing) return { ...existing, status: existing.scheduledAt ? 'scheduled' : 'queued' }
  const [deliveryId] = await requestDeliveries(tx, request, [delivery], times)
  if (deliveryId)
    return { status: request.scheduledAt ? 'scheduled' : 'queued', deliveryId, channel, dueAt: times.dueAt }
  const { eventId, template } = request
  return { status: 'duplicate', duplicateOf: await findSlotHolder(tx, { eventId, guestId, template, deliveryId: '' }) }
}

function checkTarget(target: Target | null, input: DeliveryRequest): asserts target is Target & { guestName: string } {
  if (!target) throw new Failure('event_not_found')
  if (target.guestName === null) throw new Failure('guest_not_found')
  findRequestable(input.template)
  refuseClosed(target.eventStatus, input.template)
  refuseDraft(target.eventStatus)
}

const REFUSALS = {
  guest_opted_out: 'The guest wrote BAJA to this organizer.',
  no_address_for_channel: 'The guest has no address for this channel.',
  email_stopped: 'This address bounced, complained or unsubscribed.',
  marketing_stopped: 'The guest stopped promotions on WhatsApp.',
} as const

/** Only `auto` changes to e-mail here; the claim decides again, because the facts may change until then. */
function channelFor(
  target: Target,
  asked: ChannelName | 'auto',
  wanted: ChannelName | 'auto',
): { channel: ChannelName; reason: string } {
  const choice = chooseChannel(target, { channel: wanted, fallsBackFor: [], isPromotion: false })
  if (choice.kind === 'later') throw new Error('only a promotion can be withheld')
  if (choice.kind === 'channel')
    return asked === wanted ? choice : { channel: choice.channel, reason: 'auto_whatsapp_not_configured' }
  if (choice.reason === 'marketing_stopped') throw new Error('only a promotion can be stopped')
  throw new Failure(choice.reason, { detail: REFUSALS[choice.reason] })
}
