/** Logging in and out. Access tokens live 15 minutes, refresh tokens rotate. */
import type { FastifyPluginAsyncTypebox } from '@fastify/type-provider-typebox'
import { Type } from 'typebox'
import type { Deps } from '../deps.ts'
import { Failure } from '../platform/errors.ts'
import { ROLES } from '../http/access.ts'
import { Answer, NullableString } from '../http/schemas.ts'
import { DEMO_DIRECTOR, findUser, logIn, logOut, refreshSession } from './auth.ts'

const PublicUser = Type.Object(
  {
    id: Type.String(),
    name: Type.String(),
    email: Type.String(),
    role: Type.Enum(ROLES),
    organizerId: NullableString,
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
const RefreshBody = Type.Object(
  { refreshToken: Type.String({ minLength: 20, maxLength: 200 }) },
  { additionalProperties: false, title: 'RefreshRequest' },
)
const LoginBody = Type.Object(
  { email: Type.String({ minLength: 3, maxLength: 254 }), password: Type.String({ minLength: 1, maxLength: 128 }) },
  { additionalProperties: false, title: 'LoginRequest' },
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
      (request) => logIn(deps, { ...request.body, address: request.ip }),
    )
    app.post(
      '/auth/refresh',
      {
        config: { access: 'public', problems: ['unauthorized'] },
        schema: {
          operationId: 'refreshSession',
          tags: ['Access'],
          summary: 'Exchange a refresh token for a new pair of tokens',
          description:
            'For 30 seconds after its first use a refresh token answers the same pair again, so two tabs or a lost answer log ' +
            'nobody out; `expiresIn` counts from the first answer. Used later, it revokes every token of its login.',
          body: RefreshBody,
          response: { 200: Session },
        },
      },
      (request) => refreshSession(deps, request.body.refreshToken),
    )
    app.post(
      '/auth/logout',
      {
        config: { access: 'public' },
        schema: {
          operationId: 'logOut',
          tags: ['Access'],
          summary: 'Log out: revoke a refresh token and those that came of it',
          body: RefreshBody,
          response: { 200: Answer({ status: Type.Literal('logged_out') }) },
        },
      },
      async (request) => {
        await logOut(deps, request.body.refreshToken)
        return { status: 'logged_out' as const }
      },
    )
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
        if (request.user.id === DEMO_DIRECTOR.id)
          return { user: { ...DEMO_DIRECTOR, name: 'Demo director', email: 'director@demo.monotickets.mx' } }
        throw new Failure('unauthorized', { detail: 'The account no longer exists.' })
      },
    )
  }
