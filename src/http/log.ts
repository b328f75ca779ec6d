/** Logs and measures requests. */
import type { FastifyBaseLogger, FastifyInstance } from 'fastify'
import { withoutRedaction, type Logger } from '../platform/log.ts'
import type { Metrics } from '../platform/metrics.ts'

/** Probes ask every few seconds, so their lines are only for debugging. */
const QUIET = new Set(['/health', '/ready', '/metrics'])

/** One observation and one line for every answer. */
export function observeRequests(app: FastifyInstance, { metrics, log }: { metrics: Metrics; log: Logger }): void {
  const lines = withoutRedaction(log)
  const logsProbes = log.isLevelEnabled('debug')
  app.addHook('onResponse', (request, reply, done) => {
    const { method, id: requestId } = request
    const route = request.routeOptions.url ?? 'unknown'
    const status = reply.statusCode
    const elapsedMs = reply.elapsedTime
    metrics.httpSeconds.observe({ method, route, status }, elapsedMs / 1000)
    const isProbe = QUIET.has(route)
    if (!isProbe || logsProbes)
      lines[isProbe ? 'debug' : 'info'](
        { requestId, method, route, status, ms: Math.round(elapsedMs) },
        'A request was answered',
      )
    done()
  })
}

/** A fields object and a sentence. */
type Line = [fields: object, message: string]

/** The logger of a request, whose lines carry its id. Most requests write none, so the real one is made for the first line. */
class RequestLog {
  readonly #log: Logger
  readonly #requestId: string
  #child: Logger | undefined

  constructor(log: Logger, requestId: string) {
    this.#log = log
    this.#requestId = requestId
  }
  get #own(): Logger {
    return (this.#child ??= this.#log.child({ requestId: this.#requestId }))
  }
  get level(): string {
    return this.#log.level
  }
  trace(...line: Line): void {
    this.#own.trace(...line)
  }
  debug(...line: Line): void {
    this.#own.debug(...line)
  }
  info(...line: Line): void {
    this.#own.info(...line)
  }
  warn(...line: Line): void {
    this.#own.warn(...line)
  }
  error(...line: Line): void {
    this.#own.error(...line)
  }
  fatal(...line: Line): void {
    this.#own.fatal(...line)
  }
  child(bindings: object): FastifyBaseLogger {
    return this.#own.child(bindings)
  }
}

export const openRequestLog = (log: Logger, requestId: string): FastifyBaseLogger =>
  new RequestLog(log, requestId) as unknown as FastifyBaseLogger
