/** Joining the waiting list, on the page of an invitation or as JSON. */
import type { FastifyPluginAsyncTypebox } from '@fastify/type-provider-typebox'
import type { FastifyReply, FastifyRequest } from 'fastify'
import { Type } from 'typebox'
import type { Deps } from '../deps.ts'
import { joinByCode, type InvitationView } from './landing.ts'
import { ByCode, CHANGED } from './schemas.ts'

type Ways = {
  form: string
  respond: (
    request: FastifyRequest<{ Params: { code: string } }>,
    reply: FastifyReply,
    change: () => Promise<InvitationView>,
  ) => Promise<InvitationView | FastifyReply>
}

/** A part of landingRoutes, which reads the form and shows the page. */
export const joinRoutes =
  (deps: Deps, { form, respond }: Ways): FastifyPluginAsyncTypebox =>
  async (app) => {
    app.post(
      '/public/invite/:code/waitlist',
      {
        config: {
          access: 'public',
          hasPages: true,
          problems: [
            'invitation_not_found',
            'invitation_expired',
            'invitation_revoked',
            'event_not_open',
            'event_cancelled',
            'rsvp_closed',
            'places_exceeded',
            'already_confirmed',
          ],
        },
        schema: {
          operationId: 'joinWaitlist',
          tags: ['Landing'],
          summary: 'Wait for places of an event that is full',
          description:
            'When places become free, the first in line whose party fits is confirmed and told. Joining again changes the ' +
            'number of people and keeps the place in line; an answer leaves the list.',
          consumes: ['application/json', form],
          params: ByCode,
          body: Type.Object(
            {
              partySize: Type.Optional(
                Type.Integer({ minimum: 1, maximum: 20, description: 'All that were invited if absent.' }),
              ),
            },
            { additionalProperties: false, title: 'JoinRequest' },
          ),
          response: CHANGED,
        },
      },
      async (request, reply) =>
        respond(request, reply, () => joinByCode(deps, { code: request.params.code, ...request.body })),
    )
  }
