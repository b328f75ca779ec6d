/** Pausing and resuming sending for an event or an organizer. */
import type { FastifyPluginAsyncTypebox } from '@fastify/type-provider-typebox'
import type { FastifyRequest } from 'fastify'
import { Type } from 'typebox'
import type { Deps } from '../deps.ts'
import { forCaller, scopeOf } from '../http/access.ts'
import { Answer, EventParams, Id, NoBody, NullableInstant } from '../http/schemas.ts'
import { switchSending, type Pausable } from '../delivery/delivery.ts'

const State = Answer(
  {
    id: Type.String({ description: 'Of the event or organizer.' }),
    sendingPausedAt: NullableInstant,
    waiting: Type.Integer({
      minimum: 0,
      description: 'Due messages that the pause has stopped so far.',
    }),
  },
  { title: 'SendingState' },
)
const shared = {
  tags: ['Delivery'],
  description:
    'While sending is paused nothing is sent, not even replies to guests; messages stay queued. Resuming sends them. ' +
    'Pausing or resuming twice changes nothing.',
  body: NoBody,
  response: { 200: State },
}

export const pauseRoutes =
  (deps: Deps): FastifyPluginAsyncTypebox =>
  async (app) => {
    const setPaused = async (request: FastifyRequest, what: Pausable, id: string, isPaused: boolean) => {
      const asked = { what, id, scope: scopeOf(request), by: request.user.id, isPaused }
      const state = await switchSending(forCaller(deps, request), asked)
      request.log.info({ what, id, isPaused, waiting: state.waiting }, 'Sending was paused or resumed')
      return state
    }

    for (const step of ['pause', 'resume'] as const) {
      const [isPaused, verb] = step === 'pause' ? [true, 'Pause'] : [false, 'Resume']
      app.post(
        `/events/:eventId/deliveries/${step}`,
        {
          config: { access: ['organizer', 'director'], optionalBody: true, problems: ['event_not_found'] },
          schema: {
            ...shared,
            operationId: `${step}EventSending`,
            summary: `${verb} sending for an event`,
            params: EventParams,
          },
        },
        (request) => setPaused(request, 'event', request.params.eventId, isPaused),
      )
      app.post(
        `/organizers/:organizerId/deliveries/${step}`,
        {
          config: { access: ['director'], optionalBody: true, problems: ['organizer_not_found'] },
          schema: {
            ...shared,
            operationId: `${step}OrganizerSending`,
            summary: `${verb} sending for all events of an organizer`,
            params: Type.Object({ organizerId: Id }),
          },
        },
        (request) => setPaused(request, 'organizer', request.params.organizerId, isPaused),
      )
    }
  }
