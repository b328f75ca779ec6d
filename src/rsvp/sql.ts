/** The statements of answering.ts. */
import { mayDecline, type AnswerKind, type EventStatus } from '../events/events.ts'
import { sql, type Tx } from '../platform/db.ts'

export type Locked = {
  invitationId: string
  code: string
  eventId: string
  guestId: string
  eventStatus: EventStatus
  endsAt: Date
  rsvpUntil: Date | null
  capacity: number | null
  answer: 'pending' | AnswerKind
  answeredPlaces: number | null
  places: number
  isRevoked: boolean
  mayDecline: boolean
}

/** Finds an invitation by code or id and locks its row until the transaction ends. */
export async function lockInvitation(tx: Tx, by: { code: string } | { invitationId: string }): Promise<Locked | null> {
  const which = 'code' in by ? sql`i.code = ${by.code}` : sql`i.id = ${by.invitationId}`
  const { rows } = await sql<Locked>`
    select i.id as invitation_id, i.code, i.event_id, i.guest_id, i.answer, i.answered_places, i.places,
           i.revoked_at is not null as is_revoked, ${mayDecline} as may_decline, e.status as event_status,
           e.ends_at, e.rsvp_until, e.capacity
      from invitations i
      join events e on e.id = i.event_id
     where ${which}
       for no key update of i`.execute(tx)
  return rows[0] ?? null
}

/** `isAwaited`: other guests wait for places. */
type Capacity = { capacity: number | null; isAwaited: boolean }
/**
 * Locks an event until the end of the transaction. Concurrent answers wait here, so that counting confirmed places and confirming
 * more cannot overlap. NO KEY: scans at the door do not wait.
 */
export async function lockCapacity(tx: Tx, { eventId, guestId }: Locked, now: Date): Promise<Capacity> {
  const { rows } = await sql<Capacity>`
    select capacity,
           -- places are given until the event starts
           starts_at > ${now} and exists (
             select
               from waitlist_entries w
               join invitations i using (event_id, guest_id)
              where w.event_id = events.id
                and w.guest_id <> ${guestId}
                and i.revoked_at is null) as is_awaited
      from events
     where id = ${eventId}
       for no key update`.execute(tx)
  return rows[0] ?? { capacity: null, isAwaited: false }
}

/** How many places the other invitations of the event have confirmed; of a revoked one only those inside. */
export async function countConfirmed(tx: Tx, eventId: string, exceptInvitationId: string): Promise<number> {
  const { rows } = await sql<{ places: number }>`
    select coalesce(sum(
             case when revoked_at is null then door_places(answer, answered_places, places) else admitted end), 0) as places
      from invitations
     where event_id = ${eventId}
       and answer = 'yes'
       and id <> ${exceptInvitationId}`.execute(tx)
  return rows[0]!.places
}
