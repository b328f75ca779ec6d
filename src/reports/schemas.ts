/** The schemas of the answers of reports, made from their columns. */
import { Type, type TProperties } from 'typebox'
import { Answer, NullableNumber, NullableString } from '../http/schemas.ts'
import type { Column, Report } from './report.ts'

const Major = Type.String({ title: 'MajorUnits', description: 'The same in major units.' })

/** The fields of a column. Those of the totals mean the same, so they say nothing. */
function fieldsOf({ name, kind, says }: Column, isTotal: boolean): TProperties {
  const said = isTotal ? {} : { description: kind === 'cents' ? `Minor units. ${says}` : says }
  if (kind === 'cents') return { [`${name}Cents`]: Type.Integer(said), [name]: Major }
  if (kind === 'count') return { [name]: Type.Integer(said) }
  return { [name]: { ...(kind === 'share' ? NullableNumber : NullableString), ...said } }
}

/** A page of a report. */
export function answerOf({ columns, title }: Report) {
  const isText = ({ kind }: Column) => kind === 'text' || kind === 'day'
  const ofAll = (some: Column[], isTotal: boolean): TProperties =>
    Object.assign({}, ...some.map((column) => fieldsOf(column, isTotal))) as TProperties
  const row = Type.Object(
    {
      id: Type.String(),
      ...ofAll(columns, false),
      rowsUrl: Type.String({ description: 'Where the rows behind this line are.' }),
    },
    { title: `${title}Row` },
  )
  const summed = columns.filter((column) => !isText(column))
  const totals = Type.Object(
    { rows: Type.Integer(), ...ofAll(summed, true) },
    { title: `${title}Totals`, description: 'Of all rows, not only of this page.' },
  )
  return Answer(
    {
      currency: Type.String(),
      totals,
      data: Type.Array(row),
      page: Type.Object({ nextCursor: NullableString }, { title: 'PageCursor' }),
    },
    { title },
  )
}
