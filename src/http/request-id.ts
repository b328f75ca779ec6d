/** The request id: taken from the caller when it is sane, on every answer, in every JSON object. */
import type { FastifyInstance } from 'fastify'
import { Type, type TProperties } from 'typebox'
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

/** The schema of a JSON answer: the given properties and the request id beside them. */
export const Answer = <P extends TProperties>(properties: P) =>
  Type.Object({
    requestId: Type.Optional(Type.String({ description: 'Also in the X-Request-Id header.' })),
    ...properties,
  })

/** An instant on the wire: ISO 8601, UTC, milliseconds. */
export const Instant = Type.Unsafe<Date | string>({ type: 'string', format: 'date-time' })
export const NullableInstant = Type.Unsafe<Date | string | null>({ type: ['string', 'null'], format: 'date-time' })
export const NullableString = Type.Unsafe<string | null>({ type: ['string', 'null'] })
export const NullableInteger = Type.Unsafe<number | null>({ type: ['integer', 'null'] })
export const NullableNumber = Type.Unsafe<number | null>({ type: ['number', 'null'] })

/** A text for people, in both languages. */
export const NullableText = Type.Union([Type.Object({ 'es-MX': Type.String(), en: Type.String() }), Type.Null()])

/** An identifier in a path or a body. */
export const Id = Type.String({ pattern: '^[A-Za-z0-9_-]{1,64}$' })
