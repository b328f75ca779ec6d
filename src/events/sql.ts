import { domainToASCII } from 'node:url'
import { sql, type Db, type Tx } from '../platform/db.ts'
import { normalizePhone } from '../platform/values/phone.ts'
import { foldCode, foldText } from '../platform/values/text.ts'
import type { Reach } from '../http/access.ts'
import type { Companion } from './guest-fields.ts'
import type { Venue } from './venue.ts'
import type { Position } from '../http/page.ts'
import { isAssigned } from './staff-sql.ts'
import {
  lastDeliveries,
  readLastDeliveries,
  type LastDeliveries,
  type LastDeliveriesRow,
} from './last-deliveries-sql.ts'

export type Organizer = { id: string; name: string; createdAt: Date; sendingPausedAt: Date | null }

export async function insertOrganizer(db: Db, o: Omit<Organizer, 'sendingPausedAt'>): Promise<boolean> {
  const { rows } = await sql`insert into organizers (id, name, created_at) values (${o.id}, ${o.name}, ${o.createdAt})
    on conflict (id) do nothing returning id`.execute(db)
  return rows.length === 1
}

export async function listOrganizers(db: Db, before: Position | null, limit: number): Promise<Organizer[]> {
  const { rows } = await sql<Organizer>`
    select id, name, created_at,
           (select p.paused_at from pauses p where p.scope = 'organizer' and p.scope_id = organizers.id) as sending_paused_at
      from organizers
     where ${before?.at ?? null}::timestamptz is null or (created_at, id) < (${before?.at ?? null}::timestamptz, ${before?.id ?? null})
     order by created_at desc, id desc limit ${limit}`.execute(db)
  return rows
}

export type EventStatus = 'draft' | 'active' | 'archived' | 'expired' | 'cancelled'

export type EventRow = {
  id: string
  organizerId: string
  name: string
  type: 'standard' | 'premium'
  status: EventStatus
  startsAt: Date
  endsAt: Date
  timeZone: string
  location: string | null
  venue: Venue | null
  /** Until when guests may answer; null: until the event ends. */
  rsvpUntil: Date | null
  capacity: number | null
  landingTtlDays: number | null
  doorPolicy: 'invited' | 'confirmed'
  doorsOpenMinutes: number
  reentry: 'none' | 'exit_then_entry'
  cancelledAt: Date | null
  /** What the organizer noted for itself. */
  cancelReason: string | null
  createdAt: Date
  /** Why nothing is sent now; null when sending is not paused. */
  sendingPaused: 'event_paused' | 'organizer_paused' | null
}

const EVENT = sql`id, organizer_id, name, type, status, starts_at, ends_at, time_zone, location, venue, rsvp_until, capacity, landing_ttl_days,
  door_policy, doors_open_minutes, reentry, cancelled_at, cancel_reason, created_at,
  case when exists (select 1 from pauses p where p.scope = 'organizer' and p.scope_id = organizer_id) then 'organizer_paused'
       when exists (select 1 from pauses p where p.scope = 'event' and p.scope_id = events.id) then 'event_paused'
  end as sending_paused`

export type NewEvent = Omit<EventRow, 'sendingPaused' | 'cancelledAt' | 'cancelReason'>

const asJson = (venue: Venue | null) => venue && JSON.stringify(venue)

/** Returns null when the id exists. */
export async function insertEvent(db: Db, e: NewEvent): Promise<EventRow | null> {
  const { rows } = await sql<EventRow>`
    insert into events (id, organizer_id, name, type, status, starts_at, ends_at, time_zone, location, venue, rsvp_until, capacity,
      landing_ttl_days, door_policy, doors_open_minutes, reentry, created_at, updated_at)
    values (${e.id}, ${e.organizerId}, ${e.name}, ${e.type}, ${e.status}, ${e.startsAt}, ${e.endsAt}, ${e.timeZone}, ${e.location},
      ${asJson(e.venue)}::jsonb, ${e.rsvpUntil}, ${e.capacity}, ${e.landingTtlDays}, ${e.doorPolicy}, ${e.doorsOpenMinutes}, ${e.reentry}, ${e.createdAt}, ${e.createdAt})
    on conflict (id) do nothing returning ${EVENT}`.execute(db)
  return rows[0] ?? null
}

export async function findEvent(db: Db, scope: string | null, id: string): Promise<EventRow | null> {
  const { rows } = await sql<EventRow>`
    select ${EVENT} from events where id = ${id} and (${scope}::text is null or organizer_id = ${scope})`.execute(db)
  return rows[0] ?? null
}

/** An event as the caller finds it. `gate`: only of the staff, where they stand. */
export type FoundEvent = EventRow & { gate?: string | null }

const gateOf = (staffId: string | null) =>
  staffId === null
    ? sql``
    : sql`, (select s.gate from event_staff s where s.event_id = events.id and s.user_id = ${staffId}) as gate`

