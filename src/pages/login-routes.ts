/** The page where people log in. */
import type { FastifyPluginAsyncTypebox } from '@fastify/type-provider-typebox'
import type { FastifyReply, FastifyRequest } from 'fastify'
import { Type } from 'typebox'
import { logIn } from '../auth/auth.ts'
import type { Deps } from '../deps.ts'
import { localeOf, wantsPage } from '../http/accepts.ts'
import { dropsCookies, setSessionCookies } from '../http/cookies.ts'
import { requireOwnPage } from '../http/csrf.ts'
import { FORM, readForm, sendOwnPage } from '../http/html.ts'
import { Answer, FileAnswer } from '../http/schemas.ts'
import type { Config } from '../platform/config.ts'
import { Failure, isConnectionLost, statusOf } from '../platform/errors.ts'
import { chooseDestination } from './destinations.ts'
import { renderInsecure } from './insecure-page.ts'
import { PAGE_POLICY, renderLogin, type LoginNotice, type LoginPage } from './login-page.ts'

const Next = Type.Optional(
  Type.String({ description: 'The page to open then, such as `/panel/dinero`; else the first page of the role.' }),
)
const LoginForm = Type.Object(
  {
    email: Type.String({ minLength: 3, maxLength: 254 }),
    password: Type.String({ minLength: 1, maxLength: 128 }),
    next: Next,
  },
  { title: 'LoginForm' },
)
const TO_NEXT = { type: 'null', description: 'To `next`, or to the first page of the role.' } as const

export const loginRoutes =
  (deps: Deps): FastifyPluginAsyncTypebox =>
  async (app) => {
    const { config } = deps
    // This parser applies only to the routes of this plugin.
    app.addContentTypeParser(FORM, { parseAs: 'string', bodyLimit: 8192 }, async (_request: unknown, body: unknown) =>
      readForm(String(body)),
    )
    app.setErrorHandler(async (error, request, reply) => {
      if (error instanceof Failure && error.code === 'https_required' && showsPage(request))
        return sendInsecure(request, reply, config, statusOf(error.code))
      const refusal = showsPage(request) ? describeRefusal(error) : undefined
      if (!refusal) throw error
      const { status, ...page } = refusal
      if (page.waitSeconds) void reply.header('retry-after', page.waitSeconds)
      if (status === 401) void reply.header('www-authenticate', 'Bearer realm="monotickets"')
      return sendLogin(request, reply, { ...given(request), ...page }, status)
    })

    app.get(
      '/login',
      {
        config: { access: 'public', greets: true, hasPages: true },
        schema: {
          operationId: 'showLoginPage',
          tags: ['Access'],
          summary: 'The page where people log in; whoever is logged in is sent on',
          querystring: Type.Object({ next: Next, password: Type.Optional(Type.String()) }),
          response: { 200: FileAnswer<string>('text/html', 'The page.'), 303: TO_NEXT },
        },
      },
      async (request, reply) => {
        const { next, password } = request.query
        if (request.visitor) return reply.redirect(chooseDestination(next, request.visitor.role), 303)
        if (dropsCookies(request, config)) return sendInsecure(request, reply, config)
        return sendLogin(request, reply, { ...given(request), notice: password === 'set' ? 'set' : undefined })
      },
    )

    app.post(
      '/login',
      {
        config: { access: 'public', problems: ['invalid_credentials', 'https_required'], hasPages: true },
        schema: {
          operationId: 'logInToPages',
          tags: ['Access'],
          summary: 'Log in to the pages: the tokens are in cookies',
          description: 'A form is sent on to a page. JSON gets JSON, for a page that asks for the password once more.',
          consumes: [FORM, 'application/json'],
          body: LoginForm,
          response: {
            200: Answer({ status: Type.Literal('logged_in'), destination: Type.String() }),
            303: TO_NEXT,
          },
        },
        // Without a cookie too: nobody is to be logged in to the account of somebody else.
        onRequest: async (request) => requireOwnPage(request, config),
      },
      async (request, reply) => {
        if (dropsCookies(request, config)) throw new Failure('https_required')
        const { email, password, next } = request.body
        const from = { address: request.ip, userAgent: request.headers['user-agent'] }
        const session = await logIn(deps, { email, password, ...from })
        setSessionCookies(request, reply, config, session)
        const destination = chooseDestination(next, session.user.role)
        return showsPage(request) ? reply.redirect(destination, 303) : { status: 'logged_in' as const, destination }
      },
    )

    // The browser posts the form again to where it also sends the refresh token, which is to be revoked.
    app.post('/logout', { config: { access: 'public' }, schema: { hide: true } }, async (_request, reply) =>
      reply.redirect('/auth/logout', 307),
    )
  }

const isForm = ({ headers }: FastifyRequest): boolean => headers['content-type']?.startsWith(FORM) ?? false
const showsPage = (request: FastifyRequest): boolean =>
  wantsPage(request, isForm(request) || request.method === 'GET' ? 'page' : 'json')

function sendLogin(request: FastifyRequest, reply: FastifyReply, page: Omit<LoginPage, 'locale'>, status = 200) {
  return sendOwnPage(reply, renderLogin({ locale: localeOf(request), ...page }), { policy: PAGE_POLICY, status })
}

function sendInsecure(request: FastifyRequest, reply: FastifyReply, { http }: Config, status = 200) {
  const secure = /^https:/i.test(http.publicBaseUrl) ? new URL('/login', http.publicBaseUrl).href : null
  const local = `http://localhost${request.port ? `:${request.port}` : ''}/login`
  const html = renderInsecure({ locale: localeOf(request), address: `http://${request.host}`, secure, local })
  return sendOwnPage(reply, html, { policy: PAGE_POLICY, status })
}

/** What the person has entered so far. */
function given({ body, query }: FastifyRequest): Pick<LoginPage, 'email' | 'next'> {
  const { email, next }: { email?: unknown; next?: unknown } = { ...(query as object), ...(body as object | undefined) }
  return {
    ...(typeof email === 'string' ? { email } : {}),
    ...(typeof next === 'string' ? { next } : {}),
  }
}

type Refusal = { status: number; notice?: LoginNotice; waitSeconds?: number }

/** Undefined: not for a person. */
function describeRefusal(error: unknown): Refusal | undefined {
  if ((error as { validation?: unknown }).validation !== undefined) return { status: 400, notice: 'missing' }
  if (isConnectionLost(error)) return { status: statusOf('unavailable'), notice: 'down' }
  if (!(error instanceof Failure)) return undefined
  const status = statusOf(error.code)
  if (error.code === 'rate_limited') return { status, waitSeconds: error.details.retryAfterSeconds ?? 60 }
  if (error.code === 'invalid_credentials') return { status, notice: 'wrong' }
  return error.code === 'csrf' ? { status, notice: 'foreign' } : undefined
}
