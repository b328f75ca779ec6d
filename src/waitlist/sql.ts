/** The statements of waiting lists. */
import type { ChannelName } from '../contacts/contacts.ts'
import type { AnswerKind, EventStatus } from '../events/events.ts'
import type { Position } from '../http/page.ts'
import { sql, type Db, type Tx } from '../platform/db.ts'
import type { Locale } from '../platform/values/languages.ts'

export type Entry = { guestId: string; name: string; partySize: number; joinedAt: Date; addedBy: string | null }
const ENTRY = sql`w.guest_id, g.name, w.party_size, w.joined_at, w.added_by`

/** By the code of the invitation, or by the guest of an organizer. */
export type Sought = { code: string } | { scope: string | null; eventId: string; guestId: string }

export type Candidate = {
  eventId: string
  guestId: string
  name: string
  eventStatus: EventStatus
  startsAt: Date
  rsvpUntil: Date | null
  places: number
  answer: 'pending' | AnswerKind
  answeredPlaces: number | null
  isRevoked: boolean
}

export async function findCandidate(db: Db, sought: Sought): Promise<Candidate | null> {
  const which =
    'code' in sought
      ? sql`i.code = ${sought.code}`
      : sql`i.event_id = ${sought.eventId}
       and i.guest_id = ${sought.guestId}
       and (${sought.scope}::text is null or e.organizer_id = ${sought.scope})`
  const { rows } = await sql<Candidate>`
    select i.event_id, i.guest_id, g.name, e.status as event_status, e.starts_at, e.rsvp_until, i.places, i.answer,
           i.answered_places, i.revoked_at is not null as is_revoked
      from invitations i
      join events e on e.id = i.event_id
      join guests g on g.event_id = i.event_id and g.id = i.guest_id
     where ${which}`.execute(db)
  return rows[0] ?? null
}

/**
 * Who waits already keeps the place in line. Null: the invitation has been revoked. It locks the guest before the invitation, as
 * anonymising does, so that nobody is anonymised while they join.
 */
export async function insertEntry(db: Db, e: Entry & { eventId: string }): Promise<Entry | null> {
  const { rows } = await sql<Omit<Entry, 'name'>>`
    insert into waitlist_entries as w (event_id, guest_id, party_size, joined_at, added_by)
    select i.event_id, i.guest_id, ${e.partySize}::integer, ${e.joinedAt}::timestamptz, ${e.addedBy}::text
      from guests g
      join invitations i on i.event_id = g.event_id and i.guest_id = g.id
     where g.event_id = ${e.eventId}
       and g.id = ${e.guestId}
       and i.revoked_at is null
       for key share of g
       for share of i
        on conflict (event_id, guest_id) do update
       set party_size = excluded.party_size
    returning w.guest_id, w.party_size, w.joined_at, w.added_by`.execute(db)
  return rows[0] ? { ...rows[0], name: e.name } : null
}

export async function deleteEntry(
  db: Db,
  { scope, eventId, guestId }: { scope: string | null; eventId: string; guestId: string },
): Promise<boolean> {
  const { rows } = await sql`
    delete from waitlist_entries w
     using events e
     where e.id = w.event_id
       and w.event_id = ${eventId}
       and w.guest_id = ${guestId}
       and (${scope}::text is null or e.organizer_id = ${scope})
    returning w.guest_id`.execute(db)
  return rows.length === 1
}

export async function hasEntry(tx: Tx, eventId: string, guestId: string): Promise<boolean> {
  const { rows } = await sql`
    select 1
      from waitlist_entries
     where event_id = ${eventId}
       and guest_id = ${guestId}`.execute(tx)
  return rows.length === 1
}

/** What the guest of this code waits for. */
export async function findEntry(db: Db, code: string): Promise<Pick<Entry, 'partySize' | 'joinedAt'> | null> {
  const { rows } = await sql<Pick<Entry, 'partySize' | 'joinedAt'>>`
    select w.party_size, w.joined_at
      from invitations i
      join waitlist_entries w on w.event_id = i.event_id and w.guest_id = i.guest_id
     where i.code = ${code}`.execute(db)
  return rows[0] ?? null
}

/** Who waits for an event of this scope, the first in line first. */
export async function listEntries(
  db: Db,
  f: { scope: string | null; eventId: string; after: Position | null; limit: number },
): Promise<Entry[]> {
  const { at = null, id = null } = f.after ?? {}
  const { rows } = await sql<Entry>`
    select ${ENTRY}
      from waitlist_entries w
      join guests g on g.event_id = w.event_id and g.id = w.guest_id
      join events e on e.id = w.event_id
     where w.event_id = ${f.eventId}
       and (${f.scope}::text is null or e.organizer_id = ${f.scope})
       and (${at}::timestamptz is null or (w.joined_at, w.guest_id) > (${at}::timestamptz, ${id}))
     order by w.joined_at, w.guest_id
     limit ${f.limit}`.execute(db)
  return rows
}

