/** What the charts compute before they draw: units of time, unfinished periods, thin labels, steps. No DOM. */

export type Unit = 'day' | 'week' | 'month'

const DAY_MS = 86_400_000
/** A share of fewer than these is drawn hollow: one more answer would move it by five points. */
const FEW = 20
const DAYS_MAX = 14
const WEEKS_MAX_DAYS = 190

/** Days since 1970 of a day such as `2026-12-26`. */
export const dayNumber = (day: string): number => Date.parse(`${day}T00:00:00Z`) / DAY_MS

export const moveDay = (day: string, days: number): string =>
  new Date((dayNumber(day) + days) * DAY_MS).toISOString().slice(0, 10)

export const countDays = (from: string, to: string): number => dayNumber(to) - dayNumber(from) + 1

/** The unit in which a period has columns that can be told apart. */
export function unitOf(from: string, to: string): Unit {
  const days = countDays(from, to)
  if (days <= DAYS_MAX) return 'day'
  return days <= WEEKS_MAX_DAYS ? 'week' : 'month'
}

/** The last day of the unit that begins on `day`. */
export function lastDayOf(day: string, unit: Unit): string {
  if (unit === 'day') return day
  if (unit === 'week') return moveDay(day, 6)
  const [year = 0, month = 0] = day.split('-').map(Number)
  return new Date(Date.UTC(year, month, 0)).toISOString().slice(0, 10)
}

/** The days of the unit that begins on `day`, as far as they are within the period. */
export function daysOf(
  day: string,
  unit: Unit,
  { from, to }: { from: string; to: string },
): { from: string; to: string } {
  const last = lastDayOf(day, unit)
  return { from: day < from ? from : day, to: last > to ? to : last }
}

/** Whether more can still come in: such a column is hatched. */
export const isUnfinished = (day: string, unit: Unit, today: string): boolean => lastDayOf(day, unit) >= today

/** The first day of the unit that has `day`: of a week its Monday. */
export function firstDayOf(day: string, unit: Unit): string {
  if (unit === 'day') return day
  if (unit === 'month') return `${day.slice(0, 7)}-01`
  const sinceMonday = (new Date(dayNumber(day) * DAY_MS).getUTCDay() + 6) % 7
  return moveDay(day, -sinceMonday)
}

/** The first days of all units from one day to another, also of those in which nothing happened. */
export function listUnits(from: string, to: string, unit: Unit): string[] {
  const found: string[] = []
  for (let day = firstDayOf(from, unit); day <= to; day = moveDay(lastDayOf(day, unit), 1)) found.push(day)
  return found
}

/** Sums the rows of each unit, also of those without rows. `valuesOf` has one number for each series. */
export function sumByUnit<R extends { id: string }>(
  rows: readonly R[],
  units: readonly string[],
  unit: Unit,
  valuesOf: (row: R) => readonly number[],
): { id: string; sums: number[] }[] {
  return units.map((id) => {
    const values = rows.filter((row) => firstDayOf(row.id, unit) === id).map(valuesOf)
    const series = values[0]?.length ?? 0
    return { id, sums: Array.from({ length: series }, (_, n) => values.reduce((sum, one) => sum + one[n]!, 0)) }
  })
}

/** What is left of a total beside the parts that have a series of their own; never below zero. */
export const restOf = (total: number, parts: readonly number[]): number =>
  Math.max(
    0,
    parts.reduce((left, part) => left - part, total),
  )

/** Whether a share says little. */
export const isFew = (n: number): boolean => n < FEW

/** Every nth of the values, so that at most `max` labels stand on an axis; the newest is always one of them. */
export function thin<T>(values: readonly T[], max: number): T[] {
  const step = Math.max(1, Math.ceil(values.length / Math.max(1, max)))
  return values.filter((_, index) => (values.length - 1 - index) % step === 0)
}

export type Point = { x: number; y: number }

/** A level that holds until the next point, as corners of a line. */
export const stepCorners = (points: readonly Point[]): Point[] =>
  points.flatMap((point, index) => (index === 0 ? [point] : [{ x: point.x, y: points[index - 1]!.y }, point]))

/** The upper end of an axis that begins at zero. */
export const topOf = (values: readonly number[]): number => Math.max(0, ...values) || 1

/** By how much `now` is above `before`: 0.12 is 12 % more. Null where there is nothing to compare with. */
export const changeOf = (now: number, before: number): number | null => (before === 0 ? null : now / before - 1)
