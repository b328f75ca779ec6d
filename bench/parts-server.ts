/**
 * Two empty routes, GET and POST, with the first parts of the API, for `npm run bench:parts`. Its arguments are how many
 * parts, and how many of those of a body. `serializer` as a third one takes Fastify's compiled serializer instead of
 * JSON.stringify. It reads PORT.
 */
import Fastify, { LogController, type FastifyInstance, type FastifyServerOptions } from 'fastify'
import { Type } from 'typebox'
import { guardRoutes } from '../src/http/access.ts'
import { answerProblems } from '../src/http/errors.ts'
import { secureAnswers } from '../src/http/headers.ts'
import { honourIdempotencyKeys } from '../src/http/idempotency.ts'
import { parseJsonBodies } from '../src/http/json-bodies.ts'
import { trimGlue } from '../src/http/links.ts'
import { observeRequests, openRequestLog } from '../src/http/log.ts'
import { limitPerAddress } from '../src/http/rate-limit.ts'
import { requestIdOf, stampRequestIds } from '../src/http/request-id.ts'
import { tidyWebhookUrl } from '../src/inbox/routes.ts'
import { validateRequests } from '../src/http/validation.ts'
import { openLog } from '../src/platform/log.ts'
import { openMetrics } from '../src/platform/metrics.ts'
import { PARTS, type Part } from './parts-list.ts'

const log = openLog({ level: 'info', format: 'json' })
const chosen = new Set<Part>(PARTS.slice(0, Number(process.argv[2])))
const bodyParts = Number(process.argv[3])
const isCompiled = process.argv[4] === 'serializer'

const OPTIONS: Partial<Record<Part, FastifyServerOptions>> = {
  'request ids': { genReqId: (raw) => requestIdOf(raw.headers) },
  'loggers of requests': {
    loggerInstance: log.child({}),
    logController: new LogController({ disableRequestLogging: true, requestIdLogLabel: 'requestId' }),
    childLoggerFactory: (_logger, { requestId }) => openRequestLog(log, String(requestId)),
  },
  'rewriting of addresses': { rewriteUrl: ({ url = '/' }) => tidyWebhookUrl(trimGlue(url)) },
}
const ADD: Partial<Record<Part, (app: FastifyInstance) => unknown>> = {
  'request ids': stampRequestIds,
  'JSON.stringify as the serializer': (app) => app.setSerializerCompiler(() => JSON.stringify),
  'security headers': secureAnswers,
  problems: answerProblems,
  access: (app) => guardRoutes(app, () => Promise.reject(new Error('nobody logs in'))),
  'metrics and log': (app) => observeRequests(app, { metrics: openMetrics(), log }),
  'idempotency keys': (app) => honourIdempotencyKeys(app, undefined as never, () => new Date()),
  'a hundred other routes': addRoutes,
  'rate limit': (app) => limitPerAddress(app, 10_000_000),
}

const app = Fastify(Object.assign({}, ...[...chosen].map((part) => OPTIONS[part] ?? {})) as FastifyServerOptions)
for (const part of chosen) if (!(isCompiled && part.startsWith('JSON'))) await ADD[part]?.(app)
if (bodyParts > 1) parseJsonBodies(app)
if (bodyParts > 2) validateRequests(app)
const answer = Type.Object({ requestId: Type.Optional(Type.String()), status: Type.Literal('ok') })
const scan = Type.Object(
  {
    eventId: Type.String({ minLength: 1, maxLength: 100 }),
    code: Type.String({ minLength: 1, maxLength: 2048 }),
    admit: Type.Integer({ minimum: 1, maximum: 20, default: 1 }),
    gate: Type.Optional(Type.String({ minLength: 1, maxLength: 100 })),
    scanId: Type.Optional(Type.String({ pattern: '^[A-Za-z0-9._:-]{1,128}$' })),
  },
  { additionalProperties: false },
)
const url = chosen.has('rate limit') ? '/limited' : '/health'
const config = { access: 'public' } as const
app.get(url, { config, schema: { response: { 200: answer } } }, async () => ({ status: 'ok' as const }))
const schema = { response: { 200: answer }, ...(bodyParts > 2 ? { body: scan } : {}) }
app.post(url, { config, schema }, async () => ({ status: 'ok' as const }))
await app.listen({ port: Number(process.env['PORT']), host: '127.0.0.1' })

function addRoutes(to: FastifyInstance): void {
  for (let n = 0; n < 100; n++)
    to.get(`/events/:eventId/part${n}/:id`, { config: { access: 'public' } }, async () => ({ status: 'ok' as const }))
}
