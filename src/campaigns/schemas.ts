/** Campaigns on the wire. */
import { Type } from 'typebox'
import { ByLocale, ShownMessage, TemplateStatuses } from '../templates/templates.ts'
import {
  Answer,
  Channel,
  channelChoiceWith,
  channelWith,
  Instant,
  Locale,
  NullableInstant,
  NullableString,
  NullableText,
} from '../http/schemas.ts'

const CHOICE = 'auto: WhatsApp, if the guest has a number that has not proved unreachable; else e-mail.'
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
    hasChannel: Type.Optional(channelWith({ description: 'Has a phone, or an e-mail address.' })),
  },
  { additionalProperties: false, default: {}, title: 'GuestFilter' },
)
const Variables = Type.Record(Type.String({ pattern: '^[a-z_]{1,60}$' }), Type.String({ maxLength: 1000 }), {
  default: {},
  maxProperties: 30,
  additionalProperties: false,
})
const Anchor = Type.Enum(['startsAt', 'endsAt'], { description: 'Of the event, as it stands when the time has come.' })
const LocalTime = Type.String({
  pattern: '^([01][0-9]|2[0-3]):[0-5][0-9]$',
  description: 'HH:mm in the time zone of the event.',
})
const Schedule = Type.Union(
  [
    Type.Object(
      {
        anchor: Anchor,
        offsetDays: Type.Integer({
          minimum: -366,
          maximum: 366,
          description: 'Calendar days there; negative is before.',
        }),
        localTime: LocalTime,
      },
      { additionalProperties: false },
    ),
    Type.Object(
      {
        anchor: Anchor,
        offsetMinutes: Type.Integer({
          minimum: -2880,
          maximum: 2880,
          description: 'At most two days; negative is before.',
        }),
      },
      { additionalProperties: false },
    ),
  ],
  {
    title: 'EventSchedule',
    description:
      'A time that follows the event, instead of scheduledAt. Recipients are frozen when it has come: who has answered by ' +
      'then is not reminded. When the event is moved, the time moves within a second; if it has passed by then, nothing is ' +
      'sent and the campaign is `missed`.',
  },
)
export const CampaignBody = Type.Object(
  {
    template: Type.String({ minLength: 1, maxLength: 100 }),
    channel: channelChoiceWith({ default: 'auto', description: CHOICE }),
    filter: Filter,
    variables: Variables,
    scheduledAt: Type.Optional(
      Type.String({ format: 'date-time', description: 'At most a year ahead; the past is now.' }),
    ),
    schedule: Type.Optional(Schedule),
    dryRun: Type.Boolean({ default: false, description: 'Tell what would happen and send nothing.' }),
    preflightId: Type.Optional(
      Type.String({ pattern: '^[A-Za-z0-9_-]{1,64}$', description: 'Of a dry run of the same.' }),
    ),
    name: Type.Optional(
      Type.String({ minLength: 1, maxLength: 200, description: 'For the list; taken from the dry run.' }),
    ),
  },
  { additionalProperties: false, title: 'NewCampaign' },
)

