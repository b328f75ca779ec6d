/** The page of the links by which people choose a password. */
import type { FastifyPluginAsyncTypebox } from '@fastify/type-provider-typebox'
import type { FastifyReply, FastifyRequest } from 'fastify'
import { localeOf } from '../http/accepts.ts'
import { FORM, readForm, sendOwnPage } from '../http/html.ts'
import { Failure, isConnectionLost, statusOf } from '../platform/errors.ts'
import { PASSWORD_MIN, PASSWORD_POLICY, renderPassword, SCRIPT, SCRIPT_PATH } from './password-page.ts'
import type { PasswordNotice, PasswordPage } from './password-page.ts'

type Choice = { token: string; password: string; address: string; requestId: string }

/** `choosePassword` throws `link_not_valid` and `rate_limited`. */
export const passwordRoutes =
  (choosePassword: (choice: Choice) => Promise<void>): FastifyPluginAsyncTypebox =>
  async (app) => {
    const open = { config: { access: 'public' as const }, schema: { hide: true } }
    app.addContentTypeParser(FORM, { parseAs: 'string', bodyLimit: 8192 }, async (_request: unknown, body: unknown) =>
      readForm(String(body)),
    )

    app.get('/password', open, async (request, reply) => sendPassword(request, reply, {}))

    app.get(SCRIPT_PATH, open, async (_request, reply) =>
      reply.type('text/javascript; charset=utf-8').header('cache-control', 'public, max-age=3600').send(SCRIPT),
    )

    app.post('/password', open, async (request, reply) => {
      const { token = '', password = '', again = '' } = (request.body ?? {}) as Partial<Record<string, string>>
      const refuse = (page: Refusal, status: number) => sendPassword(request, reply, { token, ...page }, status)
      if (password.length < PASSWORD_MIN || password.length > 128) return refuse({ notice: 'short' }, 400)
      if (password !== again) return refuse({ notice: 'differ' }, 400)
      try {
        await choosePassword({ token, password, address: request.ip, requestId: request.id })
        return await reply.redirect('/login?password=set', 303)
      } catch (error) {
        if (isConnectionLost(error)) return refuse({ notice: 'down' }, statusOf('unavailable'))
        if (!(error instanceof Failure)) throw error
        const { code, details } = error
        if (code === 'link_not_valid') return refuse({ notice: 'link' }, statusOf(code))
        if (code !== 'rate_limited') throw error
        const waitSeconds = details.retryAfterSeconds ?? 60
        void reply.header('retry-after', waitSeconds)
        return refuse({ waitSeconds }, statusOf(code))
      }
    })
  }

type Refusal = { notice: PasswordNotice } | { waitSeconds: number }

function sendPassword(request: FastifyRequest, reply: FastifyReply, page: Omit<PasswordPage, 'locale'>, status = 200) {
  return sendOwnPage(reply, renderPassword({ locale: localeOf(request), ...page }), { policy: PASSWORD_POLICY, status })
}
