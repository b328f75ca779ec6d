import { sql, type Db } from '../platform/db.ts'
import type { Locale } from '../platform/values/languages.ts'

/** The facts of a message about guest, event and organizer. guestName null: no such guest, or guestId was null. */
export type MessageFacts = {
  organizerName: string
  eventName: string
  startsAt: Date
  timeZone: string
  location: string | null
  guestName: string | null
  email: string | null
  locale: Locale
  code: string | null
  invitationId: string | null
}

/** Finds the facts of a message. `scope`: the organizer, null for all. Null: the organizer has no such event. */
export async function findMessageFacts(
  db: Db,
  scope: string | null,
  eventId: string,
  guestId: string | null,
): Promise<MessageFacts | null> {
  const { rows } = await sql<MessageFacts>`
    select o.name as organizer_name, e.name as event_name, e.starts_at, e.time_zone, e.location,
           g.name as guest_name, g.email, g.locale, i.code, i.id as invitation_id
      from events e
      join organizers o on o.id = e.organizer_id
      left join guests g on g.event_id = e.id and g.id = ${guestId}
      left join invitations i on i.event_id = g.event_id and i.guest_id = g.id
     where e.id = ${eventId}
       -- ownership
       and (${scope}::text is null or e.organizer_id = ${scope})`.execute(db)
  return rows[0] ?? null
}
