/** The days that the Director looks at: days of Mexico City, in the URL of a screen. */
import { lastDayOf, moveDay } from '../../charts/scales.ts'
import { formatDay } from '../../words/formats.ts'
import { pick } from '../../words/locale.ts'

export const ZONE = 'America/Mexico_City'

const WORDS = pick({
  es: { season: '4 meses', month: 'Este mes', lastMonth: 'Mes pasado', days90: '90 días', year: 'Este año' },
  en: { season: '4 months', month: 'This month', lastMonth: 'Last month', days90: '90 days', year: 'This year' },
})

/** ISO dates, both included. */
export type Period = { from: string; to: string }

/** The search of a screen: absent days are those of the season. */
export type Filters = Partial<Period> & { organizerId?: string }

export const todayInMexico = (): string => new Intl.DateTimeFormat('en-CA', { timeZone: ZONE }).format(new Date())

const monthOf = (day: string, months: number): string => {
  const [year, month] = day.split('-').map(Number)
  return new Date(Date.UTC(year!, month! - 1 + months, 1)).toISOString().slice(0, 10)
}

/** Two months back and the next one: what was paid, and the events that come. */
const seasonOf = (today: string): Period => ({ from: monthOf(today, -2), to: lastDayOf(monthOf(today, 1), 'month') })

export const periodOf = ({ from, to }: Filters, today: string): Period => {
  const season = seasonOf(today)
  return { from: from ?? season.from, to: to ?? season.to }
}

/** The periods to choose from. */
export const listPeriods = (today: string): (Period & { id: string; label: string })[] => [
  { id: 'season', label: WORDS.season, ...seasonOf(today) },
  { id: 'month', label: WORDS.month, from: monthOf(today, 0), to: lastDayOf(monthOf(today, 0), 'month') },
  { id: 'lastMonth', label: WORDS.lastMonth, from: monthOf(today, -1), to: lastDayOf(monthOf(today, -1), 'month') },
  { id: 'days90', label: WORDS.days90, from: moveDay(today, -89), to: today },
  { id: 'year', label: WORDS.year, from: `${today.slice(0, 4)}-01-01`, to: `${today.slice(0, 4)}-12-31` },
]

/** The same number of days before the period. */
export function periodBefore({ from, to }: Period): Period {
  const last = moveDay(from, -1)
  const days = (Date.parse(to) - Date.parse(from)) / 86_400_000
  return { from: moveDay(last, -days), to: last }
}

/** The part of the period that has come; all of it where nothing has. What is still to come would count as zero, or as older. */
export const untilToday = <P extends Period>(period: P, today: string): P =>
  period.from <= today && period.to > today ? { ...period, to: today } : period

/** `1 sep 2026 – 31 dic 2026`. */
export const formatPeriod = ({ from, to }: Period): string => `${formatDay(from)} – ${formatDay(to)}`
