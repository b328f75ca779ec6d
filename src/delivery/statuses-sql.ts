/** The statements that apply the provider's statuses. */
import { sql, type Tx } from '../platform/db.ts'
import type { ChannelName } from '../contacts/contacts.ts'
import type { Locale } from '../platform/values/languages.ts'
import { reachColumns } from '../contacts/contacts.ts'
import type { Consequences, Refused } from './consequences.ts'
import { earlierReasons } from './sql.ts'

export type StatusEvent = {
  providerMessageId: string
  status: string
  occurredAt: Date
  reason: string | null
  pricing: unknown
  simulated: boolean
  /** Our delivery id, if the provider echoes it. */
  ourId: string | null
}

const STATUS_RANK = ['sent', 'delivered', 'read', 'failed']
const byRank = (a: StatusEvent, b: StatusEvent) => STATUS_RANK.indexOf(a.status) - STATUS_RANK.indexOf(b.status)

/** Joins the parked statuses of one message to its delivery, lowest rank first. Locks the delivery before them. */
export async function listParkedEvents(tx: Tx, providerMessageId: string, deliveryId: string): Promise<StatusEvent[]> {
  await sql`select 1 from deliveries where id = ${deliveryId} for update`.execute(tx)
  const { rows } = await sql<StatusEvent>`
    update delivery_events set delivery_id = ${deliveryId}
     where provider_message_id = ${providerMessageId} and delivery_id is null
    returning provider_message_id, status, occurred_at, reason, pricing, simulated, our_id`.execute(tx)
  return rows.toSorted(byRank)
}

/**
 * Joins parked statuses whose delivery is known by now: the webhook and our settling committed at the same moment, or a
 * refusal waited for an answer that never came. Locks deliveries before their statuses and skips locked ones.
 */
export async function listJoinableEvents(tx: Tx, now: Date): Promise<(StatusEvent & { deliveryId: string })[]> {
  const { rows } = await sql<StatusEvent & { deliveryId: string }>`
    with joinable as (
      select e.id, d.id as delivery_id
        from delivery_events e
        join deliveries d on d.provider_message_id = e.provider_message_id
                          or (d.id = e.our_id and d.status <> 'sending')
       where e.delivery_id is null
         -- An older status belongs to another system.
         and e.received_at > ${now}::timestamptz - interval '1 hour'
       order by d.id
         for update of d skip locked)
    update delivery_events e set delivery_id = j.delivery_id
      from joinable j
     where e.id = j.id and e.delivery_id is null
    returning e.delivery_id, e.provider_message_id, e.status, e.occurred_at,
              e.reason, e.pricing, e.simulated, e.our_id`.execute(tx)
  return rows.toSorted(byRank)
}

/** Stores a status once per (message, status). False: it is a duplicate. */
export async function insertStatusEvent(
  tx: Tx,
  event: StatusEvent,
  deliveryId: string | null,
  now: Date,
): Promise<boolean> {
  const pricing = event.pricing === null ? null : JSON.stringify(event.pricing)
  const { rows } = await sql`
    insert into delivery_events (
      delivery_id, provider_message_id, status, occurred_at, received_at, reason, pricing, simulated, our_id)
    values (${deliveryId}, ${event.providerMessageId}, ${event.status}, ${event.occurredAt}, ${now},
            ${event.reason}, ${pricing}, ${event.simulated}, ${event.ourId})
    on conflict (provider_message_id, status) do nothing
    returning id`.execute(tx)
  return rows.length === 1
}

/** Locks a status's delivery, found by the message id of any attempt or by our id. `isKnown`: the row has this message id. */
export async function lockDeliveryOfStatus(
  tx: Tx,
  providerMessageId: string,
  ourId: string | null,
): Promise<{ id: string; status: string; isKnown: boolean } | null> {
  const { rows } = await sql<{ id: string; status: string; isKnown: boolean }>`
    select d.id, d.status, coalesce(d.provider_message_id = ${providerMessageId}, false) as is_known
      from deliveries d
     where d.id in (
             select id from deliveries where provider_message_id = ${providerMessageId}
             union all select delivery_id from delivery_attempts where provider_message_id = ${providerMessageId}
             union all select id from deliveries where id = ${ourId})
     order by (d.provider_message_id = ${providerMessageId}) desc nulls last limit 1
       for update of d`.execute(tx)
  return rows[0] ?? null
}

export type RefusedDelivery = Refused & { id: string; locale: Locale; channel: ChannelName }

/** The delivery that a refusal of this message concerns; null if the message is not its latest or cannot fail any more. */
export async function findRefusedDelivery(
  tx: Tx,
  id: string,
  providerMessageId: string,
  now: Date,
): Promise<RefusedDelivery | null> {
  const { rows } = await sql<RefusedDelivery>`
    select d.id, d.channel, d.template, d.locale, d.attempts, d.attempts_max, d.template_only, d.may_fall_back,
           d.first_attempt_at, d.possible_duplicate, d.campaign_id, d.withheld_at,
           ${reachColumns(sql`d.organizer_id`, { now, windowFloor: now })},
           ${earlierReasons(providerMessageId)} as earlier_reasons
      from deliveries d
      join guests g on g.event_id = d.event_id and g.id = d.guest_id
     where d.id = ${id} and d.attempts > 0 and delivery_may_become(d.status, 'failed')
       -- It is the latest message, or the first whose id we learn.
       and coalesce(d.provider_message_id, ${providerMessageId}) = ${providerMessageId}`.execute(tx)
  return rows[0] ?? null
}

