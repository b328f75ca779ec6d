/** Reading the conversations with guests on WhatsApp. */
import type { Readable } from 'node:stream'
import type { FastifyPluginAsyncTypebox } from '@fastify/type-provider-typebox'
import { Type } from 'typebox'
import type { Deps } from '../deps.ts'
import { findEvent } from '../events/events.ts'
import { forCaller, scopeOf } from '../http/access.ts'
import { openStreams } from '../http/event-stream.ts'
import { Page, PageQuery, readCursor, toPage } from '../http/page.ts'
import { EventParams, FileAnswer, GuestParams } from '../http/schemas.ts'
import { Failure } from '../platform/errors.ts'
import { listConversations } from './list-sql.ts'
import { Conversation, Thread, UnmatchedMessage } from './schemas.ts'
import { watchConversations } from './stream.ts'
import { listUnmatched } from './team-sql.ts'
import { listThread } from './thread.ts'

const READERS = ['organizer', 'director', 'viewer'] as const

export const conversationRoutes =
  (deps: Deps): FastifyPluginAsyncTypebox =>
  async (app) => {
    const { windowMs } = deps.config.whatsapp
    const baseUrl = deps.config.http.publicBaseUrl

    app.get(
      '/events/:eventId/conversations',
      {
        config: { access: READERS, problems: ['event_not_found'] },
        schema: {
          operationId: 'listConversations',
          tags: ['Conversations'],
          summary: 'Conversations of an event, the last written first',
          description:
            'One for each guest who wrote or was written to. `unread` is what the team has not read: whoever reads a ' +
            'conversation, it is read for all.',
          params: EventParams,
          querystring: Type.Object(
            {
              ...PageQuery,
              unread: Type.Optional(Type.Boolean()),
              q: Type.Optional(
                Type.String({
                  maxLength: 200,
                  description: 'Words of name, phone, e-mail or of one message, without accents or case.',
                }),
              ),
            },
            { additionalProperties: false },
          ),
          response: { 200: Page(Conversation) },
        },
      },
      async (request) => {
        const { limit, cursor, unread: isUnread, q } = request.query
        const { eventId } = request.params
        const scope = scopeOf(request)
        const page = { before: readCursor(cursor), limit: limit + 1 }
        if (!(await findEvent(forCaller(deps, request).db, scope, eventId))) throw new Failure('event_not_found')
        const filter = { scope, eventId, isUnread, q, ...page }
        const rows = await listConversations(forCaller(deps, request).db, filter, {
          now: deps.now(),
          windowMs,
          baseUrl,
        })
        return toPage(rows, limit, ({ lastAt, guestId }) => ({ at: lastAt ?? new Date(0), id: guestId }))
      },
    )

    const stream = openStreams(app, deps)
    app.get(
      '/events/:eventId/conversations/stream',
      {
        config: { access: READERS, problems: ['event_not_found'] },
        schema: {
          operationId: 'streamConversations',
          tags: ['Conversations'],
          summary: 'New messages of guests as server-sent events',
          description:
            'Each `message` event is one message and what it was understood as. An EventSource that reconnects sends ' +
            '`Last-Event-ID` and misses nothing; it may get messages of the last half minute again, with the same `id` in the ' +
            'data. The stream ends after 15 minutes and when the access token expires.',
          params: EventParams,
          response: {
            200: FileAnswer<Readable>('text/event-stream', 'Events `message`; the data is the message as JSON.'),
          },
        },
      },
      async (request, reply) => {
        const scope = scopeOf(request)
        const { eventId } = request.params
        if (!(await findEvent(forCaller(deps, request).db, scope, eventId))) throw new Failure('event_not_found')
        const lastEventId = request.headers['last-event-id']
        const watched = { scope, eventId, lastEventId: lastEventId ? String(lastEventId) : null }
        return stream(request, reply, (life) => watchConversations(forCaller(deps, request), { ...life, ...watched }))
      },
    )

    app.get(
      '/events/:eventId/conversations/:guestId',
      {
        config: { access: READERS, problems: ['guest_not_found'] },
        schema: {
          operationId: 'showConversation',
          tags: ['Conversations'],
          summary: 'What a guest wrote and what we sent, newest first',
          description:
            'With reactions, and with what was edited or withdrawn. `changed` is the answer that a message gave. ' +
            'Files are named and typed, and stay at WhatsApp. Words about no event are left out while another ' +
            'organizer has the same number.',
          params: GuestParams,
          querystring: Type.Object(PageQuery, { additionalProperties: false }),
          response: { 200: Thread },
        },
      },
      async (request) => {
        const { limit, cursor } = request.query
        const whose = { scope: scopeOf(request), ...request.params }
        const one = { ...whose, before: null, limit: 1 }
        const [conversation] = await listConversations(forCaller(deps, request).db, one, {
          now: deps.now(),
          windowMs,
          baseUrl,
        })
        if (!conversation) throw new Failure('guest_not_found')
        return {
          conversation,
          ...(await listThread(forCaller(deps, request).db, { ...whose, limit, cursor }, baseUrl)),
        }
      },
    )

    app.get(
      '/conversations/unmatched',
      {
        config: { access: ['director'] },
        schema: {
          operationId: 'listUnmatchedMessages',
          tags: ['Conversations'],
          summary: 'Messages from numbers that no guest has, newest first',
          description:
            'For the director alone: all organizers share our number, so that nothing ties such a message to one of them.',
          querystring: Type.Object(PageQuery, { additionalProperties: false }),
          response: { 200: Page(UnmatchedMessage) },
        },
      },
      async ({ query: { limit, cursor } }) => {
        const rows = await listUnmatched(deps.db, readCursor(cursor), limit + 1)
        return toPage(rows, limit, ({ receivedAt, key }) => ({ at: receivedAt, id: key }))
      },
    )
  }
