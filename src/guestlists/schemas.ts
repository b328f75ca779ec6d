/** The answers of imports. */
import { Type } from 'typebox'
import { Answer, BilingualText, Instant, NullableInstant, NullableInteger, NullableString } from '../http/schemas.ts'
import type { Headings } from './columns.ts'
import { countStatuses, type ImportResult, type RowResult } from './imports.ts'
import type { CellError } from './rows.ts'
import { KEPT_DAYS, type Import } from './sql.ts'
import { EXPLANATIONS } from './texts.ts'

const RowErrorShape = Type.Object(
  {
    column: Type.Unsafe<string | null>({ ...NullableString, description: 'Its heading; null: the whole row.' }),
    value: NullableString,
    code: Type.String({ description: 'Stable.' }),
    otherRow: Type.Unsafe<number | null>({ ...NullableInteger, description: 'The row that counts.' }),
    explanation: BilingualText,
  },
  { title: 'ImportRowError' },
)
const RowShape = Type.Object(
  {
    row: Type.Integer({ description: 'As a spreadsheet counts, from 1.' }),
    status: Type.Enum(['created', 'updated', 'unchanged', 'rejected']),
    guestId: NullableString,
    name: NullableString,
    errors: Type.Array(RowErrorShape),
    notices: Type.Array(
      Type.Object(
        { code: Type.String(), otherRow: NullableInteger, explanation: BilingualText },
        { title: 'ImportRowNotice' },
      ),
      { description: 'What the row shares with others: `repeated_row`, `shared_phone`, `shared_email`.' },
    ),
  },
  { title: 'ImportRow' },
)
const counts = {
  created: Type.Integer(),
  updated: Type.Integer(),
  unchanged: Type.Integer(),
  rejected: Type.Integer(),
}
export const ImportAnswer = Answer(
  {
    importId: Type.Unsafe<string | null>({ ...NullableString, description: 'Null after a dry run.' }),
    dryRun: Type.Boolean(),
    ...counts,
    rows: Type.Array(RowShape, { description: 'At most 1000: the rejected first, then those with notices.' }),
    rowsLeftOff: Type.Integer({ description: 'How many rows `rows` leaves off.' }),
    rowsUnread: Type.Integer({ description: 'How many rows a partial dry run has not looked at.' }),
    rejectedUrl: Type.Unsafe<string | null>({ ...NullableString, description: 'The rejected rows as CSV.' }),
    file: Type.Object(
      {
        format: Type.Enum(['csv', 'xlsx']),
        encoding: NullableString,
        delimiter: NullableString,
        headingRow: Type.Integer(),
        columns: Type.Array(Type.Object({ heading: Type.String(), field: NullableString, example: NullableString }), {
          description: 'What each column was read as (null: it was ignored), and what one of its first rows has there.',
        }),
        skipped: Type.Array(Type.Object({ row: Type.Integer(), text: Type.String() }), {
          description: 'Rows above the headings, such as a title.',
        }),
      },
      { title: 'ImportedFile' },
    ),
  },
  { title: 'ImportResult' },
)
export const ImportShape = Type.Object(
  {
    importId: Type.String(),
    eventId: Type.String(),
    format: Type.Enum(['csv', 'xlsx']),
    status: Type.Enum(['queued', 'running', 'completed', 'failed']),
    rowsDone: Type.Integer(),
    rowsTotal: Type.Integer(),
    ...counts,
    requestedBy: Type.String(),
    createdAt: Instant,
    endedAt: NullableInstant,
    expiresAt: Type.Unsafe<Date>({ ...Instant, description: 'It is forgotten then; its guests stay.' }),
    rejectedUrl: NullableString,
  },
  { title: 'Import' },
)

const ROWS_SHOWN_MAX = 1000
const DAY_MS = 86_400_000
const urlOf = (eventId: string, importId: string) => `/events/${eventId}/imports/${importId}/rejected.csv`

export function describeResult(eventId: string, { importId, list, headings, results, rowsUnread }: ImportResult) {
  const { format, encoding, delimiter } = list
  const found = countStatuses(results)
  const shown = results.toSorted((a, b) => rankOf(a) - rankOf(b)).slice(0, ROWS_SHOWN_MAX)
  return {
    importId,
    dryRun: importId === null,
    ...found,
    rows: shown.map(describeRow),
    rowsLeftOff: results.length - shown.length,
    rowsUnread,
    rejectedUrl: importId !== null && found.rejected > 0 ? urlOf(eventId, importId) : null,
    file: { format, encoding, delimiter, ...describeHeadings(headings) },
  }
}

const rankOf = ({ status, notices }: RowResult): number => (status === 'rejected' ? 0 : notices.length > 0 ? 1 : 2)

const describeHeadings = ({ row, columns, skipped }: Headings) => ({ headingRow: row, columns, skipped })

const describeRow = ({ row, status, guestId, name, errors, notices }: RowResult) => ({
  row,
  status,
  guestId,
  name,
  errors: (errors as CellError[]).map((one) => ({ ...explain(one), column: one.column, value: one.value })),
  notices: notices.map(explain),
})

const explain = <T extends keyof typeof EXPLANATIONS>({
  code,
  otherRow = null,
}: {
  code: T
  otherRow?: number | null
}) => ({
  code,
  otherRow,
  explanation: EXPLANATIONS[code],
})

export function describeImport(i: Import) {
  const { id: importId, eventId, format, created, updated, unchanged, rejected, requestedBy, createdAt } = i
  const { status, rowsDone, rowsTotal, endedAt } = i
  const expiresAt = new Date(createdAt.getTime() + KEPT_DAYS * DAY_MS)
  const rejectedUrl = rejected > 0 ? urlOf(eventId, importId) : null
  return {
    ...{ importId, eventId, format, status, rowsDone, rowsTotal, created, updated, unchanged, rejected },
    ...{ requestedBy, createdAt, endedAt, expiresAt, rejectedUrl },
  }
}
