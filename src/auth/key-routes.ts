/** API keys, for programs. */
import type { FastifyPluginAsyncTypebox } from '@fastify/type-provider-typebox'
import { Type } from 'typebox'
import type { Deps } from '../deps.ts'
import { forCaller, scopeOf } from '../http/access.ts'
import { Page, PageQuery, readCursor, toPage } from '../http/page.ts'
import { Answer, Id, Instant, NullableInstant, NullableString } from '../http/schemas.ts'
import { SCOPES } from '../http/scopes.ts'
import { createKey, removeKey, rotateKey } from './keys.ts'
import { listKeys } from './keys-sql.ts'

const MANAGERS = ['organizer', 'director'] as const
const KeyParams = Type.Object({ keyId: Id })
const ApiKey = Type.Object(
  {
    id: Type.String(),
    organizerId: Type.Unsafe<string | null>({ ...NullableString, description: 'Null: of the platform.' }),
    name: Type.String(),
    prefix: Type.String({ description: 'The beginning of the key.' }),
    scopes: Type.Array(Type.Enum(SCOPES)),
    createdBy: Type.String(),
    createdAt: Instant,
    expiresAt: NullableInstant,
    lastUsedAt: Type.Unsafe<Date | null>({ ...NullableInstant, description: 'As of the last minute.' }),
    replacedBy: Type.Unsafe<string | null>({ ...NullableString, description: 'The key that takes its place.' }),
  },
  { title: 'ApiKey' },
)
const Made = Answer(
  {
    apiKey: ApiKey,
    key: Type.Unsafe<string | null>({
      type: ['string', 'null'],
      description: 'Shown this once; only its hash is kept. Null when the answer is replayed.',
    }),
  },
  { title: 'NewApiKey' },
)
const KeyBody = Type.Object(
  {
    name: Type.String({ minLength: 1, maxLength: 200 }),
    scopes: Type.Array(Type.Enum(SCOPES), {
      minItems: 1,
      maxItems: SCOPES.length,
      description:
        '`read`: whatever changes nothing. `door`: scans and the state of the door. `payments`: money, and changes ' +
        'of it. `write`: every other change.',
    }),
    organizerId: Type.Optional(
      Type.String({
        pattern: '^[A-Za-z0-9_-]{1,64}$',
        description: 'By a director; without it the key is of the platform.',
      }),
    ),
    expiresAt: Type.Optional(Type.String({ format: 'date-time', description: 'Absent: it does not expire.' })),
  },
  { additionalProperties: false, title: 'ApiKeyRequest' },
)

export const keyRoutes =
  (deps: Pick<Deps, 'db' | 'now' | 'credentials'>): FastifyPluginAsyncTypebox =>
  async (app) => {
    app.get(
      '/api-keys',
      {
        config: { access: MANAGERS },
        schema: {
          operationId: 'listApiKeys',
          tags: ['Access'],
          summary: 'API keys, newest first, without the keys themselves',
          querystring: Type.Object({ ...PageQuery, organizerId: Type.Optional(Id) }, { additionalProperties: false }),
          response: { 200: Page(ApiKey) },
        },
      },
      async (request) => {
        const { limit, cursor, organizerId = null } = request.query
        const page = { before: readCursor(cursor), limit: limit + 1 }
        const keys = await listKeys(forCaller(deps, request).db, { scope: scopeOf(request), organizerId, ...page })
        return toPage(keys, limit, ({ createdAt, id }) => ({ at: createdAt, id }))
      },
    )
    app.post(
      '/api-keys',
      {
        config: {
          access: MANAGERS,
          shownOnce: ['key'],
          problems: ['organizer_not_found', 'invalid_date', 'too_many_keys'],
        },
        schema: {
          operationId: 'createApiKey',
          tags: ['Access'],
          summary: 'Make an API key; the answer shows it once',
          description:
            'It is sent as `Authorization: Bearer`. A key acts as an organizer, or of the platform as a director, ' +
            'within its `scopes`; accounts, logins, keys and devices are for people. It ends with the account of whoever ' +
            'made it. At most 100 of an organizer.',
          body: KeyBody,
          response: { 201: Made },
        },
      },
      async (request, reply) => {
        void reply.code(201)
        return createKey(forCaller(deps, request), request.user, request.body)
      },
    )
    app.post(
      '/api-keys/:keyId/rotate',
      {
        config: {
          access: MANAGERS,
          optionalBody: true,
          shownOnce: ['key'],
          problems: ['key_not_found', 'key_not_active'],
        },
        schema: {
          operationId: 'rotateApiKey',
          tags: ['Access'],
          summary: 'Make the key that takes the place of this one; both work for a while',
          description:
            'The old key ends after `graceHours`, or at once when it is deleted. `key_not_active`: it has ended or is replaced.',
          params: KeyParams,
          body: Type.Object(
            { graceHours: Type.Integer({ minimum: 0, maximum: 168, default: 24 }) },
            { additionalProperties: false },
          ),
          response: { 201: Made },
        },
      },
      async (request, reply) => {
        void reply.code(201)
        return rotateKey(forCaller(deps, request), request.user, { id: request.params.keyId, ...request.body })
      },
    )
    app.delete(
      '/api-keys/:keyId',
      {
        config: { access: MANAGERS, problems: ['key_not_found'] },
        schema: {
          operationId: 'deleteApiKey',
          tags: ['Access'],
          summary: 'Delete an API key: it ends at once',
          params: KeyParams,
          response: { 200: Answer({ status: Type.Literal('deleted') }) },
        },
      },
      async (request) => {
        await removeKey(forCaller(deps, request), scopeOf(request), request.params.keyId)
        return { status: 'deleted' as const }
      },
    )
  }
