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
import {
  composeMessage,
  findRequestable,
  readSchedule,
  refuseClosed,
  refuseDraft,
  refuseUntimely,
} from '../templates/templates.ts'
import { isPromotional } from './claiming.ts'
import { findSlotHolder, isGuestGone, requestDeliveries, type SlotTimes } from './slots.ts'
import { findByIdempotencyKey, findTarget, type NewDelivery, type Request, type Target } from './sql.ts'

export { endPauses, listChannelPauses, pauseSending, switchSending } from './pauses.ts'
export { countServiceMessages } from './service-months.ts'
export { replayDeliveries } from './replay.ts'
export { deleteOldSlots, isGuestGone, isTaken, requestDeliveries, type SlotTimes } from './slots.ts'
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
 * request's row, even if its answer was never stored. Throws `event_not_found`, `guest_not_found`, `event_closed`,
 * `event_draft`, `event_not_over`, `guest_opted_out`, `no_address_for_channel`, `email_stopped`, `marketing_stopped`,
 * `invalid_date`, and what findRequestable and composeMessage throw.
 */
export async function requestDelivery({ db, now, config }: Context, input: DeliveryRequest): Promise<Requested> {
  const requestedAt = now()
  const windowFloor = new Date(requestedAt.getTime() - config.whatsapp.windowMs)
  const target = await findTarget(db, input.user.organizerId, input, { now: requestedAt, windowFloor })
  checkTarget(target, input)
  const scheduledAt = readSchedule(input.scheduledAt, requestedAt)
  const dueAt = scheduledAt ?? requestedAt
  const mayFallBack = input.fallback && mayFallBackToEmail(config)
  const { channel, reason } = channelFor(target, input, narrowAuto(input.channel, config), mayFallBack)
  refuseUntimely(target, input.template, dueAt)
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
    mayFallBack: channel === 'whatsapp' && mayFallBack,
    locale: input.locale ?? target.locale,
  }
  // Throws when a variable is missing.
  composeMessage({ ...target, ...request, ...delivery }, config.http.publicBaseUrl)
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

/**
 * Only `auto` changes to e-mail here; the claim decides again, because the facts may change until then. What the claim
 * could only skip is refused.
 */
function channelFor(
  target: Target,
  { channel: asked, template }: DeliveryRequest,
  wanted: ChannelName | 'auto',
  mayFallBack: boolean,
): { channel: ChannelName; reason: string } {
  const choice = chooseChannel(target, { channel: wanted, fallsBackFor: [], isPromotion: false })
  const isPromotion =
    choice.kind === 'channel' && choice.channel === 'whatsapp' && isPromotional({ ...target, template })
  const isStopped = isPromotion && target.isMarketingStopped && !(mayFallBack && target.canEmail)
  const refusal = isStopped ? 'marketing_stopped' : choice.kind === 'excluded' ? choice.reason : null
  if (refusal) throw new Failure(refusal, { detail: REFUSALS[refusal] })
  if (choice.kind !== 'channel') throw new Error('only a promotion can be withheld')
  return asked === wanted ? choice : { channel: choice.channel, reason: 'auto_whatsapp_not_configured' }
}