/** Finds an event for those who may open its door. */
export async function findDoor(db: Db, { scope, staffId }: Reach, id: string): Promise<FoundEvent | null> {
  const { rows } = await sql<FoundEvent>`
    select ${EVENT}${gateOf(staffId)}
      from events
     where id = ${id}
       and (${scope}::text is null or organizer_id = ${scope})
       and ${isAssigned(staffId, sql`events.id`)}`.execute(db)
  return rows[0] ?? null
}

export type EventFilter = Reach & {
  organizerId: string | null
  status: string | null
  before: Position | null
  limit: number
}

export async function listEvents(db: Db, f: EventFilter): Promise<FoundEvent[]> {
  const { rows } = await sql<FoundEvent>`
    select ${EVENT}${gateOf(f.staffId)} from events
     where (${f.scope}::text is null or organizer_id = ${f.scope})
       and ${isAssigned(f.staffId, sql`events.id`)}
       and (${f.organizerId}::text is null or organizer_id = ${f.organizerId})
       and (${f.status}::text is null or status = ${f.status})
       and (${f.before?.at ?? null}::timestamptz is null or (created_at, id) < (${f.before?.at ?? null}::timestamptz, ${f.before?.id ?? null}))
     order by created_at desc, id desc limit ${f.limit}`.execute(db)
  return rows
}

/** Updates an event; returns null when it was closed in the meantime. The only status change is draft to active. */
export async function updateEvent(db: Db, scope: string | null, e: EventRow, now: Date): Promise<EventRow | null> {
  const { rows } = await sql<EventRow>`
    update events set name = ${e.name}, type = ${e.type}, status = ${e.status}, starts_at = ${e.startsAt}, ends_at = ${e.endsAt},
           time_zone = ${e.timeZone}, location = ${e.location}, venue = ${asJson(e.venue)}::jsonb,
           rsvp_until = ${e.rsvpUntil}, capacity = ${e.capacity}, landing_ttl_days = ${e.landingTtlDays},
           door_policy = ${e.doorPolicy}, doors_open_minutes = ${e.doorsOpenMinutes}, reentry = ${e.reentry},
           updated_at = ${now}
     where id = ${e.id} and (${scope}::text is null or organizer_id = ${scope})
       and (status = ${e.status} or (status = 'draft' and ${e.status} = 'active'))
    returning ${EVENT}`.execute(db)
  return rows[0] ?? null
}

export type GuestRow = {
  eventId: string
  id: string
  name: string
  phone: string | null
  email: string | null
  partySize: number
  companions: Companion[]
  tags: string[]
  locale: 'es-MX' | 'en'
  notes: string | null
  status: 'pending' | 'confirmed' | 'declined' | 'scanned'
  answer: 'pending' | 'yes' | 'no' | 'maybe'
  admitted: number
  code: string
  createdAt: Date
  anonymizedAt: Date | null
}

const GUEST = sql`g.event_id, g.id, g.name, g.phone, g.email, g.party_size, g.companions, g.tags, g.locale, g.notes,
  guest_status(i.answer, i.admitted) as status, i.answer, i.admitted, i.code, g.created_at, g.anonymized_at`
const GUESTS = sql`guests g
  join events e on e.id = g.event_id
  join invitations i on i.event_id = g.event_id and i.guest_id = g.id`

export type NewGuest = Omit<GuestRow, 'status' | 'answer' | 'admitted' | 'anonymizedAt'> & { invitationId: string }

export async function insertGuest(tx: Tx, g: NewGuest): Promise<boolean> {
  const { rows } = await sql`
    insert into guests (event_id, id, name, phone, email, party_size, companions, tags, locale, notes, created_at, updated_at)
    values (${g.eventId}, ${g.id}, ${g.name}, ${g.phone}, ${g.email}, ${g.partySize}, ${JSON.stringify(g.companions)}, ${g.tags},
      ${g.locale}, ${g.notes}, ${g.createdAt}, ${g.createdAt})
    on conflict (event_id, id) do nothing returning id`.execute(tx)
  return rows.length === 1
}

export async function insertInvitation(tx: Tx, g: NewGuest): Promise<void> {
  await sql`insert into invitations (id, event_id, guest_id, code, places, created_at, updated_at)
    values (${g.invitationId}, ${g.eventId}, ${g.id}, ${g.code}, ${g.partySize}, ${g.createdAt}, ${g.createdAt})`.execute(
    tx,
  )
}

export async function findGuest(db: Db, scope: string | null, eventId: string, id: string): Promise<GuestRow | null> {
  const { rows } = await sql<GuestRow>`
    select ${GUEST} from ${GUESTS}
     where g.event_id = ${eventId} and g.id = ${id} and (${scope}::text is null or e.organizer_id = ${scope})`.execute(
    db,
  )
  return rows[0] ?? null
}

/** Absent: every guest. `q`: words of name, phone or e-mail. `deliveryStatus`: of the latest message; `none`: without one. */
export type GuestFilter = { q?: string; status?: string; answer?: string; tag?: string; deliveryStatus?: string }
type ListedGuests = GuestFilter & { scope: string | null; eventId: string; before: Position | null; limit: number }

