import { sql, type Db, type Tx } from '../platform/db.ts'
import { insertDeadLetter } from '../platform/dead-letters.ts'

export type Source = 'whatsapp' | 'stripe' | 'conekta' | 'mock' | 'email'

export type NewInbound = {
  id: string
  source: Source
  dedupeKey: string
  body: Buffer
  requestId: string
  simulated: boolean
  receivedAt: Date
}

type Stored = { id: string; isDuplicate: boolean }

/** Stores webhooks. Returns their ids in order; for a redelivery, the id of the first one. */
export async function insertInbound(db: Db, events: NewInbound[]): Promise<Stored[]> {
  const column = <K extends keyof NewInbound>(name: K) => events.map((event) => event[name])
  const { rows } = await sql<{ id: string }>`/* prepared insert_inbound */
    insert into inbound_events (
      id, source, dedupe_key, body, request_id, simulated, received_at, next_attempt_at, enqueued_at)
    select id, source, dedupe_key, body, request_id, simulated, received_at, received_at, received_at
      from unnest(${column('id')}::text[], ${column('source')}::text[], ${column('dedupeKey')}::text[],
                  ${column('body')}::bytea[], ${column('requestId')}::text[], ${column('simulated')}::boolean[],
                  ${column('receivedAt')}::timestamptz[])
           e (id, source, dedupe_key, body, request_id, simulated, received_at)
     order by source, dedupe_key
    on conflict (source, dedupe_key) do nothing
    returning id`.execute(db)
  const inserted = new Set(rows.map(({ id }) => id))
  const isNew = ({ id }: NewInbound) => inserted.has(id)
  const known = events.every(isNew) ? [] : await listKnown(db, events)
  return events.map((event, n) =>
    isNew(event) ? { id: event.id, isDuplicate: false } : { id: known[n]!, isDuplicate: true },
  )
}

/** The ids of stored webhooks with the keys of `events`, in the same order. */
async function listKnown(db: Db, events: NewInbound[]): Promise<string[]> {
  const sources = events.map(({ source }) => source)
  const keys = events.map(({ dedupeKey }) => dedupeKey)
  const { rows } = await sql<{ id: string }>`
    select i.id
      from unnest(${sources}::text[], ${keys}::text[]) with ordinality e (source, dedupe_key, n)
      join inbound_events i on i.source = e.source and i.dedupe_key = e.dedupe_key
     order by e.n`.execute(db)
  return rows.map(({ id }) => id)
}

export type Inbound = {
  id: string
  source: Source
  body: Buffer
  simulated: boolean
  attempts: number
  requestId: string
  receivedAt: Date
}

/** Claims a due webhook and sets when it is due again in case this run dies. Null: nothing to do. */
export async function claimInbound(db: Db, id: string, now: Date, dueAgainMs: number): Promise<Inbound | null> {
  const { rows } = await sql<Inbound>`
    update inbound_events
       set attempts = attempts + 1,
           -- doubles with every attempt, up to an hour
           next_attempt_at = ${now}::timestamptz
             + make_interval(secs => least(3600, ${dueAgainMs / 1000} * power(2, attempts)))
     where id = ${id}
       and status = 'received'
       and next_attempt_at <= ${now}
    returning id, source, body, simulated, attempts, request_id, received_at`.execute(db)
  return rows[0] ?? null
}

/** Ends a webhook inside the transaction of its effect. False: another run has ended it. */
export async function finishInbound(
  tx: Tx,
  id: string,
  end: { status: 'done' | 'ignored'; reason: string | null; now: Date },
): Promise<boolean> {
  const { rows } = await sql`
    update inbound_events
       set status = ${end.status}, reason = ${end.reason}, processed_at = ${end.now}, next_attempt_at = null
     where id = ${id}
       and status = 'received'
    returning id`.execute(tx)
  return rows.length === 1
}

/** Gives a webhook up and inserts its dead letter. `reason`: a stable code of the letter. `detail`: the reason of the webhook. */
export async function killInbound(
  tx: Tx,
  id: string,
  reason: string,
  now: Date,
  detail: string = reason,
): Promise<void> {
  const { rows } = await sql<{ attempts: number }>`
    update inbound_events
       set status = 'dead', reason = ${detail}, processed_at = ${now}, next_attempt_at = null
     where id = ${id} and status = 'received'
    returning attempts`.execute(tx)
  const attempts = rows[0]?.attempts
  if (attempts !== undefined) await insertDeadLetter(tx, { kind: 'inbound_event', refId: id, reason, attempts, now })
}

export type DueInbound = { id: string; source: Source; attempts: number }

/** Marks due webhooks as enqueued and returns them. SKIP LOCKED lets several sweeps run at once. */
export async function markDueInbound(
  db: Db,
  { sources, now, graceMs, limit }: { sources: Source[]; now: Date; graceMs: number; limit: number },
): Promise<DueInbound[]> {
  const { rows } = await sql<DueInbound>`
    with due as (
      select id
        from inbound_events
       where next_attempt_at <= ${now}
         and source = any(${sources}::text[])
         -- leaves the job of the first enqueue time to run
         and greatest(enqueued_at, next_attempt_at) < ${now}::timestamptz - make_interval(secs => ${graceMs / 1000})
       order by next_attempt_at
       limit ${limit}
         for update skip locked)
    update inbound_events i
       set enqueued_at = ${now}
      from due
     where i.id = due.id
    returning i.id, i.source, i.attempts`.execute(db)
  return rows
}

/** How many webhooks one run deletes. */
const DELETED_MAX = 20_000

/**
 * Deletes webhooks of these sources that were processed so many days ago. Redeliveries must have stopped by then. One with an
 * open dead letter or an open review of money stays.
 */
export async function deleteOldInbound(db: Db, now: Date, sources: Source[], keptDays: number): Promise<void> {
  const floor = new Date(now.getTime() - keptDays * 86_400_000)
  await sql`
    delete from inbound_events
     where id in (
       select i.id
         from inbound_events i
        where i.source = any(${sources}::text[])
          and i.received_at < ${floor}
          and i.processed_at < ${floor}
          and i.status in ('done', 'ignored', 'dead')
          and not exists (
            select from dead_letters l
             where l.kind = 'inbound_event'
               and l.ref_id = i.id
               and l.resolved_at is null)
          and not exists (
            select from payment_reviews r
             where r.request_id = i.id
               and r.status = 'open')
        limit ${DELETED_MAX})`.execute(db)
}
