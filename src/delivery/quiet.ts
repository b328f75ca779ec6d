/** Quiet hours: nobody's phone rings at night because of us. */
import { DateTime } from 'luxon'

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
