/** The waiting list of an event, for its organizer. Guests join on their page (landing/). */
import type { FastifyPluginAsyncTypebox } from '@fastify/type-provider-typebox'
import { Type } from 'typebox'
import type { Deps } from '../deps.ts'
import { findEvent } from '../events/events.ts'
import { Failure } from '../platform/errors.ts'
import { forCaller, scopeOf } from '../http/access.ts'
import { Page, PageQuery, readCursor, toPage } from '../http/page.ts'
import {
  Answer,
  AnswerOf,
  DELIVERY_STATUSES,
  EventParams,
  GuestParams,
  Id,
  Instant,
  NullableString,
} from '../http/schemas.ts'
import { listEntries, listGiven } from './sql.ts'
import { joinWaitlist, leaveWaitlist } from './waitlist.ts'

const WaitlistEntry = Type.Object(
  {
    guestId: Type.String(),
    name: Type.String(),
    partySize: Type.Integer({ description: 'How many would come.' }),
    joinedAt: Instant,
    addedBy: Type.Unsafe<string | null>({ ...NullableString, description: 'A user; null: the guest joined.' }),
  },
  { title: 'WaitlistEntry' },
)

const GivenPlaces = Type.Object(
  {
    guestId: Type.String(),
    name: Type.String(),
    partySize: Type.Integer({ description: 'How many come.' }),
    confirmedAt: Instant,
    message: Type.Unsafe<string | null>({
      type: ['string', 'null'],
      enum: [...DELIVERY_STATUSES, null],
      description: 'What became of the message that told the guest; null: the guest has no address.',
    }),
  },
  { title: 'GivenPlaces' },
)

export const waitlistRoutes =
  (deps: Deps): FastifyPluginAsyncTypebox =>
  async (app) => {
    app.get(
      '/events/:eventId/waitlist',
      {
        config: { access: ['organizer', 'director', 'viewer'], problems: ['event_not_found'] },
        schema: {
          operationId: 'listWaitlist',
          tags: ['Guests'],
          summary: 'Who waits for places, the first in line first',
          params: EventParams,
          querystring: Type.Object(PageQuery, { additionalProperties: false }),
          response: { 200: Page(WaitlistEntry) },
        },
      },
      async (request) => {
        const { limit, cursor } = request.query
        const [scope, { eventId }] = [scopeOf(request), request.params]
        const page = { after: readCursor(cursor), limit: limit + 1 }
        if (!(await findEvent(forCaller(deps, request).db, scope, eventId))) throw new Failure('event_not_found')
        const rows = await listEntries(forCaller(deps, request).db, { scope, eventId, ...page })
        return toPage(rows, limit, ({ joinedAt, guestId }) => ({ at: joinedAt, id: guestId }))
      },
    )

    app.get(
      '/events/:eventId/waitlist/given',
      {
        config: { access: ['organizer', 'director', 'viewer'], problems: ['event_not_found'] },
        schema: {
          operationId: 'listGivenPlaces',
          tags: ['Guests'],
          summary: 'Who got places from the waiting list and has not answered since, the latest first',
          params: EventParams,
          querystring: Type.Object(PageQuery, { additionalProperties: false }),
          response: { 200: Page(GivenPlaces) },
        },
      },
      async (request) => {
        const { limit, cursor } = request.query
        const [scope, { eventId }] = [scopeOf(request), request.params]
        const page = { before: readCursor(cursor), limit: limit + 1 }
        if (!(await findEvent(forCaller(deps, request).db, scope, eventId))) throw new Failure('event_not_found')
        const rows = await listGiven(forCaller(deps, request).db, { scope, eventId, ...page })
        return toPage(rows, limit, ({ confirmedAt, guestId }) => ({ at: confirmedAt, id: guestId }))
      },
    )

    app.post(
      '/events/:eventId/waitlist',
      {
        config: {
          access: ['organizer', 'director'],
          problems: [
            'guest_not_found',
            'invitation_revoked',
            'event_not_open',
            'event_cancelled',
            'places_exceeded',
            'already_confirmed',
          ],
        },
        schema: {
          operationId: 'addToWaitlist',
          tags: ['Guests'],
          summary: 'Put a guest on the waiting list',
          description:
            'When places become free, the first in line whose party fits is confirmed within seconds and told with the ' +
            'template `waitlist_place`. A guest who waits already keeps the place in line. Whoever answers has left the list.',
          params: EventParams,
          body: Type.Object(
            {
              guestId: Id,
              partySize: Type.Optional(
                Type.Integer({ minimum: 1, maximum: 20, description: 'All that were invited if absent.' }),
              ),
            },
            { additionalProperties: false, title: 'WaitlistRequest' },
          ),
          response: { 201: AnswerOf(WaitlistEntry) },
        },
      },
      async (request, reply) => {
        void reply.code(201)
        const whose = { scope: scopeOf(request), ...request.params, ...request.body }
        return joinWaitlist(forCaller(deps, request), { ...whose, addedBy: request.user.id })
      },
    )

    app.delete(
      '/events/:eventId/waitlist/:guestId',
      {
        config: {
          access: ['organizer', 'director'],
          problems: ['event_not_found', 'guest_not_found', 'not_waiting'],
        },
        schema: {
          operationId: 'removeFromWaitlist',
          tags: ['Guests'],
          summary: 'Take a guest off the waiting list',
          params: GuestParams,
          response: { 200: Answer({ status: Type.Literal('deleted') }) },
        },
      },
      async (request) => {
        await leaveWaitlist(forCaller(deps, request).db, { scope: scopeOf(request), ...request.params })
        return { status: 'deleted' as const }
      },
    )
  }
