/** Runs a report: a page with the totals of all rows, or all rows as CSV. */
import { pipeline, Readable } from 'node:stream'
import { stringify } from 'csv-stringify'
import { openCursor, writeCursor } from '../http/page.ts'
import { sql, type Db } from '../platform/db.ts'
import { formatCents } from '../platform/money.ts'
import type { Column, Report, ReportFilter } from './queries.ts'

type Value = string | number | null
type Row = { id: string; sort: number } & Record<string, Value>
type After = { sort: number; id: string }

/** Rows after `after`, the largest first. */
async function listRows(db: Db, report: Report, f: ReportFilter, after: After | null, limit: number): Promise<Row[]> {
  const { rows } = await sql<Row>`
    select *
      from (${report.query(f)}) r
     where (${after?.sort ?? null}::bigint is null
            or (sort, id) < (${after?.sort ?? null}::bigint, ${after?.id ?? null}))
     order by sort desc, id desc
     limit ${limit}`.execute(db)
  return rows
}

const isSummed = ({ kind }: Column): boolean => kind === 'count' || kind === 'cents'

async function sumRows(db: Db, report: Report, f: ReportFilter): Promise<Record<string, Value>> {
  const sums = report.columns.filter(isSummed).map(({ name }) => {
    const column = sql.ref(name)
    return sql`coalesce(sum(${column}), 0)::bigint as ${column}`
  })
  const { rows } = await sql<Record<string, number>>`
    select count(*) as rows, ${sql.join(sums)} from (${report.query(f)}) r`.execute(db)
  return rows[0]!
}

/** A row or the totals as JSON: money in both units, and shares. */
function describe(report: Report, values: Record<string, Value>, currency: string): Record<string, Value> {
  const shown: Record<string, Value> = {}
  for (const column of report.columns) {
    const { name, kind } = column
    if (kind === 'share') shown[name] = shareOf(values[column.of[0]], values[column.of[1]])
    else if (kind === 'cents') {
      shown[`${name}Cents`] = values[name] ?? 0
      shown[name] = formatCents(Number(values[name] ?? 0), currency)
    } else if (name in values) shown[name] = values[name] ?? null
  }
  return shown
}

const shareOf = (part: Value | undefined, whole: Value | undefined): number | null =>
  Number(whole) === 0 ? null : Number(part) / Number(whole)

/** Reads a page and the totals of all rows in one snapshot. */
export async function readReport(
  db: Db,
  report: Report,
  f: ReportFilter,
  { cursor, limit }: { cursor: string | undefined; limit: number },
) {
  const after = readAfter(cursor)
  const { rows, totals } = await db
    .transaction()
    .setIsolationLevel('repeatable read')
    .setAccessMode('read only')
    .execute(async (tx) => ({
      rows: await listRows(tx, report, f, after, limit + 1),
      totals: await sumRows(tx, report, f),
    }))
  const shown = rows.slice(0, limit)
  const last = rows.length > limit ? shown.at(-1)! : null
  return {
    totals: { rows: totals['rows'] as number, ...describe(report, totals, f.currency) },
    data: shown.map((row) => ({ id: row.id, ...describe(report, row, f.currency), rowsUrl: report.rowsOf(row, f) })),
    page: { nextCursor: last && writeCursor(last.sort, last.id) },
  }
}

/** Throws `invalid_cursor`. */
function readAfter(cursor: string | undefined): After | null {
  if (cursor === undefined) return null
  const { sortedBy, id } = openCursor(cursor, readInteger)
  return { sort: sortedBy, id }
}

function readInteger(value: unknown): number {
  if (!Number.isSafeInteger(value)) throw new Error('shape')
  return value as number
}

const CSV_PAGE = 1000

/**
 * All rows as CSV: RFC 4180, UTF-8 with a byte order mark for spreadsheets, money as decimal numbers, and an apostrophe before
 * values that a spreadsheet would run as a formula. It reads page by page, so memory does not grow with the rows.
 */
export function openCsv(db: Db, report: Report, f: ReportFilter): Readable {
  const csv = stringify({
    ...{ bom: true, header: true, columns: ['id', ...report.columns.map(({ name }) => name)] },
    ...{ escape_formulas: true, record_delimiter: 'windows' },
  })
  // A failure aborts the answer, so the reader sees a broken download instead of a short list.
  pipeline(Readable.from(listAllRows(db, report, f)), csv, () => undefined)
  return csv
}

async function* listAllRows(db: Db, report: Report, f: ReportFilter): AsyncGenerator<Value[]> {
  let after: After | null = null
  for (;;) {
    const rows: Row[] = await listRows(db, report, f, after, CSV_PAGE)
    for (const row of rows) {
      const shown = describe(report, row, f.currency)
      yield [row.id, ...report.columns.map(({ name }) => shown[name] ?? null)]
    }
    if (rows.length < CSV_PAGE) return
    after = { sort: rows.at(-1)!.sort, id: rows.at(-1)!.id }
  }
}
