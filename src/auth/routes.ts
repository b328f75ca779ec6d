/** Logging in and out. Access tokens live 15 minutes, refresh tokens rotate. */
import type { FastifyPluginAsyncTypebox } from '@fastify/type-provider-typebox'
import type { FastifyReply, FastifyRequest } from 'fastify'
import { Type } from 'typebox'
import type { Deps } from '../deps.ts'
import { Failure, isConnectionLost } from '../platform/errors.ts'
import { ROLES } from '../http/access.ts'
import { clearSessionCookies, setSessionCookies } from '../http/cookies.ts'
import { readOwnCookies, requireOwnPage } from '../http/csrf.ts'
import { FORM } from '../http/html.ts'
import { Answer, Locale, localeWith, NullableString } from '../http/schemas.ts'
import { changeSettings, DEMO_DIRECTOR, findUser, logIn, logOut, refreshSession } from './auth.ts'

/** Of the demo director, whose row may not have been seeded. */
const DEMO_PERSON = {
  name: 'Demo director',
  email: 'director@demo.monotickets.mx',
  language: 'es-MX',
  weeklyEmail: false,
  supervisor: false,
} as const
const PublicUser = Type.Object(
  {
    id: Type.String(),
    name: Type.String(),
    email: Type.String(),
    role: Type.Enum(ROLES),
    organizerId: NullableString,
    language: Locale,
    supervisor: Type.Boolean({ description: 'Of the staff: may undo what the door did.' }),
    weeklyEmail: Type.Boolean({ description: 'Whether a director gets the weekly e-mail; false for everybody else.' }),
  },
  { title: 'User' },
)
const Session = Answer(
  {
    accessToken: Type.String(),
    refreshToken: Type.String(),
    expiresIn: Type.Integer({ description: 'Seconds the access token lives.' }),
    user: PublicUser,
  },
  { title: 'Session' },
)
/** What a browser gets in place of a session: the tokens are in its cookies. */
const BrowserSession = Answer(
  { expiresIn: Type.Integer({ description: 'Seconds the access token lives.' }), user: PublicUser },
  { title: 'BrowserSession' },
)
const RefreshBody = Type.Object(
  {
    refreshToken: Type.Optional(
      Type.String({ minLength: 20, maxLength: 200, description: 'Absent: that of the cookie.' }),
    ),
  },
  { additionalProperties: false, title: 'RefreshRequest' },
)
const LoginBody = Type.Object(
  { email: Type.String({ minLength: 3, maxLength: 254 }), password: Type.String({ minLength: 1, maxLength: 128 }) },
  { additionalProperties: false, title: 'LoginRequest' },
)

const SettingsBody = Type.Object(
  {
    language: Type.Optional(localeWith({ description: 'Of e-mails to this user.' })),
    weeklyEmail: Type.Optional(
      Type.Boolean({
        description: 'Whether to send the overview of the week before, every Monday from 8:00 in Mexico City.',
      }),
    ),
  },
  { additionalProperties: false, minProperties: 1, title: 'SettingsRequest' },
)

export const authRoutes =
  (deps: Deps): FastifyPluginAsyncTypebox =>
  async (app) => {
    app.post(
      '/auth/login',
      {
        config: { access: 'public', problems: ['invalid_credentials'] },
        schema: {
          operationId: 'logIn',
          tags: ['Access'],
          summary: 'Log in',
          body: LoginBody,
          response: { 200: Session },
        },
      },
      (request) => {
        const from = { address: request.ip, userAgent: request.headers['user-agent'] }
        return logIn(deps, { ...request.body, ...from })
      },
    )
    app.post(
      '/auth/refresh',
      {
        config: { access: 'public', optionalBody: true, problems: ['unauthorized'] },
        schema: {
          operationId: 'refreshSession',
          tags: ['Access'],
          summary: 'Exchange a refresh token for a new pair of tokens',
          description:
            'For 30 seconds after its first use a refresh token answers the same pair again, so two tabs or a lost answer log ' +
            'nobody out; `expiresIn` counts from the first answer. Used later, it revokes every token of its login. ' +
            'Without a body the token of the cookie is exchanged, and the new pair is in new cookies alone.',
          body: RefreshBody,
          response: { 200: Type.Union([Session, BrowserSession]) },
        },
      },
      (request, reply) => {
        const { refreshToken } = request.body
        return refreshToken === undefined ? refreshBrowser(deps, request, reply) : refreshSession(deps, refreshToken)
      },
    )
    await app.register(continueRoute(deps))
    await app.register(logOutRoute(deps))
    app.get(
      '/auth/me',
      {
        config: { access: ROLES },
        schema: {
          operationId: 'showCurrentUser',
          tags: ['Access'],
          summary: 'The user of this token',
          response: { 200: Answer({ user: PublicUser }) },
        },
      },
      async (request) => {
        const user = await findUser(deps, request.user.id)
        if (user) return { user }
        if (request.user.id === DEMO_DIRECTOR.id) return { user: { ...DEMO_DIRECTOR, ...DEMO_PERSON } }
        throw new Failure('unauthorized', { detail: 'The account no longer exists.' })
      },
    )
    app.patch(
      '/auth/me',
      {
        config: { access: ROLES },
        schema: {
          operationId: 'changeCurrentUser',
          tags: ['Access'],
          summary: 'Choose the language, and as a director the weekly e-mail',
          description: 'What is not given stays. `weeklyEmail: true` of another role is 403 `forbidden`.',
          body: SettingsBody,
          response: { 200: Answer({ user: PublicUser }) },
        },
      },
      async (request) => ({ user: await changeSettings(deps, request.user, request.body) }),
    )
  }

