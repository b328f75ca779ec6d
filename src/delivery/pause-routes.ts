/** Pausing and resuming sending for an event or an organizer. */
import type { FastifyPluginAsyncTypebox } from '@fastify/type-provider-typebox'
import type { FastifyRequest } from 'fastify'
import { Type } from 'typebox'
import type { Deps } from '../deps.ts'
import { scopeOf } from '../http/access.ts'
import { Answer, EventParams, Id, NoBody, NullableInstant } from '../http/schemas.ts'
import { switchSending, type Pausable } from './pauses.ts'

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
const OrganizerParams = Type.Object({ organizerId: Id })

const STEPS = [
  { step: 'pause', isPaused: true, verb: 'Pause' },
  { step: 'resume', isPaused: false, verb: 'Resume' },
] as const
const description =
  'While sending is paused nothing is sent, not even replies to guests; messages stay queued. Resuming sends them. ' +
  'Pausing or resuming twice changes nothing.'

export const pauseRoutes =
  (deps: Deps): FastifyPluginAsyncTypebox =>
  async (app) => {
    const setPaused = async (request: FastifyRequest, what: Pausable, id: string, isPaused: boolean) => {
      const asked = { what, id, scope: scopeOf(request), by: request.user.id, isPaused }
      const state = await switchSending(deps, asked)
      request.log.info({ what, id, isPaused, waiting: state.waiting }, 'Sending was paused or resumed')
      return state
    }

    for (const { step, isPaused, verb } of STEPS) {
      app.post(
        `/events/:eventId/deliveries/${step}`,
        {
          config: { access: ['organizer', 'director'], optionalBody: true, problems: ['event_not_found'] },
          schema: {
            operationId: `${step}EventSending`,
            tags: ['Delivery'],
            summary: `${verb} sending for an event`,
            description,
            params: EventParams,
            body: NoBody,
            response: { 200: State },
          },
        },
        (request) => setPaused(request, 'event', request.params.eventId, isPaused),
      )
      app.post(
        `/organizers/:organizerId/deliveries/${step}`,
        {
          config: { access: ['director'], optionalBody: true, problems: ['organizer_not_found'] },
          schema: {
            operationId: `${step}OrganizerSending`,
            tags: ['Delivery'],
            summary: `${verb} sending for all events of an organizer`,
            description,
            params: OrganizerParams,
            body: NoBody,
            response: { 200: State },
          },
        },
        (request) => setPaused(request, 'organizer', request.params.organizerId, isPaused),
      )
    }
  }
