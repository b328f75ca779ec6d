/** Which column of a list holds what: by its heading, in Spanish or English, or as the request says. */
import { Failure } from '../platform/errors.ts'
import { cleanLine, foldWords } from '../platform/values/text.ts'
import type { Line } from './line.ts'

export const FIELDS = [
  'id',
  'name',
  'lastName',
  'phone',
  'email',
  'partySize',
  'companions',
  'tags',
  'locale',
  'notes',
] as const
export type Field = (typeof FIELDS)[number]

/** Folded: without case, accents and punctuation. `companions` come with the guest, who is not counted among them. */
const SYNONYMS: Record<Field, string[]> = {
  id: ['id', 'guest id', 'guestid', 'id invitado', 'id del invitado', 'clave'],
  name: [
    ...[
      'nombre',
      'nombres',
      'nombre s',
      'nombre completo',
      'nombre y apellido',
      'nombre y apellidos',
      'nombre del invitado',
    ],
    ...[
      'nombre invitado',
      'nombre de invitado',
      'nombre de la familia',
      'invitado',
      'invitados',
      'invitada',
      'invitado s',
    ],
    ...[
      'familia',
      'persona',
      'name',
      'full name',
      'fullname',
      'guest',
      'guests',
      'guest name',
      'first name',
      'firstname',
    ],
    ...['given name', 'invitee', 'contacto', 'contact', 'contact name', 'display name'],
  ],
  lastName: [
    ...[
      'apellido',
      'apellidos',
      'apellido s',
      'apellido paterno',
      'apellido materno',
      'primer apellido',
      'segundo apellido',
    ],
    ...['last name', 'lastname', 'surname', 'family name'],
  ],
  phone: [
    ...[
      'telefono',
      'telefonos',
      'tel',
      'telefono celular',
      'telefono movil',
      'numero de telefono',
      'num telefono',
      'no telefono',
    ],
    ...[
      'numero telefonico',
      'numero',
      'numero de celular',
      'celular',
      'cel',
      'cell',
      'movil',
      'whatsapp',
      'whats app',
      'whats',
    ],
    ...['wa', 'numero de whatsapp', 'whatsapp number', 'phone', 'phone number', 'phonenumber', 'telephone', 'mobile'],
    ...['mobile phone', 'mobile number', 'cell phone', 'cellphone', 'phone 1 value'],
  ],
  email: [
    ...[
      'correo',
      'correos',
      'correo electronico',
      'correo e',
      'email',
      'e mail',
      'mail',
      'email address',
      'e mail address',
    ],
    ...['direccion de correo', 'direccion de correo electronico', 'e mail 1 value'],
  ],
  partySize: [
    ...[
      'pases',
      'pase',
      'numero de pases',
      'no de pases',
      'num pases',
      'no pases',
      'lugares',
      'lugares asignados',
      'boletos',
    ],
    ...[
      'numero de lugares',
      'personas',
      'numero de personas',
      'no de personas',
      'asistentes',
      'cantidad',
      'party size',
    ],
    ...[
      'partysize',
      'party',
      'places',
      'seats',
      'tickets',
      'passes',
      'number of guests',
      'people',
      'headcount',
      'total personas',
    ],
  ],
  companions: [
    ...[
      'acompanantes',
      'acompanante',
      'numero de acompanantes',
      'no de acompanantes',
      'num acompanantes',
      'invitados extra',
    ],
    ...['companions', 'plus ones', 'plus one', 'additional guests', 'extra guests'],
  ],
  tags: [
    'etiquetas',
    'etiqueta',
    'grupo',
    'grupos',
    'categoria',
    'categorias',
    'tags',
    'tag',
    'group',
    'groups',
    'category',
    'labels',
  ],
  locale: ['idioma', 'lengua', 'lenguaje', 'language', 'lang', 'locale'],
  notes: [
    'notas',
    'nota',
    'observaciones',
    'observacion',
    'comentarios',
    'comentario',
    'notes',
    'note',
    'comments',
    'comment',
    'remarks',
  ],
}
const FIELD_OF = new Map(FIELDS.flatMap((field) => SYNONYMS[field].map((words) => [words, field] as const)))

/** What the request says: a field by the heading of its column; null leaves the field out. */
export type Mapping = Partial<Record<Field, string | null>>

