import { sql, type Db, type Tx } from '../platform/db.ts'

export type AnswerKind = 'yes' | 'no' | 'maybe'

/** Everything a guest may see of an invitation. */
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
  locale: 'es-MX' | 'en'
  answer: 'pending' | AnswerKind
  answeredPlaces: number | null
  places: number
  admitted: number
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

export type Locked = Pick<
  Invitation,
  'code' | 'eventId' | 'eventStatus' | 'endsAt' | 'answer' | 'answeredPlaces' | 'places'
> & { invitationId: string; capacity: number | null }

/** Finds an invitation by its code or its id and holds it until the end of the transaction. */
export async function lockInvitation(tx: Tx, by: { code: string } | { invitationId: string }): Promise<Locked | null> {
  const which = 'code' in by ? sql`i.code = ${by.code}` : sql`i.id = ${by.invitationId}`
  const { rows } = await sql<Locked>`
    select i.id as invitation_id, i.code, i.event_id, i.answer, i.answered_places, i.places,
           e.status as event_status, e.ends_at, e.capacity
      from invitations i join events e on e.id = i.event_id
     where ${which} for no key update of i`.execute(tx)
  return rows[0] ?? null
}

/**
 * The capacity of an event, held until the end of the transaction: whoever wants a place waits here, so
 * that counting what is confirmed and confirming more cannot overlap. NO KEY: scans do not wait.
 */
export async function lockCapacity(tx: Tx, eventId: string): Promise<number | null> {
  const { rows } = await sql<{ capacity: number | null }>`
    select capacity from events where id = ${eventId} for no key update`.execute(tx)
  return rows[0]?.capacity ?? null
}

/** Places that the other guests of the event have confirmed. */
export async function countConfirmed(tx: Tx, eventId: string, exceptInvitationId: string): Promise<number> {
  const { rows } = await sql<{ places: number }>`
    select coalesce(sum(door_places(answer, answered_places, places)), 0) as places from invitations
     where event_id = ${eventId} and answer = 'yes' and id <> ${exceptInvitationId}`.execute(tx)
  return rows[0]!.places
}

export type NewAnswer = {
  invitationId: string
  answer: AnswerKind
  places: number | null
  source: 'landing' | 'whatsapp' | 'organizer'
  sourceRef: string | null
  now: Date
}

/**
 * Writes the latest answer and keeps it beside all earlier ones. False: people are inside, and more of
 * them than this answer leaves places for.
 */
export async function answer(tx: Tx, a: NewAnswer): Promise<boolean> {
  const { rows } = await sql`
    with answered as (
      update invitations set answer = ${a.answer}, answered_places = ${a.places}, answered_at = ${a.now},
             answered_by = ${a.source}, updated_at = ${a.now}
       where id = ${a.invitationId} and admitted <= ${a.places ?? 0}::integer
      returning id)
    insert into invitation_answers (invitation_id, answer, places, source, source_ref, answered_at)
    select id, ${a.answer}, ${a.places}::integer, ${a.source}, ${a.sourceRef}, ${a.now}::timestamptz from answered
    returning id`.execute(tx)
  return rows.length === 1
}
