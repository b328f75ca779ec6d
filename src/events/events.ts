/** Organizers, their events and their guests. */
import { newId, violatedConstraint, withTx, type Db } from '../platform/db.ts'
import { Failure, readFields, readInstant } from '../platform/errors.ts'
import type { User } from '../http/access.ts'
import { parseTimeZone } from '../http/formats.ts'
import { cleanLine, parseName } from '../platform/values/text.ts'
import { newCode } from './codes.ts'
import { followVenue, lineOf, readVenue, type VenueInput } from './venue.ts'
import { readCompanions, readGuestFields, type Companion } from './guest-fields.ts'
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
  admitting,
  comingWith,
  lockInvitation,
  markSaid,
  nameCompanions,
  passDoor,
  recordAnswer,
  setWaId,
  type Admission,
  type AnswerKind,
  type NewAnswer,
} from './invitations.ts'
export { findCode, findCodesOfGuests, findRenewedCode, listRevokedCodes, revokeCode } from './codes.ts'
export { keyOf, readCode, readCodeOfPath, type CodeReading } from './code-reading.ts'
export { mayDecline, showInvitation, type ShownInvitation } from './shown.ts'
export { answerAtOnce } from './answered.ts'
export { chooseTexts } from './texts.ts'
export { textsByLocale, type EventTexts, type TextsByLocale } from './texts-sql.ts'
export { GUEST_READERS, readCompanions, type Companion } from './guest-fields.ts'
export {
  lockListed,
  insertListed,
  listNextGuests,
  lockGuestList,
  updateListed,
  type ExportedGuest,
  type ListedGuest,
} from './lists.ts'
export { eraseGuest, lockPersonalGuest, type PersonalGuest } from './erasing.ts'
export { archiveDue, cancelEvent, expireDue, listDue, type LandingChange } from './life-cycle.ts'
export { findDoor, findEvent, findGuest, type EventRow, type EventStatus } from './sql.ts'
export { isAssigned } from './staff-sql.ts'
export { Companion as CompanionSchema, Event, Venue } from './schemas.ts'
export { mapLinkOf } from './venue.ts'

type Context = { db: Db; now: () => Date }

export async function createOrganizer({ db, now }: Context, input: { id?: string; name: string }): Promise<Organizer> {
  const { name } = readFields({ name: () => parseName(input.name) })
  const organizer = { id: input.id ?? newId('org'), name, createdAt: now() }
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
  venue?: VenueInput | null
  rsvpUntil?: string | null
  capacity?: number | null
  landingTtlDays?: number | null
  doorPolicy: EventRow['doorPolicy']
  doorsOpenMinutes: number
  reentry: EventRow['reentry']
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
  const fields = readEventFields(input)
  const event: NewEvent = {
    ...fields,
    location: cleanLine(input.location ?? '') || lineOf(fields.venue),
    id: input.id ?? newId('ev'),
    organizerId,
    type: input.type,
    status: input.status,
    capacity: input.capacity ?? null,
    landingTtlDays: input.landingTtlDays ?? null,
    doorPolicy: input.doorPolicy,
    doorsOpenMinutes: input.doorsOpenMinutes,
    reentry: input.reentry,
    createdAt: now(),
  }
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
  const fields = readEventFields({ ...describeEvent(event), ...patch })
  const location = followVenue(event, {
    venue: fields.venue,
    ...('location' in patch ? { location: patch.location ?? null } : {}),
  })
  const next = { ...event, ...patch, ...fields, location }
  const changed = await updateEvent(db, scope, next, now())
  if (!changed)
    throw new Failure('event_closed', { detail: `The event is ${event.status}: only a draft can become active.` })
  return changed
}

/** The fields of an event that are texts in a request. */
type EventTexts = Pick<EventInput, 'name' | 'venue' | 'rsvpUntil' | 'startsAt' | 'endsAt' | 'timeZone'>

const describeEvent = ({ name, venue, rsvpUntil, startsAt, endsAt, timeZone }: EventRow): EventTexts => ({
  ...{ name, venue, timeZone, rsvpUntil: rsvpUntil && rsvpUntil.toISOString() },
  ...{ startsAt: startsAt.toISOString(), endsAt: endsAt.toISOString() },
})

const readEventFields = (input: EventTexts) =>
  readFields({
    name: () => parseName(input.name),
    venue: () => readVenue(input.venue),
    rsvpUntil: () => (input.rsvpUntil ? readInstant(input.rsvpUntil, 'rsvpUntil') : null),
    timeZone: () => parseTimeZone(input.timeZone),
    startsAt: () => readInstant(input.startsAt, 'startsAt'),
    endsAt: () => readEnd(input),
  })

function readEnd(input: Pick<EventInput, 'startsAt' | 'endsAt'>): Date {
  const endsAt = readInstant(input.endsAt, 'endsAt')
  if (endsAt <= new Date(input.startsAt))
    throw new Failure('invalid_date', { detail: 'endsAt must be after startsAt.' })
  return endsAt
}

export type GuestInput = {
  id?: string
  name: string
  phone?: string | null
  email?: string | null
  partySize: number
  companions?: Companion[]
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
    ...readGuestFields(input),
    eventId,
    id: input.id ?? newId('g'),
    partySize: input.partySize,
    companions: readCompanions(input.companions ?? [], input.partySize),
    locale: input.locale,
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
  const companions = patch.companions ? readCompanions(patch.companions, patch.partySize ?? guest.partySize) : null
  const next: GuestRow = { ...guest, ...patch, ...readGuestFields({ ...guest, ...patch }, guest) }
  try {
    await withTx(db, async (tx) => {
      if (!(await updateGuest(tx, next, companions, now()))) throw new Failure('guest_anonymized')
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
