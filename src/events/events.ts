/** Organizers, their events and their guests. */
import { randomBytes } from 'node:crypto'
import { isTimeZone } from '../platform/config.ts'
import { newId, violatedConstraint, withTx, type Db } from '../platform/db.ts'
import { Failure, readInstant } from '../platform/errors.ts'
import type { User } from '../http/access.ts'
import { parsePhone } from '../platform/phone.ts'
import {
  deleteGuest,
  findEvent,
  findGuest,
  insertEvent,
  insertGuest,
  insertInvitation,
  insertOrganizer,
  updateEvent,
  updateGuest,
  updatePlaces,
  type EventRow,
  type GuestRow,
  type NewEvent,
  type Organizer,
} from './sql.ts'

export {
  admit,
  markSaid,
  recordAnswer,
  setWaId,
  type Admission,
  type AnswerKind,
  type NewAnswer,
} from './invitations.ts'
export { archiveDue, expireDue, listDue, type LandingChange } from './life-cycle.ts'
export { findEvent, type EventRow } from './sql.ts'

type Context = { db: Db; now: () => Date }

export async function createOrganizer({ db, now }: Context, input: { id?: string; name: string }): Promise<Organizer> {
  const organizer = { id: input.id ?? newId('org'), name: input.name.trim(), createdAt: now() }
  if (!(await insertOrganizer(db, organizer))) throw new Failure('organizer_exists')
  return { ...organizer, sendingPausedAt: null }
}

export type EventInput = {
  id?: string
  organizerId?: string
  name: string
  type: EventRow['type']
  status: 'draft' | 'active'
  startsAt: string
  endsAt: string
  timeZone: string
  location?: string | null
  capacity?: number | null
  landingTtlDays?: number | null
}

/**
 * Creates an event. An organizer creates its own events; a director names the organizer. Throws `invalid_request`,
 * `organizer_not_found`, `invalid_time_zone`, `invalid_date`, `event_exists`.
 */
export async function createEvent({ db, now }: Context, user: User, input: EventInput): Promise<EventRow> {
  const organizerId = user.organizerId ?? input.organizerId
  if (!organizerId)
    throw new Failure('invalid_request', {
      detail: 'A director must name the organizer of the event: organizerId.',
      errors: [{ path: 'body.organizerId', message: 'is required' }],
    })
  if (input.organizerId && input.organizerId !== organizerId) throw new Failure('organizer_not_found')
  const event = checkEvent({
    id: input.id ?? newId('ev'),
    organizerId,
    name: input.name.trim(),
    type: input.type,
    status: input.status,
    startsAt: readInstant(input.startsAt, 'startsAt'),
    endsAt: readInstant(input.endsAt, 'endsAt'),
    timeZone: input.timeZone,
    location: input.location ?? null,
    capacity: input.capacity ?? null,
    landingTtlDays: input.landingTtlDays ?? null,
    createdAt: now(),
  })
  try {
    const inserted = await insertEvent(db, event)
    if (!inserted) throw new Failure('event_exists')
    return inserted
  } catch (error) {
    if (violatedConstraint(error) === 'events_organizer_id_fkey') throw new Failure('organizer_not_found')
    throw error
  }
}

export type EventPatch = Partial<Omit<EventInput, 'id' | 'organizerId'>>

export async function changeEvent(
  { db, now }: Context,
  scope: string | null,
  id: string,
  patch: EventPatch,
): Promise<EventRow> {
  const event = await findEvent(db, scope, id)
  if (!event) throw new Failure('event_not_found')
  const { startsAt, endsAt, ...rest } = patch
  const next = checkEvent({
    ...event,
    ...rest,
    startsAt: startsAt ? readInstant(startsAt, 'startsAt') : event.startsAt,
    endsAt: endsAt ? readInstant(endsAt, 'endsAt') : event.endsAt,
  })
  const changed = await updateEvent(db, scope, next, now())
  if (!changed)
    throw new Failure('event_closed', { detail: `The event is ${event.status}: only a draft can become active.` })
  return changed
}

