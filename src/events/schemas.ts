/** The request and response schemas of organizers, events and guests. */
import { Type } from 'typebox'
import {
  DELIVERY_STATUSES,
  Id,
  Instant,
  Locale,
  localeWith,
  NullableInstant,
  NullableInteger,
  NullableNumber,
  NullableString,
} from '../http/schemas.ts'
import { GUEST_LIMITS } from './guest-fields.ts'
import { VENUE_LIMITS } from './venue.ts'

const Name = Type.String({ minLength: 1, maxLength: GUEST_LIMITS.name, pattern: '\\S', format: 'name' })
const DateTime = Type.String({ format: 'date-time' })
const doorPolicyWith = (options: object = {}) =>
  Type.Unsafe<'invited' | 'confirmed'>({ type: 'string', enum: ['invited', 'confirmed'], ...options })
const reentryWith = (options: object = {}) =>
  Type.Unsafe<'none' | 'exit_then_entry'>({ type: 'string', enum: ['none', 'exit_then_entry'], ...options })
const doorsOpenMinutesWith = (options: object = {}) => Type.Integer({ minimum: 0, maximum: 525_600, ...options })
const EventType = Type.Enum(['standard', 'premium'])
export const EventStatus = Type.Enum(['draft', 'active', 'archived', 'expired', 'cancelled'], { title: 'EventStatus' })
export const GuestStatus = Type.Enum(['pending', 'confirmed', 'declined', 'scanned'], { title: 'GuestStatus' })
const nullable = <T>(schema: object) =>
  Type.Unsafe<T | null>({ ...schema, type: [(schema as { type: string }).type, 'null'] })

export const Venue = Type.Object(
  {
    name: NullableString,
    address: NullableString,
    mapUrl: NullableString,
    latitude: NullableNumber,
    longitude: NullableNumber,
  },
  { title: 'Venue' },
)
export const Organizer = Type.Object(
  {
    id: Type.String(),
    name: Type.String(),
    createdAt: Instant,
    sendingPausedAt: NullableInstant,
  },
  { title: 'Organizer' },
)
export const Event = Type.Object(
  {
    id: Type.String(),
    organizerId: Type.String(),
    name: Type.String(),
    type: EventType,
    status: EventStatus,
    startsAt: Instant,
    endsAt: Instant,
    timeZone: Type.String(),
    location: NullableString,
    venue: Type.Union([Venue, Type.Null()]),
    rsvpUntil: NullableInstant,
    capacity: NullableInteger,
    landingTtlDays: NullableInteger,
    doorPolicy: doorPolicyWith(),
    doorsOpenMinutes: Type.Integer(),
    reentry: reentryWith(),
    cancelledAt: NullableInstant,
    cancelReason: Type.Unsafe<string | null>({ ...NullableString, description: 'For the team; guests do not see it.' }),
    createdAt: Instant,
    sendingPaused: Type.Unsafe<'event_paused' | 'organizer_paused' | null>({
      type: ['string', 'null'],
      enum: ['event_paused', 'organizer_paused', null],
      description: 'Nothing is sent while it is paused; what is queued waits.',
    }),
    gate: Type.Optional(
      Type.Unsafe<string | null>({ ...NullableString, description: 'Only for staff: the gate they are assigned to.' }),
    ),
  },
  { title: 'Event' },
)
export const Companion = Type.Object({ name: Type.String() }, { title: 'Companion' })
export const Guest = Type.Object(
  {
    eventId: Type.String(),
    id: Type.String(),
    name: Type.String(),
    phone: NullableString,
    email: NullableString,
    partySize: Type.Integer({ description: 'The guest and all companions, named or not.' }),
    companions: Type.Array(Companion),
    tags: Type.Array(Type.String()),
    locale: Locale,
    notes: NullableString,
    status: GuestStatus,
    answer: Type.Enum(['pending', 'yes', 'no', 'maybe']),
    admitted: Type.Integer(),
    code: Type.String({ description: 'Of the invitation; opens its page and, as a QR, the door.' }),
    createdAt: Instant,
    anonymizedAt: NullableInstant,
  },
  { title: 'Guest' },
)

const LastDelivery = Type.Union([
  Type.Object(
    {
      id: Type.String(),
      template: Type.String(),
      status: Type.Enum([...DELIVERY_STATUSES]),
      reason: NullableString,
      at: Type.Unsafe<Date | string>({
        type: 'string',
        format: 'date-time',
        description: 'Since when it has this status.',
      }),
    },
    { title: 'LastDelivery' },
  ),
  Type.Null(),
])
/** A guest in a list: also what they were last sent by each channel. */
export const GuestInList = Type.Object(
  {
    ...Guest.properties,
    deliveries: Type.Object({ whatsapp: LastDelivery, email: LastDelivery }, { title: 'LastDeliveries' }),
  },
  { title: 'GuestInList' },
)