export async function listGuests(db: Db, wanted: ListedGuests): Promise<(GuestRow & { deliveries: LastDeliveries })[]> {
  const { scope, eventId, before, limit, q = '', status = null, answer = null, tag = null, deliveryStatus } = wanted
  const isAlone = [status, answer, tag, deliveryStatus ?? null].every((filter) => filter === null)
  const conditions = foldText(q).trim() === '' ? sql`true` : matches(eventId, q, before, isAlone ? limit : null)
  const { rows } = await sql<GuestRow & { deliveries: LastDeliveriesRow }>`
    select ${GUEST}, ${lastDeliveries} as deliveries from ${GUESTS}
     where g.event_id = ${eventId} and (${scope}::text is null or e.organizer_id = ${scope})
       and (${status}::text is null or guest_status(i.answer, i.admitted) = ${status})
       and (${answer}::text is null or i.answer = ${answer})
       and (${tag}::text is null or ${tag} = any(g.tags))
       and ${conditions}
       and ${deliveryStatus === undefined ? sql`true` : hasDeliveryStatus(eventId, deliveryStatus)}
       and (${before?.at ?? null}::timestamptz is null
            or (g.created_at, g.id) < (${before?.at ?? null}::timestamptz, ${before?.id ?? null}))
     order by g.created_at desc, g.id desc limit ${limit}`.execute(db)
  return rows.map((row) => ({ ...row, deliveries: readLastDeliveries(row.deliveries) }))
}

/** Guest `g` was last sent a message of this status; `none`: never any. */
const hasDeliveryStatus = (eventId: string, status: string) =>
  status === 'none'
    ? sql`not exists (
        select 1 from deliveries d
         where d.event_id = g.event_id and d.guest_id = g.id)`
    : sql`g.id in (
        select d.guest_id from deliveries d
         where d.event_id = ${eventId} and d.status = ${status}
           and not exists (
                 select 1 from deliveries later
                  where later.event_id = d.event_id and later.guest_id = d.guest_id
                    and (later.requested_at, later.id) > (d.requested_at, d.id)))`

/**
 * The condition that guest `g` has every word of `q` in name, phone or e-mail, or its number: written in any way, or only
 * the last digits. The database folds `q` as it folded what is stored, and nothing in it is a pattern. `most`: how many guests
 * after `before` are enough; null when other conditions choose among them.
 */
function matches(eventId: string, q: string, before: Position | null, most: number | null) {
  const text = foldCode(q).replace(/(?<=@)[^\s@]+/g, (domain) => domainToASCII(domain) || domain) // as it is stored
  const isNumber = /^[\d\s()+.-]{3,}$/.test(text)
  const folded = isNumber ? text.replace(/\D/g, '').replace(/^521(?=\d)/, '52') : text
  const phone = normalizePhone(text)?.slice(1) ?? null
  return sql`g.id = any(array(
        select search_guests(${eventId}, string_to_array(search_text(${folded}), ' '), ${phone},
                             ${before?.at ?? null}, ${before?.id ?? null}, ${most})))`
}

/** `companions`: null keeps those who fit into the party. False: the guest has been anonymised meanwhile. */
export async function updateGuest(tx: Tx, g: GuestRow, companions: Companion[] | null, now: Date): Promise<boolean> {
  const { rows } =
    await sql`update guests set name = ${g.name}, phone = ${g.phone}, email = ${g.email}, party_size = ${g.partySize},
      wa_id = case when phone is distinct from ${g.phone} then null else wa_id end,
      companions = first_companions(coalesce(${companions && JSON.stringify(companions)}::jsonb, companions), ${g.partySize}),
      tags = ${g.tags}, locale = ${g.locale}, notes = ${g.notes}, updated_at = ${now}
     where event_id = ${g.eventId} and id = ${g.id} and anonymized_at is null
    returning id`.execute(tx)
  return rows.length === 1
}

/** Sets the places at the door to the party size. A constraint rejects fewer places than were already admitted. */
export async function updatePlaces(tx: Tx, g: GuestRow, now: Date): Promise<void> {
  await sql`update invitations set places = ${g.partySize}, answered_places = least(answered_places, ${g.partySize}), updated_at = ${now}
     where event_id = ${g.eventId} and guest_id = ${g.id} and places <> ${g.partySize}`.execute(tx)
}

/** Deletes a guest without deliveries or admissions. Returns false when there is no such guest or a history to keep. */
export async function deleteGuest(db: Db, scope: string | null, eventId: string, id: string): Promise<boolean> {
  const { rows } = await sql`
    delete from guests g using events e
     where e.id = g.event_id and g.event_id = ${eventId} and g.id = ${id} and (${scope}::text is null or e.organizer_id = ${scope})
       and not exists (select 1 from deliveries d where d.event_id = g.event_id and d.guest_id = g.id)
       and not exists (select 1 from invitations i where i.event_id = g.event_id and i.guest_id = g.id and i.admitted > 0)
    returning g.id`.execute(db)
  return rows.length === 1
}
