import { sql, type Db, type Tx } from '../db.ts'
import type { Locale } from './templates.ts'

export type ChannelName = 'whatsapp' | 'email'

/** What a send needs to know about guest, event and organizer. */
export type Target = {
  organizerId: string
  eventStatus: 'draft' | 'active' | 'archived' | 'expired'
  eventName: string
  startsAt: Date
  timeZone: string
  guestName: string | null
  phone: string | null
  waId: string | null
  email: string | null
  locale: Locale
  code: string | null
  optedOut: boolean
}

/** Null: no such event for this organizer. guestName null: no such guest in it. */
export async function findTarget(
  db: Db,
  scope: string | null,
  eventId: string,
  guestId: string,
): Promise<Target | null> {
  const { rows } = await sql<Target>`
    select e.organizer_id, e.status as event_status, e.name as event_name, e.starts_at, e.time_zone,
           g.name as guest_name, g.phone, g.wa_id, g.email, g.locale, i.code,
           exists (select 1 from opt_outs o where o.organizer_id = e.organizer_id and o.phone = g.phone) as opted_out
      from events e
      left join guests g on g.event_id = e.id and g.id = ${guestId}
      left join invitations i on i.event_id = g.event_id and i.guest_id = g.id
     where e.id = ${eventId} and (${scope}::text is null or e.organizer_id = ${scope})`.execute(db)
  return rows[0] ?? null
}

export type NewDelivery = {
  id: string
  organizerId: string
  eventId: string
  guestId: string
  channel: ChannelName
  template: string
  locale: string
  variables: Record<string, string>
  attemptsMax: number
  requestId: string
  requestedBy: string
  requestedAt: Date
  scheduledAt: Date | null
}

/**
 * Takes the slot of (event, guest, template) for this delivery. Null: somebody holds it whose request
 * is younger than `freeBefore`. The primary key makes concurrent requests queue up here.
 */
export async function takeSlot(tx: Tx, delivery: NewDelivery, freeBefore: Date): Promise<boolean> {
  const { rows } = await sql`
    insert into delivery_slots as s (event_id, guest_id, template, delivery_id, requested_at)
    values (${delivery.eventId}, ${delivery.guestId}, ${delivery.template}, ${delivery.id}, ${delivery.requestedAt})
    on conflict (event_id, guest_id, template) do update
      set delivery_id = excluded.delivery_id, requested_at = excluded.requested_at
      where s.requested_at <= ${freeBefore}
    returning delivery_id`.execute(tx)
  return rows.length === 1
}

export async function findSlotHolder(
  tx: Tx,
  eventId: string,
  guestId: string,
  template: string,
): Promise<string | null> {
  const { rows } = await sql<{ deliveryId: string }>`
    select delivery_id from delivery_slots
     where event_id = ${eventId} and guest_id = ${guestId} and template = ${template}`.execute(tx)
  return rows[0]?.deliveryId ?? null
}

/** The row is the outbox: due at once, or at its time. enqueued_at says that the caller nudges now. */
export async function insertDelivery(tx: Tx, d: NewDelivery): Promise<void> {
  await sql`
    insert into deliveries (id, organizer_id, event_id, guest_id, channel, template, locale, variables, status,
      attempts_max, next_attempt_at, enqueued_at, request_id, requested_by, requested_at, scheduled_at, updated_at)
    values (${d.id}, ${d.organizerId}, ${d.eventId}, ${d.guestId}, ${d.channel}, ${d.template}, ${d.locale},
      ${JSON.stringify(d.variables)}, ${d.scheduledAt ? 'scheduled' : 'queued'}, ${d.attemptsMax},
      ${d.scheduledAt ?? d.requestedAt}, ${d.scheduledAt ? null : d.requestedAt}, ${d.requestId}, ${d.requestedBy},
      ${d.requestedAt}, ${d.scheduledAt}, ${d.requestedAt})`.execute(tx)
}

export type Claimed = Omit<Target, 'guestName'> & {
  id: string
  eventId: string
  guestId: string
  guestName: string
  channel: ChannelName
  template: string
  variables: Record<string, string>
  attempts: number
  attemptsMax: number
  possibleDuplicate: boolean
  leaseToken: string
  requestId: string
  isWindowOpen: boolean
}

/**
 * Takes a due delivery for one worker and writes the attempt in the same statement, before any call.
 * Null: not due, or somebody else has it; then the job has nothing to do.
 */
