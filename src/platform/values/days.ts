/**
 * Days of the Director: days in Mexico City, whatever the zone of the event, the server or the caller. Every `from` and
 * `to` is read and compared here, so that a total and the list of the same days agree.
 */
import { DateTime } from 'luxon'
import { sql } from '../db.ts'
import { Failure } from '../errors.ts'

export const TIME_ZONE = 'America/Mexico_City'

/** ISO dates, both included; null is open. */
export type Days = { from: string | null; to: string | null }

/** Reads `from` and `to`: ISO dates, or instants, which count as their day in Mexico City. Throws invalid_date. */
export function readDays(query: { from?: string; to?: string }): Days {
  const from = query.from === undefined ? null : readMoment(query.from, 'from').toISODate()
  const to = query.to === undefined ? null : readMoment(query.to, 'to').toISODate()
  if (from && to && from > to) throw new Failure('invalid_date', { detail: 'from is after to.' })
  return { from, to }
}

/** Reads an instant, or an ISO date, which is the first instant of that day in Mexico City. Throws invalid_date. */
export const readInstantOrDay = (text: string, field: string): Date => readMoment(text, field).toJSDate()

/** The day in Mexico City of an instant, as an ISO date. */
export const dayOf = (at: Date): string => DateTime.fromJSDate(at, { zone: TIME_ZONE }).toISODate()!

/** The day before and the day after an ISO date. */
export const dayBefore = (day: string): string => moveDay(day, -1)
export const dayAfter = (day: string): string => moveDay(day, 1)
const moveDay = (day: string, days: number) => DateTime.fromISO(day, { zone: 'utc' }).plus({ days }).toISODate()!

const DATE = /^\d{4}-\d{2}-\d{2}$/
const INSTANT = /^\d{4}-\d{2}-\d{2}[T ]\d{2}:\d{2}(:\d{2}(\.\d{1,9})?)?(Z|[+-]\d{2}:?\d{2})$/i

function readMoment(text: string, field: string): DateTime<true> {
  const iso = text.trim().replace(/(?<=:.*) (?=\d{2}:?\d{2}$)/, '+') // a plus sign that a query did not escape
  const isRead = DATE.test(iso) || INSTANT.test(iso)
  const at = isRead ? DateTime.fromISO(iso.replace(' ', 'T'), { zone: TIME_ZONE }) : null
  if (!at?.isValid) throw new Failure('invalid_date', { detail: `${field} must be an ISO date or instant.` })
  return at
}

type Fragment = ReturnType<typeof sql>

/** Whether the instant falls on one of the days. Its sides are instants, so that an index on the column can be used. */
export const isWithin = (at: Fragment, { from, to }: Days) =>
  sql<boolean>`(${from}::date is null or ${at} >= ${from}::date::timestamp at time zone ${TIME_ZONE}) and ${isUntil(at, to)}`

/** The day of an instant. */
export const dayAt = (at: Fragment) => sql<string>`(${at} at time zone ${TIME_ZONE})::date`

/** Whether the instant falls on the day or before it. */
export const isUntil = (at: Fragment, to: string | null) =>
  sql<boolean>`(${to}::date is null or ${at} < (${to}::date + 1)::timestamp at time zone ${TIME_ZONE})`
