/** The days that the Director looks at: days of Mexico City, in the URL of a screen. */
import { countDays, dayNumber, lastDayOf, moveDay } from '../../charts/scales.ts'
import { ZONE } from '../../words/formats.ts'

/** ISO dates, both included. */
export type Period = { from: string; to: string }

/** The search of a screen: absent days are those of the season. */
export type Filters = Partial<Period> & { organizerId?: string }

export const todayInMexico = (): string => new Intl.DateTimeFormat('en-CA', { timeZone: ZONE }).format(new Date())

const monthOf = (day: string, months: number): string => {
  const [year = 0, month = 0] = day.split('-').map(Number)
  return new Date(Date.UTC(year, month - 1 + months, 1)).toISOString().slice(0, 10)
}

/** Two months back and the next one: what was paid, and the events that come. */
const seasonOf = (today: string): Period => ({ from: monthOf(today, -2), to: lastDayOf(monthOf(today, 1), 'month') })

const DAY = /^20\d\d-\d\d-\d\d$/

/** Whether a text is a day of this century: a year that is being typed begins as 0002. */
export const isDay = (text: string | undefined): text is string =>
  text !== undefined && DAY.test(text) && !Number.isNaN(dayNumber(text)) && moveDay(text, 0) === text

/** What is no day in an address counts as absent; a period has at least one day. */
export function periodOf({ from, to }: Filters, today: string): Period {
  const season = seasonOf(today)
  const first = isDay(from) ? from : season.from
  const last = isDay(to) ? to : season.to
  return { from: first, to: last < first ? first : last }
}

/** The periods to choose from. */
export const listPeriods = (today: string): Record<'season' | 'month' | 'lastMonth' | 'days90' | 'year', Period> => ({
  season: seasonOf(today),
  month: { from: monthOf(today, 0), to: lastDayOf(monthOf(today, 0), 'month') },
  lastMonth: { from: monthOf(today, -1), to: lastDayOf(monthOf(today, -1), 'month') },
  days90: { from: moveDay(today, -89), to: today },
  year: { from: `${today.slice(0, 4)}-01-01`, to: `${today.slice(0, 4)}-12-31` },
})

/** The same number of days before the period. */
export function periodBefore({ from, to }: Period): Period {
  const last = moveDay(from, -1)
  return { from: moveDay(last, 1 - countDays(from, to)), to: last }
}

/** The part of the period that has come; all of it where nothing has. What is still to come would count as zero, or as older. */
export const untilToday = <P extends Period>(period: P, today: string): P =>
  period.from <= today && period.to > today ? { ...period, to: today } : period
