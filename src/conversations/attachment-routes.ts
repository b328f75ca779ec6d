/** The file of a message, read through WhatsApp. */
import type { Readable } from 'node:stream'
import type { FastifyPluginAsyncTypebox } from '@fastify/type-provider-typebox'
import { Type } from 'typebox'
import type { Deps } from '../deps.ts'
import { forCaller, scopeOf } from '../http/access.ts'
import { FileAnswer, Id } from '../http/schemas.ts'
import { openAttachment } from './attachments.ts'

/** Whatever a guest sent is a file to keep, and never a page of ours. */
const HEADERS = { 'content-security-policy': "default-src 'none'; sandbox", 'cache-control': 'private, no-store' }

export const attachmentRoutes =
  (deps: Deps): FastifyPluginAsyncTypebox =>
  async (app) => {
    app.get(
      '/events/:eventId/conversations/:guestId/messages/:messageId/attachment',
      {
        config: {
          access: ['organizer', 'director', 'viewer'],
          problems: ['attachment_not_found', 'attachment_gone', 'media_refused'],
        },
        schema: {
          operationId: 'downloadAttachment',
          tags: ['Conversations'],
          summary: 'The file that a guest sent with a message',
          description:
            'It is read from WhatsApp at this moment and not stored. WhatsApp keeps files for some days; then it is ' +
            '`attachment_gone`, as it is for messages of the simulated channel. Always `application/octet-stream`: the thread ' +
            "has the media type that the guest's telephone said.",
          params: Type.Object({
            eventId: Id,
            guestId: Id,
            messageId: Type.String({ minLength: 1, maxLength: 512, description: 'As the thread has it.' }),
          }),
          response: { 200: FileAnswer<Readable>('application/octet-stream', 'The file.') },
        },
      },
      async (request, reply) => {
        const { params, id: requestId } = request
        const { body, name } = await openAttachment(forCaller(deps, request), {
          scope: scopeOf(request),
          ...params,
          requestId,
        })
        const filename = name === null ? '' : `; filename*=UTF-8''${encodeName(name)}`
        void reply.headers({ ...HEADERS, 'content-disposition': `attachment${filename}` })
        return reply.type('application/octet-stream').send(body)
      },
    )
  }

/** RFC 8187: what is not a letter, a digit or one of a few marks is written as its UTF-8 octets. */
const encodeName = (name: string) =>
  encodeURIComponent(name).replace(/['()*]/g, (mark) => `%${mark.charCodeAt(0).toString(16).toUpperCase()}`)
