/** Reads JSON bodies. Fastify's own parser replaces bytes that are not UTF-8, so «José» in another encoding would be stored as «Jos�». */
import type { FastifyInstance } from 'fastify'
import { Failure } from '../platform/errors.ts'
import { decodeBody } from '../platform/json.ts'

export function parseJsonBodies(app: FastifyInstance): void {
  const parse = app.getDefaultJsonParser('error', 'error')
  app.removeContentTypeParser('application/json')
  app.addContentTypeParser('application/json', { parseAs: 'buffer' }, (request, bytes, done) => {
    const text = decodeBody(bytes as Buffer)
    void parse(request, text, (error, body) => {
      if (!error && mayHoldHalfCharacter(text) && !isWellFormed(body)) return done(new Failure('invalid_text'))
      done(error, body)
    })
  })
}

/** Half of a surrogate pair (`"\\ud83d"`) can only come as an escape, and PostgreSQL would store «�» for it. */
const mayHoldHalfCharacter = (text: string): boolean => /\\ud[89a-f]/i.test(text)

/** Goes through the value without recursion, because a body may be nested deeply. */
function isWellFormed(body: unknown): boolean {
  const rest = [body]
  while (rest.length > 0) {
    const value = rest.pop()
    if (typeof value === 'string' && /\p{Surrogate}/u.test(value)) return false
    if (typeof value === 'object' && value !== null) for (const pair of Object.entries(value)) rest.push(...pair)
  }
  return true
}
