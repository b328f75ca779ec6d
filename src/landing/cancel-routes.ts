/** Cancelling an event. */
import type { FastifyPluginAsyncTypebox } from '@fastify/type-provider-typebox'
import { Type } from 'typebox'
import type { Deps } from '../deps.ts'
import { Event } from '../events/events.ts'
import { forCaller, scopeOf } from '../http/access.ts'
import { AnswerOf, EventParams } from '../http/schemas.ts'
import { cancelWholeEvent } from './cancelling.ts'

export const cancelRoutes =
  (deps: Deps): FastifyPluginAsyncTypebox =>
  async (app) => {
    app.post(
      '/events/:eventId/cancel',
      {
        config: {
          access: ['organizer', 'director'],
          optionalBody: true,
          problems: ['event_not_found', 'event_closed'],
        },
        schema: {
          operationId: 'cancelEvent',
          tags: ['Events'],
          summary: 'Cancel a draft or active event for good',
          description:
            'Nothing that waits is sent any more, campaigns end, guests cannot answer, the page says so, and the door admits ' +
            'nobody. Tell guests with the template `event_cancelled`, the only one that may still be sent. Cancelling twice ' +
            'changes nothing.',
          params: EventParams,
          body: Type.Object(
            {
              reason: Type.Optional(
                Type.String({ maxLength: 1000, description: 'For the team; guests do not see it.' }),
              ),
            },
            { additionalProperties: false, title: 'CancelRequest' },
          ),
          response: { 200: AnswerOf(Event) },
        },
      },
      async (request) => {
        const { eventId } = request.params
        const event = await cancelWholeEvent(forCaller(deps, request), {
          scope: scopeOf(request),
          eventId,
          ...request.body,
        })
        request.log.info({ eventId }, 'An event was cancelled')
        return event
      },
    )
  }
