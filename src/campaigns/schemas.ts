/** The request and response schemas of campaigns. */
import { Type } from 'typebox'
import { WARNINGS } from './warnings.ts'
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

const CHOICE = 'auto: WhatsApp, if the guest has a number that is not known as unreachable; else e-mail.'
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
const Anchor = Type.Enum(['startsAt', 'endsAt'], { description: 'The start or the end of the event.' })
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
          description: 'Calendar days in that time zone; negative is before.',
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
      'A time that follows the event, instead of scheduledAt. Recipients are frozen at that time, so a filter by status ' +
      'leaves out guests who have answered by then. When the event moves, the time moves within a second; if the new time ' +
      'has passed, nothing is sent and the campaign is `missed`.',
  },
)
export const CampaignBody = Type.Object(
  {
    template: Type.String({ minLength: 1, maxLength: 100 }),
    channel: channelChoiceWith({ default: 'auto', description: CHOICE }),
    filter: Filter,
    variables: Variables,
    scheduledAt: Type.Optional(
      Type.String({ format: 'date-time', description: 'At most a year ahead; a past time means now.' }),
    ),
    schedule: Type.Optional(Schedule),
    dryRun: Type.Boolean({ default: false, description: 'Report what would happen and send nothing.' }),
    preflightId: Type.Optional(
      Type.String({ pattern: '^[A-Za-z0-9_-]{1,64}$', description: 'From a dry run of the same request.' }),
    ),
    name: Type.Optional(
      Type.String({ minLength: 1, maxLength: 200, description: 'For the list. Only the name of the dry run counts.' }),
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
const Status = Type.Enum(['scheduled', 'running', 'paused', 'completed', 'cancelled', 'missed'], {
  description:
    'scheduled: follows the event and waits for its time. completed: no message is open, and it is running again if one is ' +
    'retried or falls back to e-mail. missed: the time passed and nothing was sent; reason says why.',
})
const Category = Type.Enum(['utility', 'marketing', 'authentication', 'service'])
const MessagingLimit = Type.Object(
  {
    limit: Type.Unsafe<number | null>({
      type: ['integer', 'null'],
      description:
        'People that the business may write to first in 24 hours. Null: there is no limit, or it is unknown.',
    }),
    isUnlimited: Type.Boolean(),
    source: Type.Unsafe<'whatsapp' | 'setting' | null>({
      type: ['string', 'null'],
      enum: ['whatsapp', 'setting', null],
    }),
    toldAt: NullableInstant,
    used: Type.Integer({
      description: 'People written to in the 24 hours before this campaign, by all organizers, who share the limit.',
    }),
    waiting: Type.Integer({ description: 'More people, whose messages are due before or with this campaign.' }),
    recipients: Type.Integer({ description: 'More people, whom only this campaign adds.' }),
    remaining: Type.Unsafe<number | null>({ type: ['integer', 'null'], description: 'limit − used − waiting.' }),
    isBeyond: Type.Unsafe<boolean | null>({ type: ['boolean', 'null'], description: 'Null: the limit is unknown.' }),
  },
  {
    title: 'MessagingLimit',
    description: "WhatsApp's messaging limit, which counts different people written to outside an open window.",
  },
)
const Shared = Type.Object(
  {
    addresses: Type.Integer({ minimum: 0, description: 'Numbers or mailboxes that get more than one message.' }),
    guests: Type.Integer({ minimum: 0, description: 'Guests whose messages they are.' }),
  },
  {
    title: 'SharedAddresses',
    description: 'Guests who share an address, such as couples. Each has an invitation and a message of their own.',
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
      {
        description:
          'Of the guests that match the filter. All but `valid` get nothing; each counts once, for its first reason.',
      },
    ),
    byChannel: Type.Object({ whatsapp: Count, email: Count }),
    sharedPhones: Shared,
    sharedEmails: Shared,
    estimatedCost: Type.Object(
      {
        isEstimate: Type.Literal(true),
        currency: NullableString,
        amount: Type.Number({ description: 'In whole units of the currency.' }),
        amountMinor: Type.Integer({ description: 'The same in hundredths.' }),
        messages: Count,
        category: Category,
        perMessage: Type.Number({ description: 'Price in that category, which most of the messages have.' }),
        byCategory: Type.Array(
          Type.Object({ category: Category, messages: Count, perMessage: Type.Number(), amountMinor: Type.Integer() }),
          { description: 'By the category that WhatsApp assigned to the template of each language.' },
        ),
      },
      { description: 'An estimate: the list price of the day for every WhatsApp message. The invoice may be lower.' },
    ),
    scheduledAt: Type.Unsafe<Date | string | null>({
      ...NullableInstant,
      description: 'When it would be sent; null means at once. Counts and samples use the guests as they are now.',
    }),
    sendingPaused: SendingPaused,
    pausedChannels: Type.Array(Channel, {
      description: 'Channels that an operator has paused. Their messages wait.',
    }),
    templateStatuses: TemplateStatuses,
    messagingLimit: MessagingLimit,
    warnings: Type.Array(
      Type.Object({
        code: Type.Enum(WARNINGS),
        text: ByLocale,
      }),
      { description: 'What to check before the launch.' },
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
          'Up to four messages as their guests would get them, from different channels and languages if possible.',
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
      description: 'Guests that match the filter, including those left out; 0 until the recipients are frozen.',
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
        'The refusal that paused it; null if a person paused it. For a missed campaign: event_moved, too_late (no worker ' +
        'was running), event_closed, or what was wrong with its template.',
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
      description: 'When the recipients of a campaign that follows its event were frozen.',
    }),
    createdAt: Instant,
    launchedAt: Instant,
    pausedAt: NullableInstant,
    completedAt: Type.Unsafe<Date | string | null>({
      ...NullableInstant,
      description: 'When its last message was sent or given up. Null while one is open.',
    }),
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
      { description: 'Counts each guest once, by the status of the message; they add up to total.' },
    ),
    isDone: Type.Boolean({
      description: 'No message is open: none will be sent any more. Those sent may still be read or fail.',
    }),
  },
  { title: 'Campaign' },
)
