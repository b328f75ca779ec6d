/** Reads a line of a list as what it says of a guest. Each field obeys the rule that POST guests has. */
import { GUEST_READERS, type ListedGuest } from '../events/events.ts'
import { Failure } from '../platform/errors.ts'
import { cleanLine, foldWords } from '../platform/values/text.ts'
import { splitTags } from './cells.ts'
import type { Column, Field } from './columns.ts'
import type { Line } from './line.ts'
import type { RowError } from './texts.ts'

/** What a row wants: an empty cell says nothing. */
export type Wanted = { name: string } & Partial<{ [K in keyof ListedGuest]: NonNullable<ListedGuest[K]> }>
/** `otherRow`: the row that this one repeats or contradicts. */
export type CellError = { column: string | null; value: string | null; code: RowError; otherRow?: number }
export type ReadRow = Line & ({ wanted: Wanted; errors: null } | { wanted: null; errors: CellError[] })

/** Errors of a formula, in every language that we saw. */
const FORMULA_ERROR =
  /^#(N\/A|N\/D|REF!|¡REF!|VALUE!|¡VALOR!|VALOR!|DIV\/0!|¡DIV\/0!|NAME\?|¿NOMBRE\?|NULL!|NUM!|¡NUM!)$/i
/** What people write for nothing where a phone or an address is asked for. */
const NOTHING = /^([-–—.]+|n\/?a|s\/?n|ninguno|none|null|sin (correo|tel[eé]fono|email))$/i

type Cell = { heading: string; text: string }

export function readRow(columns: Column[], line: Line): ReadRow {
  const errors: CellError[] = []
  const cellsOf = (field: Field): Cell[] =>
    columns.flatMap((column, index) => {
      const text = line.cells[index] ?? ''
      return column.field !== field || cleanLine(text) === '' ? [] : [{ heading: column.heading, text }]
    })

  /** The first cell of the field that is not empty; undefined when there is none or it cannot be read. */
  function read<T>(field: Field, code: RowError, reader: (text: string) => T, mayBeNothing = false): T | undefined {
    const cell = cellsOf(field).find(({ text }) => !mayBeNothing || !NOTHING.test(text.trim()))
    if (!cell) return undefined
    const say = (what: RowError): undefined => {
      errors.push({ column: cell.heading, value: cell.text.slice(0, 200), code: what })
    }
    if (FORMULA_ERROR.test(cell.text.trim())) return say('cell_error')
    try {
      return reader(cell.text)
    } catch (error) {
      if (!(error instanceof Failure)) throw error
      return say(code)
    }
  }

  const lastNames = cellsOf('lastName').map(({ text }) => text)
  const name = read('name', 'invalid_name', (text) => GUEST_READERS.name([text, ...lastNames].join(' ')))
  const wanted = {
    id: read('id', 'invalid_id', readId),
    phone: read('phone', 'invalid_phone', GUEST_READERS.phone, true),
    email: read('email', 'invalid_email', GUEST_READERS.email, true),
    partySize: readPartySize(read),
    tags: read('tags', 'invalid_tags', (text) => GUEST_READERS.tags(splitTags(text))),
    locale: read('locale', 'invalid_locale', readLocale),
    notes: read('notes', 'invalid_notes', GUEST_READERS.notes) ?? undefined,
  }
  if (name === undefined && !errors.some(({ code, column }) => code === 'invalid_name' || column === nameOf(columns)))
    errors.unshift({ column: nameOf(columns), value: null, code: 'name_missing' })
  if (name === undefined || errors.length > 0) return { ...line, wanted: null, errors }
  return { ...line, wanted: { name, ...(JSON.parse(JSON.stringify(wanted)) as Omit<Wanted, 'name'>) }, errors: null }
}

const nameOf = (columns: Column[]): string | null => columns.find(({ field }) => field === 'name')?.heading ?? null

type Read = <T>(field: Field, code: RowError, reader: (text: string) => T, mayBeNothing?: boolean) => T | undefined

function readPartySize(read: Read): number | undefined {
  const said = read('partySize', 'invalid_party_size', (text) => GUEST_READERS.partySize(readNumber(text)), true)
  const more = read('companions', 'invalid_party_size', (text) => GUEST_READERS.partySize(1 + readNumber(text)), true)
  return said ?? more
}

/** `2`, `2.0`, `2 personas`. */
function readNumber(text: string): number {
  const [, digits] =
    /^(\d{1,6})(?:[.,]0+)?(?: (?:personas?|pases?|lugares?|people|places?))?$/i.exec(cleanLine(text)) ?? []
  return digits === undefined ? Number.NaN : Number(digits)
}

function readId(text: string): string {
  const id = cleanLine(text)
  if (/^[A-Za-z0-9_-]{1,64}$/.test(id)) return id
  throw new Failure('invalid_id')
}

const LANGUAGES: [RegExp, ListedGuest['locale']][] = [
  [/^(es|esp|espanol|castellano|spanish)( (mx|mexico|419|es))?$/, 'es-MX'],
  [/^(en|eng|ing|ingles|english)( (us|gb|usa))?$/, 'en'],
]

function readLocale(text: string): ListedGuest['locale'] {
  const words = foldWords(text)
  const found = LANGUAGES.find(([pattern]) => pattern.test(words))
  if (found) return found[1]
  throw new Failure('invalid_request')
}
