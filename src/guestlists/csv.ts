/** Reads CSV as people save it: any usual encoding, delimiter and line end. */
import { pipeline, Readable } from 'node:stream'
import { CsvError, parse, type Options } from 'csv-parse'
import { parse as parseAtOnce } from 'csv-parse/sync'
import { Failure } from '../platform/errors.ts'
import { fromCsvCell } from './cells.ts'
import { detectEncoding, type Encoding } from './encoding.ts'
import { unsupported, type Line } from './line.ts'

/** A tab comes first: a file of one column has no delimiter, and its names may have commas. */
const DELIMITERS = ['\t', ';', '|', ','] as const
export type Delimiter = (typeof DELIMITERS)[number]

const OPTIONS = {
  record_delimiter: ['\r\n', '\n', '\r'],
  relax_column_count: true,
  relax_quotes: true, // Juan "El Güero" Pérez
} satisfies Options
const CHUNK_BYTES = 64 * 1024
/** A quote that nobody closes swallows what follows; a record has notes of 2000 characters and some columns. */
const RECORD_MAX = 256 * 1024
const SAMPLE_ROWS = 30

type Csv = { encoding: Encoding; delimiter: Delimiter; lines: AsyncGenerator<Line> }

/** `countHeadings`: how many of these cells are headings that we know. Throws `unsupported_file`; reading throws `invalid_file`. */
export function openCsv(bytes: Buffer, countHeadings: (cells: string[]) => number): Csv {
  const encoding = detectEncoding(bytes)
  if (!encoding) throw unsupported()
  const sample = new TextDecoder(encoding).decode(bytes.subarray(0, CHUNK_BYTES), { stream: true })
  const said = /^(?:sep=)([;,\t|])(?:\r\n|\n|\r)/i.exec(sample)
  const rest = said ? said[0].length : 0
  const delimiter = (said?.[1] as Delimiter | undefined) ?? detectDelimiter(sample, countHeadings)
  return { encoding, delimiter, lines: listLines(bytes, encoding, delimiter, rest) }
}

/** The delimiter that finds the most known headings; when none finds any, the one whose rows have the same length. */
function detectDelimiter(sample: string, countHeadings: (cells: string[]) => number): Delimiter {
  let best: { delimiter: Delimiter; score: number[] } = { delimiter: ',', score: [0, 0] }
  for (const delimiter of DELIMITERS) {
    const records = readSample(sample, delimiter)
    const known = Math.max(0, ...records.map(countHeadings))
    const heading = records.find((cells) => countHeadings(cells) === known)
    const score = known > 0 ? [known, heading?.length ?? 0] : [0, scoreOfShape(records)]
    if (score[0]! > best.score[0]! || (score[0] === best.score[0] && score[1]! > best.score[1]!))
      best = { delimiter, score }
  }
  return best.delimiter
}

function readSample(sample: string, delimiter: Delimiter): string[][] {
  try {
    return parseAtOnce(sample, { ...OPTIONS, delimiter, to: SAMPLE_ROWS })
  } catch {
    return [] // not with this delimiter, or the sample ends inside of a quote
  }
}

function scoreOfShape(records: string[][]): number {
  const lengths = new Map<number, number>()
  for (const { length } of records) lengths.set(length, (lengths.get(length) ?? 0) + 1)
  return Math.max(0, ...[...lengths].map(([length, count]) => (length - 1) * count))
}

async function* listLines(
  bytes: Buffer,
  encoding: Encoding,
  delimiter: Delimiter,
  skipped: number,
): AsyncGenerator<Line> {
  function* decode() {
    const decoder = new TextDecoder(encoding)
    for (let start = 0; start < bytes.length; start += CHUNK_BYTES) {
      const text = decoder.decode(bytes.subarray(start, start + CHUNK_BYTES), { stream: true })
      yield start === 0 ? text.slice(skipped) : text
    }
    yield decoder.decode()
  }
  const parser = parse({ ...OPTIONS, delimiter, max_record_size: RECORD_MAX })
  pipeline(Readable.from(decode()), parser, () => undefined)
  let row = 0
  try {
    for await (const cells of parser as AsyncIterable<string[]>) yield { row: ++row, cells: cells.map(fromCsvCell) }
  } catch (error) {
    if (!(error instanceof CsvError)) throw error
    const detail =
      error.code === 'CSV_QUOTE_NOT_CLOSED' || error.code === 'CSV_MAX_RECORD_SIZE'
        ? `A quote that opens after row ${row} is not closed.`
        : `The file cannot be read after row ${row}.`
    throw new Failure('invalid_file', { detail, cause: error })
  }
}
