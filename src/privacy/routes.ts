/** Requests of guests about their data. */
import type { FastifyPluginAsyncTypebox } from '@fastify/type-provider-typebox'
import { Type } from 'typebox'
import type { Deps } from '../deps.ts'
import { findGuest } from '../events/events.ts'
import { forCaller, forPlatform, scopeOf } from '../http/access.ts'
import { Answer, GuestParams, Instant } from '../http/schemas.ts'
import { Failure } from '../platform/errors.ts'
import { anonymizeGuest } from './privacy.ts'

const Body = Type.Object(
  {
    reason: Type.Optional(
      Type.String({
        minLength: 1,
        maxLength: 500,
        description: 'Such as the number of the request; kept, so no personal data.',
      }),
    ),
  },
  { additionalProperties: false, title: 'Anonymize' },
)
const Anonymized = Answer(
  {
    eventId: Type.String(),
    guestId: Type.String(),
    anonymizedAt: Instant,
    erased: Type.Record(Type.String(), Type.Integer(), { description: 'How many rows of each table were erased.' }),
  },
  { title: 'Anonymized' },
)

export const privacyRoutes =
  (deps: Deps): FastifyPluginAsyncTypebox =>
  async (app) => {
    app.post(
      '/events/:eventId/guests/:guestId/anonymize',
      {
        config: {
          access: ['organizer', 'director'],
          optionalBody: true,
          problems: ['guest_not_found', 'delivery_in_progress', 'webhook_in_progress', 'import_in_progress'],
        },
        schema: {
          operationId: 'anonymizeGuest',
          tags: ['Guests'],
          summary: 'Erase who a guest is, for good',
          description:
            'Name, phone, e-mail, notes, tags and everything they wrote or were written, in every table; figures ' +
            'stay. The code stops working, open messages are not sent, and a stop (BAJA) counts if the address is ' +
            'imported again. Repeating it gives the first answer.',
          params: GuestParams,
          body: Body,
          response: { 200: Anonymized },
        },
      },
      async (request) => {
        const { eventId, guestId } = request.params
        const reason = request.body.reason ?? null
        const by = { requestedBy: request.user.id, requestId: request.id }
        const scope = scopeOf(request)
        // Whose guest it is is asked behind the wall; what is erased is also in tables that are nobody's.
        if (!(await findGuest(forCaller(deps, request).db, scope, eventId, guestId)))
          throw new Failure('guest_not_found')
        const done = await anonymizeGuest(forPlatform(deps, request), { scope, eventId, guestId, reason, ...by })
        request.log.info({ eventId, guestId }, 'A guest was anonymised')
        return done
      },
    )
  }
