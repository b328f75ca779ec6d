/** The document at /openapi.json: made from the routes, plus what all of them share. */
import { readFile } from 'node:fs/promises'
import swagger from '@fastify/swagger'
import type { FastifyInstance, FastifySchema, RouteOptions } from 'fastify'
import { Type, type TSchema } from 'typebox'
import { honoursKey } from './idempotency.ts'
import { finishDocument, type Draft } from './openapi-document.ts'
import { describeProblems, listProblems } from './problems.ts'

declare module 'fastify' {
  interface FastifyContextConfig {
    /** The body of a route that reads raw bytes: described, not validated. */
    describedBody?: TSchema
  }
}

const TAGS: Record<string, string> = {
  Access: 'Log in, refresh and end sessions.',
  Organizers: 'The businesses whose events the system serves.',
  Events: 'Events of an organizer.',
  Guests: 'Guests of an event and their invitations.',
  Delivery: 'Messages to single guests, and the switches that pause sending.',
  Campaigns: 'One message to many guests: preflight, launch, progress.',
  Templates: 'The messages that can be sent, and previews of them.',
  WhatsApp: "The webhook of WhatsApp, and the 24-hour window of a guest's number.",
  Conversations: 'What guests write on WhatsApp, what we sent, and replies by people.',
  'E-mail': 'The webhook of the e-mail provider.',
  Landing: 'What a guest opens: the invitation, the answer to it, the unsubscribe page.',
  'Check-in': 'Scans at the door.',
  Payments: 'Payment intents and the webhooks of payment providers.',
  Director: 'Numbers and manual payments across organizers.',
  Operations: 'Dead letters and channels, for operators.',
  System: 'Health, readiness and metrics.',
}
const KEY_HEADERS = Type.Object({
  'Idempotency-Key': Type.Optional(
    Type.String({
      minLength: 1,
      maxLength: 255,
      description:
        'The first answer is replayed for 24 hours with `Idempotent-Replayed: true`. Another body with the same key is 422.',
    }),
  ),
})

export async function describeApi(app: FastifyInstance): Promise<void> {
  const { version } = JSON.parse(await readFile(new URL('../../package.json', import.meta.url), 'utf8')) as {
    version: string
  }
  await app.register(swagger, {
    openapi: {
      openapi: '3.1.0',
      info: {
        title: 'Monotickets Backend',
        version,
        description:
          "Invitations by WhatsApp and e-mail, RSVP, the door, payments and the Director's numbers. Every answer has " +
          'an `X-Request-Id` header. Every error is `application/problem+json` with a stable `code`.',
        license: { name: 'Proprietary', identifier: 'LicenseRef-Proprietary' },
      },
      servers: [
        { url: '/', description: 'The host that serves this document; http://localhost:8080 after npm start.' },
      ],
      tags: Object.entries(TAGS).map(([name, description]) => ({ name, description })),
      components: {
        securitySchemes: {
          bearer: { type: 'http', scheme: 'bearer' },
          cookie: {
            type: 'apiKey',
            in: 'cookie',
            name: 'mt_access',
            description: 'Of the pages: POST /login sets it.',
          },
        },
      },
    },
    transform: ({ schema, url, route }) => ({ url, schema: describeRoute(schema, route) }),
    transformObject: (document) =>
      finishDocument('openapiObject' in document ? (document.openapiObject as Draft) : {}, describeProblems()),
  })
}

/** What follows from the route's config; `finishDocument` turns `x-route` into responses. */
function describeRoute(schema: FastifySchema | undefined, { url, method, config = {} }: RouteOptions): FastifySchema {
  if (!schema || (schema as { hide?: boolean }).hide) return { hide: true }
  const body = config.describedBody ?? schema.body
  return {
    ...schema,
    ...(body ? { body } : {}),
    ...(honoursKey(method, config) ? { headers: KEY_HEADERS } : {}),
    security: config.access === 'public' ? [] : [{ bearer: [] }, { cookie: [] }],
    'x-route': {
      problems: listProblems({ url, method, schema, config }),
      hasPages: config.hasPages ?? false,
      isBodyOptional: config.optionalBody ?? false,
    },
  } as FastifySchema
}
