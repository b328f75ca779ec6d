/** When a message may leave: the time that was asked for, the quiet hours of the event's zone, and the event's end. */
import { DateTime } from 'luxon'
import { Failure, readInstant } from '../errors.ts'

const YEAR_MS = 366 * 86_400_000

/** Null: at once, also for a time that has passed. Throws `invalid_date`. */
export function readSchedule(text: string | undefined, now: Date): Date | null {
  if (text === undefined) return null
  const at = readInstant(text, 'scheduledAt')
  if (at.getTime() > now.getTime() + YEAR_MS)
    throw new Failure('invalid_date', { detail: 'scheduledAt is more than a year ahead.' })
  return at <= now ? null : at
}

/** What is said after an event, when the night has archived it already. */
export const AFTERWARDS = new Set(['event_thanks'])

/** Whether anything of this template is still sent for the event: nothing once it is archived, but thanks. */
export const isClosedFor = (eventStatus: string, template: string): boolean =>
  eventStatus === 'expired' || (eventStatus === 'archived' && !AFTERWARDS.has(template))

/** Throws `event_closed`. */
export function refuseClosed(eventStatus: string, template: string): void {
  if (!isClosedFor(eventStatus, template)) return
  throw new Failure('event_closed', { detail: `The event is ${eventStatus}: nothing is sent for it any more.` })
}

/** Local times `HH:mm`; `from` may be later than `to`, over midnight. */
export type QuietHours = { from: string; to: string }

/**
 * When a message that is due `now` may leave, in the event's own zone: null at once, else the end of the
 * quiet hours. A message that would then come after the start of the event leaves at once.
 */
export function quietUntil(
  now: Date,
  event: { timeZone: string; startsAt: Date },
  quietHours: QuietHours | null,
): Date | null {
  if (!quietHours) return null
  const local = DateTime.fromJSDate(now, { zone: event.timeZone })
  if (!local.isValid) return null
  const time = local.toFormat('HH:mm')
  const { from, to } = quietHours
  const isQuiet = from <= to ? time >= from && time < to : time >= from || time < to
  if (!isQuiet) return null
  const [hour, minute] = to.split(':').map(Number)
  const sameDay = local.set({ hour: hour!, minute: minute!, second: 0, millisecond: 0 })
  const end = (sameDay <= local ? sameDay.plus({ days: 1 }) : sameDay).toJSDate()
  return end < event.startsAt || now >= event.startsAt ? end : null
}
