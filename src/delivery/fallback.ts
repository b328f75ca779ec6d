/** Writes the consequences of a refusal beyond the message's own row, among them its fallback by e-mail. */
import { markUnreachable, reachColumns, stopMarketing, withholdMarketing } from '../contacts/contacts.ts'
import { markReachable as markPhonesReachable, type ChannelName, type Reach } from '../contacts/contacts.ts'
import { newId, sql, type Tx } from '../platform/db.ts'
import { insertDeadLetter } from '../platform/dead-letters.ts'
import type { Locale } from '../platform/values/languages.ts'
import { languageOf, rememberTemplateStatuses, whyClosed } from '../templates/templates.ts'
import { pauseChannel } from '../channels/channels.ts'
import type { Consequences } from './consequences.ts'
import { pauseSending } from './pauses.ts'
import { requestDeliveries } from './slots.ts'
import type { NewDelivery } from './sql.ts'

type Original = Reach &
  Omit<NewDelivery, 'id' | 'channelReason' | 'attemptsMax' | 'scheduledAt' | 'isEnqueued'> & {
    eventStatus: string
    isCancelled: boolean
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
 * Inserts the e-mail that replaces a failed WhatsApp message, due at once. An original has at most one, and none if
 * the guest cannot be e-mailed or the message has been requested again.
 */
async function insertFallback(
  tx: Tx,
  { deliveryId, reason, attemptsMax, now }: { deliveryId: string; reason: string; attemptsMax: number; now: Date },
): Promise<void> {
  const original = await findOriginal(tx, deliveryId, now)
  const { template, eventStatus, requestedAt } = original
  if (!original.mayFallBack || original.channel !== 'whatsapp' || !original.canEmail || original.isOptedOut) return
  if (original.isCancelled || whyClosed(eventStatus, template)) return
  const fallback = {
    ...original,
    ...{ attemptsMax, requestedAt: now, scheduledAt: null, isEnqueued: false },
    ...{ fallbackOf: deliveryId, originalRequestedAt: requestedAt },
    ...{ id: newId('dl'), channel: 'email' as const, channelReason: `fallback_${reason}`, mayFallBack: false },
  }
  await requestDeliveries(tx, [fallback], null)
}

/** The number that a WhatsApp message was sent to; the guest's number may have changed since. */
async function findNumber(tx: Tx, deliveryId: string): Promise<string | null> {
  const { rows } = await sql<{ phone: string | null }>`
    select coalesce(d.sent_to, g.phone) as phone
      from deliveries d
      join guests g on g.event_id = d.event_id and g.id = d.guest_id
     where d.id = ${deliveryId} and d.channel = 'whatsapp'`.execute(tx)
  return rows[0]?.phone ?? null
}

/** A message was delivered, so WhatsApp reaches its number. */
export async function markReachable(tx: Tx, deliveryId: string): Promise<void> {
  const phone = await findNumber(tx, deliveryId)
  if (phone) await markPhonesReachable(tx, [phone])
}

/** Stores what the refusal says about the guest's number. `at`: when the provider refused. */
async function rememberNumber(tx: Tx, deliveryId: string, plan: Consequences, now: Date, at: Date): Promise<void> {
  if (!plan.isUnreachable && !plan.stopsMarketing && !plan.withheldUntil) return
  const phone = await findNumber(tx, deliveryId)
  if (!phone) return
  if (plan.isUnreachable) await markUnreachable(tx, phone, plan.reason, now)
  if (plan.stopsMarketing) await stopMarketing(tx, [phone], { source: 'refusal', at })
  if (plan.withheldUntil) await withholdMarketing(tx, phone, plan.withheldUntil)
}

/** Marks that the message has had its one retry after WhatsApp withheld it. */
async function markWithheld(tx: Tx, deliveryId: string, now: Date): Promise<void> {
  await sql`update deliveries set withheld_at = ${now} where id = ${deliveryId}`.execute(tx)
}

/**
 * Applies a plan to everything but the message's own row, which the caller has updated. `at`: when the provider
 * refused. The channel comes last, because every worker waits for its lock.
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
  const { reason, needsOperator: needsProbe } = plan
  await rememberNumber(tx, deliveryId, plan, now, at)
  if (plan.isWithheldRetry) await markWithheld(tx, deliveryId, now)
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
  if (plan.pauseUntil) await pauseChannel(tx, { channel, until: plan.pauseUntil, reason, needsProbe, now })
}

/** The template status that an error code reveals. */
const TEMPLATE_STATUS: Record<string, string> = {
  whatsapp_132001: 'MISSING',
  whatsapp_132015: 'PAUSED',
  whatsapp_132016: 'DISABLED',
}