export type Column = { heading: string; field: Field | null }
export type Headings = {
  row: number
  /** `example`: what the column holds in the first row that has something there; null without one among the first rows. */
  columns: (Column & { example: string | null })[]
  /** Lines above the headings, such as a title. */
  skipped: { row: number; text: string }[]
}

const HEADING_LINES = 20

/** How many of these cells name a field. */
export const countHeadings = (mapping: Mapping) => (cells: string[]) =>
  new Set(readColumns(cells, mapping).flatMap(({ field }) => field ?? [])).size

/**
 * Finds the headings among the first lines, and leaves `lines` behind them; returns what follows in `rest`. Throws
 * `columns_not_found`, which lists what it found instead, and `invalid_request` for a mapping to no column.
 */
export async function findHeadings(
  lines: AsyncGenerator<Line>,
  mapping: Mapping,
): Promise<{ headings: Headings; rest: AsyncGenerator<Line> }> {
  const first: Line[] = []
  while (first.length < HEADING_LINES) {
    const { value, done } = await lines.next()
    if (done) break
    first.push(value)
  }
  if (first.length === 0) throw new Failure('invalid_file', { detail: 'The file is empty.' })
  const count = countHeadings(mapping)
  const ranked = first.toSorted(
    (a, b) => count(b.cells) - count(a.cells) || countCells(b) - countCells(a) || a.row - b.row,
  )
  const found = ranked.find(({ cells }) => hasName(readColumns(cells, mapping)))
  if (!found) throw describeMissing(ranked[0]!, mapping)
  refuseUnknown(found, mapping)
  const at = first.indexOf(found)
  const skipped = first.slice(0, at).map(({ row, cells }) => ({ row, text: cleanLine(cells.join(' ')).slice(0, 200) }))
  const below = first.slice(at + 1)
  async function* rest() {
    yield* below
    yield* lines
  }
  const columns = readColumns(found.cells, mapping).map((column, index) => ({
    ...column,
    example: findExample(below, index),
  }))
  return { headings: { row: found.row, columns, skipped }, rest: rest() }
}

function findExample(lines: Line[], index: number): string | null {
  const cells = lines.map(({ cells }) => cleanLine(cells[index] ?? ''))
  return cells.find((cell) => cell !== '')?.slice(0, 60) ?? null
}

const hasName = (columns: Column[]): boolean => columns.some(({ field }) => field === 'name')
const countCells = ({ cells }: Line): number => cells.filter((cell) => cell.trim() !== '').length

function readColumns(cells: string[], mapping: Mapping): Column[] {
  const mapped = new Map<string, Field>()
  for (const field of FIELDS) {
    const heading = mapping[field]
    if (heading) mapped.set(foldWords(heading), field)
  }
  return cells.map((cell) => {
    const heading = cleanLine(cell).slice(0, 200)
    const words = foldWords(cell)
    const own = mapped.get(words)
    if (own) return { heading, field: own }
    const usual = FIELD_OF.get(words) ?? null
    return { heading, field: usual && mapping[usual] === undefined ? usual : null }
  })
}

function describeMissing({ row, cells }: Line, mapping: Mapping): Failure {
  const found = cells.map((cell) => cleanLine(cell).slice(0, 60)).filter((heading) => heading !== '')
  const wanted = mapping.name ? `«${mapping.name}»` : '«nombre», «invitado» or «name»'
  return new Failure('columns_not_found', {
    detail:
      `No column has the name of the guest: no heading is ${wanted}. Row ${row} has: ${found.slice(0, 30).join(', ')}. ` +
      'Send mapping, such as {"name": "Quién viene"}, if the column has another heading.',
    errors: found.slice(0, 30).map((heading) => ({ path: 'body.file', message: heading })),
  })
}

function refuseUnknown({ cells }: Line, mapping: Mapping): void {
  const present = new Set(cells.map(foldWords))
  const errors = FIELDS.flatMap((field) => {
    const heading = mapping[field]
    if (!heading || present.has(foldWords(heading))) return []
    return [{ path: `body.mapping.${field}`, message: `the file has no column «${heading}»` }]
  })
  if (errors.length > 0)
    throw new Failure('invalid_request', { detail: 'The mapping names columns that the file does not have.', errors })
}