/** Throws `invalid_time_zone` or `invalid_date`, with everything that is wrong. */
function checkEvent<T extends NewEvent>(event: T): T {
  const isZone = isTimeZone(event.timeZone)
  const errors = []
  if (!isZone) errors.push({ path: 'body.timeZone', message: 'must be an IANA name such as America/Mexico_City' })
  if (event.endsAt <= event.startsAt) errors.push({ path: 'body.endsAt', message: 'must be after startsAt' })
  if (errors.length === 0) return event
  const detail = errors.map(({ path, message }) => `${path.slice('body.'.length)} ${message}.`).join(' ')
  throw new Failure(isZone ? 'invalid_date' : 'invalid_time_zone', { detail, errors })
}

export type GuestInput = {
  id?: string
  name: string
  phone?: string | null
  email?: string | null
  partySize: number
  tags: string[]
  locale: GuestRow['locale']
  notes?: string | null
}

/** Adds a guest with an invitation, whose code opens the landing page and the door. Throws `event_not_found`, `guest_exists`. */
export async function addGuest(
  { db, now }: Context,
  scope: string | null,
  eventId: string,
  input: GuestInput,
): Promise<GuestRow> {
  const event = await findEvent(db, scope, eventId)
  if (!event) throw new Failure('event_not_found')
  const guest = {
    eventId,
    id: input.id ?? newId('g'),
    name: input.name.trim(),
    phone: input.phone ? parsePhone(input.phone) : null,
    email: input.email ? input.email.trim().toLowerCase() : null,
    partySize: input.partySize,
    tags: input.tags,
    locale: input.locale,
    notes: input.notes ?? null,
    code: newCode(),
    createdAt: now(),
    invitationId: newId('inv'),
  }
  await withTx(db, async (tx) => {
    if (!(await insertGuest(tx, guest))) throw new Failure('guest_exists')
    await insertInvitation(tx, guest)
  })
  return (await findGuest(db, scope, eventId, guest.id))!
}

export type GuestPatch = Partial<Omit<GuestInput, 'id'>>

export async function changeGuest(
  { db, now }: Context,
  scope: string | null,
  eventId: string,
  id: string,
  patch: GuestPatch,
): Promise<GuestRow> {
  const guest = await findGuest(db, scope, eventId, id)
  if (!guest) throw new Failure('guest_not_found')
  const next: GuestRow = {
    ...guest,
    ...patch,
    notes: patch.notes === undefined ? guest.notes : patch.notes,
    phone: guest.phone,
    email: guest.email,
  }
  if (patch.phone !== undefined) next.phone = patch.phone === null ? null : parsePhone(patch.phone)
  if (patch.email !== undefined) next.email = patch.email === null ? null : patch.email.trim().toLowerCase()
  try {
    await withTx(db, async (tx) => {
      await updateGuest(tx, next, now())
      await updatePlaces(tx, next, now())
    })
  } catch (error) {
    if (violatedConstraint(error) === 'invitations_admitted') {
      throw new Failure('places_exceeded', { detail: `${guest.admitted} people of this party are already inside.` })
    }
    throw error
  }
  return (await findGuest(db, scope, eventId, id))!
}

export async function removeGuest(
  { db }: Pick<Context, 'db'>,
  scope: string | null,
  eventId: string,
  id: string,
): Promise<void> {
  if (await deleteGuest(db, scope, eventId, id)) return
  if (!(await findGuest(db, scope, eventId, id))) throw new Failure('guest_not_found')
  throw new Failure('guest_has_history', {
    detail: 'This guest has deliveries or has been admitted, so the record is kept.',
  })
}

/** 130 random bits in Crockford's base 32, which can be read aloud at the door without confusing letters. */
function newCode(): string {
  const alphabet = '0123456789ABCDEFGHJKMNPQRSTVWXYZ'
  return Array.from(randomBytes(26), (byte) => alphabet[byte % 32]).join('')
}
