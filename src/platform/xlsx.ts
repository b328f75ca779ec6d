/** Writes one sheet of Excel while its lines are read, through hucre (decision 25). */
import { Readable } from 'node:stream'
import type { ReadableStream } from 'node:stream/web'
import { writeXlsxStream } from 'hucre/xlsx'
import { cleanLine, cleanLines } from './values/text.ts'

/** `format`: Excel's, for numbers. */
export type SheetColumn = { width: number; format: string | null }
export type SheetLine = { kind: 'header' | 'row' | 'totals'; cells: (string | number | null)[] }

const BOLD = { font: { bold: true } }

/** The first line stays in view. Lines are taken one by one, as fast as somebody reads the file. */
export function openXlsx(name: string, columns: SheetColumn[], lines: AsyncIterable<SheetLine>): Readable {
  let kind: SheetLine['kind'] = 'header'
  async function* listCells() {
    for await (const line of lines) {
      kind = line.kind
      yield line.cells
    }
  }
  // hucre has a style for each column and none for a row, but asks for it at every cell, right after it took the row.
  const styled = columns.map(({ width, format }) => {
    const row = format === null ? {} : { numFmt: format }
    const styles = { header: BOLD, row, totals: { ...row, ...BOLD } }
    return {
      width,
      get style() {
        return styles[kind]
      },
    }
  })
  const file = writeXlsxStream(listCells(), { name, columns: styled, freezePane: { rows: 1 } })
  return Readable.fromWeb(file as ReadableStream)
}

/** No characters of XML. */
const FORBIDDEN = /[\ufffe\uffff]/g
/** What Excel reads as a character by its number; the underscore by its own number is that underscore. */
const NUMBERED = /_(?=x[0-9a-f]{4}_)/gi

/** A text as a cell shows it: on one line, without marks that nobody sees. It stays a text whatever it begins with. */
export const textCell = (text: string): string => asXml(cleanLine(text))

/** The same for a text of several lines. */
export const linesCell = (text: string): string => asXml(cleanLines(text))

const asXml = (text: string): string => text.replace(FORBIDDEN, '').replace(NUMBERED, '_x005F_')

const DAY_MS = 86_400_000
/** The day 1970-01-01 as Excel counts days. */
const EPOCH = 25_569

/** An ISO date as the number that Excel shows as a date. */
export const dayCell = (day: string): number => Date.parse(`${day}T00:00:00Z`) / DAY_MS + EPOCH
