/** When a message may leave: the time that was asked for, the quiet hours of the event's zone, and the event's end. */
import { DateTime } from 'luxon'
import { Failure, readInstant } from '../platform/errors.ts'

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
const AFTERWARDS = new Set(['event_thanks'])

/** Whether anything of this template is still sent for the event: nothing once it is archived, but thanks. */
export const isClosedFor = (eventStatus: string, template: string): boolean =>
  eventStatus === 'expired' || (eventStatus === 'archived' && !AFTERWARDS.has(template))

/** Throws `event_closed`. */
export function refuseClosed(eventStatus: string, template: string): void {
  if (!isClosedFor(eventStatus, template)) return
  throw new Failure('event_closed', { detail: `The event is ${eventStatus}: nothing is sent for it any more.` })
}

const INVITES = new Set(['event_invitation', 'event_reminder'])

/** An invitation or a reminder that would come when the event has ended. */
export const isOverFor = ({ endsAt }: { endsAt: Date }, template: string, at: Date): boolean =>
  INVITES.has(template) && endsAt <= at

/** Throws `event_draft`: the invitation of a draft is not there yet, so its link would lead nowhere. */
export function refuseDraft(eventStatus: string): void {
  if (eventStatus !== 'draft') return
  throw new Failure('event_draft', { detail: 'Make the event active first: until then nobody can open an invitation.' })
}

/** Local times `HH:mm`; `from` may be later than `to`, over midnight. */
export type QuietHours = { from: string; to: string }

/**
 * When a message that is due `now` may leave, in the event's own zone: null at once, else the end of the
 * quiet hours. What would then come after the start of the event leaves at once, and while the event goes on, so
 * does what would come after its end: a changed hall is news for whoever is up. Thanks can wait.
 */
export function quietUntil(
  now: Date,
  event: { timeZone: string; startsAt: Date; endsAt: Date; template: string },
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
  if (now >= event.endsAt || (now >= event.startsAt && AFTERWARDS.has(event.template))) return end
  return end < (now < event.startsAt ? event.startsAt : event.endsAt) ? end : null
}
