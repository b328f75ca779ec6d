/**
 * Long lists are imported by a job: the file is stored, and its rows are applied a thousand at a time, each batch in a
 * transaction that also says how far the import is. Whoever takes over from a dead worker goes on there, so no row is applied
 * twice.
 */
import { findEvent, lockGuestList } from '../events/events.ts'
import { newId, withTx, type Db } from '../platform/db.ts'
import { Failure } from '../platform/errors.ts'
import { countHeadings, findHeadings, type Headings } from './columns.ts'
import { LONG_LINES_MAX, openList, type OpenList } from './file.ts'
import { BATCH, countStatuses, importBatch, type ImportRequest, isRejected, refuseTooMany } from './imports.ts'
import type { Line } from './line.ts'
import {
  advanceImport,
  endImport,
  holdImport,
  insertChunk,
  insertSeen,
  listChunks,
  listSeen,
  type Claimed,
} from './queue-sql.ts'
import { readRow, type ReadRow } from './rows.ts'
import { insertImport, insertRejects, type Import } from './sql.ts'

const CHUNK_BYTES = 512 * 1024

type Context = { db: Db; now: () => Date }

/** Stores a list for the job. Throws what a short import throws, `too_many_rows` among it: so the job finds a readable file. */
export async function requestImport(
  { db, now }: Context,
  request: Omit<ImportRequest, 'isDryRun' | 'isPartial'>,
): Promise<Import> {
  const { scope, eventId, bytes, mapping, requestedBy, requestId } = request
  if (!(await findEvent(db, scope, eventId))) throw new Failure('event_not_found')
  const { list, headings, rest } = await openRows(bytes, mapping)
  let rowsTotal = 0
  for await (const _ of rest) refuseTooMany(++rowsTotal)
  const made: Import = {
    ...{ id: newId('imp'), eventId, mapping, format: list.format, status: 'queued', rowsDone: 0, rowsTotal },
    ...{ created: 0, updated: 0, unchanged: 0, rejected: 0, requestedBy, createdAt: now(), endedAt: null },
    headings: headings.columns.map(({ heading }) => heading),
  }
  await withTx(db, async (tx) => {
    await insertImport(tx, made, requestId)
    for (let start = 0; start < bytes.length; start += CHUNK_BYTES)
      await insertChunk(tx, made.id, start / CHUNK_BYTES, bytes.subarray(start, start + CHUNK_BYTES))
  })
  return made
}

async function openRows(
  bytes: Buffer,
  mapping: Import['mapping'],
): Promise<{ list: OpenList; headings: Headings; rest: AsyncGenerator<Line> }> {
  const list = await openList(bytes, countHeadings(mapping), LONG_LINES_MAX)
  return { list, ...(await findHeadings(list.lines, mapping)) }
}

/** Applies what is left of a claimed import. False: another worker has taken it meanwhile. */
export async function continueImport(context: Context, one: Claimed): Promise<boolean> {
  const { db, now } = context
  const chunks = await listChunks(db, one.id)
  if (chunks.length === 0) return false // it has ended
  const { headings, rest } = await openRows(Buffer.concat(chunks), one.mapping)
  let rows: ReadRow[] = []
  let skipped = 0
  for await (const line of rest) {
    if (skipped++ < one.rowsDone) continue
    rows.push(readRow(headings.columns, line))
    if (rows.length < BATCH) continue
    if (!(await applyBatch(context, one, rows))) return false
    rows = []
  }
  if (rows.length > 0 && !(await applyBatch(context, one, rows))) return false
  return endImport(db, one, 'completed', now())
}

/** False: the import is another worker's, and nothing was written. */
function applyBatch({ db, now }: Context, one: Claimed, rows: ReadRow[]): Promise<boolean> {
  const at = now()
  return withTx(db, async (tx) => {
    if (!(await lockGuestList(tx, null, one.eventId)) || !(await holdImport(tx, one, at))) return false
    let seen = new Map<string, number>()
    const loadSeen = async (guestIds: string[]) => (seen = await listSeen(tx, one.id, guestIds))
    const results = await importBatch(tx, one.eventId, rows, loadSeen, at)
    await insertSeen(tx, one.id, seen)
    await insertRejects(tx, one.id, results.filter(isRejected))
    await advanceImport(tx, one, rows.length, countStatuses(results))
    return true
  })
}
