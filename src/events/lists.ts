/** The SQL of whole lists of guests: what an import looks for and writes, a batch in a statement. */
import { newId, sql, type Db, type Tx } from '../platform/db.ts'
import { newCode } from './codes.ts'
import type { GuestRow } from './sql.ts'

/** A guest as a list has them. */
export type ListedGuest = Pick<GuestRow, 'id' | 'name' | 'phone' | 'email' | 'partySize' | 'tags' | 'locale' | 'notes'>

const LISTED = sql`g.id, g.name, g.phone, g.email, g.party_size, g.tags, g.locale, g.notes`

/**
 * Locks the list of an event against other imports until the transaction ends, and nothing else: answers of guests go on.
 * False: there is no such event.
 */
export async function lockGuestList(tx: Tx, scope: string | null, eventId: string): Promise<boolean> {
  const { rows } = await sql`
    select pg_advisory_xact_lock(hashtextextended('guest_list ' || id, 0))
      from events
     where id = ${eventId}
       and (${scope}::text is null or organizer_id = ${scope})`.execute(tx)
  return rows.length === 1
}

export type Sought = { ids: string[]; phones: string[]; emails: string[]; names: string[] }

/**
 * Locks and returns the guests of an event with one of these ids, phones, addresses or names: a change that comes meanwhile
 * waits, and is not overwritten. In one order, guests before invitations, as every other statement does: so nobody deadlocks.
 */
export async function lockListed(tx: Tx, eventId: string, sought: Sought): Promise<ListedGuest[]> {
  const { rows } = await sql<ListedGuest>`
    with found as materialized (
      select g.id
        from guests g
       where g.event_id = ${eventId}
         and g.id = any(${sought.ids}::text[])
       union
      select g.id
        from guests g
       where g.event_id = ${eventId}
         and g.phone = any(${sought.phones}::text[])
       union
      select g.id
        from guests g
       where g.event_id = ${eventId}
         and g.email = any(${sought.emails}::text[])
       union
      select g.id
        from guests g
       where g.event_id = ${eventId}
         and split_part(g.search, E'\t', 1) = any(
               (select array_agg(search_text(name)) from unnest(${sought.names}::text[]) name)::text[]))
    select ${LISTED}
      from guests g
     where g.event_id = ${eventId}
       and g.anonymized_at is null
       and g.id in (select id from found)
     order by g.id
       for no key update of g`.execute(tx)
  return rows
}

const asRows = (guests: object[]) => sql`
  jsonb_to_recordset(${JSON.stringify(guests)}::jsonb) as n (
    id text, name text, phone text, email text, "partySize" integer, tags text[], locale text, notes text,
    "invitationId" text, code text)`

/** Adds guests with their invitations. Returns the ids of those that are new. */
export async function insertListed(tx: Tx, eventId: string, guests: ListedGuest[], now: Date): Promise<Set<string>> {
  const invited = guests.map((guest) => ({ ...guest, invitationId: newId('inv'), code: newCode() }))
  const { rows } = await sql<{ guestId: string }>`
    with wanted as materialized (
      select * from ${asRows(invited)}),
    added as (
      insert into guests (event_id, id, name, phone, email, party_size, tags, locale, notes, created_at, updated_at)
      select ${eventId}, id, name, phone, email, "partySize", tags, locale, notes, ${now}::timestamptz, ${now}::timestamptz
        from wanted
      on conflict (event_id, id) do nothing
      returning id)
    insert into invitations (id, event_id, guest_id, code, places, created_at, updated_at)
    select n."invitationId", ${eventId}, n.id, n.code, n."partySize", ${now}::timestamptz, ${now}::timestamptz
      from wanted n
      join added on added.id = n.id
    returning guest_id`.execute(tx)
  return new Set(rows.map(({ guestId }) => guestId))
}

/**
 * Changes guests that are locked, and their places. Returns the ids of those that changed: not of those with more people inside
 * already.
 */
export async function updateListed(tx: Tx, eventId: string, guests: ListedGuest[], now: Date): Promise<Set<string>> {
  const { rows } = await sql<{ id: string }>`
    with wanted as materialized (
      select * from ${asRows(guests)}),
    -- Only where the places change: the door waits for an invitation that is written.
    invited as (
      update invitations i
         set places = n."partySize",
             answered_places = least(i.answered_places, n."partySize"),
             updated_at = ${now}
        from wanted n
       where i.event_id = ${eventId}
         and i.guest_id = n.id
         and i.places <> n."partySize"
         and i.admitted <= door_places(i.answer, least(i.answered_places, n."partySize"), n."partySize")
      returning i.guest_id),
    fitting as (
      select guest_id
        from invited
       union all
      select i.guest_id
        from wanted n
        join invitations i on i.event_id = ${eventId} and i.guest_id = n.id
       where i.places = n."partySize")
    update guests g
       set name = n.name, phone = n.phone, email = n.email, party_size = n."partySize",
           wa_id = case when g.phone is distinct from n.phone then null else g.wa_id end,
           companions = first_companions(g.companions, n."partySize"),
           tags = n.tags, locale = n.locale, notes = n.notes, updated_at = ${now}
      from wanted n
      join fitting on fitting.guest_id = n.id
     where g.event_id = ${eventId}
       and g.id = n.id
    returning g.id`.execute(tx)
  return new Set(rows.map(({ id }) => id))
}

export type ExportedGuest = ListedGuest & Pick<GuestRow, 'status' | 'answer' | 'admitted'>

/** The next guests of an event after an id. */
export async function listNextGuests(db: Db, eventId: string, after: string, limit: number): Promise<ExportedGuest[]> {
  const { rows } = await sql<ExportedGuest>`
    select ${LISTED}, guest_status(i.answer, i.admitted) as status, i.answer, i.admitted
      from guests g
      join invitations i on i.event_id = g.event_id and i.guest_id = g.id
     where g.event_id = ${eventId}
       and g.anonymized_at is null
       and g.id > ${after}
     order by g.id
     limit ${limit}`.execute(db)
  return rows
}
