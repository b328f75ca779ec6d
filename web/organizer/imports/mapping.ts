/** Which column of a list holds what. */
/** What a column can hold, as the API names it. */
export const FIELDS = [
  ...(['id', 'name', 'lastName', 'phone', 'email', 'partySize', 'companions', 'tags', 'locale', 'notes'] as const),
]
export type FieldName = (typeof FIELDS)[number]

export type Heading = { heading: string; field: FieldName | null; example?: string | null }
/** A field by the heading of its column; null: no column holds it, whatever its heading says. */
export type Mapping = Partial<Record<FieldName, string | null>>

/** What `chosen` says otherwise than what was `found` by the headings. */
export function mappingOf(found: readonly Heading[], chosen: readonly Heading[]): Mapping {
  const fields = new Set([...found, ...chosen].flatMap(({ field }) => field ?? []))
  const columnsOf = (headings: readonly Heading[], name: FieldName) =>
    headings.flatMap(({ heading, field }) => (field === name ? heading : []))
  return Object.fromEntries(
    [...fields].flatMap((field) => {
      const columns = columnsOf(chosen, field)
      const isSame = columns.join('\n') === columnsOf(found, field).join('\n')
      return isSame ? [] : [[field, columns.at(-1) ?? null]]
    }),
  )
}
