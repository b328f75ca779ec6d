/** Campaigns on the wire. */
import { Type } from 'typebox'
import { Answer, Instant, NullableInstant, NullableString } from '../http/request-id.ts'

const Channel = Type.Enum(['whatsapp', 'email', 'auto'], {
  description: 'auto: WhatsApp, if the guest has a number that has not proved unreachable; else e-mail.',
})
const Filter = Type.Object(
  {
    status: Type.Optional(
      Type.Array(Type.Enum(['pending', 'confirmed', 'declined', 'scanned']), {
        minItems: 1,
        maxItems: 4,
        uniqueItems: true,
      }),
    ),
    tags: Type.Optional(
      Type.Array(Type.String({ minLength: 1, maxLength: 100 }), {
        minItems: 1,
        maxItems: 50,
        description: 'Guests with at least one of them.',
      }),
    ),
    hasChannel: Type.Optional(Type.Enum(['whatsapp', 'email'], { description: 'Has a phone, or an e-mail address.' })),
  },
  { additionalProperties: false, default: {} },
)
const Variables = Type.Record(Type.String({ pattern: '^[a-z_]{1,60}$' }), Type.String({ maxLength: 1000 }), {
  default: {},
  maxProperties: 30,
  additionalProperties: false,
})
export const CampaignBody = Type.Object(
  {
    template: Type.String({ minLength: 1, maxLength: 100 }),
    channel: Type.Enum(['whatsapp', 'email', 'auto'], { default: 'auto' }),
    filter: Filter,
    variables: Variables,
    scheduledAt: Type.Optional(
      Type.String({ format: 'date-time', description: 'At most a year ahead; the past is now.' }),
    ),
    dryRun: Type.Boolean({ default: false, description: 'Tell what would happen and send nothing.' }),
    preflightId: Type.Optional(
      Type.String({ pattern: '^[A-Za-z0-9_-]{1,64}$', description: 'Of a dry run of the same.' }),
    ),
    name: Type.Optional(
      Type.String({ minLength: 1, maxLength: 200, description: 'For the list; taken from the dry run.' }),
    ),
  },
  { additionalProperties: false },
)

const Count = Type.Integer({ minimum: 0 })
export const Preflight = Answer({
  preflightId: Type.String({ description: 'For the launch, within 24 hours.' }),
  counts: Type.Object(
    {
      matched: Count,
      valid: Count,
      duplicate: Count,
      withoutAddress: Count,
      optedOut: Count,
      missingVariables: Count,
      templateNotApproved: Count,
    },
    { description: 'Of the guests that the filter names; all but valid get nothing, each for its first reason.' },
  ),
  byChannel: Type.Object({ whatsapp: Count, email: Count }),
  estimatedCost: Type.Object(
    {
      isEstimate: Type.Literal(true),
      currency: NullableString,
      amount: Type.Number({ description: 'In whole units of the currency.' }),
      amountMinor: Type.Integer({ description: 'The same in hundredths.' }),
      perMessage: Type.Number(),
      category: Type.Enum(['utility', 'marketing']),
      messages: Count,
    },
    { description: 'An estimate: the list price of the day for every WhatsApp message. The invoice may be lower.' },
  ),
  quietHoursShift: Type.Integer({ minimum: 0, description: 'Messages that wait for the end of the quiet hours.' }),
  quietHoursUntil: NullableInstant,
  sample: Type.Array(
    Type.Object({
      guestId: Type.String(),
      template: Type.String(),
      locale: Type.Enum(['es-MX', 'en']),
      channel: Type.Enum(['whatsapp', 'email']),
      refusal: NullableString,
      whatsapp: Type.Unsafe<object | null>({ type: ['object', 'null'] }),
      email: Type.Unsafe<object | null>({ type: ['object', 'null'] }),
    }),
    { description: 'Up to three messages as their guests would get them.' },
  ),
  blocked: Type.Array(Type.Object({ guestId: Type.String(), reason: Type.String() }), {
    description: 'Up to twenty guests who get nothing, and why.',
  }),
})
export const Launched = Answer({
  campaignId: Type.String(),
  status: Type.Enum(['preflight', 'running', 'paused', 'cancelled']),
  total: Type.Integer({ description: 'Guests that the filter named, with those who were left out.' }),
})

export const CampaignFields = {
  id: Type.String(),
  eventId: Type.String(),
  name: NullableString,
  status: Type.Enum(['running', 'paused', 'cancelled']),
  reason: Type.Unsafe<string | null>({
    type: ['string', 'null'],
    description: 'The refusal that paused it; null when a person did.',
  }),
  channel: Channel,
  template: Type.String(),
  variables: Type.Record(Type.String(), Type.String()),
  filter: Type.Unsafe<object>({ type: 'object' }),
  leftOut: Type.Record(Type.String(), Type.Integer(), {
    description: 'Guests who were left out at the launch, by reason.',
  }),
  scheduledAt: NullableInstant,
  createdAt: Instant,
  launchedAt: Instant,
  pausedAt: NullableInstant,
  cancelledAt: NullableInstant,
  progress: Type.Object(
    {
      total: Count,
      scheduled: Count,
      queued: Count,
      sent: Count,
      delivered: Count,
      read: Count,
      failed: Count,
      skipped: Count,
    },
    { description: 'Every guest once, where the message stands; the sum of all is total.' },
  ),
  isDone: Type.Boolean({ description: 'Nothing is scheduled or queued any more.' }),
}
