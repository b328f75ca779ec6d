/** The staff of an event. */
import type { FastifyPluginAsyncTypebox } from '@fastify/type-provider-typebox'
import { Type } from 'typebox'
import type { Deps } from '../deps.ts'
import { Failure } from '../platform/errors.ts'
import { forCaller, scopeOf } from '../http/access.ts'
import { Page, PageQuery, readCursor, toPage } from '../http/page.ts'
import { Answer, AnswerOf, EventParams, Id, Instant, NullableString } from '../http/schemas.ts'
import { findEvent } from './sql.ts'
import { addStaff, endStaff } from './staff.ts'
import { listStaff } from './staff-sql.ts'

const WRITERS = ['organizer', 'director'] as const
const EventStaff = Type.Object(
  {
    userId: Type.String(),
    name: Type.String(),
    supervisor: Type.Boolean({ description: 'May undo what the door did.' }),
    disabled: Type.Boolean(),
    gate: NullableString,
    addedBy: Type.String(),
    addedAt: Instant,
  },
  { title: 'EventStaff' },
)
const StaffBody = Type.Object(
  { userId: Id, gate: Type.Optional(Type.String({ minLength: 1, maxLength: 100 })) },
  { additionalProperties: false, title: 'NewEventStaff' },
)

export const staffRoutes =
  (deps: Pick<Deps, 'db' | 'now'>): FastifyPluginAsyncTypebox =>
  async (app) => {
    app.get(
      '/events/:eventId/staff',
      {
        config: { access: WRITERS, problems: ['event_not_found'] },
        schema: {
          operationId: 'listEventStaff',
          tags: ['Events'],
          summary: 'Who of the staff is assigned to an event, the latest first',
          params: EventParams,
          querystring: Type.Object(PageQuery, { additionalProperties: false }),
          response: { 200: Page(EventStaff) },
        },
      },
      async (request) => {
        const { limit, cursor } = request.query
        const { eventId } = request.params
        const scope = scopeOf(request)
        const before = readCursor(cursor)
        if (!(await findEvent(forCaller(deps, request).db, scope, eventId))) throw new Failure('event_not_found')
        const rows = await listStaff(forCaller(deps, request).db, { scope, eventId, before, limit: limit + 1 })
        return toPage(rows, limit, ({ addedAt, userId }) => ({ at: addedAt, id: userId }))
      },
    )
    app.post(
      '/events/:eventId/staff',
      {
        config: { access: WRITERS, problems: ['event_not_found', 'user_not_found'] },
        schema: {
          operationId: 'addEventStaff',
          tags: ['Events'],
          summary: 'Assign a user of the role staff to an event',
          description:
            'Staff see and scan only the events that they are assigned to; any other is 404 to them. Once more for ' +
            'the same user: 200, with another `gate` if that is what changed.',
          params: EventParams,
          body: StaffBody,
          response: { 200: AnswerOf(EventStaff), 201: AnswerOf(EventStaff) },
        },
      },
      async (request, reply) => {
        const { userId, gate = null } = request.body
        const added = { userId, gate, eventId: request.params.eventId, addedBy: request.user.id, addedAt: deps.now() }
        const { staff, isNew } = await addStaff(forCaller(deps, request).db, scopeOf(request), added)
        return reply.code(isNew ? 201 : 200).send(staff)
      },
    )
    app.delete(
      '/events/:eventId/staff/:userId',
      {
        config: { access: WRITERS, problems: ['event_not_found', 'staff_not_found'] },
        schema: {
          operationId: 'removeEventStaff',
          tags: ['Events'],
          summary: 'End an assignment: the event no longer exists to this user, at once',
          params: Type.Object({ eventId: Id, userId: Id }),
          response: { 200: Answer({ status: Type.Literal('removed') }) },
        },
      },
      async (request) => {
        await endStaff(forCaller(deps, request).db, scopeOf(request), request.params)
        return { status: 'removed' as const }
      },
    )
  }
