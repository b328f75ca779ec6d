/** The first page, for people; programs get the addresses as JSON. */
import type { FastifyPluginAsyncTypebox } from '@fastify/type-provider-typebox'
import type { FastifyRequest } from 'fastify'
import { findUser } from '../auth/auth.ts'
import type { Deps } from '../deps.ts'
import type { User } from '../http/access.ts'
import { localeOf, wantsPage } from '../http/accepts.ts'
import { readCookies } from '../http/cookies.ts'
import { sendOwnPage } from '../http/html.ts'
import { checkReadiness } from '../operations/operations.ts'
import { isConnectionLost } from '../platform/errors.ts'
import { renderArrival, renderHome, type DemoLogin, type Home } from './home.ts'
import { PAGE_POLICY } from './login-page.ts'

const ADDRESSES = {
  name: 'Monotickets Backend',
  ...{ docs: '/docs', openapi: '/openapi.json', health: '/health', ready: '/ready', metrics: '/metrics' },
  ...{ login: '/login', panel: '/panel', organizer: '/organizer', door: '/door' },
}

/** `listDemoLogins`: those of this start, once the demo data is there. */
export const homeRoutes =
  (deps: Deps, listDemoLogins: () => readonly DemoLogin[]): FastifyPluginAsyncTypebox =>
  async (app) => {
    app.get('/', { config: { access: 'public', greets: true }, schema: { hide: true } }, async (request, reply) => {
      if (!wantsPage(request, 'json')) {
        void reply.header('vary', 'accept')
        return { requestId: request.id, ...ADDRESSES }
      }
      if (comesFromElsewhere(request))
        return sendOwnPage(reply, renderArrival(localeOf(request)), { policy: PAGE_POLICY })
      const { channels, config } = deps
      const isDemo = config.auth.mode === 'demo'
      const logins = listDemoLogins()
      const [checks, visitor] = await Promise.all([checkReadiness(deps), nameVisitor(deps, request.visitor)])
      const simulated = { whatsapp: channels.whatsapp.isSimulated, email: channels.email.isSimulated }
      const shown = { isDemo, hasSample: logins.length > 0, logins: isDemo ? logins : [] }
      const html = renderHome({ locale: localeOf(request), checks, simulated, visitor, ...shown })
      return sendOwnPage(reply, html, { policy: PAGE_POLICY })
    })
  }

/**
 * Whether a link of another site or app led here. The browser kept the cookies back then (SameSite=Strict), so that whoever is logged
 * in would look like nobody; it sends them when the page loads itself again.
 */
const comesFromElsewhere = (request: FastifyRequest): boolean =>
  request.headers['sec-fetch-site'] === 'cross-site' &&
  request.headers['sec-fetch-mode'] === 'navigate' &&
  readCookies(request).access === undefined

/** Null as well when the database is away: the page says so, and who is there does not matter then. */
async function nameVisitor(deps: Deps, visitor: User | null): Promise<Home['visitor']> {
  if (!visitor) return null
  const user = await findUser(deps, visitor.id).catch((error: unknown) => {
    if (isConnectionLost(error)) return null
    throw error
  })
  return user && { name: user.name, role: user.role }
}
