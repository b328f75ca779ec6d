/** The audit log. */
import type { FastifyPluginAsyncTypebox } from '@fastify/type-provider-typebox'
import { Type } from 'typebox'
import type { Deps } from '../deps.ts'
import { readInstant } from '../platform/errors.ts'
import { forCaller, scopeOf } from '../http/access.ts'
import { Page, PageQuery, readCursor, toPage } from '../http/page.ts'
import { Id, Instant, NullableString } from '../http/schemas.ts'
import { listEntries } from './audit-sql.ts'

const Fields = Type.Unsafe<Record<string, unknown> | null>({ type: ['object', 'null'] })
const Entry = Type.Object(
  {
    id: Type.String(),
    at: Instant,
    actor: Type.String({ description: 'The user, or the name of a command.' }),
    action: Type.String(),
    entity: Type.String(),
    entityId: Type.String(),
    organizerId: NullableString,
    before: Fields,
    after: Fields,
    requestId: Type.String(),
  },
  { title: 'AuditEntry' },
)
const At = Type.Optional(Type.String({ format: 'date-time' }))

export const auditRoutes =
  (deps: Pick<Deps, 'db'>): FastifyPluginAsyncTypebox =>
  async (app) => {
    app.get(
      '/audit',
      {
        config: { access: ['organizer', 'director'], problems: ['invalid_date'] },
        schema: {
          operationId: 'listAuditEntries',
          tags: ['Access'],
          summary: 'Who changed what, newest first',
          description:
            'What people change through this API, an entry for each object; workers and webhooks leave none. Of ' +
            'personal data it only `changed` tells the names of the fields, and a list of guests is one entry.',
          querystring: Type.Object(
            {
              ...PageQuery,
              entity: Type.Optional(Type.String({ maxLength: 64, description: 'A kind, or the id of one.' })),
              actor: Type.Optional(Id),
              from: At,
              to: At,
            },
            { additionalProperties: false },
          ),
          response: { 200: Page(Entry) },
        },
      },
      async (request) => {
        const { limit, cursor, entity = null, actor = null, from, to } = request.query
        const rows = await listEntries(forCaller(deps, request).db, {
          ...{ scope: scopeOf(request), entity, actor },
          from: from === undefined ? null : readInstant(from, 'from'),
          to: to === undefined ? null : readInstant(to, 'to'),
          ...{ before: readCursor(cursor), limit: limit + 1 },
        })
        return toPage(rows, limit, ({ at, id }) => ({ at, id }))
      },
    )
  }
