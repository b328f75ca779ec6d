/** What a message is about: the guest, the event, the organizer, and the addresses that belong to the invitation. */
import { sql, type Db } from '../db.ts'

export type Occasion = {
  guestName: string
  eventName: string
  startsAt: Date
  timeZone: string
  location: string | null
  organizerName: string | null
  invitationId: string
  /** The invitation's code; it is the end of every address below. */
  code: string
  invitationUrl: string
  /** The pass as an image, PNG. */
  qrUrl: string
  unsubscribeUrl: string
}

export type Facts = Pick<
  Occasion,
  'guestName' | 'eventName' | 'startsAt' | 'timeZone' | 'location' | 'organizerName' | 'invitationId' | 'code'
>

/** Adds the addresses. `baseUrl`: PUBLIC_BASE_URL, without a slash at its end. */
export function occasionOf(facts: Facts, baseUrl: string): Occasion {
  const { guestName, eventName, startsAt, timeZone, location, organizerName, invitationId, code } = facts
  const path = encodeURIComponent(code)
  return {
    ...{ guestName, eventName, startsAt, timeZone, location, organizerName, invitationId, code },
    invitationUrl: `${baseUrl}/public/invite/${path}`,
    qrUrl: `${baseUrl}/public/invite/${path}/qr.png`,
    unsubscribeUrl: `${baseUrl}/public/unsubscribe/${path}`,
  }
}

export type FoundFacts = Omit<Facts, 'guestName' | 'invitationId' | 'code'> & {
  organizerId: string
  eventStatus: 'draft' | 'active' | 'archived' | 'expired'
  guestName: string | null
  invitationId: string | null
  code: string | null
  locale: 'es-MX' | 'en' | null
}

/** Null: no such event for this organizer. guestName null: no such guest in it, or none was asked for. */
export async function findFacts(
  db: Db,
  scope: string | null,
  eventId: string,
  guestId: string | null,
): Promise<FoundFacts | null> {
  const { rows } = await sql<FoundFacts>`
    select e.status as event_status, e.organizer_id, e.name as event_name, e.starts_at, e.time_zone, e.location, o.name as organizer_name,
           g.name as guest_name, g.locale, i.id as invitation_id, i.code
      from events e
      join organizers o on o.id = e.organizer_id
      left join guests g on g.event_id = e.id and g.id = ${guestId}
      left join invitations i on i.event_id = g.event_id and i.guest_id = g.id
     where e.id = ${eventId} and (${scope}::text is null or e.organizer_id = ${scope})`.execute(db)
  return rows[0] ?? null
}
