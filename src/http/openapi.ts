/** The document at /openapi.json: made from the routes, plus what all of them share. */
import { readFile } from 'node:fs/promises'
import swagger from '@fastify/swagger'
import type { FastifyInstance, FastifySchema, RouteOptions } from 'fastify'
import { Type } from 'typebox'
import { Problem } from './errors.ts'

const PROBLEM = {
  description:
    'Whatever went wrong: `code` is stable, `detail` says what to do. 401 and 403 by access, 429 and 503 with Retry-After.',
  content: { 'application/problem+json': { schema: Type.Ref('Problem') } },
}
const KEY_HEADERS = Type.Object({
  'idempotency-key': Type.Optional(
    Type.String({
      maxLength: 255,
      description: 'The first answer is replayed for 24 hours (Idempotent-Replayed: true); another body is 422.',
    }),
  ),
})

export async function describeApi(app: FastifyInstance): Promise<void> {
  const { version } = JSON.parse(await readFile(new URL('../../package.json', import.meta.url), 'utf8')) as {
    version: string
  }
  app.addSchema(Problem)
  await app.register(swagger, {
    openapi: {
      openapi: '3.1.0',
      info: {
        title: 'Monotickets Backend',
        version,
        description:
          "Invitations by WhatsApp and e-mail, RSVP, the door, payments and the Director's numbers. Every answer carries `requestId`; every error is `application/problem+json` with a stable `code`.",
      },
      components: { securitySchemes: { bearer: { type: 'http', scheme: 'bearer' } } },
    },
    refResolver: {
      buildLocalReference: (json, _base, _fragment, i) => (typeof json['$id'] === 'string' ? json['$id'] : `def-${i}`),
    },
    transform: ({ schema, url, route }) => ({ url, schema: withShared(schema, route) }),
  })
}

/** Every operation may answer a problem; a guarded one wants a token, and some take an idempotency key. */
function withShared(schema: FastifySchema, { config }: RouteOptions): FastifySchema {
  if ((schema as { hide?: boolean } | undefined)?.hide) return schema
  const isPublic = config?.access === 'public'
  return {
    ...schema,
    ...(isPublic ? {} : { security: [{ bearer: [] }] }),
    ...(config?.idempotent ? { headers: KEY_HEADERS } : {}),
    response: { ...(schema?.response as object | undefined), default: PROBLEM },
  }
}
