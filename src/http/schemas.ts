/**
 * Schemas that every domain shares on the wire. A schema with a `title` is a named shape: openapi.json
 * has it once under that name and refers to it everywhere else.
 */
import { Type, type Static, type TObject, type TProperties, type TSchema, type TSchemaOptions } from 'typebox'
import { LOCALES } from '../platform/values/languages.ts'

export const RequestId = Type.String({ title: 'RequestId', description: 'Also in the X-Request-Id header.' })
/** The hook in request-id.ts writes it, so a handler need not. */
type Stamped<T> = T & { requestId?: string }

const Stamp = Type.Object({ requestId: RequestId }, { title: 'Stamp' })

/** The schema of a JSON answer: the given properties and the request id beside them. */
export const Answer = <P extends TProperties>(properties: P, options: TSchemaOptions = {}) =>
  Type.Unsafe<Stamped<Static<TObject<P>>>>(Type.Object({ requestId: RequestId, ...properties }, options))

/** The same for a named shape, which stays one in openapi.json. */
export const AnswerOf = <S extends TSchema>(shape: S) => Type.Unsafe<Stamped<Static<S>>>(Type.Intersect([shape, Stamp]))

/** An answer that is a file. `T`: what the handler sends. */
export const FileAnswer = <T>(mediaType: string, description: string) => ({
  description,
  content: { [mediaType]: { schema: Type.Unsafe<T>({ type: 'string' }) } },
})

/** An instant on the wire: ISO 8601, UTC, milliseconds. */
export const Instant = Type.Unsafe<Date | string>({ type: 'string', format: 'date-time' })
export const NullableInstant = Type.Unsafe<Date | string | null>({ type: ['string', 'null'], format: 'date-time' })
export const NullableString = Type.Unsafe<string | null>({ type: ['string', 'null'] })
export const NullableInteger = Type.Unsafe<number | null>({ type: ['integer', 'null'] })
export const NullableNumber = Type.Unsafe<number | null>({ type: ['number', 'null'] })

/** A text for people, in both languages. */
export const BilingualText = Type.Object({ 'es-MX': Type.String(), en: Type.String() }, { title: 'BilingualText' })
export const NullableText = Type.Union([BilingualText, Type.Null()])

/** An identifier in a path or a body. */
export const Id = Type.String({ pattern: '^[A-Za-z0-9_-]{1,64}$' })

/** A named enum; what is said of one field (`default`, `description`) stays with that field. */
const named =
  <const T extends readonly string[]>(title: string, values: T) =>
  (options: TSchemaOptions = {}) =>
    Type.Unsafe<T[number]>({ ...options, type: 'string', enum: values, title })

/** The channels, in the order in which they are tried. */
export const CHANNELS = ['whatsapp', 'email'] as const
export const channelWith = named('Channel', CHANNELS)
export const Channel = channelWith()
/** The states of a delivery; docs/states.md draws them. */
export const DELIVERY_STATUSES = [
  'scheduled',
  'queued',
  'sending',
  'unknown',
  'sent',
  'delivered',
  'read',
  'failed',
  'skipped',
  'dead',
] as const
/** What a request may ask for: `auto` leaves the choice to us. */
export const channelChoiceWith = named('ChannelChoice', [...CHANNELS, 'auto'])
export const localeWith = named('Locale', LOCALES)
export const Locale = localeWith()

export const EventParams = Type.Object({ eventId: Id })
export const GuestParams = Type.Object({ eventId: Id, guestId: Id })
/** The body of a POST that needs none. */
export const NoBody = Type.Object({}, { additionalProperties: false })
