/** The guests of an event as a file that an import reads as what is there already. */
import { pipeline, Readable } from 'node:stream'
import { stringify } from 'csv-stringify'
import { findEvent, listNextGuests, type ExportedGuest } from '../events/events.ts'
import type { Db } from '../platform/db.ts'
import { Failure } from '../platform/errors.ts'
import { linesCell, openXlsx, type SheetLine } from '../platform/xlsx.ts'
import { joinTags, toCsvCell } from './cells.ts'

const PART = 1000

type Cell = string | number | null
/** The headings are the names of the API, which an import knows; it ignores those after the notes. */
const COLUMNS: { heading: string; width: number; cellOf: (guest: ExportedGuest) => Cell }[] = [
  { heading: 'id', width: 36, cellOf: ({ id }) => id },
  { heading: 'name', width: 36, cellOf: ({ name }) => name },
  { heading: 'phone', width: 18, cellOf: ({ phone }) => phone },
  { heading: 'email', width: 30, cellOf: ({ email }) => email },
  { heading: 'partySize', width: 10, cellOf: ({ partySize }) => partySize },
  { heading: 'tags', width: 24, cellOf: ({ tags }) => joinTags(tags) || null },
  { heading: 'locale', width: 8, cellOf: ({ locale }) => locale },
  { heading: 'notes', width: 36, cellOf: ({ notes }) => notes },
  { heading: 'status', width: 12, cellOf: ({ status }) => status },
  { heading: 'answer', width: 10, cellOf: ({ answer }) => answer },
  { heading: 'admitted', width: 10, cellOf: ({ admitted }) => admitted },
]
const HEADINGS = COLUMNS.map(({ heading }) => heading)

/** Reads the guests while the file is read, in the order of their ids. Throws `event_not_found`. */
export async function openGuestFile(
  db: Db,
  scope: string | null,
  eventId: string,
  format: 'csv' | 'xlsx',
): Promise<Readable> {
  if (!(await findEvent(db, scope, eventId))) throw new Failure('event_not_found')
  const guests = listGuests(db, eventId)
  return format === 'csv' ? openCsv(guests) : openSheet(guests)
}

async function* listGuests(db: Db, eventId: string): AsyncGenerator<ExportedGuest> {
  let after = ''
  for (;;) {
    const guests = await listNextGuests(db, eventId, after, PART)
    yield* guests
    if (guests.length < PART) return
    after = guests.at(-1)!.id
  }
}

/** RFC 4180, UTF-8 with a byte order mark for spreadsheets, and an apostrophe before formulas and phones. */
function openCsv(guests: AsyncIterable<ExportedGuest>): Readable {
  async function* listCells() {
    yield HEADINGS
    for await (const guest of guests)
      yield COLUMNS.map(({ cellOf }) => {
        const cell = cellOf(guest)
        return typeof cell === 'string' ? toCsvCell(cell) : cell
      })
  }
  const csv = stringify({ bom: true, record_delimiter: 'windows', quoted_match: /[\r\n]/ })
  // A failure aborts the answer, so the reader sees a broken download instead of a short list.
  pipeline(Readable.from(listCells()), csv, () => undefined)
  return csv
}

function openSheet(guests: AsyncIterable<ExportedGuest>): Readable {
  async function* listLines(): AsyncGenerator<SheetLine> {
    yield { kind: 'header', cells: HEADINGS }
    for await (const guest of guests)
      yield {
        kind: 'row',
        cells: COLUMNS.map(({ cellOf }) => {
          const cell = cellOf(guest)
          return typeof cell === 'string' ? linesCell(cell) : cell
        }),
      }
  }
  const columns = COLUMNS.map(({ width }) => ({ width, format: null }))
  return openXlsx('guests', columns, listLines())
}
