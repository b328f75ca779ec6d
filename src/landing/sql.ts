/** The SQL of an invitation's files and of the event's card. */
import { textsByLocale, type EventStatus, type TextsByLocale } from '../events/events.ts'
import { sql, type Db } from '../platform/db.ts'

/** What the calendar entry of an event shows, and how often that has changed. */
export type CalendarEvent = {
  id: string
  name: string
  startsAt: Date
  endsAt: Date
  location: string | null
  isCancelled: boolean
  /** `latitude;longitude`. */
  point: string | null
  sequence: number
  changedAt: Date
}

/** Reads it in one statement, so that a number never goes with the facts of another. */
export async function findCalendarEvent(db: Db, eventId: string): Promise<CalendarEvent | null> {
  const { rows } = await sql<CalendarEvent>`
    select id, name, starts_at, ends_at, location, status = 'cancelled' as is_cancelled,
           (venue ->> 'latitude') || ';' || (venue ->> 'longitude') as point, calendar_sequence as sequence,
           coalesce(calendar_changed_at, created_at) as changed_at
      from events
     where id = ${eventId}`.execute(db)
  return rows[0] ?? null
}

/** What the card of an event shows, and whether it is shown. */
export type CardEvent = {
  status: EventStatus
  name: string
  startsAt: Date
  endsAt: Date
  timeZone: string
  location: string | null
  texts: TextsByLocale | null
}

export async function findCardEvent(db: Db, eventId: string): Promise<CardEvent | null> {
  const { rows } = await sql<CardEvent>`
    select e.status, e.name, e.starts_at, e.ends_at, e.time_zone, e.location, ${textsByLocale} as texts
      from events e
     where e.id = ${eventId}`.execute(db)
  return rows[0] ?? null
}
