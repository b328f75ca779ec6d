import type { AnswerKind } from '../events/events.ts'
import { sql, type Db } from '../platform/db.ts'
import type { Locale } from '../platform/languages.ts'

/** What a guest may see of an invitation. */
export type Invitation = {
  code: string
  eventId: string
  eventStatus: 'draft' | 'active' | 'archived' | 'expired'
  eventName: string
  startsAt: Date
  endsAt: Date
  timeZone: string
  location: string | null
  guestName: string
  locale: Locale
  answer: 'pending' | AnswerKind
  answeredPlaces: number | null
  places: number
  admitted: number
}

/** What the calendar entry of an event shows, and how often that has changed. */
export type CalendarEvent = {
  id: string
  name: string
  startsAt: Date
  endsAt: Date
  location: string | null
  sequence: number
  changedAt: Date
}

/** Reads it in one statement, so that a number never goes with the facts of another. */
export async function findCalendarEvent(db: Db, eventId: string): Promise<CalendarEvent | null> {
  const { rows } = await sql<CalendarEvent>`
    select id, name, starts_at, ends_at, location, calendar_sequence as sequence,
           coalesce(calendar_changed_at, created_at) as changed_at
      from events
     where id = ${eventId}`.execute(db)
  return rows[0] ?? null
}

export async function findInvitation(db: Db, code: string): Promise<Invitation | null> {
  const { rows } = await sql<Invitation>`
    select i.code, i.event_id, e.status as event_status, e.name as event_name, e.starts_at, e.ends_at, e.time_zone, e.location,
           g.name as guest_name, g.locale, i.answer, i.answered_places, i.places, i.admitted
      from invitations i
      join events e on e.id = i.event_id
      join guests g on g.event_id = i.event_id and g.id = i.guest_id
     where i.code = ${code}`.execute(db)
  return rows[0] ?? null
}
