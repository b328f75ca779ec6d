/** The statements of imports that a job does. */
import { sql, type Db, type Tx } from '../platform/db.ts'
import { IMPORT, type Import } from './sql.ts'

export type Attempt = Pick<Import, 'id' | 'eventId'> & { attempt: number }
export type Claimed = Import & Attempt
type Counts = Record<'created' | 'updated' | 'unchanged' | 'rejected', number>

/** So many workers may die of one import. What they have done stays done. */
const ATTEMPTS_MAX = 10
const LEASE = sql`interval '60 seconds'`

export async function insertChunk(tx: Tx, importId: string, number: number, bytes: Buffer): Promise<void> {
  await sql`
    insert into guest_import_chunks (import_id, number, bytes)
    values (${importId}, ${number}, ${bytes})`.execute(tx)
}

export async function listChunks(db: Db, importId: string): Promise<Buffer[]> {
  const { rows } = await sql<{ bytes: Buffer }>`
    select bytes
      from guest_import_chunks
     where import_id = ${importId}
     order by number`.execute(db)
  return rows.map(({ bytes }) => bytes)
}

/** Nobody does import `i`, and it is the oldest of its event that has not ended: they take turns. */
const isDue = (now: Date) => sql`(
  (i.status = 'queued' or (i.status = 'running' and i.lease_until < ${now}))
  and not exists (
        select from guest_imports o
         where o.event_id = i.event_id
           and o.status in ('queued', 'running')
           and (o.created_at, o.id) < (i.created_at, i.id)))`

export async function listDueImports(db: Db, now: Date): Promise<Pick<Attempt, 'id' | 'attempt'>[]> {
  const { rows } = await sql<Pick<Attempt, 'id' | 'attempt'>>`
    select i.id, i.attempt
      from guest_imports i
     where i.status in ('queued', 'running')
       and ${isDue(now)}
     order by i.created_at, i.id
     limit 100`.execute(db)
  return rows
}

/** Takes an import. Null: it is not due. */
export async function claimImport(db: Db, id: string, now: Date): Promise<Claimed | null> {
  const { rows } = await sql<Claimed>`
    update guest_imports i
       set status = 'running', attempt = i.attempt + 1, lease_until = ${now}::timestamptz + ${LEASE}
     where i.id = ${id}
       and i.attempt < ${ATTEMPTS_MAX}
       and ${isDue(now)}
    returning ${IMPORT}, i.attempt`.execute(db)
  return rows[0] ?? null
}

const isStillOf = ({ id, attempt }: Attempt) => sql`id = ${id} and attempt = ${attempt} and status = 'running'`

/** Keeps the lease, and the import locked until the transaction ends. False: another worker has taken it. */
export async function holdImport(tx: Tx, one: Attempt, now: Date): Promise<boolean> {
  const { rows } = await sql`
    update guest_imports
       set lease_until = ${now}::timestamptz + ${LEASE}
     where ${isStillOf(one)}
    returning id`.execute(tx)
  return rows.length === 1
}

/** Adds what a batch did, in its transaction. */
export async function advanceImport(tx: Tx, one: Attempt, rows: number, counts: Counts): Promise<void> {
  await sql`
    update guest_imports
       set rows_done = rows_done + ${rows}, created = created + ${counts.created}, updated = updated + ${counts.updated},
           unchanged = unchanged + ${counts.unchanged}, rejected = rejected + ${counts.rejected}
     where ${isStillOf(one)}`.execute(tx)
}

/** Ends an import and deletes its file. False: another worker has taken it. */
export async function endImport(db: Db, one: Attempt, status: 'completed' | 'failed', now: Date): Promise<boolean> {
  const { rows } = await sql`
    with ended as (
      update guest_imports
         set status = ${status}, ended_at = ${now}, lease_until = null
       where ${isStillOf(one)}
      returning id),
    chunks as (
      delete from guest_import_chunks where import_id in (select id from ended)),
    seen as (
      delete from guest_import_seen where import_id in (select id from ended))
    select id from ended`.execute(db)
  return rows.length === 1
}

/** Gives an import back after a failure. */
export async function releaseImport(db: Db, one: Attempt): Promise<void> {
  await sql`
    update guest_imports
       set status = 'queued', lease_until = null
     where ${isStillOf(one)}`.execute(db)
}

/** Imports whose last worker has died. */
export async function listSpentImports(db: Db, now: Date): Promise<Attempt[]> {
  const { rows } = await sql<Attempt>`
    update guest_imports
       set status = 'running', lease_until = ${now}
     where status in ('queued', 'running')
       and attempt >= ${ATTEMPTS_MAX}
       and (lease_until is null or lease_until < ${now})
    returning id, event_id, attempt`.execute(db)
  return rows
}

export async function listSeen(tx: Tx, importId: string, guestIds: string[]): Promise<Map<string, number>> {
  const { rows } = await sql<{ guestId: string; rowNumber: number }>`
    select guest_id, row_number
      from guest_import_seen
     where import_id = ${importId}
       and guest_id = any(${guestIds}::text[])`.execute(tx)
  return new Map(rows.map(({ guestId, rowNumber }) => [guestId, rowNumber]))
}

export async function insertSeen(tx: Tx, importId: string, seen: Map<string, number>): Promise<void> {
  await sql`
    insert into guest_import_seen (import_id, guest_id, row_number)
    select ${importId}, guest_id, row_number
      from unnest(${[...seen.keys()]}::text[], ${[...seen.values()]}::integer[]) s (guest_id, row_number)
    on conflict do nothing`.execute(tx)
}
