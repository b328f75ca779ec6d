/** Imports a list of guests: what is new is added, what has changed is changed, and nothing is deleted. */
import { recordAsOne } from '../platform/acting.ts'
import { findEvent, lockListed, insertListed, lockGuestList, updateListed, type ListedGuest } from '../events/events.ts'
import { newId, type Db, type Tx } from '../platform/db.ts'
import { Failure } from '../platform/errors.ts'
import { countHeadings, findHeadings, type Headings, type Mapping } from './columns.ts'
import { LONG_LINES_MAX, openList, type OpenList } from './file.ts'
import { openKnown, planRow, type Decision, type Notice } from './plan.ts'
import { readRow, type CellError, type ReadRow } from './rows.ts'
import { insertImport, insertRejects } from './sql.ts'

export const ROWS_MAX = 10_000
/** Of a list that is imported as a job. */
export const JOB_ROWS_MAX = 200_000
export const BATCH = 1000

type Context = { db: Db; now: () => Date }
export type ImportRequest = {
  scope: string | null
  eventId: string
  bytes: Buffer
  mapping: Mapping
  isDryRun: boolean
  /** A dry run of a longer list looks at its first ROWS_MAX rows. */
  isPartial: boolean
  requestedBy: string
  requestId: string
}

export type RowResult = { row: number; guestId: string | null; name: string | null; notices: Notice[] } & (
  | { status: 'created' | 'updated' | 'unchanged'; errors: [] }
  | { status: 'rejected'; errors: CellError[]; cells: string[] }
)
export type ImportResult = {
  importId: string | null
  list: Pick<OpenList, 'format' | 'encoding' | 'delimiter'>
  headings: Headings
  results: RowResult[]
  /** How many rows after those of a partial dry run the list has. */
  rowsUnread: number
}

export function refuseTooMany(rows: number): void {
  if (rows > JOB_ROWS_MAX)
    throw new Failure('too_many_rows', { detail: `At most ${JOB_ROWS_MAX} guests: split the list.` })
}

/**
 * All rows are written in one transaction, or none. A dry run does the same and rolls back, so that it says what would be
 * done. Null: the list is too long for one answer. Throws `event_not_found`, and what openList and findHeadings throw.
 */
export async function importGuests(context: Context, request: ImportRequest): Promise<ImportResult | null> {
  const { db, now } = context
  const { scope, eventId, isDryRun, isPartial } = request
  if (!(await findEvent(db, scope, eventId))) throw new Failure('event_not_found')
  const isSample = isDryRun && isPartial
  const linesMax = isSample ? LONG_LINES_MAX : undefined
  const list = await openList(request.bytes, countHeadings(request.mapping), linesMax)
  const { headings, rest } = await findHeadings(list.lines, request.mapping)
  const rows: ReadRow[] = []
  let rowsUnread = 0
  for await (const line of rest) {
    if (rows.length < ROWS_MAX) rows.push(readRow(headings.columns, line))
    else if (isSample) refuseTooMany(rows.length + ++rowsUnread)
    else if (isDryRun) throw new Failure('too_many_rows', { detail: `A dry run reads at most ${ROWS_MAX} guests.` })
    else return null
  }
  const importId = newId('imp')
  const results = await unlessDry(db, isDryRun, async (tx) => {
    if (!(await lockGuestList(tx, scope, eventId))) throw new Failure('event_not_found')
    await recordAsOne(tx)
    const done = await importRows(tx, eventId, rows, now())
    const entry = {
      id: importId,
      eventId,
      format: list.format,
      headings: headings.columns.map(({ heading }) => heading),
      mapping: request.mapping,
    }
    const { requestedBy, requestId } = request
    const state = { status: 'completed', rowsDone: done.length, rowsTotal: done.length, endedAt: now() } as const
    await insertImport(tx, { ...entry, ...countStatuses(done), ...state, requestedBy, createdAt: now() }, requestId)
    await insertRejects(tx, importId, done.filter(isRejected))
    return done
  })
  return { importId: isDryRun ? null : importId, list, headings, results, rowsUnread }
}

type Rejected = Extract<RowResult, { status: 'rejected' }>
export const isRejected = (one: RowResult): one is Rejected => one.status === 'rejected'

export function countStatuses(results: RowResult[]): Record<RowResult['status'], number> {
  const counts = { created: 0, updated: 0, unchanged: 0, rejected: 0 }
  for (const { status } of results) counts[status] += 1
  return counts
}

async function unlessDry<T>(db: Db, isDryRun: boolean, work: (tx: Tx) => Promise<T>): Promise<T> {
  const tx = await db.startTransaction().execute()
  try {
    const result = await work(tx)
    await (isDryRun ? tx.rollback() : tx.commit()).execute()
    return result
  } catch (error) {
    await tx.rollback().execute()
    throw error
  }
}

async function importRows(tx: Tx, eventId: string, rows: ReadRow[], now: Date): Promise<RowResult[]> {
  const results: RowResult[] = []
  const rowOf = new Map<string, number>()
  for (let start = 0; start < rows.length; start += BATCH)
    results.push(...(await importBatch(tx, eventId, rows.slice(start, start + BATCH), async () => rowOf, now)))
  return results
}

/** `listSeen`: which row of the file has said something of these guests; those of this batch are added to it. */
export async function importBatch(
  tx: Tx,
  eventId: string,
  rows: ReadRow[],
  listSeen: (guestIds: string[]) => Promise<Map<string, number>>,
  now: Date,
): Promise<RowResult[]> {
  const wanted = rows.flatMap((row) => row.wanted ?? [])
  const known = openKnown(
    await lockListed(tx, eventId, {
      ids: wanted.flatMap(({ id }) => id ?? []),
      phones: wanted.flatMap(({ phone }) => phone ?? []),
      emails: wanted.flatMap(({ email }) => email ?? []),
      names: wanted.map(({ name }) => name),
    }),
  )
  const rowOf = await listSeen([...known.byId.keys()])
  const decisions = rows.map((row): Decision =>
    row.wanted ? planRow(known, rowOf, row.row, row.wanted) : { status: 'rejected', errors: row.errors },
  )
  const written = new Set([
    ...(await insertListed(tx, eventId, guestsOf(decisions, 'created'), now)),
    ...(await updateListed(tx, eventId, guestsOf(decisions, 'updated'), now)),
  ])
  return rows.map((row, index) => describeRow(row, decisions[index]!, written))
}

const guestsOf = (decisions: Decision[], status: Decision['status']): ListedGuest[] =>
  decisions.flatMap((one) => (one.status === status && one.status !== 'rejected' ? one.guest : []))

function describeRow({ row, cells, wanted }: ReadRow, decision: Decision, written: Set<string>): RowResult {
  const name = wanted?.name ?? null
  if (decision.status === 'rejected')
    return { row, guestId: null, name, status: 'rejected', errors: decision.errors, notices: [], cells }
  const { status, guest, notices } = decision
  if (status === 'unchanged' || written.has(guest.id))
    return { row, guestId: guest.id, name, status, errors: [], notices }
  // Another request has added a guest of this id, or more people are inside than the row has places.
  const code = status === 'created' ? 'conflicting_row' : 'places_exceeded'
  const error = { column: null, value: status === 'created' ? guest.id : String(guest.partySize), code } as const
  return { row, guestId: guest.id, name, status: 'rejected', errors: [error], notices: [], cells }
}
