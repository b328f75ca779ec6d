/** Runs a report: a page with the totals of all rows, and what files need for all rows. */
import { openCursor, writeCursor } from '../http/page.ts'
import { sql, type Db } from '../platform/db.ts'
import { formatCents } from '../platform/values/money.ts'
import type { Column, Report, ReportFilter } from './report.ts'

export type Value = string | number | null
export type Values = Record<string, Value>
export type Row = { id: string; sort: number } & Values
type After = { sort: number; id: string }

/** Every row, the largest first. */
export const listAll = (report: Report, f: ReportFilter) => sql<Row>`
  select *
    from (${report.query(f)}) r
   order by sort desc, id desc`

/** How many rows there are; `max` ends the counting. */
export const countAll = (report: Report, f: ReportFilter, max: number | null) => sql<{ count: number }>`
  select count(*) as count
    from (select from (${report.query(f)}) r limit ${max}) counted`

const isSummed = ({ kind }: Column): boolean => kind === 'count' || kind === 'cents'
const TOTAL = 'total_'

/** Reads rows after `after`, the largest first, and the totals of all rows, while the query runs once. */
async function listRows(db: Db, report: Report, f: ReportFilter, after: After | null, limit: number) {
  const sums = report.columns.filter(isSummed).map(({ name, isBalance }) => {
    const column = sql.ref(name)
    const total = isBalance ? sql`(array_agg(${column} order by sort desc))[1]` : sql`sum(${column})`
    return sql`coalesce(${total}, 0)::bigint as ${sql.ref(TOTAL + name)}`
  })
  const { rows } = await sql<Partial<Row>>`
    with report as materialized (${report.query(f)}),
    page as (
      select *
        from report
       where (${after?.sort ?? null}::bigint is null
              or (sort, id) < (${after?.sort ?? null}::bigint, ${after?.id ?? null}))
       order by sort desc, id desc
       limit ${limit}),
    totals as (
      select count(*) as total_rows, ${sql.join(sums)} from report)
    select *
      from totals
      left join page on true
     order by sort desc, id desc`.execute(db)
  const totals = Object.fromEntries(
    ['rows', ...report.columns.filter(isSummed).map(({ name }) => name)].map((name) => [
      name,
      rows[0]![`total${name[0]!.toUpperCase()}${name.slice(1)}`] ?? 0,
    ]),
  )
  return { rows: rows.filter((row): row is Row => row.id !== null), totals: totals as Record<string, number> }
}

/** The same totals from rows that are read anyway, in their order. */
export function addUp({ columns }: Report) {
  const summed = columns.filter(isSummed)
  let isFirst = true
  const totals: Record<string, number> = Object.fromEntries(summed.map(({ name }) => [name, 0]))
  return {
    add(row: Values): void {
      for (const { name, isBalance } of summed) if (isFirst || !isBalance) totals[name]! += Number(row[name])
      isFirst = false
    },
    values: (): Values => totals,
  }
}

/** What a column shows of a row, or of the totals: money in major units, and a share of two other columns. */
export function valueOf(column: Column, values: Values, currency: string): Value {
  const value = values[column.name] ?? null
  if (column.kind === 'share') return shareOf(values[column.of[0]], values[column.of[1]])
  return column.kind === 'cents' ? formatCents(Number(value ?? 0), currency) : value
}

const shareOf = (part: Value | undefined, whole: Value | undefined): number | null =>
  Number(whole) === 0 ? null : Number(part) / Number(whole)

/** A row or the totals as JSON. Totals have no texts. */
function describe(report: Report, values: Values, currency: string): Values {
  const shown: Values = {}
  for (const column of report.columns) {
    const { name, kind } = column
    if (kind === 'cents') shown[`${name}Cents`] = values[name] ?? 0
    if (name in values || kind === 'share') shown[name] = valueOf(column, values, currency)
  }
  return shown
}

/** Reads a page and the totals of all rows. */
export async function readReport(
  db: Db,
  report: Report,
  f: ReportFilter,
  { cursor, limit }: { cursor: string | undefined; limit: number },
) {
  const after = readAfter(cursor)
  const { rows, totals } = await listRows(db, report, f, after, limit + 1)
  const shown = rows.slice(0, limit)
  const last = rows.length > limit ? shown.at(-1)! : null
  return {
    totals: { rows: totals['rows'], ...describe(report, totals, f.currency) },
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
