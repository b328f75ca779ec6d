/** The schemas of dead letters. */
import { Type } from 'typebox'
import { Channel, Id, Instant, NullableInstant, NullableString, NullableText } from '../http/schemas.ts'
import { LETTER_KINDS } from '../platform/dead-letters.ts'

export const LetterParams = Type.Object({ letterId: Type.String({ pattern: '^[1-9][0-9]{0,17}$' }) })
export const filterFields = {
  kind: Type.Optional(Type.Enum(LETTER_KINDS)),
  reason: Type.Optional(Type.String({ minLength: 1, maxLength: 200 })),
  channel: Type.Optional(Channel),
  campaignId: Type.Optional(Id),
  eventId: Type.Optional(Id),
  organizerId: Type.Optional(Id),
}
export const Filter = Type.Object(filterFields, { additionalProperties: false, title: 'DeadLetterFilter' })
const DeliveryOfLetter = Type.Object(
  {
    eventId: Type.String(),
    eventName: Type.String(),
    guestId: Type.String(),
    guestName: Type.String(),
    organizerId: Type.String(),
    campaignId: NullableString,
    channel: Channel,
    template: Type.String(),
    status: Type.String(),
    attempts: Type.Integer(),
    attemptsMax: Type.Integer(),
    replays: Type.Integer(),
  },
  { title: 'DeadDelivery' },
)
const InboundOfLetter = Type.Object({ source: Type.String(), status: Type.String(), attempts: Type.Integer() })
export const Letter = Type.Object(
  {
    id: Type.String(),
    kind: Type.Enum(LETTER_KINDS),
    refId: Type.String({ description: 'Id of the delivery or webhook, or `name:data` of the job.' }),
    reason: Type.String(),
    explanation: NullableText,
    attempts: Type.Integer(),
    firstAt: Instant,
    lastAt: Instant,
    resolvedAt: NullableInstant,
    resolvedBy: NullableString,
    resolution: NullableString,
    delivery: Type.Union([DeliveryOfLetter, Type.Null()]),
    inboundEvent: Type.Union([InboundOfLetter, Type.Null()]),
  },
  { title: 'DeadLetter' },
)
