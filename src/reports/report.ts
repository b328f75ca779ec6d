/** What a report is: its columns, its query, its filters; and the conditions that the queries share. */
import type { Days } from '../platform/values/days.ts'
import { sql } from '../platform/db.ts'
import type { Unit } from './series.ts'

export type Query = ReturnType<typeof sql>
/** `today`: the Director's day of the request. Filters that a report does not take are null. */
export type ReportFilter = Days & {
  organizerId: string | null
  eventId: string | null
  type: EventType | null
  method: string | null
  groupBy: Unit | null
  currency: string
  today: string
}
export type EventType = (typeof EVENT_TYPES)[number]
export const EVENT_TYPES = ['standard', 'premium'] as const

/** The filters that not every report takes. */
export type Extra = 'eventId' | 'type' | 'method' | 'groupBy'
export const ON_EVENTS: Extra[] = ['eventId', 'type']

/**
 * `cents` are shown in major units beside. `share`: the first of two columns divided by the second. Everything but texts and days
 * is summed, and a share is computed from the sums. `isBalance`: the numbers of two rows are of two days, so that the total is
 * that of the newest row.
 */
export type Column = { name: string; says: string; isBalance?: boolean } & (
  { kind: 'text' | 'day' | 'count' | 'cents' } | { kind: 'share'; of: [string, string] }
)
export type Report = {
  name: string
  title: string
  summary: string
  description: string
  takes: readonly Extra[]
  /** Whether it has a row for every day; others have one for every `groupBy`, when it is given. */
  isSeries?: boolean
  columns: Column[]
  /** Rows with `id`, `sort` (the largest first) and the columns. reports.ts pages and sums them, files.ts writes them. */
  query(filter: ReportFilter): Query
  /** Where the rows behind a line are listed, or where its day is looked at from all sides. */
  rowsOf(row: { id: string }, filter: ReportFilter): string
}

export const inScope = (column: Query, { organizerId }: ReportFilter) =>
  sql`(${organizerId}::text is null or ${column} = ${organizerId})`

export const isOnEvents = ({ eventId, type }: ReportFilter): boolean => eventId !== null || type !== null

/** Whether the event is one of those asked for. Without an event only when none is asked for. */
export const isOfEvents = (column: Query, f: ReportFilter): Query =>
  isOnEvents(f)
    ? sql`exists (select from events asked
                   where asked.id = ${column}
                     and (${f.eventId}::text is null or asked.id = ${f.eventId})
                     and (${f.type}::text is null or asked.type = ${f.type}))`
    : sql`true`

/** The days of a filter as a query, to be continued. */
export function period({ from, to }: Days): string {
  const query = new URLSearchParams({ ...(from ? { from } : {}), ...(to ? { to } : {}) }).toString()
  return query === '' ? '' : `&${query}`
}

export const organizerOf = ({ organizerId }: ReportFilter): { organizerId?: string } =>
  organizerId ? { organizerId } : {}