type Given = { guestId: string; name: string; partySize: number; confirmedAt: Date; message: string | null }

/** Whose answer is the one that the waiting list gave them, in an event of this scope, the latest first. */
export async function listGiven(
  db: Db,
  f: { scope: string | null; eventId: string; before: Position | null; limit: number },
): Promise<Given[]> {
  const { at = null, id = null } = f.before ?? {}
  const { rows } = await sql<Given>`
    select i.guest_id, g.name, coalesce(i.answered_places, i.places) as party_size, i.answered_at as confirmed_at,
           (
             select d.status
               from deliveries d
              where d.event_id = i.event_id
                and d.guest_id = i.guest_id
                and d.template = 'waitlist_place'
              order by d.requested_at desc, d.id desc
              limit 1) as message
      from invitations i
      join guests g on g.event_id = i.event_id and g.id = i.guest_id
      join events e on e.id = i.event_id
     where i.event_id = ${f.eventId}
       and (${f.scope}::text is null or e.organizer_id = ${f.scope})
       and i.answer = 'yes'
       and i.answered_by = 'waitlist'
       and (${at}::timestamptz is null or (i.answered_at, i.guest_id) < (${at}::timestamptz, ${id}))
     order by i.answered_at desc, i.guest_id desc
     limit ${f.limit}`.execute(db)
  return rows
}

/** Events that somebody waits for and that still give places. */
export async function listAwaitedEvents(db: Db, now: Date): Promise<string[]> {
  const { rows } = await sql<{ id: string }>`
    select e.id
      from events e
     where e.id in (select event_id from waitlist_entries)
       and e.status = 'active'
       and e.starts_at > ${now}
     order by e.starts_at, e.id`.execute(db)
  return rows.map(({ id }) => id)
}

/** How many are tried in one transaction; the next run tries again. */
const FITTING_MAX = 20

export type Fitting = { guestId: string; invitationId: string; code: string; partySize: number }

/** Who waits and would fit into the free places of an event now, the first in line first. */
export async function listFitting(db: Db, eventId: string, now: Date): Promise<Fitting[]> {
  const { rows } = await sql<Fitting>`
    with event as (
      select e.id, e.capacity, (
               -- the rule of countConfirmed
               select coalesce(sum(
                        case when i.revoked_at is null then door_places(i.answer, i.answered_places, i.places)
                             else i.admitted end), 0)
                 from invitations i
                where i.event_id = e.id
                  and i.answer = 'yes') as taken
        from events e
       where e.id = ${eventId}
         and e.status = 'active'
         and e.starts_at > ${now})
    select w.guest_id, i.id as invitation_id, i.code, wanted.places as party_size
      from event e
      join waitlist_entries w on w.event_id = e.id
      join invitations i on i.event_id = w.event_id and i.guest_id = w.guest_id
     -- The organizer may have made the party smaller.
     cross join lateral (select least(w.party_size, i.places) as places) wanted
     where i.revoked_at is null
       and (e.capacity is null
        or e.taken + wanted.places
           - case when i.answer = 'yes' then door_places(i.answer, i.answered_places, i.places) else 0 end <= e.capacity)
     order by w.joined_at, w.guest_id
     limit ${FITTING_MAX}`.execute(db)
  return rows
}

/** Ends with the transaction. */
export async function lockLine(tx: Tx, eventId: string): Promise<void> {
  await sql`select pg_advisory_xact_lock(hashtextextended(${`waitlist ${eventId}`}, 0))`.execute(tx)
}

/** How a guest is told; `channel` null: not at all. */
export async function findAddress(
  tx: Tx,
  to: { eventId: string; guestId: string },
): Promise<{ organizerId: string; locale: Locale; channel: ChannelName | null } | null> {
  const { rows } = await sql<{ organizerId: string; locale: Locale; channel: ChannelName | null }>`
    select e.organizer_id, g.locale,
           case when g.phone is not null then 'whatsapp'
                when g.email is not null then 'email' end as channel
      from guests g
      join events e on e.id = g.event_id
     where g.event_id = ${to.eventId}
       and g.id = ${to.guestId}`.execute(tx)
  return rows[0] ?? null
}

/** Deletes the lists of events that are over. */
export async function deleteOldEntries(db: Db, now: Date): Promise<void> {
  await sql`
    delete from waitlist_entries w
     using events e
     where e.id = w.event_id
       and e.ends_at < ${now}`.execute(db)
}
