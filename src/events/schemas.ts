/** The request and response schemas of organizers, events and guests. */
import { Type } from 'typebox'
import { Id, Instant, Locale, localeWith, NullableInstant, NullableInteger, NullableString } from '../http/schemas.ts'
import { GUEST_LIMITS } from './guest-fields.ts'

const Name = Type.String({ minLength: 1, maxLength: GUEST_LIMITS.name, pattern: '\\S', format: 'name' })
const DateTime = Type.String({ format: 'date-time' })
const doorPolicyWith = (options: object = {}) =>
  Type.Unsafe<'invited' | 'confirmed'>({ type: 'string', enum: ['invited', 'confirmed'], ...options })
const reentryWith = (options: object = {}) =>
  Type.Unsafe<'none' | 'exit_then_entry'>({ type: 'string', enum: ['none', 'exit_then_entry'], ...options })
const doorsOpenMinutesWith = (options: object = {}) => Type.Integer({ minimum: 0, maximum: 525_600, ...options })
const EventType = Type.Enum(['standard', 'premium'])
export const EventStatus = Type.Enum(['draft', 'active', 'archived', 'expired'], { title: 'EventStatus' })
export const GuestStatus = Type.Enum(['pending', 'confirmed', 'declined', 'scanned'], { title: 'GuestStatus' })
const nullable = <T>(schema: object) =>
  Type.Unsafe<T | null>({ ...schema, type: [(schema as { type: string }).type, 'null'] })

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
    capacity: NullableInteger,
    landingTtlDays: NullableInteger,
    doorPolicy: doorPolicyWith(),
    doorsOpenMinutes: Type.Integer(),
    reentry: reentryWith(),
    createdAt: Instant,
    sendingPaused: Type.Unsafe<'event_paused' | 'organizer_paused' | null>({
      type: ['string', 'null'],
      enum: ['event_paused', 'organizer_paused', null],
      description: 'Nothing is sent while it is paused; what is queued waits.',
    }),
  },
  { title: 'Event' },
)
export const Guest = Type.Object(
  {
    eventId: Type.String(),
    id: Type.String(),
    name: Type.String(),
    phone: NullableString,
    email: NullableString,
    partySize: Type.Integer(),
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

const eventFields = {
  location: Type.Optional(nullable<string>(Type.String({ maxLength: 500 }))),
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

const guestFields = {
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
