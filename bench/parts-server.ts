/**
 * An empty route with the first parts of the API, for `npm run bench:parts`. Its argument is how many parts; it reads PORT.
 * `serializer` as a second argument replaces JSON.stringify by Fastify's compiled serializer.
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
import { openLog } from '../src/platform/log.ts'
import { openMetrics } from '../src/platform/metrics.ts'
import { PARTS, type Part } from './parts-list.ts'

const log = openLog({ level: 'info', format: 'json' })
const chosen = new Set<Part>(PARTS.slice(0, Number(process.argv[2])))
const isCompiled = process.argv[3] === 'serializer'

const OPTIONS: Partial<Record<Part, FastifyServerOptions>> = {
  'request ids': { genReqId: (raw) => requestIdOf(raw.headers) },
  'loggers of requests': {
    loggerInstance: log.child({}),
    logController: new LogController({ disableRequestLogging: true, requestIdLogLabel: 'requestId' }),
    childLoggerFactory: (_logger, { requestId }) => openRequestLog(log, String(requestId)),
  } as FastifyServerOptions,
  'rewriting of addresses': { rewriteUrl: ({ url = '/' }) => tidyWebhookUrl(trimGlue(url)) },
}
const ADD: Partial<Record<Part, (app: FastifyInstance) => unknown>> = {
  'request ids': stampRequestIds,
  'JSON.stringify as the serializer': (app) => app.setSerializerCompiler(() => JSON.stringify),
  'security headers': secureAnswers,
  'parsers and problems': (app) => (parseJsonBodies(app), answerProblems(app)),
  access: (app) => guardRoutes(app, () => Promise.reject(new Error('nobody logs in'))),
  'metrics and log': (app) => observeRequests(app, { metrics: openMetrics(), log }),
  'idempotency keys': (app) => honourIdempotencyKeys(app, undefined as never, () => new Date()),
  'rate limit': (app) => limitPerAddress(app, 10_000_000),
}

const app = Fastify(Object.assign({}, ...[...chosen].map((part) => OPTIONS[part] ?? {})) as FastifyServerOptions)
for (const part of chosen) if (!(isCompiled && part.startsWith('JSON'))) await ADD[part]?.(app)
const body = Type.Object({ requestId: Type.Optional(Type.String()), status: Type.Literal('ok') })
const schema = { response: { 200: body } }
const url = chosen.has('rate limit') ? '/limited' : '/health'
app.get(url, { config: { access: 'public' }, schema }, async () => ({ status: 'ok' as const }))
await app.listen({ port: Number(process.env['PORT']), host: '127.0.0.1' })
