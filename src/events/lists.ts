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
 *
 * Each step compares a column with a given array and joins nothing. So PostgreSQL searches an index, or reads the event once and
 * looks into a hash of the array. A join may read one side anew for each row of the other, when the event has more guests than
 * the statistics say, as it has right after an import.
 */
export async function lockListed(tx: Tx, eventId: string, sought: Sought): Promise<ListedGuest[]> {
  const ids = await findListed(tx, eventId, sought, await foldNames(tx, sought.names))
  const { rows } = await sql<ListedGuest>`
    select ${LISTED}
      from guests g
     where g.event_id = ${eventId}
       and g.anonymized_at is null
       and g.id = any(${ids}::text[])
     order by g.id
       for no key update of g`.execute(tx)
  return rows
}

/** Names as `guests.search` begins with them. */
async function foldNames(tx: Tx, names: string[]): Promise<string[]> {
  const { rows } = await sql<{ folded: string }>`
    select search_text(name) as folded from unnest(${names}::text[]) name`.execute(tx)
  return rows.map(({ folded }) => folded)
}

async function findListed(tx: Tx, eventId: string, sought: Sought, folded: string[]): Promise<string[]> {
  const { rows } = await sql<{ id: string }>`
    select g.id from guests g where g.event_id = ${eventId} and g.id = any(${sought.ids}::text[])
     union
    select g.id from guests g where g.event_id = ${eventId} and g.phone = any(${sought.phones}::text[])
     union
    select g.id from guests g where g.event_id = ${eventId} and g.email = any(${sought.emails}::text[])
     union
    select g.id
      from guests g
     where g.event_id = ${eventId}
       and split_part(g.search, E'\t', 1) = any(${folded}::text[])`.execute(tx)
  return rows.map(({ id }) => id)
}

const FIELDS = sql`n (
  id text, name text, phone text, email text, "partySize" integer, tags text[], locale text, notes text,
  "invitationId" text, code text)`

/** Adds guests with their invitations. Returns the ids of those that are new. */
export async function insertListed(tx: Tx, eventId: string, guests: ListedGuest[], now: Date): Promise<Set<string>> {
  const invited = guests.map((guest) => ({ ...guest, invitationId: newId('inv'), code: newCode() }))
  const { rows } = await sql<{ guestId: string }>`
    with wanted as materialized (
      select * from jsonb_to_recordset(${JSON.stringify(invited)}::jsonb) as ${FIELDS}),
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
 * already. Here too nothing is joined, but each guest looked up in one JSON object.
 */
export async function updateListed(tx: Tx, eventId: string, guests: ListedGuest[], now: Date): Promise<Set<string>> {
  const ids = await changePlaces(tx, eventId, guests, now)
  const wanted = JSON.stringify(Object.fromEntries(guests.map((guest) => [guest.id, guest])))
  const { rows } = await sql<{ id: string }>`
    update guests g
       set (name, phone, email, party_size, wa_id, companions, tags, locale, notes, updated_at) = (
             select n.name, n.phone, n.email, n."partySize",
                    case when g.phone is distinct from n.phone then null else g.wa_id end,
                    first_companions(g.companions, n."partySize"),
                    n.tags, n.locale, n.notes, ${now}::timestamptz
               from jsonb_to_record(${wanted}::jsonb -> g.id) as ${FIELDS})
     where g.event_id = ${eventId}
       and g.id = any(${ids}::text[])
    returning g.id`.execute(tx)
  return new Set(rows.map(({ id }) => id))
}

/** Returns the ids of the guests whose invitations have the places of their rows now. */
async function changePlaces(tx: Tx, eventId: string, guests: ListedGuest[], now: Date): Promise<string[]> {
  const ids = guests.map(({ id }) => id)
  const wanted = JSON.stringify(Object.fromEntries(guests.map(({ id, partySize }) => [id, partySize])))
  const places = sql`(${wanted}::jsonb ->> i.guest_id)::integer`
  const { rows } = await sql<{ guestId: string }>`
    -- Only where the places change: the door waits for an invitation that is written.
    with changed as (
      update invitations i
         set places = ${places},
             answered_places = least(i.answered_places, ${places}),
             updated_at = ${now}
       where i.event_id = ${eventId}
         and i.guest_id = any(${ids}::text[])
         and i.places <> ${places}
         and i.admitted <= door_places(i.answer, least(i.answered_places, ${places}), ${places})
      returning i.guest_id)
    select guest_id
      from changed
     union all
    select i.guest_id
      from invitations i
     where i.event_id = ${eventId}
       and i.guest_id = any(${ids}::text[])
       and i.places = ${places}`.execute(tx)
  return rows.map(({ guestId }) => guestId)
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
