/** The routes of the system: liveness, readiness and metrics, which workers serve too, and the documentation of the API. */
import { readFile } from 'node:fs/promises'
import { createRequire } from 'node:module'
import type { FastifyPluginAsyncTypebox } from '@fastify/type-provider-typebox'
import { Type } from 'typebox'
import type { Deps } from '../deps.ts'
import { Failure } from '../platform/errors.ts'
import { isSame } from '../platform/secrets.ts'
import { measure } from './measures.ts'
import { checkReadiness } from './readiness.ts'
import { Answer, FileAnswer } from '../http/schemas.ts'

const Readiness = Answer(
  {
    status: Type.Enum(['ready', 'not_ready']),
    checks: Type.Record(Type.String(), Type.Object({ ok: Type.Boolean(), detail: Type.Optional(Type.String()) })),
  },
  { title: 'Readiness' },
)
const ASSETS: Record<string, string> = {
  'swagger-ui.css': 'text/css; charset=utf-8',
  'swagger-ui-bundle.js': 'text/javascript; charset=utf-8',
}
const DOCS_PAGE = `<!doctype html><html lang="en"><head><meta charset="utf-8"><title>Monotickets API</title>
<meta name="viewport" content="width=device-width, initial-scale=1"><link rel="icon" href="data:,">
<link rel="stylesheet" href="/docs/swagger-ui.css"></head>
<body><div id="ui"></div><script src="/docs/swagger-ui-bundle.js"></script><script src="/docs/start.js"></script></body></html>`
const DOCS_START = `SwaggerUIBundle({ url: '/openapi.json', dom_id: '#ui', deepLinking: true, tryItOutEnabled: true })`
const DOCS_CSP =
  "default-src 'none'; script-src 'self'; style-src 'self' 'unsafe-inline'; img-src 'self' data:; connect-src 'self'; frame-ancestors 'none'"

const open = { config: { access: 'public' as const } }

export const healthRoutes =
  (deps: Deps): FastifyPluginAsyncTypebox =>
  async (app) => {
    app.get(
      '/health',
      {
        ...open,
        schema: {
          operationId: 'checkHealth',
          tags: ['System'],
          summary: 'Liveness',
          response: { 200: Answer({ status: Type.Literal('ok') }) },
        },
      },
      async () => ({ status: 'ok' as const }),
    )
    app.get(
      '/ready',
      {
        ...open,
        schema: {
          operationId: 'checkReadiness',
          tags: ['System'],
          summary: 'Readiness: dependencies, migrations, queue consumers and lag',
          response: { 200: Readiness, 503: Readiness },
        },
      },
      async (_request, reply) => {
        const checks = await checkReadiness(deps)
        const isReady = Object.values(checks).every(({ ok }) => ok)
        if (!isReady) void reply.code(503).header('retry-after', 5)
        return { status: isReady ? ('ready' as const) : ('not_ready' as const), checks }
      },
    )
    app.get(
      '/metrics',
      {
        config: { access: 'public', problems: ['unauthorized'] },
        schema: {
          operationId: 'readMetrics',
          tags: ['System'],
          summary: 'Metrics in the text format of Prometheus',
          description: 'When METRICS_TOKEN is set, the request must carry it as a Bearer token.',
          response: { 200: FileAnswer<string>('text/plain', 'The metrics.') },
        },
      },
      async (request, reply) => {
        const token = deps.config.http.metricsToken
        if (token && !isSame(request.headers.authorization ?? '', `Bearer ${token}`)) {
          throw new Failure('unauthorized', { detail: 'Send METRICS_TOKEN as a Bearer token.' })
        }
        await measure(deps, (error) => request.log.debug({ err: error }, 'A gauge could not be measured'))
        void reply.type(deps.metrics.registry.contentType)
        return deps.metrics.registry.metrics()
      },
    )
  }

/** The documentation. */
export const systemRoutes: FastifyPluginAsyncTypebox = async (app) => {
  app.get('/openapi.json', { ...open, schema: { hide: true } }, async () => app.swagger())
  app.get('/docs', { ...open, schema: { hide: true } }, async (_request, reply) =>
    reply.type('text/html; charset=utf-8').header('content-security-policy', DOCS_CSP).send(DOCS_PAGE),
  )
  app.get('/docs/:file', { ...open, schema: { hide: true } }, async (request, reply) => {
    const { file } = request.params as { file: string }
    if (file === 'start.js') return reply.type('text/javascript; charset=utf-8').send(DOCS_START)
    const type = Object.hasOwn(ASSETS, file) ? ASSETS[file] : undefined
    if (!type) throw new Failure('not_found')
    return reply
      .type(type)
      .header('cache-control', 'public, max-age=86400')
      .send(await readFile(assetPath(file)))
  })
}

/** The path of an asset. Importing the package would load all of it into memory. */
const assetPath = (file: string): string => createRequire(import.meta.url).resolve(`swagger-ui-dist/${file}`)
