/** Builders of rows. Each test makes its own event and asserts only on it. */
import { randomBytes } from 'node:crypto'
import { newId, sql, type Db } from '../src/platform/db.ts'
import { ORGANIZER_ID } from './harness.ts'

export async function anOrganizer(db: Db, id: string = newId('org')): Promise<string> {
  await sql`insert into organizers (id, name) values (${id}, 'Eventos de prueba') on conflict do nothing`.execute(db)
  return id
}

export type EventFacts = {
  organizerId?: string
  status?: 'draft' | 'active' | 'archived' | 'expired' | 'cancelled'
  type?: 'standard' | 'premium'
  startsAt?: string
  endsAt?: string
  timeZone?: string
  landingTtlDays?: number | null
  capacity?: number | null
  doorPolicy?: 'invited' | 'confirmed'
  /** Absent: the door has been open for long. */
  doorsOpenMinutes?: number
  reentry?: 'none' | 'exit_then_entry'
}

export async function anEvent(db: Db, facts: EventFacts = {}): Promise<string> {
  const id = newId('ev')
  const organizerId = await anOrganizer(db, facts.organizerId ?? ORGANIZER_ID)
  const startsAt = facts.startsAt ?? '2030-01-01T00:00:00Z'
  const endsAt = facts.endsAt ?? new Date(new Date(startsAt).getTime() + 6 * 3_600_000).toISOString()
  await sql`insert into events (id, organizer_id, name, type, status, starts_at, ends_at, time_zone, landing_ttl_days, capacity,
      door_policy, doors_open_minutes, reentry, cancelled_at)
    values (${id}, ${organizerId}, 'Boda de prueba', ${facts.type ?? 'standard'}, ${facts.status ?? 'active'}, ${startsAt}, ${endsAt},
      ${facts.timeZone ?? 'America/Mexico_City'}, ${facts.landingTtlDays ?? null}, ${facts.capacity ?? null},
      ${facts.doorPolicy ?? 'invited'}, ${facts.doorsOpenMinutes ?? 100_000_000}, ${facts.reentry ?? 'none'},
      ${facts.status === 'cancelled' ? startsAt : null})`.execute(db)
  if (organizerId === ORGANIZER_ID) await assignStaff(db, id)
  return id
}

/** Assigns a member of the staff to an event: `as: 'staff'`, unless another is named, who need not exist before. */
export async function assignStaff(db: Db, eventId: string, userId = 'usr_test_staff'): Promise<void> {
  await sql`
    insert into users (id, organizer_id, email, name, role)
    select ${userId}, organizer_id, lower(${`${userId}@example.com`}), ${userId}, 'staff'
      from events
     where id = ${eventId}
    on conflict do nothing`.execute(db)
  await sql`
    insert into event_staff (event_id, user_id, added_by, added_at)
    values (${eventId}, ${userId}, 'test', now())
    on conflict do nothing`.execute(db)
}

export type GuestFacts = {
  phone?: string | null
  email?: string | null
  partySize?: number
  answer?: 'pending' | 'yes' | 'no' | 'maybe'
  locale?: 'es-MX' | 'en'
}
export type MadeGuest = { eventId: string; guestId: string; code: string; phone: string | null; invitationId: string }

/** A random phone number. */
export const aPhone = (): string => `+5255${String(10_000_000 + (randomBytes(4).readUInt32BE() % 89_999_999))}`

/** A guest with an invitation. */
export async function aGuest(db: Db, eventId: string, facts: GuestFacts = {}): Promise<MadeGuest> {
  const guestId = newId('g')
  const invitationId = newId('inv')
  const code = `TEST-${randomBytes(8).toString('hex').toUpperCase()}`
  const phone = facts.phone === undefined ? aPhone() : facts.phone
  const email = facts.email === undefined ? `${guestId}@example.com` : facts.email
  const places = facts.partySize ?? 1
  await sql`insert into guests (event_id, id, name, phone, email, party_size, locale)
    values (${eventId}, ${guestId}, 'Ana Prueba', ${phone}, ${email}, ${places}, ${facts.locale ?? 'es-MX'})`.execute(
    db,
  )
  await sql`insert into invitations (id, event_id, guest_id, code, answer, answered_places, places)
    values (${invitationId}, ${eventId}, ${guestId}, ${code}, ${facts.answer ?? 'pending'},
      ${facts.answer === 'yes' ? places : null}, ${places})`.execute(db)
  return { eventId, guestId, code, phone, invitationId }
}

/** An event with one guest and an invitation. */
export async function anInvitation(db: Db, facts: GuestFacts & { event?: EventFacts } = {}): Promise<MadeGuest> {
  return aGuest(db, await anEvent(db, facts.event), facts)
}
