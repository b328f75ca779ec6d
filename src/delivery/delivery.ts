/**
 * One message to one guest. This file handles the request; claiming.ts takes the row, settling.ts writes the provider's
 * answer, and statuses.ts applies its later statuses. docs/states.md draws the states; the database enforces them.
 */
import { chooseChannel, mayFallBackToEmail, narrowAuto, type ChannelName } from '../contacts/contacts.ts'
import type { User } from '../http/access.ts'
import { batching } from '../platform/batching.ts'
import type { Config } from '../platform/config.ts'
import { newId, type Db } from '../platform/db.ts'
import { Failure } from '../platform/errors.ts'
import type { Locale } from '../platform/values/languages.ts'
import {
  composeMessage,
  findRequestable,
  readSchedule,
  refuseClosed,
  refuseDraft,
  refuseUntimely,
} from '../templates/templates.ts'
import { isPromotional } from './claiming.ts'
import { findSlotHolder, isGuestGone, requestDeliveries } from './slots.ts'
import { findByIdempotencyKey, listTargets, type NewDelivery, type Target, type Wanted } from './sql.ts'

export { endPauses, listChannelPauses, pauseSending, switchSending, type Pausable } from './pauses.ts'
export { countServiceMessages } from './service-months.ts'
export { replayDeliveries } from './replay.ts'
export { deleteOldSlots, isGuestGone, isTaken, requestDeliveries, type SlotTimes } from './slots.ts'
export { recordClick, recordStatus } from './statuses.ts'
export type { StatusEvent } from './statuses-sql.ts'
export { cancelDeliveries, deleteLogOf, deleteStrayEvents, eraseDeliveries } from './sweep.ts'
export { findByIdempotencyKey, insertDelivery, type NewDelivery } from './sql.ts'

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

/** Requests of the same moment share statements. */
const TOGETHER = { max: 64, lanes: 2 }

/** The targets of requests of the same moment, in one read. */
const findTarget = batching(({ db, now, config }: Context, wanted: Wanted[]) => {
  const at = now()
  return listTargets(db, wanted, { now: at, windowFloor: new Date(at.getTime() - config.whatsapp.windowMs) })
}, TOGETHER)

/** True: the request got its slot. */
const requestTogether = batching(async ({ db, config }: Context, deliveries: NewDelivery[]) => {
  const inserted = await requestDeliveries(db, deliveries, config.delivery.dedupeWindowMs)
  return deliveries.map(({ id }) => inserted.has(id))
}, TOGETHER)

/**
 * Requests one message; the caller enqueues its job after the commit. A repeated Idempotency-Key returns the first
 * request's row, even if its answer was never stored. Throws `event_not_found`, `guest_not_found`, `event_closed`,
 * `event_draft`, `event_not_over`, `guest_opted_out`, `no_address_for_channel`, `email_stopped`, `marketing_stopped`,
 * `invalid_date`, and what findRequestable and composeMessage throw.
 */
export async function requestDelivery(context: Context, input: DeliveryRequest): Promise<Requested> {
  const { now, config } = context
  const requestedAt = now()
  const { eventId, guestId, template, variables, requestId, idempotencyKey, locale } = input
  const target = await findTarget(context, { eventId, guestId, template, locale, scope: input.user.organizerId })
  checkTarget(target, input)
  const scheduledAt = readSchedule(input.scheduledAt, requestedAt)
  const mayFallBack = input.fallback && mayFallBackToEmail(config)
  const { channel, reason } = channelFor(target, input, narrowAuto(input.channel, config), mayFallBack)
  refuseUntimely(target, template, scheduledAt ?? requestedAt)
  const delivery: NewDelivery = {
    id: newId('dl'),
    ...{ eventId, guestId, template, variables, requestId, idempotencyKey },
    organizerId: target.organizerId,
    attemptsMax: config.delivery.attemptsMax,
    requestedBy: input.user.id,
    requestedAt,
    scheduledAt,
    isEnqueued: scheduledAt === null,
    channel,
    channelReason: reason,
    mayFallBack: channel === 'whatsapp' && mayFallBack,
    locale: locale ?? target.locale,
  }
  checkMessage(target, delivery, config.http.publicBaseUrl)
  return insertOnce(context, delivery, input.force).catch((error: unknown) => {
    throw isGuestGone(error) ? new Failure('guest_not_found', { cause: error }) : error
  })
}

/** Throws when the message cannot be composed, such as when a variable is missing. */
function checkMessage(target: Target & { guestName: string }, delivery: NewDelivery, baseUrl: string): void {
  const { id, requestId, channel, template, locale, variables } = delivery
  const { guestName, eventName, startsAt, timeZone, location, organizerName } = target
  const { invitationId, code, phone, waId, email } = target
  // Spreading these two would take V8 longer than everything else here.
  const facts = {
    id,
    requestId,
    channel,
    template,
    locale,
    variables,
    guestName,
    eventName,
    startsAt,
    timeZone,
    location,
    organizerName,
    invitationId,
    code,
    phone,
    waId,
    email,
  }
  composeMessage(facts, baseUrl)
}

async function insertOnce(context: Context, delivery: NewDelivery, isForced: boolean): Promise<Requested> {
  const { id: deliveryId, channel, scheduledAt, requestedAt } = delivery
  const existing = delivery.idempotencyKey ? await findByIdempotencyKey(context.db, delivery) : null
  if (existing) return { ...existing, status: existing.scheduledAt ? 'scheduled' : 'queued' }
  const isInserted = isForced
    ? (await requestDeliveries(context.db, [delivery], 0)).has(deliveryId)
    : await requestTogether(context, delivery)
  const status = scheduledAt ? 'scheduled' : 'queued'
  if (isInserted) return { status, deliveryId, channel, dueAt: scheduledAt ?? requestedAt }
  const duplicateOf = await findSlotHolder(context.db, delivery)
  if (duplicateOf === null) throw new Failure('guest_not_found')
  return { status: 'duplicate', duplicateOf }
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
    choice.kind === 'channel' &&
    choice.channel === 'whatsapp' &&
    isPromotional({ template, approvedCategory: target.approvedCategory })
  const isStopped = isPromotion && target.isMarketingStopped && !(mayFallBack && target.canEmail)
  const refusal = isStopped ? 'marketing_stopped' : choice.kind === 'excluded' ? choice.reason : null
  if (refusal) throw new Failure(refusal, { detail: REFUSALS[refusal] })
  if (choice.kind !== 'channel') throw new Error('only a promotion can be withheld')
  return asked === wanted ? choice : { channel: choice.channel, reason: 'auto_whatsapp_not_configured' }
}