const Count = Type.Integer({ minimum: 0 })
const SendingPaused = Type.Unsafe<'event_paused' | 'organizer_paused' | null>({
  type: ['string', 'null'],
  enum: ['event_paused', 'organizer_paused', null],
  description: 'Sending is paused: everything waits until it is resumed.',
})
const Status = Type.Enum(['scheduled', 'running', 'paused', 'cancelled', 'missed'], {
  description:
    'scheduled: follows the event and awaits its time. missed: that passed and nothing was sent; reason says why.',
})
const Category = Type.Enum(['utility', 'marketing', 'authentication', 'service'])
const MessagingLimit = Type.Object(
  {
    limit: Type.Unsafe<number | null>({
      type: ['integer', 'null'],
      description: 'People whom the business may begin to write to in 24 hours; null: no limit, or nobody has told it.',
    }),
    isUnlimited: Type.Boolean(),
    source: Type.Unsafe<'whatsapp' | 'setting' | null>({
      type: ['string', 'null'],
      enum: ['whatsapp', 'setting', null],
    }),
    toldAt: NullableInstant,
    used: Type.Integer({
      description: 'In the 24 hours before this would leave, by all organizers: they share the limit.',
    }),
    waiting: Type.Integer({ description: 'More people, to whom messages wait that leave before or with this.' }),
    recipients: Type.Integer({ description: 'People of this campaign who come on top.' }),
    remaining: Type.Unsafe<number | null>({ type: ['integer', 'null'], description: 'limit − used − waiting.' }),
    isBeyond: Type.Unsafe<boolean | null>({ type: ['boolean', 'null'], description: 'Null: the limit is unknown.' }),
  },
  {
    title: 'MessagingLimit',
    description: "WhatsApp's messaging limit: different people who are written to outside an open window.",
  },
)
export const Preflight = Answer(
  {
    preflightId: Type.String({ description: 'For the launch, within 24 hours.' }),
    counts: Type.Object(
      {
        matched: Count,
        valid: Count,
        duplicate: Count,
        withoutAddress: Count,
        optedOut: Count,
        marketingStopped: Count,
        emailStopped: Count,
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
        messages: Count,
        category: Category,
        perMessage: Type.Number({ description: 'Of that category, which most of the messages have.' }),
        byCategory: Type.Array(
          Type.Object({ category: Category, messages: Count, perMessage: Type.Number(), amountMinor: Type.Integer() }),
          { description: 'By the category that WhatsApp took the template of each language for.' },
        ),
      },
      { description: 'An estimate: the list price of the day for every WhatsApp message. The invoice may be lower.' },
    ),
    scheduledAt: Type.Unsafe<Date | string | null>({
      ...NullableInstant,
      description: 'When it would leave; null at once. Counts and samples are of the guests as they are now.',
    }),
    sendingPaused: SendingPaused,
    pausedChannels: Type.Array(Channel, {
      description: 'Channels that an operator has paused: their messages wait.',
    }),
    templateStatuses: TemplateStatuses,
    messagingLimit: MessagingLimit,
    warnings: Type.Array(
      Type.Object({
        code: Type.Enum([
          'event_draft',
          'template_not_approved',
          'template_mismatch',
          'other_category',
          'beyond_messaging_limit',
        ]),
        text: ByLocale,
      }),
      { description: 'What somebody should look at before the launch.' },
    ),
    quietHoursShift: Type.Integer({ minimum: 0, description: 'Messages that wait for the end of the quiet hours.' }),
    quietHoursUntil: NullableInstant,
    sample: Type.Array(
      Type.Object({
        guestId: Type.String(),
        template: Type.String(),
        locale: Locale,
        channel: Channel,
        refusal: NullableString,
        whatsapp: Type.Unsafe<object | null>({ type: ['object', 'null'] }),
        shown: ShownMessage,
        email: Type.Unsafe<object | null>({ type: ['object', 'null'] }),
      }),
      {
        description:
          'Up to four messages as their guests would get them: of each channel and language before more of one.',
      },
    ),
    exclusions: Type.Array(Type.Object({ guestId: Type.String(), reason: Type.String() }), {
      description: 'Up to twenty guests who get nothing, and why.',
    }),
  },
  { title: 'Preflight' },
)
export const Launched = Answer(
  {
    campaignId: Type.String(),
    status: Status,
    total: Type.Integer({
      description: 'Guests that the filter named, with those who were left out; 0 while its recipients are not frozen.',
    }),
    scheduledAt: NullableInstant,
  },
  { title: 'LaunchedCampaign' },
)

export const Campaign = Type.Object(
  {
    id: Type.String(),
    eventId: Type.String(),
    name: NullableString,
    status: Status,
    reason: Type.Unsafe<string | null>({
      type: ['string', 'null'],
      description:
        'The refusal that paused it; null when a person did. Of a missed one: event_moved, too_late (nobody was there to ' +
        'send it), event_closed, or what was wrong with its template.',
    }),
    explanation: NullableText,
    channel: channelChoiceWith({ description: CHOICE }),
    template: Type.String(),
    variables: Type.Record(Type.String(), Type.String()),
    filter: Type.Unsafe<object>({ type: 'object' }),
    leftOut: Type.Record(Type.String(), Type.Integer(), {
      description: 'Guests who were left out at the launch, by reason.',
    }),
    schedule: Type.Unsafe<object | null>({ type: ['object', 'null'] }),
    scheduledAt: NullableInstant,
    triggeredAt: Type.Unsafe<Date | string | null>({
      ...NullableInstant,
      description: 'When the recipients of one that follows the event were frozen.',
    }),
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
  },
  { title: 'Campaign' },
)
