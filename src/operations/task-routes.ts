/** What waits for the Director. */
import type { FastifyPluginAsyncTypebox } from '@fastify/type-provider-typebox'
import { Type } from 'typebox'
import type { Deps } from '../deps.ts'
import { Answer } from '../http/schemas.ts'
import { countTasks } from './tasks-sql.ts'

const CONFLICT_DAYS = 30
const DAY_MS = 86_400_000

const count = (description: string) => Type.Integer({ minimum: 0, description })

const Tasks = Answer(
  {
    reviews: count('Payments that wait for a decision: `GET /payments/reviews`.'),
    differences: count('What differs from the providers: `GET /payments/differences`.'),
    deadLetters: count('See `GET /ops/dead-letters`.'),
    doorConflicts: Type.Array(
      Type.Object({
        eventId: Type.String(),
        name: Type.String({ description: 'Of the event.' }),
        conflicts: count('See `GET /events/{eventId}/door/conflicts`.'),
      }),
      { description: `Events with double entries that were found in the last ${CONFLICT_DAYS} days, newest first.` },
    ),
  },
  { title: 'DirectorTasks' },
)

export const taskRoutes =
  (deps: Deps): FastifyPluginAsyncTypebox =>
  async (app) => {
    app.get(
      '/director/tasks',
      {
        config: { access: ['director'] },
        schema: {
          operationId: 'countDirectorTasks',
          tags: ['Director'],
          summary: 'What waits for the Director',
          response: { 200: Tasks },
        },
      },
      () => countTasks(deps.db, new Date(deps.now().getTime() - CONFLICT_DAYS * DAY_MS)),
    )
  }
