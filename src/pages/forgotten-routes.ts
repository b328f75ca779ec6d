/** The page where people who have forgotten their password ask for a link. */
import type { FastifyPluginAsyncTypebox } from '@fastify/type-provider-typebox'
import type { FastifyReply, FastifyRequest } from 'fastify'
import { localeOf } from '../http/accepts.ts'
import { requireOwnPage } from '../http/csrf.ts'
import { FORM, readForm, sendOwnPage } from '../http/html.ts'
import type { Config } from '../platform/config.ts'
import { Failure, isConnectionLost, statusOf } from '../platform/errors.ts'
import { renderForgotten, type ForgottenPage } from './forgotten-page.ts'
import { PAGE_POLICY } from './login-page.ts'

type Asked = { email: string; address: string; requestId: string }
/** `isSimulated`: no e-mail leaves, so none is asked for. `mailLink` throws `rate_limited`; what it does afterwards settles `done`. */
type Context = {
  config: Config
  isSimulated: boolean
  mailLink: (asked: Asked) => Promise<{ done: Promise<void> }>
}

export const forgottenRoutes =
  ({ config, isSimulated, mailLink }: Context): FastifyPluginAsyncTypebox =>
  async (app) => {
    const open = { config: { access: 'public' as const }, schema: { hide: true } }
    const running = new Set<Promise<void>>()
    app.addHook('onClose', async () => void (await Promise.all(running)))
    app.addContentTypeParser(FORM, { parseAs: 'string', bodyLimit: 8192 }, async (_request: unknown, body: unknown) =>
      readForm(String(body)),
    )
    const send = (request: FastifyRequest, reply: FastifyReply, page: Partial<ForgottenPage>, status = 200) =>
      sendOwnPage(reply, renderForgotten({ locale: localeOf(request), isSimulated, ...page }), {
        policy: PAGE_POLICY,
        status,
      })

    app.get('/password/forgotten', open, async (request, reply) => send(request, reply, {}))

    app.post('/password/forgotten', open, async (request, reply) => {
      requireOwnPage(request, config)
      if (isSimulated) return send(request, reply, {})
      const { email = '' } = (request.body ?? {}) as Partial<Record<string, string>>
      if (!/^[^@]+@[^@]+$/.test(email) || email.length > 254)
        return send(request, reply, { email, notice: 'missing' }, 400)
      try {
        const { done } = await mailLink({ email, address: request.ip, requestId: request.id })
        const watched = done
          .catch((error: unknown) => request.log.error({ err: error }, 'A password link could not be sent'))
          .finally(() => running.delete(watched))
        running.add(watched)
        return await send(request, reply, { notice: 'sent' })
      } catch (error) {
        if (isConnectionLost(error)) return send(request, reply, { email, notice: 'down' }, statusOf('unavailable'))
        if (!(error instanceof Failure) || error.code !== 'rate_limited') throw error
        const waitSeconds = error.details.retryAfterSeconds ?? 60
        void reply.header('retry-after', waitSeconds)
        return send(request, reply, { email, waitSeconds }, statusOf(error.code))
      }
    })
  }
