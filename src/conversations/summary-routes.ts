/** The numbers of an event, from the guest list to the door. */
import type { FastifyPluginAsyncTypebox } from '@fastify/type-provider-typebox'
import { Type } from 'typebox'
import type { Deps } from '../deps.ts'
import { findEvent } from '../events/events.ts'
import { forCaller, scopeOf } from '../http/access.ts'
import { Answer, EventParams, NullableInteger } from '../http/schemas.ts'
import { Failure } from '../platform/errors.ts'
import { summarizeEvent } from './summary.ts'

const Step = Type.Object(
  {
    guests: Type.Integer(),
    persons: Type.Integer({ description: 'The places of these guests: confirmed of a yes, admitted of those inside.' }),
    url: Type.String({ description: 'The list of exactly these guests.' }),
  },
  { title: 'SummaryStep' },
)

const Places = Type.Object(
  {
    capacity: NullableInteger,
    taken: Type.Integer({ description: 'Persons who have said that they come.' }),
    free: Type.Unsafe<number | null>({ ...NullableInteger, description: 'Null: the event has no capacity.' }),
  },
  { title: 'EventPlaces' },
)
const Waiting = Type.Object(
  { guests: Type.Integer(), persons: Type.Integer() },
  { title: 'WaitlistCount', description: 'Who is on the waiting list.' },
)

export const summaryRoutes =
  (deps: Deps): FastifyPluginAsyncTypebox =>
  async (app) => {
    app.get(
      '/events/:eventId/summary',
      {
        config: { access: ['organizer', 'director', 'viewer'], problems: ['event_not_found'] },
        schema: {
          operationId: 'showEventSummary',
          tags: ['Events'],
          summary: 'Guests invited, reached, answered and admitted, each with the list of them',
          description:
            '`delivered` and `read` are the state of the latest message to a guest; one that was read counts as `read` alone.',
          params: EventParams,
          response: {
            200: Answer(
              {
                guests: Step,
                delivered: Step,
                read: Step,
                answered: Type.Object({ yes: Step, no: Step, maybe: Step, pending: Step }, { title: 'AnsweredSteps' }),
                admitted: Step,
                places: Places,
                waiting: Waiting,
              },
              { title: 'EventSummary' },
            ),
          },
        },
      },
      async (request) => {
        const scope = scopeOf(request)
        const { eventId } = request.params
        if (!(await findEvent(forCaller(deps, request).db, scope, eventId))) throw new Failure('event_not_found')
        return summarizeEvent(forCaller(deps, request).db, scope, eventId)
      },
    )
  }
