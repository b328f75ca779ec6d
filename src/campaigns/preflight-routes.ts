/** What a preflight has found, as a file. */
import type { Readable } from 'node:stream'
import type { FastifyPluginAsyncTypebox } from '@fastify/type-provider-typebox'
import { Type } from 'typebox'
import type { Deps } from '../deps.ts'
import { scopeOf } from '../http/access.ts'
import { Id } from '../http/request-id.ts'
import { openExclusionsCsv } from './exclusions.ts'

const SENDERS = ['organizer', 'director'] as const
const Csv = Type.Unsafe<Readable>({ type: 'string' })

export const preflightRoutes =
  (deps: Deps): FastifyPluginAsyncTypebox =>
  async (app) => {
    app.get(
      '/events/:id/campaigns/preflights/:preflightId/exclusions.csv',
      {
        config: { access: SENDERS },
        schema: {
          tags: ['Campaigns'],
          summary: 'Everybody whom the campaign would leave out, with the reason and what to do',
          description:
            'CSV in UTF-8 with a heading: guest id, name, reason, what to do, code of the reason. Counted now, of the guests ' +
            'as they are. 409 once the preflight was launched.',
          params: Type.Object({ id: Id, preflightId: Id }),
          querystring: Type.Object(
            { locale: Type.Enum(['es-MX', 'en'], { default: 'es-MX', description: 'Of the headings and texts.' }) },
            { additionalProperties: false },
          ),
          response: { 200: { description: 'text/csv', content: { 'text/csv': { schema: Csv } } } },
        },
      },
      async (request, reply) => {
        const { id: eventId, preflightId } = request.params
        const { locale } = request.query
        const csv = await openExclusionsCsv(deps, { scope: scopeOf(request), eventId, preflightId, locale })
        void reply
          .type('text/csv; charset=utf-8')
          .header('content-disposition', `attachment; filename="${preflightId}-exclusions.csv"`)
          .header('cache-control', 'no-store')
        return reply.send(csv)
      },
    )
  }
