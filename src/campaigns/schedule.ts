/** A time that follows an event: "three days before it starts, at ten", counted in the event's own zone. */
import { DateTime } from 'luxon'
import { Failure } from '../platform/errors.ts'

/**
 * `offsetDays` counts calendar days from the local day of the anchor, `localTime` is `HH:mm` there. `offsetMinutes` counts
 * real minutes. Negative is before.
 */
export type EventSchedule =
  { anchor: Anchor; offsetDays: number; localTime: string } | { anchor: Anchor; offsetMinutes: number }
export type Anchor = 'startsAt' | 'endsAt'
export type EventTimes = { startsAt: Date; endsAt: Date; timeZone: string }

/**
 * The instant, as the event stands. A local time that a change of clocks leaves out is as much later as the clocks
 * jumped; one that comes twice is the first of the two.
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

/** Throws `invalid_date` for a time that has passed: nobody wants a reminder of three days before on the last day. */
export function readEventSchedule(schedule: EventSchedule, event: EventTimes, now: Date): Date {
  const at = instantOf(schedule, event)
  if (at > now) return at
  throw new Failure('invalid_date', {
    detail: `By the times of the event this was at ${at.toISOString()}: it has passed.`,
  })
}

const DAY_MS = 86_400_000

/**
 * How late a message of this schedule still makes sense when nobody was there to send it: a day, and what comes before
 * the start of the event not after it.
 */
export function latestOf(at: Date, { startsAt }: EventTimes): Date {
  const dayLater = new Date(at.getTime() + DAY_MS)
  return at < startsAt && startsAt < dayLater ? startsAt : dayLater
}
