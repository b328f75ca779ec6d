/** A list as somebody sends it: CSV or XLSX, told apart by its bytes, not by its name. */
import { setImmediate as nextTurn } from 'node:timers/promises'
import { Failure } from '../platform/errors.ts'
import { openCsv, type Delimiter } from './csv.ts'
import type { Encoding } from './encoding.ts'
import { COLUMNS_MAX, type Line } from './line.ts'
import { isZip, openXlsx } from './xlsx.ts'

export type OpenList = {
  format: 'csv' | 'xlsx'
  encoding: Encoding | null
  delimiter: Delimiter | null
  /** Without empty rows. */
  lines: AsyncGenerator<Line>
}

/** Throws `unsupported_file` and what the formats throw; reading also throws `too_many_columns`. */
export async function openList(
  bytes: Buffer,
  countHeadings: (cells: string[]) => number,
  linesMax = LINES_MAX,
): Promise<OpenList> {
  if (isZip(bytes))
    return { format: 'xlsx', encoding: null, delimiter: null, lines: check(await openXlsx(bytes), linesMax) }
  const { encoding, delimiter, lines } = openCsv(bytes, countHeadings)
  return { format: 'csv', encoding, delimiter, lines: check(lines, linesMax) }
}

/** How many rows a file may have, empty ones too. */
const LINES_MAX = 50_000
/** Of a list that a job imports. */
export const LONG_LINES_MAX = 1_000_000
/** Other requests are served in between. */
const LINES_AT_ONCE = 500

async function* check(lines: AsyncGenerator<Line>, linesMax: number): AsyncGenerator<Line> {
  let count = 0
  for await (const { row, cells } of lines) {
    const used = cells.findLastIndex((cell) => cell.trim() !== '') + 1
    if (++count > linesMax)
      throw new Failure('too_many_rows', {
        detail: `At most ${linesMax} rows, the empty ones included: split the list.`,
      })
    if (count % LINES_AT_ONCE === 0) await nextTurn()
    if (used > COLUMNS_MAX)
      throw new Failure('too_many_columns', {
        detail: `Row ${row} has ${used} columns; at most ${COLUMNS_MAX} are read.`,
      })
    if (used > 0) yield { row, cells: cells.slice(0, used) }
  }
}
