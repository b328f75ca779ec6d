/** What a refusal leaves behind beside the message itself: its fallback on another channel, and what others must know. */
import { stopMarketing } from '../conversations/conversations.ts'
import { newId, sql, type Tx } from '../platform/db.ts'
import { rememberTemplateStatuses } from '../templates/statuses.ts'
import { pauseCampaign } from '../campaigns/campaigns.ts'
import type { ChannelName, Locale } from '../channels/channel.ts'
import type { Consequences } from './consequences.ts'
import { forgetLine, holdChannel } from './pacing.ts'
import { AFTERWARDS } from './due.ts'
import { insertDeadDelivery } from './sweep.ts'
import { languageOf } from '../templates/templates.ts'

/**
 * The e-mail that takes the place of a WhatsApp message that cannot arrive: one for each, only where the guest has
 * an address that may be written to, and only while nobody has asked for the message anew. It is due at once; the
 * sweep enqueues it within a second.
 */
async function insertFallback(
  tx: Tx,
  of: { deliveryId: string; reason: string; attemptsMax: number; now: Date },
): Promise<void> {
  const id = newId('dl')
  await sql`
    with parent as (
      select d.* from deliveries d
        join guests g on g.event_id = d.event_id and g.id = d.guest_id
        join events e on e.id = d.event_id
       where d.id = ${of.deliveryId} and d.may_fall_back and d.channel = 'whatsapp' and g.email is not null
         and not (e.status = 'expired' or (e.status = 'archived' and d.template <> all(${[...AFTERWARDS]}::text[])))
         and not exists (select 1 from deliveries fallback where fallback.fallback_of = d.id)
         and not exists (select 1 from email_stops s where s.email = g.email and s.organizer_id in ('*', d.organizer_id))
         and not exists (select 1 from opt_outs x where x.organizer_id = d.organizer_id and x.phone = g.phone)),
    slot as (
      insert into delivery_slots as s (event_id, guest_id, template, delivery_id, requested_at, due_at)
      select event_id, guest_id, template, ${id}, requested_at, ${of.now} from parent
      on conflict (event_id, guest_id, template) do nothing returning delivery_id)
    insert into deliveries (id, organizer_id, event_id, guest_id, channel, template, locale, variables, status, attempts_max,
      next_attempt_at, request_id, requested_by, requested_at, campaign_id, fallback_of, channel_reason, updated_at)
    select ${id}, organizer_id, event_id, guest_id, 'email', template, locale, variables, 'queued', ${of.attemptsMax},
      ${of.now}, request_id, requested_by, ${of.now}, campaign_id, id, ${`fallback_${of.reason}`}, ${of.now}
      from parent where exists (select 1 from slot)
    on conflict (fallback_of) where fallback_of is not null do nothing
    `.execute(tx)
}

/** The number it went to; the guest's may have been corrected since. */
const numberOf = (deliveryId: string) => sql`
  select coalesce(d.sent_to, g.phone) as phone from deliveries d
    join guests g on g.event_id = d.event_id and g.id = d.guest_id where d.id = ${deliveryId} and d.channel = 'whatsapp'`

/** WhatsApp cannot reach this guest's number: the next message begins with e-mail. */
async function markUnreachable(tx: Tx, deliveryId: string, reason: string, now: Date): Promise<void> {
  await sql`
    insert into wa_unreachable (phone, reason, since)
    select phone, ${reason}, ${now} from (${numberOf(deliveryId)}) sent where phone is not null
    on conflict (phone) do update set reason = excluded.reason, since = excluded.since`.execute(tx)
}

/** A message arrived after all. */
export async function markReachable(tx: Tx, deliveryId: string): Promise<void> {
  await sql`
    delete from wa_unreachable u using (${numberOf(deliveryId)}) sent where u.phone = sent.phone`.execute(tx)
}

/** The guest wants no promotions by WhatsApp; the provider says so since `at`. */
async function stopPromotions(tx: Tx, deliveryId: string, at: Date): Promise<void> {
  const { rows } = await sql<{ phone: string | null }>`${numberOf(deliveryId)}`.execute(tx)
  const phones = rows.map(({ phone }) => phone).filter((phone) => phone !== null)
  await stopMarketing(tx, phones, { source: 'refusal', at })
}

/** WhatsApp gives the guest no more promotions for now, whoever sends them. */
async function withholdPromotions(tx: Tx, deliveryId: string, until: Date): Promise<void> {
  await sql`
    insert into wa_marketing_stops as s (phone, withheld_until)
    select phone, ${until} from (${numberOf(deliveryId)}) sent where phone is not null
    on conflict (phone) do update set withheld_until = greatest(s.withheld_until, excluded.withheld_until)`.execute(tx)
}

/** It had its later try: the mark keeps it from another. */
async function markWithheld(tx: Tx, deliveryId: string, now: Date): Promise<void> {
  await sql`update deliveries set withheld_at = ${now} where id = ${deliveryId}`.execute(tx)
}

/**
 * The part of a refusal that reaches beyond the message's own row; the caller has moved that. `at`: when the provider
 * refused it. The limits of the channel come last: everybody waits for them.
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
  const { id: deliveryId, channel, attempts } = delivery
  const { reason } = plan
  if (plan.isUnreachable) await markUnreachable(tx, deliveryId, reason, now)
  if (plan.stopsMarketing) await stopPromotions(tx, deliveryId, at)
  if (plan.withheldUntil) await withholdPromotions(tx, deliveryId, plan.withheldUntil)
  if (plan.isLaterTry) await markWithheld(tx, deliveryId, now)
  if (plan.needsFallback) await insertFallback(tx, { deliveryId, reason, attemptsMax, now })
  if (plan.status === 'dead') await insertDeadDelivery(tx, { deliveryId, reason, attempts, now })
  if (plan.stopsCampaign && delivery.campaignId)
    if (await pauseCampaign(tx, { campaignId: delivery.campaignId, reason, now })) await forgetLine(tx)
  const status = TEMPLATE_STATUS[reason]
  if (status)
    await rememberTemplateStatuses(
      tx,
      [{ name: delivery.template, language: languageOf(delivery.locale), status }],
      now,
    )
  const { holdUntil: until, isAlarm } = plan
  if (until) await holdChannel(tx, { channel, until, reason, isAlarm, now })
}

const TEMPLATE_STATUS: Record<string, string> = {
  whatsapp_132001: 'MISSING',
  whatsapp_132015: 'PAUSED',
  whatsapp_132016: 'DISABLED',
}
