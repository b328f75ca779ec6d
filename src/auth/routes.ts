/** Logging in and out. Access tokens live 15 minutes, refresh tokens rotate. */
import type { FastifyPluginAsyncTypebox } from '@fastify/type-provider-typebox'
import { Type } from 'typebox'
import type { Deps } from '../deps.ts'
import { Failure } from '../platform/errors.ts'
import { ROLES } from '../http/access.ts'
import { Answer, NullableString } from '../http/request-id.ts'
import { DEMO_DIRECTOR, findUser, logIn, logOut, refreshSession } from './auth.ts'

const PublicUser = Type.Object({
  id: Type.String(),
  name: Type.String(),
  email: Type.String(),
  role: Type.Enum(ROLES),
  organizerId: NullableString,
})
const Session = Answer({
  accessToken: Type.String(),
  refreshToken: Type.String(),
  expiresIn: Type.Integer({ description: 'Seconds the access token lives.' }),
  user: PublicUser,
})
const RefreshBody = Type.Object(
  { refreshToken: Type.String({ minLength: 20, maxLength: 200 }) },
  { additionalProperties: false },
)
const LoginBody = Type.Object(
  { email: Type.String({ minLength: 3, maxLength: 254 }), password: Type.String({ minLength: 1, maxLength: 128 }) },
  { additionalProperties: false },
)

export const authRoutes =
  (deps: Deps): FastifyPluginAsyncTypebox =>
  async (app) => {
    app.post(
      '/auth/login',
      {
        config: { access: 'public' },
        schema: { tags: ['Access'], summary: 'Log in', body: LoginBody, response: { 200: Session } },
      },
      (request) => logIn(deps, { ...request.body, address: request.ip }),
    )
    app.post(
      '/auth/refresh',
      {
        config: { access: 'public' },
        schema: {
          tags: ['Access'],
          summary: 'Swap a refresh token for a new pair',
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
          tags: ['Access'],
          summary: 'Revoke a refresh token and its family',
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
        schema: { tags: ['Access'], summary: 'Who am I', response: { 200: Answer({ user: PublicUser }) } },
      },
      async (request) => {
        const user = await findUser(deps.db, request.user.id)
        if (user) return { user }
        if (request.user.id === DEMO_DIRECTOR.id)
          return { user: { ...DEMO_DIRECTOR, name: 'Demo director', email: 'director@demo.monotickets.mx' } }
        throw new Failure('unauthorized', { detail: 'The account no longer exists.' })
      },
    )
  }
