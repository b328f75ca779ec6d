/** The request id: taken from the caller when it is sane, on every answer, in every JSON object. */
import { randomBytes } from 'node:crypto'
import type { FastifyInstance } from 'fastify'

const ACCEPTED = /^[A-Za-z0-9._:-]{1,128}$/

/** A random prefix for the process and a counter: unique across processes, and cheap for each request. */
const PREFIX = `req_${randomBytes(10).toString('hex')}`
let counter = 0

export function requestIdOf(headers: Record<string, string | string[] | undefined>): string {
  const given = headers['x-request-id']
  if (typeof given === 'string' && ACCEPTED.test(given)) return given
  return `${PREFIX}${(++counter).toString(36).padStart(6, '0')}`
}

export function stampRequestIds(app: FastifyInstance): void {
  app.addHook('onRequest', (request, reply, done) => {
    void reply.header('x-request-id', request.id)
    done()
  })
  app.addHook('preSerialization', (request, _reply, payload, done) => {
    const isObject = typeof payload === 'object' && payload !== null && !Array.isArray(payload)
    const isComplete = !isObject || 'requestId' in payload || 'openapi' in payload
    done(null, isComplete ? payload : { requestId: request.id, ...payload })
  })
}
