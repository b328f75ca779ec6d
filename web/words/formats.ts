/** Numbers, money, times and shares, as people in Mexico read them. */
import { LOCALE } from './locale.ts'

/** Days of money and of reports are days of this zone. */
export const ZONE = 'America/Mexico_City'

/** English keeps Mexico's money and its 24 hours. */
const NUMBERS = LOCALE === 'en' ? 'en-US' : 'es-MX'
const amount = new Intl.NumberFormat(NUMBERS, { minimumFractionDigits: 2, maximumFractionDigits: 2 })
const whole = new Intl.NumberFormat(NUMBERS)
const share = new Intl.NumberFormat(NUMBERS, { style: 'percent', minimumFractionDigits: 1, maximumFractionDigits: 1 })
const ABSENT = '—'

/** `$1,234,567.50`, of an amount in cents of Mexican pesos. */
export const formatMoney = (cents: number | null): string =>
  cents === null ? ABSENT : `${cents < 0 ? '−' : ''}$${amount.format(Math.abs(cents) / 100)}`

/** ISO 4217, of those that the API takes (src/platform/values/money.ts; a test compares them). */
export const CURRENCIES: readonly string[] = ['MXN', 'USD', 'EUR', 'GTQ', 'COP', 'CLP', 'JPY']
const WITHOUT_DECIMALS = new Set(['CLP', 'JPY'])

/**
 * As `formatMoney`, of minor units of any currency, which is named where it is not the peso: `1,234.50 USD`. What is owed in one
 * currency is never paid by another.
 */
export function formatMoneyIn(minor: number | null, currency: string | null): string {
  if (minor === null || currency === null || currency === 'MXN') return formatMoney(minor)
  const decimals = WITHOUT_DECIMALS.has(currency) ? 0 : 2
  const digits = new Intl.NumberFormat(NUMBERS, { minimumFractionDigits: decimals, maximumFractionDigits: decimals })
  return `${minor < 0 ? '−' : ''}${digits.format(Math.abs(minor) / 10 ** decimals)} ${currency}`
}

const short = new Intl.NumberFormat(NUMBERS, { notation: 'compact', maximumFractionDigits: 1 })

/** `$96 k`, for the axis of a chart. */
export const formatShortMoney = (cents: number): string =>
  `${cents < 0 ? '−' : ''}$${short.format(Math.abs(cents) / 100)}`

export const formatNumber = (value: number | null): string => (value === null ? ABSENT : whole.format(value))

/** `73.4%`, of a ratio between 0 and 1. */
export const formatRatio = (ratio: number | null): string => (ratio === null ? ABSENT : share.format(ratio))

/** `73.4% (147 de 200)`, and a dash where there is nothing to divide by. */
export function formatShare(part: number, total: number): string {
  if (total === 0) return ABSENT
  return `${share.format(part / total)} (${whole.format(part)} ${LOCALE === 'en' ? 'of' : 'de'} ${whole.format(total)})`
}

/** `sáb 26 dic 2026, 18:05 h`, in `timeZone` (IANA). */
export function formatTime(instant: string, timeZone?: string): string {
  const parts = new Intl.DateTimeFormat(NUMBERS, {
    weekday: 'short',
    day: 'numeric',
    month: 'short',
    year: 'numeric',
    hour: '2-digit',
    minute: '2-digit',
    hourCycle: 'h23',
    ...(timeZone === undefined ? {} : { timeZone }),
  }).formatToParts(new Date(instant))
  const part = (type: Intl.DateTimeFormatPartTypes) =>
    parts.find((one) => one.type === type)?.value.replace('.', '') ?? ''
  return `${part('weekday')} ${part('day')} ${part('month')} ${part('year')}, ${part('hour')}:${part('minute')} h`
}

/** `19:42`, in `timeZone` (IANA). */
export const formatClock = (instant: string | number, timeZone?: string): string =>
  new Intl.DateTimeFormat(NUMBERS, {
    hour: '2-digit',
    minute: '2-digit',
    hourCycle: 'h23',
    ...(timeZone === undefined ? {} : { timeZone }),
  }).format(new Date(instant))

/** `18:05:03`, in `timeZone` (IANA). */
export const formatExactClock = (instant: string, timeZone?: string): string =>
  new Intl.DateTimeFormat(NUMBERS, {
    ...{ hour: '2-digit', minute: '2-digit', second: '2-digit', hourCycle: 'h23' },
    ...(timeZone === undefined ? {} : { timeZone }),
  }).format(new Date(instant))

/** `26 dic 2026`, of a day such as `2026-12-26`. */
export function formatDay(day: string): string {
  const [year, month, date] = day.split('-').map(Number)
  const text = new Intl.DateTimeFormat(NUMBERS, { day: 'numeric', month: 'short', year: 'numeric', timeZone: 'UTC' })
  return text.format(Date.UTC(year!, month! - 1, date)).replaceAll('.', '')
}

/** The day of an instant in `timeZone` (IANA). */
export const formatDayOf = (instant: string, timeZone: string): string =>
  formatDay(new Intl.DateTimeFormat('en-CA', { timeZone }).format(new Date(instant)))

/** `26 dic`, for the axis of a chart. */
export const formatShortDay = (day: string): string => formatDay(day).replace(/,? \d{4}$/, '')

const UNITS: [Intl.RelativeTimeFormatUnit, number][] = [
  ['day', 86_400_000],
  ['hour', 3_600_000],
  ['minute', 60_000],
  ['second', 1000],
]

/** `hace 3 min`, `dentro de 2 h`. */
export function formatAge(instant: string, nowMs: number): string {
  const diffMs = new Date(instant).getTime() - nowMs
  const [unit, unitMs] = UNITS.find(([, ms]) => Math.abs(diffMs) >= ms) ?? UNITS[3]!
  const text = new Intl.RelativeTimeFormat(NUMBERS, { numeric: 'auto', style: 'short' })
  return text.format(Math.trunc(diffMs / unitMs), unit).replaceAll('.', '')
}