const coordinate = (max: number) => Type.Optional(nullable<number>(Type.Number({ minimum: -max, maximum: max })))
const text = (maxLength: number, rule = {}) => Type.Optional(nullable<string>(Type.String({ maxLength, ...rule })))
/** readVenue says the whole rule; this much of it a form knows too. */
const WEB_ADDRESS = '^\\s*[Hh][Tt][Tt][Pp][Ss]?://'
const VenueBody = Type.Object(
  {
    name: text(VENUE_LIMITS.name),
    address: text(VENUE_LIMITS.address),
    mapUrl: text(VENUE_LIMITS.mapUrl, { pattern: WEB_ADDRESS }),
    latitude: coordinate(90),
    longitude: coordinate(180),
  },
  {
    additionalProperties: false,
    title: 'VenueInput',
    description: 'The map link is `mapUrl`, else the point, else a search for the address.',
  },
)
const eventFields = {
  location: Type.Optional(
    nullable<string>(
      Type.String({ maxLength: 500, description: 'The line that messages show; made of `venue` if absent.' }),
    ),
  ),
  venue: Type.Optional(Type.Union([VenueBody, Type.Null()])),
  rsvpUntil: Type.Optional(
    nullable<string>(
      Type.String({
        format: 'date-time',
        description: 'Later answers of guests are `rsvp_closed`; null: until the end.',
      }),
    ),
  ),
  capacity: Type.Optional(nullable<number>(Type.Integer({ minimum: 1, maximum: 1_000_000 }))),
  landingTtlDays: Type.Optional(
    nullable<number>(Type.Integer({ minimum: 1, maximum: 3650, description: 'Clamped to 30–365 when it is used.' })),
  ),
}
export const EventBody = Type.Object(
  {
    id: Type.Optional(Id),
    organizerId: Type.Optional(Id),
    name: Name,
    type: Type.Enum(['standard', 'premium'], { default: 'standard' }),
    status: Type.Enum(['draft', 'active'], { default: 'active' }),
    startsAt: DateTime,
    endsAt: DateTime,
    timeZone: Type.String({ maxLength: 64, format: 'time-zone', default: 'America/Mexico_City' }),
    ...eventFields,
    doorPolicy: doorPolicyWith({
      default: 'invited',
      description: 'Whom the door admits: everybody invited, or only those who said yes.',
    }),
    doorsOpenMinutes: doorsOpenMinutesWith({
      default: 180,
      description: 'How long before the start the door opens; an earlier scan is `not_yet_open`.',
    }),
    reentry: reentryWith({
      default: 'none',
      description: '`exit_then_entry`: whoever was scanned on leaving may come back.',
    }),
  },
  { additionalProperties: false, title: 'NewEvent', 'x-ordered': ['startsAt', 'endsAt'] },
)
export const EventPatchBody = Type.Object(
  {
    name: Type.Optional(Name),
    type: Type.Optional(EventType),
    status: Type.Optional(Type.Enum(['draft', 'active'])),
    startsAt: Type.Optional(DateTime),
    endsAt: Type.Optional(DateTime),
    timeZone: Type.Optional(Type.String({ maxLength: 64, format: 'time-zone' })),
    ...eventFields,
    doorPolicy: Type.Optional(doorPolicyWith()),
    doorsOpenMinutes: Type.Optional(doorsOpenMinutesWith()),
    reentry: Type.Optional(reentryWith()),
  },
  { additionalProperties: false, minProperties: 1, title: 'EventChanges', 'x-ordered': ['startsAt', 'endsAt'] },
)

const Companions = Type.Array(Type.Object({ name: Name }, { additionalProperties: false, title: 'CompanionInput' }), {
  maxItems: GUEST_LIMITS.partySize - 1,
  description: 'The names of those who come with the guest, fewer than `partySize`. They replace all named before.',
})
const guestFields = {
  companions: Type.Optional(Companions),
  phone: Type.Optional(
    nullable<string>(
      Type.String({
        maxLength: GUEST_LIMITS.contact,
        format: 'phone',
        description: 'Any usual writing, also a link of WhatsApp; kept as E.164.',
      }),
    ),
  ),
  email: Type.Optional(
    nullable<string>(
      Type.String({
        maxLength: GUEST_LIMITS.contact,
        format: 'email-address',
        description: 'As people paste it; kept in lower case, with its domain in ASCII.',
      }),
    ),
  ),
  notes: Type.Optional(nullable<string>(Type.String({ maxLength: GUEST_LIMITS.notes }))),
}
const Tags = Type.Array(Type.String({ minLength: 1, maxLength: GUEST_LIMITS.tag }), {
  maxItems: GUEST_LIMITS.tags,
  uniqueItems: true,
})
export const GuestBody = Type.Object(
  {
    id: Type.Optional(Id),
    name: Name,
    ...guestFields,
    partySize: Type.Integer({ minimum: 1, maximum: GUEST_LIMITS.partySize, default: 1 }),
    tags: Type.Array(Type.String({ minLength: 1, maxLength: GUEST_LIMITS.tag }), {
      maxItems: GUEST_LIMITS.tags,
      uniqueItems: true,
      default: [],
    }),
    locale: localeWith({ default: 'es-MX' }),
  },
  { additionalProperties: false, title: 'NewGuest' },
)
export const GuestPatchBody = Type.Object(
  {
    name: Type.Optional(Name),
    ...guestFields,
    partySize: Type.Optional(Type.Integer({ minimum: 1, maximum: GUEST_LIMITS.partySize })),
    tags: Type.Optional(Tags),
    locale: Type.Optional(Locale),
  },
  { additionalProperties: false, minProperties: 1, title: 'GuestChanges' },
)
export const OrganizerBody = Type.Object(
  { id: Type.Optional(Id), name: Name },
  { additionalProperties: false, title: 'NewOrganizer' },
)
