/** The statements of imports. */
import type { Position } from '../http/page.ts'
import { sql, type Db, type Tx } from '../platform/db.ts'
import type { Mapping } from './columns.ts'
import type { CellError } from './rows.ts'

export const KEPT_DAYS = 30

export type Import = {
  id: string
  eventId: string
  format: 'csv' | 'xlsx'
  headings: string[]
  mapping: Mapping
  status: 'queued' | 'running' | 'completed' | 'failed'
  rowsDone: number
  rowsTotal: number
  created: number
  updated: number
  unchanged: number
  rejected: number
  requestedBy: string
  createdAt: Date
  endedAt: Date | null
}
export type Reject = { row: number; cells: string[]; errors: CellError[] }

export async function insertImport(tx: Tx, i: Import, requestId: string): Promise<void> {
  await sql`
    insert into guest_imports (id, event_id, format, headings, mapping, status, rows_done, rows_total, created, updated,
                               unchanged, rejected, requested_by, request_id, created_at, ended_at)
    values (${i.id}, ${i.eventId}, ${i.format}, ${i.headings}, ${JSON.stringify(i.mapping)}, ${i.status}, ${i.rowsDone},
            ${i.rowsTotal}, ${i.created}, ${i.updated}, ${i.unchanged}, ${i.rejected}, ${i.requestedBy}, ${requestId},
            ${i.createdAt}, ${i.endedAt})`.execute(tx)
}

/** PostgreSQL stores no NUL, and no half of a letter that was cut. */
const storable = (_key: string, value: unknown): unknown =>
  typeof value === 'string' ? value.replace(/\p{Cs}|\0/gu, '') : value

export async function insertRejects(tx: Tx, importId: string, rejects: Reject[]): Promise<void> {
  await sql`
    insert into guest_import_rejects (import_id, row_number, cells, errors)
    select ${importId}, r.row, r.cells, r.errors
      from jsonb_to_recordset(${JSON.stringify(rejects, storable)}::jsonb) as r (row integer, cells text[], errors jsonb)`.execute(
    tx,
  )
}

/** The columns of an Import of `guest_imports i`. */
export const IMPORT = sql`
  i.id, i.event_id, i.format, i.headings, i.mapping, i.status, i.rows_done, i.rows_total, i.created, i.updated, i.unchanged,
  i.rejected, i.requested_by, i.created_at, i.ended_at`

export async function findImport(db: Db, scope: string | null, eventId: string, id: string): Promise<Import | null> {
  const { rows } = await sql<Import>`
    select ${IMPORT}
      from guest_imports i
      join events e on e.id = i.event_id
     where i.id = ${id}
       and i.event_id = ${eventId}
       and (${scope}::text is null or e.organizer_id = ${scope})`.execute(db)
  return rows[0] ?? null
}

/** Imports of an event, newest first, below `before`. */
export async function listImports(db: Db, eventId: string, before: Position | null, limit: number): Promise<Import[]> {
  const { rows } = await sql<Import>`
    select ${IMPORT}
      from guest_imports i
     where i.event_id = ${eventId}
       and (${before?.at ?? null}::timestamptz is null
            or (i.created_at, i.id) < (${before?.at ?? null}::timestamptz, ${before?.id ?? null}))
     order by i.created_at desc, i.id desc
     limit ${limit}`.execute(db)
  return rows
}

/** The next refused rows after one. */
export async function listRejects(db: Db, importId: string, after: number, limit: number): Promise<Reject[]> {
  const { rows } = await sql<Reject>`
    select row_number as row, cells, errors
      from guest_import_rejects
     where import_id = ${importId}
       and row_number > ${after}
     order by row_number
     limit ${limit}`.execute(db)
  return rows
}

/** Deletes old imports with their refused rows; their guests stay. */
export async function deleteOldImports(db: Db, now: Date): Promise<void> {
  await sql`
    delete from guest_imports
     where created_at < ${now}::timestamptz - make_interval(days => ${KEPT_DAYS})`.execute(db)
}
