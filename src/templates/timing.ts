/** When a message may be sent: the requested time, the quiet hours in the event's time zone, and the end of the event. */
import { DateTime } from 'luxon'
import { Failure, readInstant } from '../platform/errors.ts'

const YEAR_MS = 366 * 86_400_000

/** Reads `scheduledAt` (ISO 8601). Null: send now, which includes a time that has passed. Throws `invalid_date`. */
export function readSchedule(text: string | undefined, now: Date): Date | null {
  if (text === undefined) return null
  const at = readInstant(text, 'scheduledAt')
  if (at.getTime() > now.getTime() + YEAR_MS)
    throw new Failure('invalid_date', { detail: 'scheduledAt is more than a year ahead.' })
  return at <= now ? null : at
}

/** Templates that are sent after the event, when the nightly job may have archived it. */
const AFTERWARDS = new Set(['event_thanks'])

/** Answers to a guest who wrote, which are sent whatever the event is. */
const ALWAYS = new Set(['event_over', 'opt_out_help', 'opt_out_confirmed', 'opt_in_confirmed', 'personal_reply'])

/** What is still sent for a cancelled event: that it is cancelled, and the answers. */
const CANCELLATION = 'event_cancelled'
export const SENT_WHEN_CANCELLED: readonly string[] = [CANCELLATION, ...ALWAYS]

/**
 * Why this template is not sent for an event of this status; null when it is. After archiving only thanks and some answers are,
 * and nobody is told that an event is cancelled which is not.
 */
export function whyClosed(
  eventStatus: string,
  template: string,
): 'event_closed' | 'event_cancelled' | 'event_not_cancelled' | null {
  if (eventStatus === 'cancelled') return SENT_WHEN_CANCELLED.includes(template) ? null : 'event_cancelled'
  if (template === CANCELLATION) return 'event_not_cancelled'
  if (ALWAYS.has(template) || (eventStatus === 'archived' && AFTERWARDS.has(template))) return null
  return eventStatus === 'expired' || eventStatus === 'archived' ? 'event_closed' : null
}

/** Throws what whyClosed says. */
export function refuseClosed(eventStatus: string, template: string): void {
  const code = whyClosed(eventStatus, template)
  if (code === null) return
  const instead = code === 'event_cancelled' ? ` Send ${CANCELLATION} to tell its guests.` : ''
  throw new Failure(code, { detail: `The event is ${eventStatus}: ${template} is not sent for it.${instead}` })
}

/** Templates that make no sense once the event is over. */
const INVITES = new Set(['event_invitation', 'event_reminder', 'rsvp_confirmed', 'waitlist_place'])

type Times = { startsAt: Date; endsAt: Date }

/** Whether the event ends before an invitation, a reminder or a pass would arrive at `at`. */
export const isOverFor = ({ endsAt }: Times, template: string, at: Date): boolean =>
  INVITES.has(template) && endsAt <= at

/** Whether one of them would arrive at `at`, while the event goes on. */
export const isLateFor = ({ startsAt, endsAt }: Times, template: string, at: Date): boolean =>
  INVITES.has(template) && startsAt <= at && at < endsAt

/** Whether thanks would arrive at `at`, before the event is over. */
export const isEarlyFor = ({ endsAt }: Times, template: string, at: Date): boolean =>
  AFTERWARDS.has(template) && at < endsAt

/** Throws `event_closed` or `event_not_over` for a message that makes no sense when it would be sent. */
export function refuseUntimely(event: Times, template: string, at: Date): void {
  if (isOverFor(event, template, at)) throw new Failure('event_closed', { detail: 'The event is over by then.' })
  if (isEarlyFor(event, template, at))
    throw new Failure('event_not_over', {
      detail: `${template} is sent after the event, which ends at ${event.endsAt.toISOString()}.`,
    })
}

/** Throws `event_draft`: guests cannot open invitations of a draft, so the link would lead nowhere. */
export function refuseDraft(eventStatus: string): void {
  if (eventStatus !== 'draft') return
  throw new Failure('event_draft', { detail: 'Activate the event first: guests cannot open invitations of a draft.' })
}

/** Local times `HH:mm`. When `from` is later than `to`, the hours include midnight. */
export type QuietHours = { from: string; to: string }

/**
 * When a message that is due `now` may be sent. Null: now. Otherwise the end of the quiet hours in the event's time zone.
 * A message that would then come after the start of the event is sent now; during the event, so is one that would come
 * after its end, because news such as a changed hall cannot wait. Thanks always wait.
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