export async function claim(
  db: Db,
  id: string,
  lease: { token: string; now: Date; until: Date; windowFloor: Date },
): Promise<Claimed | null> {
  const { rows } = await sql<Claimed>`
    with claimed as (
      update deliveries set status = 'sending', attempts = attempts + 1, lease_token = ${lease.token},
             lease_until = ${lease.until}, next_attempt_at = null, updated_at = ${lease.now}
       where id = ${id} and status in ('queued', 'scheduled') and next_attempt_at <= ${lease.now}
      returning *),
    attempt as (
      insert into delivery_attempts (delivery_id, n, started_at) select id, attempts, ${lease.now} from claimed)
    select c.id, c.organizer_id, c.event_id, c.guest_id, c.channel, c.template, c.locale, c.variables, c.attempts,
           c.attempts_max, c.possible_duplicate, c.lease_token, c.request_id,
           e.status as event_status, e.name as event_name, e.starts_at, e.time_zone,
           g.name as guest_name, g.phone, g.wa_id, g.email, i.code,
           exists (select 1 from opt_outs o where o.organizer_id = c.organizer_id and o.phone = g.phone) as opted_out,
           exists (select 1 from wa_windows w where w.phone = g.phone and w.last_inbound_at > ${lease.windowFloor}) as is_window_open
      from claimed c
      join events e on e.id = c.event_id
      join guests g on g.event_id = c.event_id and g.id = c.guest_id
      left join invitations i on i.event_id = g.event_id and i.guest_id = g.id`.execute(db)
  return rows[0] ?? null
}

export type Settlement = {
  deliveryId: string
  attempt: number
  leaseToken: string
  now: Date
  status: 'sent' | 'queued' | 'failed' | 'unknown' | 'skipped' | 'dead'
  outcome: 'sent' | 'retry' | 'failed' | 'unknown' | 'skipped'
  reason: string | null
  httpStatus: number | null
  providerMessageId: string | null
  nextAttemptAt: Date | null
  simulated: boolean
  sessionMessage: boolean | null
}

/**
 * Writes what a call came to, fenced by the lease token, and returns the status that follows. A status
 * callback may have been faster: then only the facts are added and the status stays where it is. Null: the
 * lease went to another. The delivery is locked before its attempts, as everywhere, so that nobody deadlocks.
 */
export async function settle(tx: Tx, s: Settlement): Promise<string | null> {
  const moves = sql`((status in ('sending', 'unknown') or (status in ('queued', 'dead') and ${s.status} = 'sent'))
    and delivery_may_become(status, ${s.status}))`
  const { rows } = await sql<{ status: string }>`
    update deliveries set
           status = case when ${moves} then ${s.status} else status end,
           reason = case when ${moves} then ${s.reason} else reason end,
           next_attempt_at = case when ${moves} then ${s.nextAttemptAt}::timestamptz else next_attempt_at end,
           provider_message_id = coalesce(provider_message_id, ${s.providerMessageId}),
           simulated = ${s.simulated},
           session_message = coalesce(${s.sessionMessage}::boolean, session_message),
           sent_at = case when ${s.status} = 'sent' then coalesce(sent_at, ${s.now}) else sent_at end,
           ended_at = case when ${s.status} in ('failed', 'skipped', 'dead') and ${moves} then ${s.now}::timestamptz else ended_at end,
           enqueued_at = case when ${s.status} = 'queued' then ${s.now}::timestamptz else enqueued_at end,
           lease_token = null, lease_until = null, updated_at = ${s.now}
     where id = ${s.deliveryId} and lease_token = ${s.leaseToken} returning status`.execute(tx)
  await sql`
    update delivery_attempts set finished_at = ${s.now}, outcome = ${s.outcome}, reason = ${s.reason},
           http_status = ${s.httpStatus}, provider_message_id = ${s.providerMessageId}
     where delivery_id = ${s.deliveryId} and n = ${s.attempt} and (finished_at is null or outcome = 'unknown')`.execute(
    tx,
  )
  return rows[0]?.status ?? null
}

/** Statuses that came before we knew the message id join their delivery now, oldest rank first. */
export async function listParkedEvents(tx: Tx, providerMessageId: string, deliveryId: string): Promise<StatusEvent[]> {
  const { rows } = await sql<StatusEvent>`
    update delivery_events set delivery_id = ${deliveryId}
     where provider_message_id = ${providerMessageId} and delivery_id is null
    returning provider_message_id, status, occurred_at, reason, pricing, simulated`.execute(tx)
  return rows.toSorted((a, b) => STATUS_RANK.indexOf(a.status) - STATUS_RANK.indexOf(b.status))
}

