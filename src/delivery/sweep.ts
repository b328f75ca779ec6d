/** What the sweep does with leases that ran out and with unknown outcomes, and what ends deliveries in bulk. */
import { sql, type Db, type Tx } from '../platform/db.ts'

/**
 * A lease that ran out: the worker died or hangs, and nobody knows whether the provider has the message. What is on its way
 * is found by its open attempt. One that a status or a person has moved on meanwhile stays where it is; only its attempt ends.
 */
export async function markUnknown(db: Db, now: Date, waitUntil: Date): Promise<string[]> {
  const { rows } = await sql<{ id: string }>`
    with late as (
      select d.id, a.n from delivery_attempts a join deliveries d on d.id = a.delivery_id
       where a.finished_at is null and (d.lease_until is null or d.lease_until < ${now} or a.n < d.attempts)
       order by d.id limit 500 for update of d skip locked),
    attempt as (
      update delivery_attempts a set finished_at = ${now}, outcome = 'unknown', reason = 'lease_expired'
        from late where a.delivery_id = late.id and a.n = late.n and a.finished_at is null)
    update deliveries d set status = 'unknown', reason = 'lease_expired', lease_until = null,
           next_attempt_at = ${waitUntil}, updated_at = ${now}
      from late where d.id = late.id and d.attempts = late.n and d.status = 'sending'
    returning d.id`.execute(db)
  return rows.map(({ id }) => id)
}

export type Unresolved = {
  id: string
  channel: string
  attempts: number
  attemptsMax: number
  possibleDuplicate: boolean
  firstAttemptAt: Date | null
  reason: string | null
}

/**
 * Unknown outcomes whose wait is over, unless a webhook that came before its end is still unread: it
 * may be the evidence. Locked for the caller's transaction.
 */
export async function listUnresolved(tx: Tx, now: Date): Promise<Unresolved[]> {
  const { rows } = await sql<Unresolved>`
    select id, channel, attempts, attempts_max, possible_duplicate, first_attempt_at, reason from deliveries
     where is_unknown and next_attempt_at <= ${now}
       and not exists (select 1 from inbound_events i where i.source = deliveries.channel and i.next_attempt_at is not null
                          and i.received_at <= deliveries.next_attempt_at)
     order by next_attempt_at limit 500 for update skip locked`.execute(tx)
  return rows
}

/**
 * One more try. The attempt before may have arrived, and the row says so; an e-mail repeats under the key of its
 * first call instead. Its lease token stays until the
 * next claim: a slow worker that comes back with an answer before that is still believed.
 */
export async function requeueUnknown(tx: Tx, id: string, now: Date): Promise<void> {
  await sql`update deliveries set status = 'queued', possible_duplicate = (possible_duplicate or channel = 'whatsapp'),
      next_attempt_at = ${now}, waiting_for = 'retry', enqueued_at = null, updated_at = ${now}
     where id = ${id} and status = 'unknown'`.execute(tx)
}

/** Waits for a person: it stays unknown, and the sweep does not look at it again. */
export async function markNeedsReview(tx: Tx, id: string, now: Date): Promise<void> {
  await sql`update deliveries set next_attempt_at = null, reason = 'needs_review', updated_at = ${now}
     where id = ${id} and status = 'unknown'`.execute(tx)
}

export async function killUnknown(tx: Tx, id: string, now: Date): Promise<void> {
  await sql`update deliveries set status = 'dead', reason = 'attempts_spent', next_attempt_at = null, ended_at = ${now},
      updated_at = ${now} where id = ${id} and status = 'unknown'`.execute(tx)
}

/**
 * Cancels what has not left of a campaign. What is on its way or unknown now is marked, so that no retry, replay or
 * fallback sends it again. Rows are locked in the order of their ids, in a statement of its own, so that the update sees
 * what a worker wrote in the meantime.
 */
export async function cancelDeliveries(tx: Tx, campaignId: string, now: Date): Promise<void> {
  await sql`
    select count(*) from (
      select id from deliveries
       where campaign_id = ${campaignId} and status in ('queued', 'scheduled', 'sending', 'unknown', 'failed', 'dead')
       order by id for update) open`.execute(tx)
  await sql`
    update deliveries
       set cancelled_at = ${now},
           status = case when status in ('queued', 'scheduled') then 'skipped' else status end,
           reason = case when status in ('queued', 'scheduled') then 'campaign_cancelled' else reason end,
           next_attempt_at = case when status in ('queued', 'scheduled') then null else next_attempt_at end,
           waiting_for = null,
           ended_at = case when status in ('queued', 'scheduled') then ${now}::timestamptz else ended_at end,
           updated_at = ${now}
     where campaign_id = ${campaignId}
       and status in ('queued', 'scheduled', 'sending', 'unknown', 'failed', 'dead')`.execute(tx)
}

/** Deletes what nobody will ask for again: statuses of messages that are not ours. */
export async function deleteStrayEvents(db: Db, now: Date): Promise<void> {
  await sql`
    delete from delivery_events
     where delivery_id is null and received_at < ${now}::timestamptz - interval '30 days'`.execute(db)
}
