/** Requesting a message and reading its delivery. */
import type { FastifyPluginAsyncTypebox } from '@fastify/type-provider-typebox'
import { Type } from 'typebox'
import type { Deps } from '../deps.ts'
import { Failure } from '../platform/errors.ts'
import { scopeOf } from '../http/access.ts'
import { Page, PageQuery, readCursor, toPage } from '../http/page.ts'
import {
  Answer,
  AnswerOf,
  Channel,
  channelChoiceWith,
  EventParams,
  GuestParams,
  Id,
  Instant,
  Locale,
  NullableInstant,
  NullableInteger,
  NullableString,
  NullableText,
} from '../http/schemas.ts'
import { deliverInvitation, deliveryJobId } from './jobs.ts'
import { requestDelivery } from './delivery.ts'
import { findEvent } from '../events/events.ts'
import { findDelivery, listDeliveries, STATUSES } from './views.ts'

const DeliveryStatus = Type.Enum(STATUSES, { title: 'DeliveryStatus' })
const SendBody = Type.Object(
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
const Queued = Answer(
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
const Duplicate = Answer(
  {
    status: Type.Literal('duplicate'),
    duplicateOf: Type.String({ description: 'The delivery of the earlier request.' }),
  },
  { title: 'DuplicateDelivery' },
)

const Delivery = Type.Object(
  {
    id: Type.String(),
    eventId: Type.String(),
    guestId: Type.String(),
    channel: Channel,
    template: Type.String(),
    locale: Locale,
    status: DeliveryStatus,
    reason: NullableString,
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
    simulated: Type.Boolean(),
    requestedAt: Instant,
    scheduledAt: NullableInstant,
    sentAt: NullableInstant,
    deliveredAt: NullableInstant,
    readAt: NullableInstant,
  },
  { title: 'Delivery' },
)
const DeliveryHistory = Type.Object(
  {
    fallbackId: Type.Union([Type.String(), Type.Null()], { description: 'The e-mail that replaced it.' }),
    explanation: NullableText,
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
  },
  { title: 'DeliveryHistory' },
)
const DeliveryDetail = AnswerOf(Type.Intersect([Delivery, DeliveryHistory]))

export const deliveryRoutes =
  (deps: Deps): FastifyPluginAsyncTypebox =>
  async (app) => {
    app.post(
      '/events/:eventId/guests/:guestId/send',
      {
        config: {
          access: ['organizer', 'director'],
          optionalBody: true,
          problems: [
            'event_not_found',
            'guest_not_found',
            'template_not_found',
            'event_closed',
            'event_draft',
            'guest_opted_out',
            'email_stopped',
            'no_address_for_channel',
            'template_variable_missing',
            'template_variable_invalid',
            'invalid_date',
          ],
        },
        schema: {
          operationId: 'sendInvitation',
          tags: ['Delivery'],
          summary: 'Queue an invitation or reminder for one guest',
          params: GuestParams,
          body: SendBody,
          response: { 200: Duplicate, 202: Queued },
        },
      },
      async (request, reply) => {
        const { params, body, user, id: requestId, idempotencyKey } = request
        const requested = await requestDelivery(deps, { ...params, ...body, user, requestId, idempotencyKey })
        if (requested.status === 'duplicate') return requested
        const { deliveryId, channel, status } = requested
        const jobId = deliveryJobId(deliveryId, 0)
        if (status === 'queued') await deps.queues.enqueue(deliverInvitation, { deliveryId }, { id: jobId })
        void reply.code(202)
        return { status, deliveryId, jobId, ...params, channel, template: body.template }
      },
    )

    app.get(
      '/deliveries/:deliveryId',
      {
        config: { access: ['organizer', 'director', 'viewer'], problems: ['delivery_not_found'] },
        schema: {
          operationId: 'showDelivery',
          tags: ['Delivery'],
          summary: 'One delivery with its attempts and every status event',
          params: Type.Object({ deliveryId: Id }),
          response: { 200: DeliveryDetail },
        },
      },
      async (request) => {
        const delivery = await findDelivery(deps.db, scopeOf(request), request.params.deliveryId)
        if (!delivery) throw new Failure('delivery_not_found')
        return delivery
      },
    )

    app.get(
      '/events/:eventId/deliveries',
      {
        config: { access: ['organizer', 'director', 'viewer'], problems: ['event_not_found'] },
        schema: {
          operationId: 'listDeliveries',
          tags: ['Delivery'],
          summary: 'Deliveries of an event, newest first',
          params: EventParams,
          querystring: Type.Object(
            { ...PageQuery, status: Type.Optional(DeliveryStatus) },
            { additionalProperties: false },
          ),
          response: { 200: Page(Delivery) },
        },
      },
      async (request) => {
        const { limit, cursor, status = null } = request.query
        const { eventId } = request.params
        const filter = { scope: scopeOf(request), eventId, status, before: readCursor(cursor), limit: limit + 1 }
        if (!(await findEvent(deps.db, filter.scope, eventId))) throw new Failure('event_not_found')
        return toPage(await listDeliveries(deps.db, filter), limit, ({ requestedAt, id }) => ({ at: requestedAt, id }))
      },
    )
  }
