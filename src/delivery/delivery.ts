/**
 * One message to one guest: asked for, claimed, sent, settled, and moved forward by the provider's
 * statuses. docs/states.md draws the machine; the database enforces it.
 */
import { randomUUID } from 'node:crypto'
import type { Config } from '../config.ts'
import { newId, withTx, type Db, type Tx } from '../db.ts'
import { Failure, readInstant } from '../errors.ts'
import type { User } from '../http/access.ts'
import { backoffMs } from '../queue.ts'
import {
  addEvidence,
  advance,
  claim,
  findDeliveryOfStatus,
  findSlotHolder,
  findTarget,
  insertDelivery,
  insertStatusEvent,
  listJoinableEvents,
  listParkedEvents,
  settle,
  takeSlot,
  type ChannelName,
  type Claimed,
  type Settlement,
  type StatusEvent,
  type Target,
} from './sql.ts'
import { insertDeadDelivery } from './sweep.ts'
import { renderTemplate, findTemplate, type Locale, type Rendered } from './templates.ts'

/** A message ready to leave. `deliveryId` travels along and comes back in the provider's statuses. */
export type Message = {
  deliveryId: string
  requestId: string
  /** E.164 or the alias WhatsApp last used, or an e-mail address. */
  to: string
  template: string
  locale: Locale
  rendered: Rendered
  /** Free-form text is allowed: the guest wrote within the last 24 hours. */
  isWindowOpen: boolean
}

/** What a call to a provider came to. `unknown`: it may or may not have the message. */
export type Outcome =
  | { kind: 'sent'; providerMessageId: string; httpStatus: number | null }
  | { kind: 'retry'; reason: string; httpStatus: number | null; afterMs?: number }
  | { kind: 'failed'; reason: string; httpStatus: number | null }
  | { kind: 'unknown'; reason: string }

export { findInvitedByMessage, findInvitedByPhone, rememberAlias } from './invited.ts'
export type { StatusEvent } from './sql.ts'
export type Channel = { isSimulated: boolean; send(message: Message): Promise<Outcome> }
export type Channels = Record<ChannelName, Channel>

type Context = { db: Db; now: () => Date; config: Config }

export type DeliveryRequest = {
  eventId: string
  guestId: string
  channel: ChannelName | 'auto'
  template: string
  locale?: Locale
  variables: Record<string, string>
  scheduledAt?: string
  force: boolean
  user: User
  requestId: string
}
export type Requested =
  | { status: 'queued' | 'scheduled'; deliveryId: string; channel: ChannelName; dueAt: Date }
  | { status: 'duplicate'; duplicateOf: string }

const YEAR_MS = 366 * 86_400_000

/** Asks for one message. The caller nudges the queue after this has committed. */
export async function requestDelivery({ db, now, config }: Context, input: DeliveryRequest): Promise<Requested> {
  const requestedAt = now()
  const target = await findTarget(db, input.user.organizerId, input.eventId, input.guestId)
  const { channel, locale } = checkTarget(target, input)
  renderTemplate(input.template, locale, occasionOf(target!, config.http.publicBaseUrl), input.variables) // refuses what lacks a variable
  const scheduledAt = readSchedule(input.scheduledAt, requestedAt)
  const delivery = {
    id: newId('dl'),
    organizerId: target!.organizerId,
    eventId: input.eventId,
    guestId: input.guestId,
    channel,
    template: input.template,
    locale,
    variables: input.variables,
    attemptsMax: config.delivery.attemptsMax,
    requestId: input.requestId,
    requestedBy: input.user.id,
    requestedAt,
    scheduledAt,
  }
  const freeBefore = input.force ? requestedAt : new Date(requestedAt.getTime() - config.delivery.dedupeWindowMs)
  return withTx(db, async (tx) => {
    if (!(await takeSlot(tx, delivery, freeBefore))) {
      const duplicateOf = await findSlotHolder(tx, input.eventId, input.guestId, input.template)
      return { status: 'duplicate', duplicateOf: duplicateOf! }
    }
    await insertDelivery(tx, delivery)
    return {
      status: scheduledAt ? 'scheduled' : 'queued',
      deliveryId: delivery.id,
      channel,
      dueAt: scheduledAt ?? requestedAt,
    }
  })
}

function checkTarget(target: Target | null, input: DeliveryRequest): { channel: ChannelName; locale: Locale } {
  if (!target) throw new Failure('event_not_found')
  if (target.guestName === null) throw new Failure('guest_not_found')
  findTemplate(input.template)
  if (target.eventStatus === 'archived' || target.eventStatus === 'expired') {
    throw new Failure('event_closed', {
      detail: `The event is ${target.eventStatus}: nothing is sent for it any more.`,
    })
  }
  if (target.optedOut) throw new Failure('guest_opted_out', { detail: 'The guest wrote BAJA to this organizer.' })
  const channel = input.channel === 'auto' ? (target.phone ? 'whatsapp' : 'email') : input.channel
  const address = channel === 'whatsapp' ? target.phone : target.email
  if (!address) {
    throw new Failure('no_address_for_channel', {
      detail: `The guest has no ${channel === 'whatsapp' ? 'phone' : 'e-mail address'}.`,
    })
  }
  return { channel, locale: input.locale ?? target.locale }
}

function readSchedule(text: string | undefined, now: Date): Date | null {
  if (text === undefined) return null
  const at = readInstant(text, 'scheduledAt')
  if (at.getTime() > now.getTime() + YEAR_MS)
    throw new Failure('invalid_date', { detail: 'scheduledAt is more than a year ahead.' })
  return at <= now ? null : at
}

