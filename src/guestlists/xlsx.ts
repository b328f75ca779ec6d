/** Reads the first sheet of an XLSX file, through hucre (decision 29). */
import { streamXlsxRows } from 'hucre/xlsx'
import { Failure } from '../platform/errors.ts'
import { COLUMNS_MAX, unsupported, type Line } from './line.ts'
import { inspectZip } from './zip.ts'

const ZIP = Buffer.from('PK\x03\x04', 'latin1')
/** The container of old .xls files, and of files with a password. */
const OLE = Buffer.from('d0cf11e0a1b11ae1', 'hex')

/** Whether the file is a ZIP. Throws `unsupported_file` for what only another program can read. */
export function isZip(bytes: Buffer): boolean {
  if (bytes.subarray(0, OLE.length).equals(OLE))
    throw unsupported('This is an old .xls file, or it has a password: save it as XLSX or CSV, without a password.')
  return bytes.subarray(0, ZIP.length).equals(ZIP)
}

/** Throws `unsupported_file`, `file_has_macros`, `payload_too_large`; also while it is read: `invalid_file`. */
export async function openXlsx(bytes: Buffer): Promise<AsyncGenerator<Line>> {
  const names = await inspectZip(bytes)
  if (!names.includes('[Content_Types].xml') || !names.some((name) => name.startsWith('xl/')))
    throw unsupported('The ZIP is no XLSX file: send the list itself as CSV or XLSX.')
  if (names.some((name) => /vbaProject\.bin$/i.test(name)))
    throw new Failure('file_has_macros', { detail: 'Save the list as XLSX without macros, or as CSV.' })
  return listLines(bytes)
}

async function* listLines(bytes: Buffer): AsyncGenerator<Line> {
  try {
    for await (const { index, values } of streamXlsxRows(bytes))
      yield { row: index + 1, cells: values.slice(0, 2 * COLUMNS_MAX).map(textOf) }
  } catch (error) {
    if (error instanceof Failure) throw error
    throw new Failure('invalid_file', {
      detail: 'The sheet cannot be read: save the file again and send it.',
      cause: error,
    })
  }
}

/** The value of a formula, the text of a link, a day as 2026-12-24; a phone that became a number keeps its digits. */
function textOf(value: unknown): string {
  if (value instanceof Date) return value.toISOString().replace(/T00:00:00\.000Z$/, '')
  return typeof value === 'string' || typeof value === 'number' || typeof value === 'boolean' ? String(value) : ''
}
