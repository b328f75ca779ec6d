/** The switches that stop and restart sending, for an event and for a whole organizer. */
import type { FastifyPluginAsyncTypebox } from '@fastify/type-provider-typebox'
import { Type } from 'typebox'
import type { Deps } from '../deps.ts'
import { scopeOf } from '../http/access.ts'
import { Answer, Id, NullableInstant } from '../http/request-id.ts'
import { switchSending, type Pausable } from './pauses.ts'

const ById = Type.Object({ id: Id })
const NoBody = Type.Object({}, { additionalProperties: false })
const State = Answer({
  id: Type.String({ description: 'Of the event or organizer.' }),
  sendingPausedAt: NullableInstant,
  waiting: Type.Integer({
    minimum: 0,
    description: 'Messages that came due and were stopped; those of later times follow.',
  }),
})

const SWITCHES = [
  { what: 'event', at: '/events', access: ['organizer', 'director'] },
  { what: 'organizer', at: '/organizers', access: ['director'] },
] as const satisfies { what: Pausable; at: string; access: readonly ('organizer' | 'director')[] }[]

const STEPS = [
  { step: 'pause', isPaused: true, summary: 'Send nothing more, until it is resumed; what is queued stays queued' },
  { step: 'resume', isPaused: false, summary: 'Send again, with what waited' },
] as const

export const pauseRoutes =
  (deps: Deps): FastifyPluginAsyncTypebox =>
  async (app) => {
    for (const { what, at, access } of SWITCHES) {
      for (const { step, isPaused, summary } of STEPS) {
        app.post(
          `${at}/:id/deliveries/${step}`,
          {
            config: { access, optionalBody: true },
            schema: {
              tags: ['Delivery'],
              summary: `${summary} (${what})`,
              description:
                'Answers to guests who have just written are stopped, too. Doing it twice is as good as once.',
              params: ById,
              body: NoBody,
              response: { 200: State },
            },
          },
          async (request) => {
            const { id } = request.params
            const asked = { what, id, scope: scopeOf(request), by: request.user.id, isPaused }
            const state = await switchSending(deps, asked)
            request.log.info({ what, id, isPaused, waiting: state.waiting }, 'Sending was switched')
            return state
          },
        )
      }
    }
  }
