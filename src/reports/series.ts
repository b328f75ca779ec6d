/** Series for charts: a row for each day, week or month, also for those on which nothing happened. */
import { DateTime } from 'luxon'
import type { Days } from '../platform/values/days.ts'
import { Failure } from '../platform/errors.ts'

export const UNITS = ['day', 'week', 'month'] as const
export type Unit = (typeof UNITS)[number]

/** How long a series may be. */
const ROWS_MAX = 400
/** How far back a series goes when nobody says. */
const DAYS_USUAL = 90

const read = (day: string) => DateTime.fromISO(day, { zone: 'utc' })

/** The days of a series: up to today and the last 90 unless they are given. Throws `invalid_date`, `period_too_long`. */
export function boundSeries({ from, to }: Days, unit: Unit, today: string): { from: string; to: string } {
  const last = read(to ?? today)
  const first = from === null ? last.minus({ days: DAYS_USUAL - 1 }) : read(from)
  if (first > last) throw new Failure('invalid_date', { detail: 'from is after to, which is today by default.' })
  const count = last.startOf(unit).diff(first.startOf(unit), unit).as(unit) + 1
  if (count > ROWS_MAX)
    throw new Failure('period_too_long', { detail: `A series has at most ${ROWS_MAX} rows; this would have ${count}.` })
  return { from: first.toISODate()!, to: last.toISODate()! }
}

/** The days of the week or month that begins on `day`, as far as they are asked for. */
export function daysOf(day: string, unit: Unit, { from, to }: Days): { from: string; to: string } {
  const end = read(day).endOf(unit).toISODate()!
  return { from: from !== null && from > day ? from : day, to: to !== null && to < end ? to : end }
}
