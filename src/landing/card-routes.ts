/** The card of an event, for link previews. */
import type { FastifyPluginAsyncTypebox } from '@fastify/type-provider-typebox'
import { Type } from 'typebox'
import type { Deps } from '../deps.ts'
import { namesTag } from '../http/etag.ts'
import { EventParams, FileAnswer } from '../http/schemas.ts'
import { findCard, readCard } from './cards.ts'

export const cardRoutes =
  (deps: Deps): FastifyPluginAsyncTypebox =>
  async (app) => {
    app.get(
      '/public/events/:eventId/card.png',
      {
        config: { access: 'public', problems: ['card_not_found', 'invitation_expired'] },
        schema: {
          operationId: 'showEventCard',
          tags: ['Landing'],
          summary: 'The picture beside the link of an invitation to this event',
          description:
            'A PNG of 1200 × 630 with title, day, hours and place, and nothing about a guest. Its address is `og:image` of ' +
            'the page of an invitation. Without the right `v` there is no answer but 404, whether or not the event exists.',
          params: EventParams,
          querystring: Type.Object(
            { v: Type.String({ minLength: 1, maxLength: 64, description: 'Changes with what the card shows.' }) },
            { additionalProperties: false },
          ),
          response: {
            200: FileAnswer<Buffer>('image/png', 'The picture.'),
            304: Type.Unsafe<undefined>({ type: 'null', description: 'If-None-Match has its ETag.' }),
          },
        },
      },
      async (request, reply) => {
        const { eventId } = request.params
        const { v: version } = request.query
        const facts = await findCard(deps, eventId, version)
        const etag = `"${version}"`
        void reply
          .header('cross-origin-resource-policy', 'cross-origin') // Meta fetches it, and chats show it
          .header('x-robots-tag', 'noindex')
          .header('cache-control', 'public, max-age=86400')
          .header('etag', etag)
        if (namesTag(request.headers['if-none-match'], etag)) return reply.code(304).send(undefined)
        return reply.type('image/png').send(await readCard(deps, eventId, version, facts))
      },
    )
  }
