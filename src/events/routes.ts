/** Organizers, events and guests. */
import type { FastifyPluginAsyncTypebox } from '@fastify/type-provider-typebox'
import { Type } from 'typebox'
import type { Deps } from '../deps.ts'
import { Failure } from '../platform/errors.ts'
import { forCaller, reachOf, scopeOf } from '../http/access.ts'
import { Page, PageQuery, readCursor, toPage } from '../http/page.ts'
import { Answer, AnswerOf, DELIVERY_STATUSES, EventParams, GuestParams, Id } from '../http/schemas.ts'
import { addGuest, changeEvent, changeGuest, createEvent, createOrganizer, removeGuest } from './events.ts'
import {
  Event,
  EventBody,
  EventPatchBody,
  EventStatus,
  Guest,
  GuestBody,
  GuestInList,
  GuestPatchBody,
  GuestStatus,
  Organizer,
  OrganizerBody,
} from './schemas.ts'
import { findDoor, findEvent, findGuest, listEvents, listGuests, listOrganizers } from './sql.ts'

const READERS = ['organizer', 'director', 'viewer'] as const
/** Staff find the events that they are assigned to. */
const FINDERS = [...READERS, 'staff'] as const
const WRITERS = ['organizer', 'director'] as const

export const eventRoutes =
  (deps: Deps): FastifyPluginAsyncTypebox =>
  async (app) => {
    app.get(
      '/organizers',
      {
        config: { access: ['director'] },
        schema: {
          operationId: 'listOrganizers',
          tags: ['Organizers'],
          summary: 'Organizers, newest first',
          querystring: Type.Object(PageQuery, { additionalProperties: false }),
          response: { 200: Page(Organizer) },
        },
      },
      async ({ query: { limit, cursor } }) =>
        toPage(await listOrganizers(deps.db, readCursor(cursor), limit + 1), limit, ({ createdAt, id }) => ({
          at: createdAt,
          id,
        })),
    )
    app.post(
      '/organizers',
      {
        config: { access: ['director'], problems: ['organizer_exists'] },
        schema: {
          operationId: 'createOrganizer',
          tags: ['Organizers'],
          summary: 'Add an organizer',
          body: OrganizerBody,
          response: { 201: AnswerOf(Organizer) },
        },
      },
      async (request, reply) => {
        void reply.code(201)
        return createOrganizer(forCaller(deps, request), request.body)
      },
    )
    app.get(
      '/events',
      {
        config: { access: FINDERS },
        schema: {
          operationId: 'listEvents',
          tags: ['Events'],
          summary: 'Events, newest first; for staff those that they are assigned to',
          querystring: Type.Object(
            {
              ...PageQuery,
              organizerId: Type.Optional(Id),
              status: Type.Optional(EventStatus),
            },
            { additionalProperties: false },
          ),
          response: { 200: Page(Event) },
        },
      },
      async (request) => {
        const { limit, cursor, organizerId = null, status = null } = request.query
        const rows = await listEvents(forCaller(deps, request).db, {
          ...reachOf(request.user),
          organizerId,
          status,
          before: readCursor(cursor),
          limit: limit + 1,
        })
        return toPage(rows, limit, ({ createdAt, id }) => ({ at: createdAt, id }))
      },
    )
    app.post(
      '/events',
      {
        config: {
          access: WRITERS,
          problems: ['event_exists', 'organizer_not_found', 'invalid_date', 'invalid_time_zone'],
        },
        schema: {
          operationId: 'createEvent',
          tags: ['Events'],
          summary: 'Create an event',
          body: EventBody,
          response: { 201: AnswerOf(Event) },
        },
      },
      async (request, reply) => {
        void reply.code(201)
        return createEvent(forCaller(deps, request), request.user, request.body)
      },
    )
    app.get(
      '/events/:eventId',
      {
        config: { access: FINDERS, problems: ['event_not_found'] },
        schema: {
          operationId: 'showEvent',
          tags: ['Events'],
          summary: 'One event',
          params: EventParams,
          response: { 200: AnswerOf(Event) },
        },
      },
      async (request) => {
        const event = await findDoor(forCaller(deps, request).db, reachOf(request.user), request.params.eventId)
        if (!event) throw new Failure('event_not_found')
        return event
      },
    )
    app.patch(
      '/events/:eventId',
      {
        config: { access: WRITERS, problems: ['event_not_found', 'event_closed', 'invalid_date', 'invalid_time_zone'] },
        schema: {
          operationId: 'updateEvent',
          tags: ['Events'],
          summary: 'Change an event',
          params: EventParams,
          body: EventPatchBody,
          response: { 200: AnswerOf(Event) },
        },
      },
      (request) => changeEvent(forCaller(deps, request), scopeOf(request), request.params.eventId, request.body),
    )
    app.get(
      '/events/:eventId/guests',
      {
        config: { access: READERS, problems: ['event_not_found'] },
        schema: {
          operationId: 'listGuests',
          tags: ['Guests'],
          summary: 'Guests of an event, newest first, with what each was last sent by each channel',
          params: EventParams,
          querystring: Type.Object(
            {
              ...PageQuery,
              q: Type.Optional(
                Type.String({
                  maxLength: 200,
                  description: 'Words of name, phone or e-mail, in any order, without accents or case.',
                }),
              ),
              status: Type.Optional(GuestStatus),
              answer: Type.Optional(Type.Enum(['pending', 'yes', 'no', 'maybe'])),
              tag: Type.Optional(Type.String({ minLength: 1, maxLength: 50 })),
              deliveryStatus: Type.Optional(
                Type.Enum([...DELIVERY_STATUSES, 'none'], {
                  description: 'Of the latest message to the guest; `none`: there is none.',
                }),
              ),
            },
            { additionalProperties: false },
          ),
          response: { 200: Page(GuestInList) },
        },
      },
      async (request) => {
        const { limit, cursor, ...filter } = request.query
        const scope = scopeOf(request)
        const { eventId } = request.params
        const page = { before: readCursor(cursor), limit: limit + 1 }
        if (!(await findEvent(forCaller(deps, request).db, scope, eventId))) throw new Failure('event_not_found')
        const rows = await listGuests(forCaller(deps, request).db, { scope, eventId, ...filter, ...page })
        return toPage(rows, limit, ({ createdAt, id }) => ({ at: createdAt, id }))
      },
    )
    app.post(
      '/events/:eventId/guests',
      {
        config: { access: WRITERS, problems: ['event_not_found', 'guest_exists', 'invalid_phone', 'invalid_email'] },
        schema: {
          operationId: 'createGuest',
          tags: ['Guests'],
          summary: 'Add a guest, with an invitation of their own',
          params: EventParams,
          body: GuestBody,
          response: { 201: AnswerOf(Guest) },
        },
      },
      async (request, reply) => {
        void reply.code(201)
        return addGuest(forCaller(deps, request), scopeOf(request), request.params.eventId, request.body)
      },
    )
    app.get(
      '/events/:eventId/guests/:guestId',
      {
        config: { access: READERS, problems: ['guest_not_found'] },
        schema: {
          operationId: 'showGuest',
          tags: ['Guests'],
          summary: 'One guest',
          params: GuestParams,
          response: { 200: AnswerOf(Guest) },
        },
      },
      async (request) => {
        const guest = await findGuest(
          forCaller(deps, request).db,
          scopeOf(request),
          request.params.eventId,
          request.params.guestId,
        )
        if (!guest) throw new Failure('guest_not_found')
        return guest
      },
    )
    app.patch(
      '/events/:eventId/guests/:guestId',
      {
        config: {
          access: WRITERS,
          problems: ['guest_not_found', 'guest_anonymized', 'places_exceeded', 'invalid_phone', 'invalid_email'],
        },
        schema: {
          operationId: 'updateGuest',
          tags: ['Guests'],
          summary: 'Change a guest',
          params: GuestParams,
          body: GuestPatchBody,
          response: { 200: AnswerOf(Guest) },
        },
      },
      (request) =>
        changeGuest(
          forCaller(deps, request),
          scopeOf(request),
          request.params.eventId,
          request.params.guestId,
          request.body,
        ),
    )
    app.delete(
      '/events/:eventId/guests/:guestId',
      {
        config: { access: WRITERS, problems: ['guest_not_found', 'guest_has_history'] },
        schema: {
          operationId: 'deleteGuest',
          tags: ['Guests'],
          summary: 'Delete a guest who has no deliveries and no scans',
          params: GuestParams,
          response: { 200: Answer({ status: Type.Literal('deleted') }) },
        },
      },
      async (request) => {
        await removeGuest(forCaller(deps, request), scopeOf(request), request.params.eventId, request.params.guestId)
        return { status: 'deleted' as const }
      },
    )
  }
