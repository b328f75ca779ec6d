/** What follows from a refusal beyond the message's own row: its fallback by e-mail, and what others must know. */
import {
  markReachable as markPhonesReachable,
  markUnreachable,
  reachColumns,
  stopMarketing,
  withholdMarketing,
} from '../contacts/contacts.ts'
import type { ChannelName, Reach } from '../contacts/contacts.ts'
import { newId, sql, type Tx } from '../platform/db.ts'
import { insertDeadLetter } from '../platform/dead-letters.ts'
import type { Locale } from '../platform/languages.ts'
import { isClosedFor, languageOf, rememberTemplateStatuses } from '../templates/templates.ts'
import { pauseChannel } from '../channels/channels.ts'
import type { Consequences } from './consequences.ts'
import { pauseSending } from './pauses.ts'
import { requestDeliveries } from './requests.ts'

type Original = Reach & {
  organizerId: string
  eventId: string
  eventStatus: string
  guestId: string
  channel: ChannelName
  mayFallBack: boolean
  isCancelled: boolean
  template: string
  locale: Locale
  variables: Record<string, string>
  requestId: string
  requestedBy: string
  requestedAt: Date
  campaignId: string | null
}

async function findOriginal(tx: Tx, id: string, now: Date): Promise<Original> {
  const { rows } = await sql<Original>`
    select d.organizer_id, d.event_id, e.status as event_status, d.guest_id, d.channel, d.may_fall_back,
           d.cancelled_at is not null as is_cancelled, d.template, d.locale, d.variables, d.request_id,
           d.requested_by, d.requested_at, d.campaign_id,
           ${reachColumns(sql`d.organizer_id`, { now, windowFloor: now })}
      from deliveries d
      join events e on e.id = d.event_id
      join guests g on g.event_id = d.event_id and g.id = d.guest_id
     where d.id = ${id}`.execute(tx)
  return rows[0]!
}

/**
 * The e-mail in the place of a WhatsApp message that cannot arrive. There is one for each original, only where the guest
 * has an address that may be written to, and only while nobody has requested the message again. It is due at once.
 */
async function insertFallback(
  tx: Tx,
  { deliveryId, reason, attemptsMax, now }: { deliveryId: string; reason: string; attemptsMax: number; now: Date },
): Promise<void> {
  const original = await findOriginal(tx, deliveryId, now)
  const { template, eventStatus, requestedAt } = original
  if (!original.mayFallBack || original.channel !== 'whatsapp' || !original.canEmail || original.isOptedOut) return
  if (original.isCancelled || isClosedFor(eventStatus, template)) return
  const request = {
    ...original,
    attemptsMax,
    requestedAt: now,
    scheduledAt: null,
    isEnqueued: false,
    fallbackOf: deliveryId,
  }
  const fallback = {
    id: newId('dl'),
    guestId: original.guestId,
    channel: 'email' as const,
    channelReason: `fallback_${reason}`,
    mayFallBack: false,
    locale: original.locale,
  }
  await requestDeliveries(tx, request, [fallback], { requestedAt, dueAt: now, windowMs: null })
}

/** The number that a WhatsApp message went to; the guest's may have been corrected since. */
async function findNumber(tx: Tx, deliveryId: string): Promise<string | null> {
  const { rows } = await sql<{ phone: string | null }>`
    select coalesce(d.sent_to, g.phone) as phone
      from deliveries d
      join guests g on g.event_id = d.event_id and g.id = d.guest_id
     where d.id = ${deliveryId} and d.channel = 'whatsapp'`.execute(tx)
  return rows[0]?.phone ?? null
}

/** A message arrived after all. */
export async function markReachable(tx: Tx, deliveryId: string): Promise<void> {
  const phone = await findNumber(tx, deliveryId)
  if (phone) await markPhonesReachable(tx, [phone])
}

/** What the refusal says about the guest's number. `at`: when the provider refused. */
async function rememberNumber(tx: Tx, deliveryId: string, plan: Consequences, now: Date, at: Date): Promise<void> {
  if (!plan.isUnreachable && !plan.stopsMarketing && !plan.withheldUntil) return
  const phone = await findNumber(tx, deliveryId)
  if (!phone) return
  if (plan.isUnreachable) await markUnreachable(tx, phone, plan.reason, now)
  if (plan.stopsMarketing) await stopMarketing(tx, [phone], { source: 'refusal', at })
  if (plan.withheldUntil) await withholdMarketing(tx, phone, plan.withheldUntil)
}

/** It had its later try: the mark keeps it from another. */
async function markWithheld(tx: Tx, deliveryId: string, now: Date): Promise<void> {
  await sql`update deliveries set withheld_at = ${now} where id = ${deliveryId}`.execute(tx)
}

/**
 * The part of a refusal that reaches beyond the message's own row, which the caller has moved. `at`: when the provider
 * refused it. The channel comes last, because every worker waits for its row.
 */
export async function applyConsequences(
  tx: Tx,
  delivery: {
    id: string
    channel: ChannelName
    attempts: number
    campaignId: string | null
    template: string
    locale: Locale
  },
  plan: Consequences,
  { now, attemptsMax, at = now }: { now: Date; attemptsMax: number; at?: Date },
): Promise<void> {
  const { id: deliveryId, channel, attempts, campaignId } = delivery
  const { reason, isAlarm } = plan
  await rememberNumber(tx, deliveryId, plan, now, at)
  if (plan.isLaterTry) await markWithheld(tx, deliveryId, now)
  if (plan.needsFallback) await insertFallback(tx, { deliveryId, reason, attemptsMax, now })
  if (plan.status === 'dead') await insertDeadLetter(tx, { kind: 'delivery', refId: deliveryId, reason, attempts, now })
  const status = TEMPLATE_STATUS[reason]
  if (status)
    await rememberTemplateStatuses(
      tx,
      [{ name: delivery.template, language: languageOf(delivery.locale), status }],
      now,
    )
  const system = { source: 'system' as const, reason, pausedBy: 'system', now }
  if (plan.pausesCampaign && campaignId)
    await pauseSending(tx, { ...system, scope: 'campaign', scopeId: campaignId, until: null })
  if (plan.pauseUntil) await pauseChannel(tx, { channel, until: plan.pauseUntil, reason, needsProbe: isAlarm, now })
}

const TEMPLATE_STATUS: Record<string, string> = {
  whatsapp_132001: 'MISSING',
  whatsapp_132015: 'PAUSED',
  whatsapp_132016: 'DISABLED',
}
