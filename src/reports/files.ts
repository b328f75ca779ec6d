/** A report as a file: all its rows as CSV or XLSX, written while they are read. */
import { pipeline, Readable } from 'node:stream'
import { stringify } from 'csv-stringify'
import type { Db } from '../platform/db.ts'
import { Failure } from '../platform/errors.ts'
import { decimalsOf } from '../platform/values/money.ts'
import { openRows, type Rows } from '../platform/rows.ts'
import { cleanLine } from '../platform/values/text.ts'
import type { Column, Report, ReportFilter } from './report.ts'
import { headingOf } from './headings.ts'
import { addUp, countAll, listAll, valueOf, type Row, type Value, type Values } from './pages.ts'
import { dayCell, openXlsx, textCell, type SheetColumn, type SheetLine } from '../platform/xlsx.ts'

export const FORMATS = ['csv', 'xlsx'] as const
export type Format = (typeof FORMATS)[number]
export const MEDIA_TYPES: Record<Format, string> = {
  csv: 'text/csv; charset=utf-8',
  xlsx: 'application/vnd.openxmlformats-officedocument.spreadsheetml.sheet',
}

export const headersOf = (report: string, format: Format): Record<string, string> => ({
  'content-type': MEDIA_TYPES[format],
  'content-disposition': `attachment; filename="${report}.${format}"`,
  'cache-control': 'no-store',
})

/** A file that is being written. `rowsRead`: how many rows of the report it has. `rowsTotal`: of how many. */
export type ReportFile = { bytes: Readable; rowsRead(): number; rowsTotal: number }

/** `signal`: nobody waits any more. `rowsMax`: of a file that is one answer. */
type Context = { db: Db; slowDb: Db; signal?: AbortSignal; rowsMax?: number }

/**
 * Opens the file. Whoever takes it reads it to its end or destroys it: that ends the query, too. Throws `export_required` when
 * there are more rows than `rowsMax`.
 */
export async function openFile(context: Context, report: Report, f: ReportFilter, format: Format): Promise<ReportFile> {
  const rows = await openRows<Row>(context, listAll(report, f))
  try {
    const rowsTotal = await countRows(rows, report, f, context.rowsMax)
    let count = 0
    const source = { report, currency: f.currency, rows: listRows(rows, () => count++) }
    const bytes = format === 'csv' ? openCsv(source) : openSheet(source)
    bytes.once('close', () => void rows.close())
    return { bytes, rowsTotal, rowsRead: () => count }
  } catch (error) {
    await rows.close()
    throw error
  }
}

async function countRows(rows: Rows<Row>, report: Report, f: ReportFilter, max: number | null = null): Promise<number> {
  const [counted] = await rows.ask(countAll(report, f, max && max + 1))
  if (max === null || counted!.count <= max) return counted!.count
  throw new Failure('export_required', {
    detail: `The report has more than ${max} rows: ask for it with POST /director/exports.`,
  })
}

async function* listRows(rows: Rows<Row>, onRow: () => void): AsyncGenerator<Row> {
  for (let part = await rows.read(); part.length > 0; part = await rows.read())
    for (const row of part) {
      onRow()
      yield row
    }
}

type Source = { report: Report; currency: string; rows: AsyncIterable<Row> }

/** The columns of a file, the same in every format. */
const columnsOf = ({ columns }: Report): Column[] => [{ name: 'id', kind: 'text', says: '' }, ...columns]

/** Values that a spreadsheet would run as a formula, or would if it had not cut the blanks before. */
const FORMULA = /^[=+\-@\t\r＝＋－＠]/

/** RFC 4180, UTF-8 with a byte order mark for spreadsheets, money as decimal numbers, and an apostrophe before formulas. */
function openCsv({ report, currency, rows }: Source): Readable {
  const columns = columnsOf(report)
  const toCell = (column: Column, row: Row): Value => {
    const value = valueOf(column, row, currency)
    if (column.kind !== 'text' || typeof value !== 'string') return value
    const text = cleanLine(value)
    return FORMULA.test(text) ? `'${text}` : text
  }
  async function* listCells() {
    for await (const row of rows) yield columns.map((column) => toCell(column, row))
  }
  const csv = stringify({
    ...{ bom: true, header: true, columns: columns.map(({ name }) => name), record_delimiter: 'windows' },
  })
  // A failure aborts the answer, so the reader sees a broken download instead of a short list.
  pipeline(Readable.from(listCells()), csv, () => undefined)
  return csv
}

const WIDTHS: Record<Column['kind'], number> = { text: 36, day: 12, count: 14, cents: 16, share: 18 }

/** A sheet with a bold header and the totals as its last line. */
function openSheet({ report, currency, rows }: Source): Readable {
  const columns = columnsOf(report)
  const toCells = (values: Values) => columns.map((column) => sheetCell(column, values, currency))
  async function* listLines(): AsyncGenerator<SheetLine> {
    yield { kind: 'header', cells: columns.map(({ name }) => headingOf(report, name)) }
    const totals = addUp(report)
    for await (const row of rows) {
      totals.add(row)
      yield { kind: 'row', cells: toCells(row) }
    }
    yield { kind: 'totals', cells: toCells({ ...totals.values(), id: 'Total' }) }
  }
  const formats = formatsOf(currency)
  const sheet = columns.map(({ kind }): SheetColumn => ({ width: WIDTHS[kind], format: formats[kind] }))
  return openXlsx(report.name, sheet, listLines())
}

function formatsOf(currency: string): Record<Column['kind'], string | null> {
  const decimals = decimalsOf(currency)
  const cents = decimals === 0 ? '#,##0' : `#,##0.${'0'.repeat(decimals)}`
  return { text: null, day: 'yyyy-mm-dd', count: '#,##0', cents, share: '0.0%' }
}

function sheetCell(column: Column, values: Values, currency: string): Value {
  const value = valueOf(column, values, currency)
  if (value === null) return null
  if (column.kind === 'text') return textCell(String(value))
  return column.kind === 'day' ? dayCell(String(value)) : Number(value)
}
