/** The guests of an event as a file. */
import type { Readable } from 'node:stream'
import type { FastifyPluginAsyncTypebox } from '@fastify/type-provider-typebox'
import { Type } from 'typebox'
import type { Deps } from '../deps.ts'
import { forCaller, scopeOf } from '../http/access.ts'
import { EventParams } from '../http/schemas.ts'
import { openGuestFile } from './exports.ts'

const MEDIA_TYPES = {
  csv: 'text/csv',
  xlsx: 'application/vnd.openxmlformats-officedocument.spreadsheetml.sheet',
}

export const guestExportRoutes =
  (deps: Deps): FastifyPluginAsyncTypebox =>
  async (app) => {
    app.get(
      '/events/:eventId/guests/export',
      {
        config: { access: ['organizer', 'director', 'viewer'], problems: ['event_not_found'] },
        schema: {
          operationId: 'exportGuests',
          tags: ['Guests'],
          summary: 'The guests of an event as a file',
          description:
            'The import reads it: changed and sent again, it changes the guests with these ids. csv: UTF-8 with a byte order ' +
            'mark, and an apostrophe before phones and formulas.',
          params: EventParams,
          querystring: Type.Object(
            { format: Type.Enum(['csv', 'xlsx'], { default: 'csv' }) },
            { additionalProperties: false },
          ),
          response: {
            200: {
              description: 'The file.',
              content: {
                [MEDIA_TYPES.csv]: { schema: Type.Unsafe<Readable>({ type: 'string' }) },
                [MEDIA_TYPES.xlsx]: { schema: Type.Unsafe<Readable>({ type: 'string', format: 'binary' }) },
              },
            },
          },
        },
      },
      async (request, reply) => {
        const { eventId } = request.params
        const { format } = request.query
        const file = await openGuestFile(forCaller(deps, request).db, scopeOf(request), eventId, format)
        return reply
          .headers({
            'content-type': format === 'csv' ? `${MEDIA_TYPES.csv}; charset=utf-8` : MEDIA_TYPES.xlsx,
            'content-disposition': `attachment; filename="${eventId}-guests.${format}"`,
            'cache-control': 'no-store',
          })
          .send(file)
      },
    )
  }
