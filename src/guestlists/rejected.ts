/** The rows that an import refused, as CSV: as they were sent, with what to mend, so that they can be sent again. */
import { pipeline, Readable } from 'node:stream'
import { stringify } from 'csv-stringify'
import type { Db } from '../platform/db.ts'
import type { Locale } from '../platform/values/languages.ts'
import { cleanLines } from '../platform/values/text.ts'
import { toCsvCell } from './cells.ts'
import { listRejects, type Reject } from './sql.ts'
import { EXPLANATIONS } from './texts.ts'

const PART = 500
/** None of them is a heading that an import knows. */
const HEADINGS: Record<Locale, string[]> = {
  'es-MX': ['Fila', 'Qué corregir', 'Código'],
  en: ['Row', 'What to mend', 'Code'],
}

/** The rows that a stored import refused, in their order. */
export async function* readRejects(db: Db, importId: string): AsyncGenerator<Reject> {
  let after = 0
  for (;;) {
    const rejects = await listRejects(db, importId, after, PART)
    yield* rejects
    if (rejects.length < PART) return
    after = rejects.at(-1)!.row
  }
}

/** RFC 4180, UTF-8 with a byte order mark for spreadsheets, and an apostrophe before formulas. `headings`: those of the list. */
export function openRejectedCsv(
  rejects: Iterable<Reject> | AsyncIterable<Reject>,
  headings: string[],
  locale: Locale,
): Readable {
  async function* listCells() {
    yield [...HEADINGS[locale], ...headings].map(toCsvCell)
    for await (const reject of rejects) yield toCells(reject, headings.length, locale)
  }
  const csv = stringify({ bom: true, record_delimiter: 'windows', quoted_match: /[\r\n]/ })
  // A failure aborts the answer, so the reader sees a broken download instead of a short list.
  pipeline(Readable.from(listCells()), csv, () => undefined)
  return csv
}

function toCells({ row, cells, errors }: Reject, columns: number, locale: Locale): string[] {
  const missing = Array<string>(Math.max(0, columns - cells.length)).fill('')
  const said = errors.map(({ column, code, otherRow }) => {
    const about = [
      ...(column ? [column] : []),
      ...(otherRow === undefined ? [] : [`${HEADINGS[locale][0]} ${otherRow}`]),
    ]
    return [...about, EXPLANATIONS[code][locale]].join(': ')
  })
  const codes = errors.map(({ code }) => code).join(', ')
  return [String(row), said.join(' '), codes, ...cells, ...missing].map((cell) => toCsvCell(cleanLines(cell)))
}
