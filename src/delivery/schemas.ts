/** The request and response schemas of deliveries. */
import { Type } from 'typebox'
import {
  Answer,
  AnswerOf,
  Channel,
  channelChoiceWith,
  DELIVERY_STATUSES,
  Instant,
  Locale,
  NullableInstant,
  NullableInteger,
  NullableString,
  NullableText,
} from '../http/schemas.ts'

export const DeliveryStatus = Type.Enum(DELIVERY_STATUSES, { title: 'DeliveryStatus' })
export const SendBody = Type.Object(
  {
    channel: channelChoiceWith({ default: 'whatsapp' }),
    fallback: Type.Boolean({
      default: true,
      description: 'When WhatsApp cannot reach the guest, an e-mail replaces the message, if the guest has an address.',
    }),
    template: Type.String({ minLength: 1, maxLength: 100, default: 'event_invitation' }),
    locale: Type.Optional(Locale),
    variables: Type.Record(Type.String({ pattern: '^[a-z_]{1,60}$' }), Type.String({ maxLength: 1000 }), {
      default: {},
      maxProperties: 30,
      additionalProperties: false,
    }),
    scheduledAt: Type.Optional(Type.String({ format: 'date-time' })),
    force: Type.Boolean({
      default: false,
      description: 'Send even if the same message was requested within DELIVERY_DEDUPE_WINDOW_MIN.',
    }),
  },
  { additionalProperties: false, title: 'SendRequest' },
)
export const Queued = Answer(
  {
    status: Type.Enum(['queued', 'scheduled']),
    deliveryId: Type.String(),
    jobId: Type.String(),
    eventId: Type.String(),
    guestId: Type.String(),
    channel: Channel,
    template: Type.String(),
  },
  { title: 'QueuedDelivery' },
)
export const Duplicate = Answer(
  {
    status: Type.Literal('duplicate'),
    duplicateOf: Type.String({ description: 'The delivery of the earlier request.' }),
  },
  { title: 'DuplicateDelivery' },
)

export const Delivery = Type.Object(
  {
    id: Type.String(),
    eventId: Type.String(),
    guestId: Type.String(),
    guestName: Type.String(),
    channel: Channel,
    template: Type.String(),
    locale: Locale,
    status: DeliveryStatus,
    reason: NullableString,
    explanation: NullableText,
    waitingFor: Type.Unsafe<string | null>({
      type: ['string', 'null'],
      description: 'What a queued message waits for: a pause, the rate limit, quiet hours, a retry.',
    }),
    attempts: Type.Integer(),
    attemptsMax: Type.Integer(),
    nextAttemptAt: NullableInstant,
    providerMessageId: NullableString,
    possibleDuplicate: Type.Boolean(),
    channelReason: NullableString,
    messageReason: NullableString,
    sessionMessage: Type.Union([Type.Boolean(), Type.Null()]),
    campaignId: NullableString,
    fallbackOf: NullableString,
    fallbackId: Type.Unsafe<string | null>({ type: ['string', 'null'], description: 'The e-mail that replaced it.' }),
    simulated: Type.Boolean(),
    requestedAt: Instant,
    scheduledAt: NullableInstant,
    sentAt: NullableInstant,
    deliveredAt: NullableInstant,
    readAt: NullableInstant,
  },
  { title: 'Delivery' },
)
export const DeliveryHistory = Type.Object(
  {
    originRequestId: Type.String({ description: 'Request id of the call that requested it.' }),
    pricing: Type.Union([Type.Record(Type.String(), Type.Unknown()), Type.Null()], {
      description:
        'How WhatsApp bills the message, verbatim: category, type, billable. Null until WhatsApp reports it.',
    }),
    attemptLog: Type.Array(
      Type.Object({
        n: Type.Integer(),
        startedAt: Instant,
        finishedAt: NullableInstant,
        outcome: NullableString,
        reason: NullableString,
        httpStatus: NullableInteger,
      }),
    ),
    events: Type.Array(
      Type.Object({ status: Type.String(), occurredAt: Instant, receivedAt: Instant, reason: NullableString }),
    ),
    reactions: Type.Array(Type.Object({ emoji: Type.String(), at: Instant }, { title: 'Reaction' })),
  },
  { title: 'DeliveryHistory' },
)
export const DeliveryDetail = AnswerOf(Type.Intersect([Delivery, DeliveryHistory]))
