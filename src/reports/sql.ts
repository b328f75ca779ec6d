/** The statements of exports. */
import { sql, type Db } from '../platform/db.ts'
import type { Format } from './files.ts'
import type { ReportFilter } from './report.ts'

export type Export = {
  id: string
  report: string
  format: Format
  filter: ReportFilter
  status: 'queued' | 'running' | 'completed' | 'failed'
  attempt: number
  rowsDone: number
  rowsTotal: number | null
  bytes: number
  createdAt: Date
  endedAt: Date | null
}

const COLUMNS = sql`id, report, format, filter, status, attempt, rows_done, rows_total, bytes, created_at, ended_at`
const ATTEMPTS_MAX = 3
const LEASE = sql`interval '60 seconds'`
export const KEPT_DAYS = 7

export type NewExport = Pick<Export, 'id' | 'report' | 'format' | 'filter' | 'createdAt'> & {
  requestedBy: string
  requestId: string
}

export async function insertExport(db: Db, e: NewExport): Promise<Export> {
  const { rows } = await sql<Export>`
    insert into exports (id, report, format, filter, requested_by, request_id, created_at)
    values (${e.id}, ${e.report}, ${e.format}, ${JSON.stringify(e.filter)}, ${e.requestedBy}, ${e.requestId}, ${e.createdAt})
    returning ${COLUMNS}`.execute(db)
  return rows[0]!
}

export async function findExport(db: Db, id: string): Promise<Export | null> {
  const { rows } = await sql<Export>`select ${COLUMNS} from exports where id = ${id}`.execute(db)
  return rows[0] ?? null
}

/** Whether nobody writes the export: it waits, or its worker has died. */
const isFree = (now: Date) => sql`(status = 'queued' or (status = 'running' and lease_until < ${now}))`

/** The oldest export that is due, unless one is being written: they take turns. */
export async function findDueExport(db: Db, now: Date): Promise<Pick<Export, 'id' | 'attempt'> | null> {
  const { rows } = await sql<Pick<Export, 'id' | 'attempt'>>`
    select id, attempt
      from exports
     where status in ('queued', 'running')
       and not exists (select from exports where status = 'running' and lease_until >= ${now})
     order by created_at, id
     limit 1`.execute(db)
  return rows[0] ?? null
}

/** Takes the export for a new attempt. Null: it is taken, or another is being written. */
export async function claimExport(db: Db, id: string, now: Date): Promise<Export | null> {
  const { rows } = await sql<Export>`
    update exports
       set status = 'running', attempt = attempt + 1, lease_until = ${now}::timestamptz + ${LEASE},
           rows_done = 0, rows_total = null, bytes = 0
     where id = ${id}
       and attempt < ${ATTEMPTS_MAX}
       and ${isFree(now)}
       and not exists (select from exports other
                        where other.id <> ${id}
                          and other.status = 'running'
                          and other.lease_until >= ${now})
    returning ${COLUMNS}`.execute(db)
  return rows[0] ?? null
}

type Attempt = Pick<Export, 'id' | 'attempt'>
const isStillOf = ({ id, attempt }: Attempt) => sql`id = ${id} and attempt = ${attempt} and status = 'running'`

/** Keeps the lease. False: another worker has taken the export. */
export async function renewExport(db: Db, one: Attempt, now: Date): Promise<boolean> {
  const { rows } = await sql`
    update exports
       set lease_until = ${now}::timestamptz + ${LEASE}
     where ${isStillOf(one)}
    returning id`.execute(db)
  return rows.length === 1
}

export async function storeRowsTotal(db: Db, one: Attempt, rowsTotal: number): Promise<void> {
  await sql`update exports set rows_total = ${rowsTotal} where ${isStillOf(one)}`.execute(db)
}

/** Adds a chunk and keeps the lease. False: another worker has taken the export, and nothing was added. */
export async function insertChunk(
  db: Db,
  one: Attempt,
  chunk: { number: number; bytes: Buffer; rowsDone: number },
  now: Date,
): Promise<boolean> {
  const { rows } = await sql`
    with mine as (
      update exports
         set rows_done = ${chunk.rowsDone}, bytes = bytes + ${chunk.bytes.length},
             lease_until = ${now}::timestamptz + ${LEASE}
       where ${isStillOf(one)}
      returning id, attempt)
    insert into export_chunks (export_id, attempt, number, bytes)
    select id, attempt, ${chunk.number}::integer, ${chunk.bytes}::bytea from mine
    returning number`.execute(db)
  return rows.length === 1
}

/** Ends the export, and deletes the chunks of attempts before. False: another worker has taken it. */
export async function completeExport(db: Db, one: Attempt, rowsDone: number, now: Date): Promise<boolean> {
  const { rows } = await sql`
    with mine as (
      update exports
         set status = 'completed', lease_until = null, ended_at = ${now}, rows_done = ${rowsDone}, rows_total = ${rowsDone}
       where ${isStillOf(one)}
      returning id, attempt),
    gone as (
      delete from export_chunks c
       using mine
       where c.export_id = mine.id
         and c.attempt <> mine.attempt)
    select id from mine`.execute(db)
  return rows.length === 1
}

/** Gives an export back after a failure, or gives it up. Returns its status; null when it was taken meanwhile. */
export async function releaseExport(db: Db, one: Attempt, now: Date): Promise<Export['status'] | null> {
  const isSpent = sql`attempt >= ${ATTEMPTS_MAX}`
  const { rows } = await sql<{ status: Export['status'] }>`
    update exports
       set status = case when ${isSpent} then 'failed' else 'queued' end,
           ended_at = case when ${isSpent} then ${now}::timestamptz end,
           lease_until = null
     where ${isStillOf(one)}
    returning status`.execute(db)
  return rows[0]?.status ?? null
}

/** Gives up the exports whose last worker has died. Returns their ids. */
export async function failSpentExports(db: Db, now: Date): Promise<string[]> {
  const { rows } = await sql<{ id: string }>`
    update exports
       set status = 'failed', ended_at = ${now}, lease_until = null
     where status = 'running'
       and lease_until < ${now}
       and attempt >= ${ATTEMPTS_MAX}
    returning id`.execute(db)
  return rows.map(({ id }) => id)
}

export async function findChunk(db: Db, one: Attempt, number: number): Promise<Buffer | null> {
  const { rows } = await sql<{ bytes: Buffer }>`
    select bytes
      from export_chunks
     where export_id = ${one.id}
       and attempt = ${one.attempt}
       and number = ${number}`.execute(db)
  return rows[0]?.bytes ?? null
}

/** Deletes exports with their files. */
export async function deleteOldExports(db: Db, now: Date): Promise<void> {
  await sql`
    delete from exports
     where created_at < ${now}::timestamptz - make_interval(days => ${KEPT_DAYS})`.execute(db)
}
