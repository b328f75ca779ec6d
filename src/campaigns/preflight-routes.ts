/** The exclusions of a preflight as a file. */
import type { Readable } from 'node:stream'
import type { FastifyPluginAsyncTypebox } from '@fastify/type-provider-typebox'
import { Type } from 'typebox'
import type { Deps } from '../deps.ts'
import { forCaller, scopeOf } from '../http/access.ts'
import { FileAnswer, Id, localeWith } from '../http/schemas.ts'
import { openExclusionsCsv } from './exclusions.ts'

const SENDERS = ['organizer', 'director'] as const

export const preflightRoutes =
  (deps: Deps): FastifyPluginAsyncTypebox =>
  async (app) => {
    app.get(
      '/events/:eventId/campaigns/preflights/:preflightId/exclusions.csv',
      {
        config: {
          access: SENDERS,
          problems: [
            'event_not_found',
            'campaign_not_found',
            'event_closed',
            'event_cancelled',
            'event_not_cancelled',
            'event_not_over',
            'preflight_launched',
          ],
        },
        schema: {
          operationId: 'downloadExclusions',
          tags: ['Campaigns'],
          summary: 'Guests that the campaign would leave out, as CSV',
          description:
            'UTF-8 with a header row: guest id, name, reason, what to do, code of the reason. The list is computed now, not at ' +
            'the time of the preflight. 409 once the campaign is launched.',
          params: Type.Object({ eventId: Id, preflightId: Id }),
          querystring: Type.Object(
            { locale: localeWith({ default: 'es-MX', description: 'Of the headings and texts.' }) },
            { additionalProperties: false },
          ),
          response: { 200: FileAnswer<Readable>('text/csv', 'The guests who are left out.') },
        },
      },
      async (request, reply) => {
        const { eventId, preflightId } = request.params
        const { locale } = request.query
        const csv = await openExclusionsCsv(forCaller(deps, request), {
          scope: scopeOf(request),
          eventId,
          preflightId,
          locale,
        })
        void reply
          .type('text/csv; charset=utf-8')
          .header('content-disposition', `attachment; filename="${preflightId}-exclusions.csv"`)
          .header('cache-control', 'no-store')
        return reply.send(csv)
      },
    )
  }
