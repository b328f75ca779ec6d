/** Times that follow an event, such as "three days before it starts, at ten", in the event's time zone. */
import { DateTime } from 'luxon'
import { Failure } from '../platform/errors.ts'

/**
 * `offsetDays`: calendar days from the anchor's local day; `localTime`: `HH:mm` on that day. `offsetMinutes`: elapsed
 * minutes. Negative is before the anchor.
 */
export type EventSchedule =
  { anchor: Anchor; offsetDays: number; localTime: string } | { anchor: Anchor; offsetMinutes: number }
export type Anchor = 'startsAt' | 'endsAt'
export type EventTimes = { startsAt: Date; endsAt: Date; timeZone: string }

/**
 * Computes the instant from the event's current times. A local time that a clock change skips moves forward by the jump;
 * one that occurs twice is the first.
 */
export function instantOf(schedule: EventSchedule, event: EventTimes): Date {
  const anchor = DateTime.fromJSDate(event[schedule.anchor], { zone: event.timeZone })
  if ('offsetMinutes' in schedule) return anchor.plus({ minutes: schedule.offsetMinutes }).toJSDate()
  const [hour, minute] = schedule.localTime.split(':').map(Number)
  const local = anchor
    .plus({ days: schedule.offsetDays })
    .set({ hour: hour!, minute: minute!, second: 0, millisecond: 0 })
  const [first] = local.getPossibleOffsets().toSorted((a, b) => a.toMillis() - b.toMillis())
  return (first ?? local).toJSDate()
}

/** Throws `invalid_date` for a time that has passed. */
export function readEventSchedule(schedule: EventSchedule, event: EventTimes, now: Date): Date {
  const at = instantOf(schedule, event)
  if (at > now) return at
  throw new Failure('invalid_date', {
    detail: `By the event's times this was at ${at.toISOString()}, which has passed.`,
  })
}

const DAY_MS = 86_400_000

/** The latest time to catch up on a missed message: a day later, but not after the start if it was due before. */
export function latestOf(at: Date, { startsAt }: EventTimes): Date {
  const dayLater = new Date(at.getTime() + DAY_MS)
  return at < startsAt && startsAt < dayLater ? startsAt : dayLater
}