async function refreshBrowser(deps: Deps, request: FastifyRequest, reply: FastifyReply) {
  const { refresh } = readOwnCookies(request, deps.config)
  if (!refresh) throw new Failure('unauthorized', { detail: 'Send refreshToken, or the cookie of a login.' })
  try {
    const { expiresIn, user, ...tokens } = await refreshSession(deps, refresh)
    setSessionCookies(request, reply, deps.config, tokens)
    return { expiresIn, user }
  } catch (error) {
    if (error instanceof Failure && error.code === 'unauthorized') clearSessionCookies(request, reply, deps.config)
    throw error
  }
}

/**
 * The way in from the first page, which does not see the refresh token: whoever has one gets a new access token. Everybody
 * goes to `/login`, which sends on whoever is logged in and tells the others what is wrong.
 */
const continueRoute =
  (deps: Deps): FastifyPluginAsyncTypebox =>
  async (app) => {
    app.addContentTypeParser(FORM, { parseAs: 'string', bodyLimit: 1024 }, async () => ({}))
    app.post('/auth/continue', { config: { access: 'public' }, schema: { hide: true } }, async (request, reply) => {
      requireOwnPage(request, deps.config)
      if (readOwnCookies(request, deps.config).refresh)
        await refreshBrowser(deps, request, reply).catch((error: unknown) => {
          if (!(error instanceof Failure) && !isConnectionLost(error)) throw error
        })
      return reply.redirect('/login', 303)
    })
  }

/** A form may log out too: pages without scripts have one. */
const logOutRoute =
  (deps: Deps): FastifyPluginAsyncTypebox =>
  async (app) => {
    app.addContentTypeParser(FORM, { parseAs: 'string', bodyLimit: 1024 }, async () => ({}))
    app.post(
      '/auth/logout',
      {
        config: { access: 'public', optionalBody: true, problems: ['unauthorized'] },
        schema: {
          operationId: 'logOut',
          tags: ['Access'],
          summary: 'Log out: revoke a refresh token and those that came of it',
          description:
            'Without a body: the token of the cookie, and the browser forgets both cookies. A form is sent on to `/login`.',
          consumes: ['application/json', FORM],
          body: RefreshBody,
          response: {
            200: Answer({ status: Type.Literal('logged_out') }),
            303: { type: 'null', description: 'To `/login`, after a form.' },
          },
        },
      },
      async (request, reply) => {
        const { refreshToken } = request.body
        const isForm = request.headers['content-type']?.startsWith(FORM) ?? false
        if (refreshToken === undefined) {
          // The cookies do not come with the form of another site, but the answer would still take them away.
          if (isForm) requireOwnPage(request, deps.config)
          const { access, refresh } = readOwnCookies(request, deps.config)
          if (!access && !refresh && !isForm)
            throw new Failure('unauthorized', { detail: 'Send refreshToken, or the cookie of a login.' })
          if (refresh) await logOut(deps, refresh)
          clearSessionCookies(request, reply, deps.config)
        } else await logOut(deps, refreshToken)
        return isForm ? reply.redirect('/login', 303) : { status: 'logged_out' as const }
      },
    )
  }
