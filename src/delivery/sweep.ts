/** Statements of the sweep: expired leases and unknown outcomes. Also cancels and deletes in bulk. */
import { sql, type Db, type Tx } from '../platform/db.ts'
import { SENT_WHEN_CANCELLED } from '../templates/templates.ts'
import type { Candidate } from './claiming-sql.ts'
import { isWaiting } from './sql.ts'

/**
 * Ends the attempts whose lease has expired: the worker died or hangs, so the outcome is unknown. A delivery that a
 * status or a person has moved on keeps its status.
 */
export async function markUnknown(db: Db, now: Date, waitUntil: Date): Promise<string[]> {
  const { rows } = await sql<{ id: string }>`
    -- Open attempts without a live lease, or with a later attempt.
    with late as (
      select d.id, a.n
        from delivery_attempts a
        join deliveries d on d.id = a.delivery_id
       where a.finished_at is null
         and (d.lease_until is null or d.lease_until < ${now} or a.n < d.attempts)
       order by d.id limit 500
         for update of d skip locked),
    attempt as (
      update delivery_attempts a
         set finished_at = ${now}, outcome = 'unknown', reason = 'lease_expired'
        from late
       where a.delivery_id = late.id and a.n = late.n and a.finished_at is null)
    update deliveries d
       set status = 'unknown', reason = 'lease_expired', lease_until = null, next_attempt_at = ${waitUntil},
           updated_at = ${now}
      from late
     where d.id = late.id and d.attempts = late.n and d.status = 'sending'
    returning d.id`.execute(db)
  return rows.map(({ id }) => id)
}

export type Unresolved = Pick<
  Candidate,
  'id' | 'channel' | 'attempts' | 'attemptsMax' | 'possibleDuplicate' | 'firstAttemptAt'
> & { reason: string | null }

/** Locks unknown outcomes whose wait is over. */
export async function listUnresolved(tx: Tx, now: Date): Promise<Unresolved[]> {
  const { rows } = await sql<Unresolved>`
    select d.id, d.channel, d.attempts, d.attempts_max, d.possible_duplicate, d.first_attempt_at, d.reason
      from deliveries d
     where d.is_unknown and d.next_attempt_at <= ${now}
       -- An unread webhook from before the deadline may contain the outcome.
       and not exists (
             select 1 from inbound_events i
              where i.source = d.channel and i.next_attempt_at is not null
                and i.received_at <= d.next_attempt_at)
     order by d.next_attempt_at limit 500
       for update skip locked`.execute(tx)
  return rows
}

/**
 * Retries an unknown outcome. A WhatsApp message is marked as a possible duplicate; an e-mail has its idempotency key.
 * The lease token stays until the next claim, so that the answer of a slow worker still counts.
 */
export async function requeueUnknown(tx: Tx, id: string, now: Date): Promise<void> {
  await sql`
    update deliveries
       set status = 'queued', waiting_for = 'retry', next_attempt_at = ${now}, enqueued_at = null, updated_at = ${now},
           possible_duplicate = (possible_duplicate or channel = 'whatsapp')
     where id = ${id} and status = 'unknown'`.execute(tx)
}

/** Gives an unknown outcome up, or leaves it to a person: without a due time the sweep does not list it again. */
export async function endUnknown(tx: Tx, id: string, reason: 'attempts_spent' | 'needs_review', now: Date) {
  const isSpent = reason === 'attempts_spent'
  await sql`
    update deliveries
       set status = case when ${isSpent} then 'dead' else status end, reason = ${reason}, next_attempt_at = null,
           ended_at = case when ${isSpent} then ${now}::timestamptz else ended_at end, updated_at = ${now}
     where id = ${id} and status = 'unknown'`.execute(tx)
}

/** Erases what deliveries to a guest say, and skips those that are open. */
export async function eraseDeliveries(tx: Tx, { eventId, guestId }: { eventId: string; guestId: string }, now: Date) {
  const isOpen = sql`status in ('queued', 'scheduled', 'unknown')`
  const { rows } = await sql<{ id: string; status: string }>`
    update deliveries
       set variables = '{}', sent_to = null, idempotency_key = null, next_attempt_at = null, waiting_for = null,
           status = case when ${isOpen} then 'skipped' else status end, updated_at = ${now},
           reason = case when ${isOpen} then 'guest_anonymized' else reason end,
           ended_at = case when ${isOpen} then ${now}::timestamptz else ended_at end
     where event_id = ${eventId} and guest_id = ${guestId}
    returning id, status`.execute(tx)
  return rows
}

/**
 * Skips the waiting messages of a campaign or event and marks the others as cancelled, so that no retry, replay or fallback
 * sends them. A separate statement locks the rows first, so that the update sees what workers have committed.
 */
export async function cancelDeliveries(tx: Tx, of: { campaignId: string } | { eventId: string }, now: Date) {
  const reason = 'eventId' in of ? 'event_cancelled' : 'campaign_cancelled'
  const isCancellable = sql`
    ${'eventId' in of ? sql`d.event_id = ${of.eventId} and d.template <> all(${SENT_WHEN_CANCELLED})` : sql`d.campaign_id = ${of.campaignId}`}
    and d.status in ('queued', 'scheduled', 'sending', 'unknown', 'failed', 'dead')`
  await sql`select count(*) from (select from deliveries d where ${isCancellable} order by d.id for update) x`.execute(
    tx,
  )
  await sql`
    update deliveries d
       set cancelled_at = ${now}, waiting_for = null, updated_at = ${now},
           status = case when ${isWaiting} then 'skipped' else d.status end,
           reason = case when ${isWaiting} then ${reason} else d.reason end,
           next_attempt_at = case when ${isWaiting} then null else d.next_attempt_at end,
           ended_at = case when ${isWaiting} then ${now}::timestamptz else d.ended_at end
     where ${isCancellable}`.execute(tx)
}

/** Deletes month-old statuses of messages that are not ours. */
export async function deleteStrayEvents(db: Db, now: Date): Promise<void> {
  await sql`
    delete from delivery_events where delivery_id is null and received_at < ${now}::timestamptz - interval '30 days'`.execute(
    db,
  )
}

const DELETED_MAX = 20_000
/** Deletes a part of a log of these events. Returns whether none is left. */
export async function deleteLogOf(db: Db, table: 'delivery_events' | 'delivery_attempts', eventIds: string[]) {
  const { rows } = await sql`
    delete from ${sql.table(table)}
     where ctid in (
       select l.ctid
         from deliveries d join ${sql.table(table)} l on l.delivery_id = d.id
        where d.event_id = any(${eventIds}::text[])
        limit ${DELETED_MAX})
    returning delivery_id`.execute(db)
  return rows.length < DELETED_MAX
}
