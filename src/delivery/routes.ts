/** Requesting a message and reading its delivery. */
import type { FastifyPluginAsyncTypebox } from '@fastify/type-provider-typebox'
import { Type } from 'typebox'
import type { Deps } from '../deps.ts'
import { Failure } from '../platform/errors.ts'
import { forCaller, scopeOf } from '../http/access.ts'
import { Page, PageQuery, readCursor, toPage } from '../http/page.ts'
import { Channel, EventParams, GuestParams, Id } from '../http/schemas.ts'
import { deliverInvitation, deliveryJobId } from './jobs.ts'
import { requestDelivery } from './delivery.ts'
import { findEvent } from '../events/events.ts'
import { Delivery, DeliveryDetail, DeliveryStatus, Duplicate, Queued, SendBody } from './schemas.ts'
import { findDelivery, listDeliveries } from './views.ts'

export const deliveryRoutes =
  (deps: Deps): FastifyPluginAsyncTypebox =>
  async (app) => {
    app.post(
      '/events/:eventId/guests/:guestId/send',
      {
        config: {
          access: ['organizer', 'director'],
          optionalBody: true,
          needsTickets: true,
          problems: [
            'event_not_found',
            'guest_not_found',
            'template_not_found',
            'event_closed',
            'event_cancelled',
            'event_not_cancelled',
            'event_draft',
            'event_not_over',
            'guest_opted_out',
            'email_stopped',
            'marketing_stopped',
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
        // Not awaited: the row is committed, and the sweep finds it if its job is lost.
        if (status === 'queued') void deps.queues.enqueue(deliverInvitation, { deliveryId }, { id: jobId })
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
        const delivery = await findDelivery(forCaller(deps, request).db, scopeOf(request), request.params.deliveryId)
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
            {
              ...PageQuery,
              status: Type.Optional(DeliveryStatus),
              channel: Type.Optional(Channel),
              campaignId: Type.Optional(Id),
              guestId: Type.Optional(Id),
              reason: Type.Optional(
                Type.String({ pattern: '^[a-z0-9_]{1,100}$', description: 'As `reason` or `waitingFor` shows it.' }),
              ),
            },
            { additionalProperties: false },
          ),
          response: { 200: Page(Delivery) },
        },
      },
      async (request) => {
        const { limit, cursor, ...filter } = request.query
        const { eventId } = request.params
        const scope = scopeOf(request)
        const page = { before: readCursor(cursor), limit: limit + 1 }
        if (!(await findEvent(forCaller(deps, request).db, scope, eventId))) throw new Failure('event_not_found')
        const rows = await listDeliveries(forCaller(deps, request).db, { scope, eventId, ...filter, ...page })
        return toPage(rows, limit, ({ requestedAt, id }) => ({ at: requestedAt, id }))
      },
    )
  }
