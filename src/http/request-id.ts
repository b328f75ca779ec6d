/** The request id: taken from the caller when it is sane, on every answer, in every JSON object. */
import type { FastifyInstance } from 'fastify'
import { newId } from '../platform/db.ts'

const ACCEPTED = /^[A-Za-z0-9._:-]{1,128}$/

export function requestIdOf(headers: Record<string, string | string[] | undefined>): string {
  const given = headers['x-request-id']
  return typeof given === 'string' && ACCEPTED.test(given) ? given : newId('req')
}

export function stampRequestIds(app: FastifyInstance): void {
  app.addHook('onRequest', async (request, reply) => {
    void reply.header('x-request-id', request.id)
  })
  app.addHook('preSerialization', async (request, _reply, payload) => {
    if (typeof payload !== 'object' || payload === null || Array.isArray(payload)) return payload
    return 'requestId' in payload || 'openapi' in payload ? payload : { requestId: request.id, ...payload }
  })
}