export type StatusEvent = {
  providerMessageId: string
  status: string
  occurredAt: Date
  reason: string | null
  pricing: unknown
  simulated: boolean
}

/** Keeps a status once per (message, status). False: we had it already. */
export async function insertStatusEvent(
  tx: Tx,
  event: StatusEvent,
  deliveryId: string | null,
  now: Date,
): Promise<boolean> {
  const { rows } = await sql`
    insert into delivery_events (delivery_id, provider_message_id, status, occurred_at, received_at, reason, pricing, simulated)
    values (${deliveryId}, ${event.providerMessageId}, ${event.status}, ${event.occurredAt}, ${now}, ${event.reason},
            ${event.pricing === null ? null : JSON.stringify(event.pricing)}, ${event.simulated})
    on conflict (provider_message_id, status) do nothing returning id`.execute(tx)
  return rows.length === 1
}

/** By the provider's message id, also of an earlier attempt, or by our own id that the provider echoed back. Locks the row. */
export async function findDeliveryOfStatus(
  tx: Tx,
  providerMessageId: string,
  ourId: string | null,
): Promise<string | null> {
  const { rows } = await sql<{ id: string }>`
    select d.id from deliveries d
     where d.id in (select id from deliveries where provider_message_id = ${providerMessageId}
                    union all select delivery_id from delivery_attempts where provider_message_id = ${providerMessageId}
                    union all select id from deliveries where id = ${ourId})
     order by (d.provider_message_id = ${providerMessageId}) desc nulls last limit 1 for update of d`.execute(tx)
  return rows[0]?.id ?? null
}

/**
 * Parked statuses whose message is known by now: their webhook and our settling ran at the same moment and
 * could not see each other.
 */
export async function listJoinableEvents(tx: Tx): Promise<(StatusEvent & { deliveryId: string })[]> {
  const { rows } = await sql<StatusEvent & { deliveryId: string }>`
    update delivery_events e set delivery_id = d.id from deliveries d
     where e.delivery_id is null and d.provider_message_id = e.provider_message_id
    returning d.id as delivery_id, e.provider_message_id, e.status, e.occurred_at, e.reason, e.pricing, e.simulated`.execute(
    tx,
  )
  return rows.toSorted((a, b) => STATUS_RANK.indexOf(a.status) - STATUS_RANK.indexOf(b.status))
}

const STATUS_RANK = ['sent', 'delivered', 'read', 'failed']

/** Moves a delivery forward, if the machine allows it from where it is. What never left cannot have arrived. */
export async function advance(tx: Tx, id: string, event: StatusEvent, now: Date): Promise<boolean> {
  const { status, occurredAt } = event
  const { rows } = await sql`
    update deliveries set status = ${status},
           reason = ${event.reason},
           provider_message_id = coalesce(provider_message_id, ${event.providerMessageId}),
           simulated = simulated or ${event.simulated},
           next_attempt_at = null,
           sent_at = case when ${status} = 'failed' then sent_at else coalesce(sent_at, ${occurredAt}) end,
           delivered_at = case when ${status} in ('delivered', 'read') then coalesce(delivered_at, ${occurredAt}) else delivered_at end,
           read_at = case when ${status} = 'read' then coalesce(read_at, ${occurredAt}) else read_at end,
           ended_at = case when ${status} = 'failed' then ${now}::timestamptz end,
           updated_at = ${now}
     where id = ${id} and delivery_may_become(status, ${status}) and attempts > 0 returning id`.execute(tx)
  return rows.length === 1
}

/** Pricing may come with any status; the first one stays, verbatim. An unseen attempt is thereby seen. */
export async function addEvidence(tx: Tx, id: string, event: StatusEvent): Promise<void> {
  if (event.pricing !== null) {
    await sql`update deliveries set pricing = ${JSON.stringify(event.pricing)} where id = ${id} and pricing is null`.execute(
      tx,
    )
  }
  await sql`update delivery_attempts set outcome = 'sent', finished_at = coalesce(finished_at, ${event.occurredAt}),
      provider_message_id = ${event.providerMessageId}
     where delivery_id = ${id} and n = (select attempts from deliveries where id = ${id})
       and (outcome is null or outcome = 'unknown')`.execute(tx)
}
