/** Reading, assigning and answering conversations, and writing down what a guest said. */
import type { FastifyPluginAsyncTypebox } from '@fastify/type-provider-typebox'
import { Type } from 'typebox'
import type { Deps } from '../deps.ts'
import { deliverInvitation, deliveryJobId } from '../delivery/jobs.ts'
import { findGuest } from '../events/events.ts'
import { forCaller, scopeOf } from '../http/access.ts'
import { Page, PageQuery, readCursor, toPage } from '../http/page.ts'
import { Answer, GuestParams, Id, Instant, NullableString } from '../http/schemas.ts'
import { Failure, readInstant } from '../platform/errors.ts'
import { GivenAnswer, QueuedReply, StaffAnswer, StaffAnswerBody } from './schemas.ts'
import { listAnswers } from './team-sql.ts'
import { assignConversation, readConversation, replyToGuest, writeDownAnswer } from './team.ts'

const WRITERS = ['organizer', 'director'] as const
const READERS = ['organizer', 'director', 'viewer'] as const

export const teamRoutes =
  (deps: Deps): FastifyPluginAsyncTypebox =>
  async (app) => {
    app.post(
      '/events/:eventId/conversations/:guestId/messages',
      {
        config: {
          access: WRITERS,
          problems: ['guest_not_found', 'window_closed', 'guest_opted_out', 'no_address_for_channel'],
        },
        schema: {
          operationId: 'replyToGuest',
          tags: ['Conversations'],
          summary: 'Reply to a guest in words, while the 24-hour window is open',
          description:
            'The reply is a delivery: `GET /deliveries/{deliveryId}` tells what became of it. It is skipped with the reason ' +
            '`window_closed` when the window closes before it leaves. After the window `window_closed` says when it closed ' +
            'and which template may be sent instead.',
          params: GuestParams,
          body: Type.Object(
            { text: Type.String({ minLength: 1, maxLength: 4096 }) },
            { additionalProperties: false, title: 'PersonalReply' },
          ),
          response: { 202: QueuedReply },
        },
      },
      async (request, reply) => {
        const { params, body, user, id: requestId, idempotencyKey } = request
        const given = { ...params, ...body, scope: scopeOf(request), user, requestId, idempotencyKey }
        const { deliveryId, windowOpenUntil } = await replyToGuest(forCaller(deps, request), given)
        // Not awaited: the row is committed, and the release finds it if its job is lost.
        void deps.queues.enqueue(deliverInvitation, { deliveryId }, { id: deliveryJobId(deliveryId, 0) })
        void reply.code(202)
        return { status: 'queued' as const, deliveryId, ...params, windowOpenUntil }
      },
    )

    app.post(
      '/events/:eventId/conversations/:guestId/read',
      {
        config: { access: WRITERS, optionalBody: true, problems: ['guest_not_found', 'invalid_date'] },
        schema: {
          operationId: 'readConversation',
          tags: ['Conversations'],
          summary: 'Mark a conversation as read, for the whole team',
          params: GuestParams,
          body: Type.Object(
            {
              until: Type.Optional(
                Type.String({
                  format: 'date-time',
                  description: 'What was received later stays unread. Now if absent.',
                }),
              ),
            },
            { additionalProperties: false, title: 'ReadRequest' },
          ),
          response: { 200: Answer({ readAt: Instant, readBy: Type.String() }, { title: 'ReadConversation' }) },
        },
      },
      async (request) => {
        const { until } = request.body
        const readUntil = until === undefined ? null : readInstant(until, 'until')
        const whose = { scope: scopeOf(request), ...request.params }
        const readBy = request.user.id
        return { readAt: await readConversation(forCaller(deps, request), whose, readBy, readUntil), readBy }
      },
    )

    app.post(
      '/events/:eventId/conversations/:guestId/assign',
      {
        config: { access: WRITERS, problems: ['guest_not_found', 'user_not_found'] },
        schema: {
          operationId: 'assignConversation',
          tags: ['Conversations'],
          summary: 'Assign a conversation to a user of the same organizer, or to nobody',
          params: GuestParams,
          body: Type.Object(
            { userId: Type.Union([Id, Type.Null()]) },
            { additionalProperties: false, title: 'AssignRequest' },
          ),
          response: { 200: Answer({ assigneeId: NullableString }, { title: 'AssignedConversation' }) },
        },
      },
      async (request) => {
        const { userId: assigneeId } = request.body
        const whose = { scope: scopeOf(request), ...request.params }
        await assignConversation(forCaller(deps, request), whose, { assigneeId, by: request.user.id })
        return { assigneeId }
      },
    )

    app.post(
      '/events/:eventId/guests/:guestId/rsvp',
      {
        config: {
          access: WRITERS,
          problems: [
            'guest_not_found',
            'event_not_open',
            'event_cancelled',
            'places_exceeded',
            'capacity_reached',
            'guest_already_admitted',
          ],
        },
        schema: {
          operationId: 'writeDownAnswer',
          tags: ['Guests'],
          summary: "Write down a guest's answer, such as by telephone",
          description: "By the rules of the guest's own answer. The history keeps who wrote it down.",
          params: GuestParams,
          body: StaffAnswerBody,
          response: { 200: StaffAnswer },
        },
      },
      async (request) => {
        const { params, body, user, id: requestId } = request
        const said = { scope: scopeOf(request), ...params, ...body, by: user.id, requestId }
        const { answer, answeredPlaces, isNew } = await writeDownAnswer(forCaller(deps, request), said)
        return { ...params, answer, answeredPlaces, isNew }
      },
    )

    app.get(
      '/events/:eventId/guests/:guestId/rsvp',
      {
        config: { access: READERS, problems: ['guest_not_found'] },
        schema: {
          operationId: 'listAnswers',
          tags: ['Guests'],
          summary: 'Every answer of a guest, newest first, and who wrote it down',
          params: GuestParams,
          querystring: Type.Object(PageQuery, { additionalProperties: false }),
          response: { 200: Page(GivenAnswer) },
        },
      },
      async (request) => {
        const { limit, cursor } = request.query
        const whose = { scope: scopeOf(request), ...request.params }
        const page = { before: readCursor(cursor), limit: limit + 1 }
        if (page.before && !/^\d{1,18}$/.test(page.before.id)) throw new Failure('invalid_cursor')
        if (!(await findGuest(forCaller(deps, request).db, whose.scope, whose.eventId, whose.guestId)))
          throw new Failure('guest_not_found')
        const rows = await listAnswers(forCaller(deps, request).db, whose, page)
        return toPage(rows, limit, ({ answeredAt, id }) => ({ at: answeredAt, id }))
      },
    )
  }
