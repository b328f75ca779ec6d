/** What the sweep asks and does: due rows that nobody holds, leases that ran out, unknown outcomes. */
import { sql, type Db, type Tx } from '../platform/db.ts'

export type Due = { id: string; attempts: number }

/**
 * Marks due rows as enqueued and returns them. Urgent is an answer to a guest, and the e-mail in the place of a message
 * that failed. A row enqueued less than `graceMs` ago still has its job;
 * SKIP LOCKED lets several sweepers share the work.
 */
export async function markDue(
  db: Db,
  { isUrgent, now, graceMs, limit }: { isUrgent: boolean; now: Date; graceMs: number; limit: number },
): Promise<Due[]> {
  const { rows } = await sql<Due>`
    with due as (
      select id from deliveries
       where next_attempt_at <= ${now} and status in ('queued', 'scheduled')
         and (answers_message is not null or fallback_of is not null) = ${isUrgent}
         and (enqueued_at is null or greatest(enqueued_at, next_attempt_at) < ${now}::timestamptz - make_interval(secs => ${graceMs / 1000}))
       order by next_attempt_at limit ${limit} for update skip locked)
    update deliveries d set enqueued_at = ${now}
      from due where d.id = due.id
    returning d.id, d.attempts`.execute(db)
  return rows
}

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
      next_attempt_at = ${now}, enqueued_at = null, updated_at = ${now}
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

/** One open dead letter per row; a second death renews it. */
export async function insertDeadDelivery(
  tx: Tx,
  letter: { deliveryId: string; reason: string; attempts: number; now: Date },
): Promise<void> {
  await sql`insert into dead_letters as d (kind, ref_id, reason, attempts, first_at, last_at)
    values ('delivery', ${letter.deliveryId}, ${letter.reason}, ${letter.attempts}, ${letter.now}, ${letter.now})
    on conflict (kind, ref_id) where resolved_at is null
    do update set reason = excluded.reason, attempts = excluded.attempts, last_at = excluded.last_at`.execute(tx)
}
