/** Whom a preflight would send to, and whom it leaves out. */
import type { Readable } from 'node:stream'
import type { FastifyPluginAsyncTypebox } from '@fastify/type-provider-typebox'
import { Type } from 'typebox'
import type { Deps } from '../deps.ts'
import { forCaller, scopeOf } from '../http/access.ts'
import { Page, PageQuery } from '../http/page.ts'
import { Channel, FileAnswer, Id, Locale, localeWith } from '../http/schemas.ts'
import { openExclusionsCsv } from './exclusions.ts'
import { listIncluded } from './preflighted.ts'

const SENDERS = ['organizer', 'director'] as const
const config = {
  access: SENDERS,
  problems: [
    ...(['event_not_found', 'campaign_not_found', 'preflight_launched'] as const),
    ...(['event_closed', 'event_cancelled', 'event_not_cancelled', 'event_not_over'] as const),
  ],
}
const PreflightParams = Type.Object({ eventId: Id, preflightId: Id })
const Recipient = Type.Object(
  {
    guestId: Type.String(),
    name: Type.String(),
    locale: Locale,
    channel: Channel,
    isWindowOpen: Type.Boolean({ description: 'The guest has written in the 24 hours before it is due.' }),
  },
  { title: 'PreflightRecipient' },
)

export const preflightRoutes =
  (deps: Deps): FastifyPluginAsyncTypebox =>
  async (app) => {
    app.get(
      '/events/:eventId/campaigns/preflights/:preflightId/recipients',
      {
        config,
        schema: {
          operationId: 'listPreflightRecipients',
          tags: ['Campaigns'],
          summary: 'Guests that the campaign would send to, by name',
          description:
            'With the channel and the language of each message, for a preview. The list is computed now, not at the time of ' +
            'the preflight. 409 once the campaign is launched.',
          params: PreflightParams,
          querystring: Type.Object(PageQuery, { additionalProperties: false }),
          response: { 200: Page(Recipient) },
        },
      },
      async (request) =>
        listIncluded(forCaller(deps, request), { scope: scopeOf(request), ...request.params, ...request.query }),
    )
    app.get(
      '/events/:eventId/campaigns/preflights/:preflightId/exclusions.csv',
      {
        config,
        schema: {
          operationId: 'downloadExclusions',
          tags: ['Campaigns'],
          summary: 'Guests that the campaign would leave out, as CSV',
          description:
            'UTF-8 with a header row: guest id, name, reason, what to do, code of the reason. The list is computed now, not at ' +
            'the time of the preflight. 409 once the campaign is launched.',
          params: PreflightParams,
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