/**
 * Queues a refused message again. If a later attempt is being sent, its worker keeps the lease and the retry waits until
 * the lease ends, because the answer may make it needless.
 */
export async function requeueRefused(tx: Tx, id: string, plan: Consequences, now: Date): Promise<boolean> {
  const isBeingSent = sql`attempts > 1 and lease_until > ${now}`
  const { rows } = await sql`
    update deliveries
       set status = 'queued', reason = ${plan.reason}, waiting_for = 'retry', enqueued_at = null,
           next_attempt_at = greatest(${plan.nextAttemptAt}::timestamptz,
                                      case when ${isBeingSent} then lease_until end),
           template_only = ${plan.templateOnly}, provider_message_id = null,
           attempts_max = attempts_max + ${plan.isSpent ? 0 : 1},
           lease_token = case when ${isBeingSent} then lease_token end,
           lease_until = case when ${isBeingSent} then lease_until end,
           updated_at = ${now}
     where id = ${id} and status in ('unknown', 'sent')
    returning id`.execute(tx)
  return rows.length === 1
}

/**
 * Moves a delivery forward if `delivery_may_become()` allows it. A status that revives a failed delivery also sets its
 * message id, so that a later refusal of that message counts.
 */
export async function advance(
  tx: Tx,
  id: string,
  event: StatusEvent,
  now: Date,
  to: string = event.status,
): Promise<boolean> {
  const { occurredAt, providerMessageId } = event
  const isEnd = to === 'failed' || to === 'dead'
  const { rows } = await sql`
    update deliveries
       set status = ${to},
           reason = ${event.reason},
           provider_message_id = case when not ${isEnd} and status in ('queued', 'failed', 'dead')
                                      then ${providerMessageId}
                                      else coalesce(provider_message_id, ${providerMessageId}) end,
           simulated = simulated or ${event.simulated},
           next_attempt_at = null,
           sent_at = case when ${isEnd} then sent_at else coalesce(sent_at, ${occurredAt}) end,
           delivered_at = case when ${to} in ('delivered', 'read') then coalesce(delivered_at, ${occurredAt})
                               else delivered_at end,
           read_at = case when ${to} = 'read' then coalesce(read_at, ${occurredAt}) else read_at end,
           ended_at = case when ${isEnd} then ${now}::timestamptz end,
           updated_at = ${now}
     where id = ${id} and delivery_may_become(status, ${to})
       -- A message that was never sent cannot have a status.
       and attempts > 0
       -- A late 'sent' of a failed message changes nothing.
       and (${to} <> 'sent' or not exists (
             select 1 from delivery_events e
              where e.provider_message_id = ${providerMessageId} and e.status = 'failed'))
    returning id`.execute(tx)
  return rows.length === 1
}

/**
 * Stores what a status proves: the pricing, of which the first one stays, and that an attempt of unknown outcome was
 * sent. While the delivery is sending, its open attempt stays open: the sweep finds expired leases by open attempts.
 */
export async function addEvidence(tx: Tx, id: string, event: StatusEvent): Promise<void> {
  const { providerMessageId, occurredAt, pricing } = event
  if (pricing !== null)
    await sql`
      update deliveries set pricing = ${JSON.stringify(pricing)}
       where id = ${id} and pricing is null`.execute(tx)
  await sql`
    update delivery_attempts
       set outcome = 'sent',
           finished_at = coalesce(finished_at, ${occurredAt}),
           provider_message_id = ${providerMessageId}
     where delivery_id = ${id}
       and (outcome = 'unknown'
            or (outcome is null and not exists (
                  select 1 from deliveries d where d.id = ${id} and d.status = 'sending')))
       -- The attempt of this message, else the latest unknown one, else the open one.
       and n = (
             select a.n from delivery_attempts a
              where a.delivery_id = ${id}
                and (a.provider_message_id = ${providerMessageId} or a.outcome is null or a.outcome = 'unknown')
              order by a.provider_message_id = ${providerMessageId} desc nulls last,
                       a.outcome = 'unknown' desc nulls last, a.n desc
              limit 1)`.execute(tx)
}

/** Marks a read e-mail as clicked: a person read it, not only a program that loads images. */
export async function markClicked(tx: Tx, providerMessageId: string, now: Date): Promise<void> {
  await sql`
    with event as (
      update delivery_events set reason = 'clicked'
       where provider_message_id = ${providerMessageId} and status = 'read'
      returning delivery_id)
    update deliveries d set reason = 'clicked', updated_at = ${now}
      from event
     where d.id = event.delivery_id and d.status = 'read'`.execute(tx)
}
