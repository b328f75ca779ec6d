/** How the page and the card of an event write its day and its hours: in the event's time zone, not the reader's. */
import { DateTime } from 'luxon'
import type { Locale } from '../platform/values/languages.ts'

type Times = { startsAt: Date; endsAt: Date; timeZone: string }

export function formatDay({ startsAt, timeZone }: Omit<Times, 'endsAt'>, locale: Locale): string {
  const day = DateTime.fromJSDate(startsAt, { zone: timeZone }).setLocale(locale)
  const text = day.toFormat(locale === 'en' ? 'cccc, LLLL d, yyyy' : "cccc d 'de' LLLL 'de' yyyy")
  return text.charAt(0).toUpperCase() + text.slice(1)
}

export function formatHours({ startsAt, endsAt, timeZone }: Times): string {
  return `${formatHour(startsAt, timeZone)} – ${formatHour(endsAt, timeZone)} h`
}

export const formatHour = (at: Date, zone: string): string => DateTime.fromJSDate(at, { zone }).toFormat('HH:mm')
