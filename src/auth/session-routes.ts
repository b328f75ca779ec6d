/** The logins of the caller. */
import type { FastifyPluginAsyncTypebox } from '@fastify/type-provider-typebox'
import { Type } from 'typebox'
import type { Deps } from '../deps.ts'
import { Failure } from '../platform/errors.ts'
import { ROLES } from '../http/access.ts'
import { Page, PageQuery, readCursor, toPage } from '../http/page.ts'
import { Answer, Id, Instant, NullableString } from '../http/schemas.ts'
import { endSessions } from './auth.ts'
import { listSessions } from './users-sql.ts'

const LoginSession = Type.Object(
  {
    id: Type.String(),
    userAgent: NullableString,
    startedAt: Instant,
    lastUsedAt: Instant,
    expiresAt: Instant,
    isCurrent: Type.Boolean({ description: 'The login of this request.' }),
  },
  { title: 'LoginSession' },
)
const Ended = Answer({ status: Type.Literal('ended') })

export const sessionRoutes =
  (deps: Deps): FastifyPluginAsyncTypebox =>
  async (app) => {
    app.get(
      '/auth/sessions',
      {
        config: { access: ROLES },
        schema: {
          operationId: 'listSessions',
          tags: ['Access'],
          summary: 'Logins of the caller that are still open, newest first',
          querystring: Type.Object(PageQuery, { additionalProperties: false }),
          response: { 200: Page(LoginSession) },
        },
      },
      async ({ user, query: { limit, cursor } }) => {
        const page = { before: readCursor(cursor), limit: limit + 1 }
        const rows = await listSessions(deps.db, { userId: user.id, now: deps.now(), ...page })
        const sessions = rows.map((row) => ({ ...row, isCurrent: row.id === user.sessionId }))
        return toPage(sessions, limit, ({ startedAt, id }) => ({ at: startedAt, id }))
      },
    )
    app.delete(
      '/auth/sessions',
      {
        config: { access: ROLES },
        schema: {
          operationId: 'endOtherSessions',
          tags: ['Access'],
          summary: 'Log out everywhere but here',
          response: { 200: Ended },
        },
      },
      async ({ user }) => {
        await endSessions(deps, { userId: user.id, sessionId: null, except: user.sessionId ?? null })
        return { status: 'ended' as const }
      },
    )
    app.delete(
      '/auth/sessions/:sessionId',
      {
        config: { access: ROLES, problems: ['session_not_found'] },
        schema: {
          operationId: 'endSession',
          tags: ['Access'],
          summary: 'End one login of the caller; its tokens die at once',
          params: Type.Object({ sessionId: Id }),
          response: { 200: Ended },
        },
      },
      async ({ user, params: { sessionId } }) => {
        const ended = await endSessions(deps, { userId: user.id, sessionId, except: null })
        if (!ended) throw new Failure('session_not_found')
        return { status: 'ended' as const }
      },
    )
  }