const occasionOf = (
  target: Pick<Target, 'guestName' | 'eventName' | 'startsAt' | 'timeZone' | 'code'>,
  baseUrl: string,
) => ({
  guestName: target.guestName!,
  eventName: target.eventName,
  startsAt: target.startsAt,
  timeZone: target.timeZone,
  invitationUrl: `${baseUrl}/public/invite/${target.code}`,
})

/** Takes a due delivery for this worker. Null: there is nothing to do. */
export function claimDelivery({ db, now, config }: Context, id: string): Promise<Claimed | null> {
  const at = now()
  return claim(db, id, {
    token: randomUUID(),
    now: at,
    until: new Date(at.getTime() + config.delivery.leaseMs),
    windowFloor: new Date(at.getTime() - config.whatsapp.windowMs),
  })
}

/** What changed between the request and now, so that nothing is sent: a stable reason, or null. */
export function reasonToSkip(delivery: Claimed): string | null {
  if (delivery.eventStatus === 'archived' || delivery.eventStatus === 'expired') return 'event_closed'
  if (delivery.optedOut) return 'guest_opted_out'
  if (!(delivery.channel === 'whatsapp' ? delivery.phone : delivery.email)) return 'no_address_for_channel'
  return null
}

export function composeMessage(delivery: Claimed, baseUrl: string): Message {
  const isWhatsApp = delivery.channel === 'whatsapp'
  return {
    deliveryId: delivery.id,
    requestId: delivery.requestId,
    to: isWhatsApp ? (delivery.waId ?? delivery.phone!) : delivery.email!,
    template: delivery.template,
    locale: delivery.locale,
    rendered: renderTemplate(delivery.template, delivery.locale, occasionOf(delivery, baseUrl), delivery.variables),
    isWindowOpen: isWhatsApp && delivery.isWindowOpen,
  }
}

/** Writes what a call came to and returns when to try again, if so. */
export async function settleDelivery(
  { db, now, config }: Context,
  delivery: Claimed,
  outcome: Outcome | { kind: 'skipped'; reason: string },
  isSimulated: boolean,
): Promise<{ status: string; retryAt: Date | null }> {
  const at = now()
  const settlement = settlementOf(delivery, outcome, at, config)
  const status = await withTx(db, async (tx) => {
    const settled = await settle(tx, { ...settlement, simulated: isSimulated })
    if (settled === 'dead') {
      const { id: deliveryId, attempts } = delivery
      await insertDeadDelivery(tx, { deliveryId, reason: settlement.reason!, attempts, now: at })
    }
    if (settled && settlement.providerMessageId) {
      for (const parked of await listParkedEvents(tx, settlement.providerMessageId, delivery.id))
        await applyStatus(tx, delivery.id, parked, at)
    }
    return settled
  })
  return { status: status ?? 'lease_lost', retryAt: status === 'queued' ? settlement.nextAttemptAt : null }
}

function settlementOf(
  delivery: Claimed,
  outcome: Outcome | { kind: 'skipped'; reason: string },
  now: Date,
  config: Config,
): Omit<Settlement, 'simulated'> {
  const base = {
    deliveryId: delivery.id,
    attempt: delivery.attempts,
    leaseToken: delivery.leaseToken,
    now,
    outcome: outcome.kind,
    reason: 'reason' in outcome ? outcome.reason : null,
    httpStatus: 'httpStatus' in outcome ? outcome.httpStatus : null,
    providerMessageId: null,
    nextAttemptAt: null,
    sessionMessage: delivery.channel === 'whatsapp' ? delivery.isWindowOpen : null,
  }
  switch (outcome.kind) {
    case 'sent':
      return { ...base, status: 'sent', providerMessageId: outcome.providerMessageId }
    case 'failed':
      return { ...base, status: 'failed' }
    case 'skipped':
      return { ...base, status: 'skipped' }
    case 'unknown':
      return { ...base, status: 'unknown', nextAttemptAt: new Date(now.getTime() + config.delivery.unknownWaitMs) }
    case 'retry':
      break
  }
  if (delivery.attempts >= delivery.attemptsMax) return { ...base, status: 'dead' }
  const waitMs = outcome.afterMs ?? backoffMs(config.queue.backoffDelayMs, delivery.attempts)
  return { ...base, status: 'queued', nextAttemptAt: new Date(now.getTime() + waitMs) }
}

/**
 * Takes a provider's status inside the caller's transaction. Returns what became of it: applied,
 * duplicate, parked (we do not know the message yet), or kept (it says nothing new).
 */
export async function recordStatus(
  tx: Tx,
  event: StatusEvent & { ourId: string | null },
  now: Date,
): Promise<'applied' | 'duplicate' | 'parked' | 'kept'> {
  const deliveryId = await findDeliveryOfStatus(tx, event.providerMessageId, event.ourId)
  if (!(await insertStatusEvent(tx, event, deliveryId, now))) return 'duplicate'
  if (!deliveryId) return 'parked'
  return (await applyStatus(tx, deliveryId, event, now)) ? 'applied' : 'kept'
}

/** Joins parked statuses that nobody joined. The sweep calls it. */
export async function joinParkedStatuses(tx: Tx, now: Date): Promise<void> {
  for (const event of await listJoinableEvents(tx)) await applyStatus(tx, event.deliveryId, event, now)
}

async function applyStatus(tx: Tx, deliveryId: string, event: StatusEvent, now: Date): Promise<boolean> {
  const hasAdvanced = await advance(tx, deliveryId, event, now)
  await addEvidence(tx, deliveryId, event)
  return hasAdvanced
}
