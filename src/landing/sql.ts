/** The SQL of an invitation's files. */
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
