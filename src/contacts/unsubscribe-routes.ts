/** GET shows a page with one button and changes nothing; POST is the button and the one-click request of RFC 8058. */
import type { FastifyPluginAsyncTypebox } from '@fastify/type-provider-typebox'
import type { FastifyReply, FastifyRequest } from 'fastify'
import { Type } from 'typebox'
import type { Deps } from '../deps.ts'
import { Failure, statusOf } from '../platform/errors.ts'
import { FileAnswer } from '../http/schemas.ts'
import { limitGuesses } from '../http/rate-limit.ts'
import { findUnsubscriber, renderUnsubscribe, unsubscribe, UNSUBSCRIBE_POLICY } from './unsubscribe.ts'

const ByCode = Type.Object({ code: Type.String({ minLength: 1, maxLength: 300 }) })
const ByAddress = Type.Object({
  to: Type.Optional(Type.String({ maxLength: 100, description: 'Which address of the guest the link went to.' })),
})
const FORM = 'application/x-www-form-urlencoded'
const MULTIPART = 'multipart/form-data'

export const unsubscribeRoutes =
  (deps: Deps): FastifyPluginAsyncTypebox =>
  async (app) => {
    const open = { config: { access: 'public', problems: ['invitation_not_found'], hasPages: true } as const }
    // RFC 8058 posts either kind of form, always with the same field, so the body is ignored.
    app.addContentTypeParser([FORM, MULTIPART], { parseAs: 'string', bodyLimit: 4096 }, async () => ({}))
    app.addHook('onRequest', async (_request, reply) => {
      void reply.header('cache-control', 'no-store').header('x-robots-tag', 'noindex')
    })
    app.setErrorHandler(async (error, request, reply) => {
      const step = error instanceof Failure ? PAGES[error.code] : undefined
      if (!(error instanceof Failure) || !step) throw error
      const { retryAfterSeconds } = error.details
      if (retryAfterSeconds) void reply.header('retry-after', retryAfterSeconds)
      return sendPage(reply, renderUnsubscribe(localeOf(request), step), statusOf(error.code))
    })

    app.get(
      '/public/unsubscribe/:code',
      {
        ...open,
        schema: {
          operationId: 'showUnsubscribePage',
          tags: ['Landing'],
          summary: 'The page that asks whether to stop e-mails',
          params: ByCode,
          response: { 200: FileAnswer<string>('text/html', 'The page.') },
        },
      },
      async (request, reply) => {
        const { locale, organizerName } = await limitGuesses(deps.kv, request, () =>
          findUnsubscriber(deps.db, request.params.code),
        )
        return sendPage(reply, renderUnsubscribe(locale, 'ask', organizerName))
      },
    )

    app.post(
      '/public/unsubscribe/:code',
      {
        ...open,
        schema: {
          operationId: 'unsubscribe',
          tags: ['Landing'],
          summary: 'Stop e-mail from this organizer to this guest (RFC 8058 one-click)',
          consumes: [FORM, MULTIPART],
          params: ByCode,
          querystring: ByAddress,
          response: { 200: FileAnswer<string>('text/html', 'A page that confirms it.') },
        },
      },
      async (request, reply) => {
        const { locale, organizerName } = await limitGuesses(deps.kv, request, () =>
          unsubscribe(deps, request.params.code, request.query.to),
        )
        return sendPage(reply, renderUnsubscribe(locale, 'done', organizerName))
      },
    )
  }

const PAGES: Partial<Record<string, 'unknown' | 'later'>> = { invitation_not_found: 'unknown', rate_limited: 'later' }

const sendPage = (reply: FastifyReply, html: string, status = 200) =>
  reply.code(status).type('text/html; charset=utf-8').header('content-security-policy', UNSUBSCRIBE_POLICY).send(html)

const localeOf = ({ headers }: FastifyRequest) => (/^en\b/i.test(headers['accept-language'] ?? '') ? 'en' : 'es-MX')
