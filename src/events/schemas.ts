/** The request and response schemas of organizers, events and guests. */
import { Type } from 'typebox'
import { Id, Instant, NullableInstant, NullableInteger, NullableString } from '../http/request-id.ts'

const Name = Type.String({ minLength: 1, maxLength: 200, pattern: '\\S' })
const DateTime = Type.String({ format: 'date-time' })
const Locale = Type.Enum(['es-MX', 'en'])
const EventType = Type.Enum(['standard', 'premium'])
const nullable = <T>(schema: object) =>
  Type.Unsafe<T | null>({ ...schema, type: [(schema as { type: string }).type, 'null'] })

export const Organizer = {
  id: Type.String(),
  name: Type.String(),
  createdAt: Instant,
  sendingPausedAt: NullableInstant,
}
export const Event = {
  id: Type.String(),
  organizerId: Type.String(),
  name: Type.String(),
  type: EventType,
  status: Type.Enum(['draft', 'active', 'archived', 'expired']),
  startsAt: Instant,
  endsAt: Instant,
  timeZone: Type.String(),
  location: NullableString,
  capacity: NullableInteger,
  landingTtlDays: NullableInteger,
  createdAt: Instant,
  sendingPaused: Type.Unsafe<'event_paused' | 'organizer_paused' | null>({
    type: ['string', 'null'],
    enum: ['event_paused', 'organizer_paused', null],
    description: 'Nothing is sent while it is paused; what is queued waits.',
  }),
}
export const Guest = {
  eventId: Type.String(),
  id: Type.String(),
  name: Type.String(),
  phone: NullableString,
  email: NullableString,
  partySize: Type.Integer(),
  tags: Type.Array(Type.String()),
  locale: Locale,
  notes: NullableString,
  status: Type.Enum(['pending', 'confirmed', 'declined', 'scanned']),
  answer: Type.Enum(['pending', 'yes', 'no', 'maybe']),
  admitted: Type.Integer(),
  code: Type.String({ description: 'Of the invitation; opens its page and, as a QR, the door.' }),
  createdAt: Instant,
}

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
    timeZone: Type.String({ maxLength: 64, default: 'America/Mexico_City' }),
    ...eventFields,
  },
  { additionalProperties: false },
)
export const EventPatchBody = Type.Object(
  {
    name: Type.Optional(Name),
    type: Type.Optional(EventType),
    status: Type.Optional(Type.Enum(['draft', 'active'])),
    startsAt: Type.Optional(DateTime),
    endsAt: Type.Optional(DateTime),
    timeZone: Type.Optional(Type.String({ maxLength: 64 })),
    ...eventFields,
  },
  { additionalProperties: false, minProperties: 1 },
)

const guestFields = {
  phone: Type.Optional(
    nullable<string>(Type.String({ maxLength: 40, description: 'Any usual writing; kept as E.164.' })),
  ),
  email: Type.Optional(nullable<string>(Type.String({ format: 'email', maxLength: 254 }))),
  notes: Type.Optional(nullable<string>(Type.String({ maxLength: 2000 }))),
}
const Tags = Type.Array(Type.String({ minLength: 1, maxLength: 50 }), { maxItems: 50, uniqueItems: true })
export const GuestBody = Type.Object(
  {
    id: Type.Optional(Id),
    name: Name,
    ...guestFields,
    partySize: Type.Integer({ minimum: 1, maximum: 20, default: 1 }),
    tags: Type.Array(Type.String({ minLength: 1, maxLength: 50 }), { maxItems: 50, uniqueItems: true, default: [] }),
    locale: Type.Enum(['es-MX', 'en'], { default: 'es-MX' }),
  },
  { additionalProperties: false },
)
export const GuestPatchBody = Type.Object(
  {
    name: Type.Optional(Name),
    ...guestFields,
    partySize: Type.Optional(Type.Integer({ minimum: 1, maximum: 20 })),
    tags: Type.Optional(Tags),
    locale: Type.Optional(Locale),
  },
  { additionalProperties: false, minProperties: 1 },
)
export const EventParams = Type.Object({ eventId: Id })
export const GuestParams = Type.Object({ eventId: Id, guestId: Id })
export { Name }
