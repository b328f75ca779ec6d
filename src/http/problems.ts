/**
 * Which problems an operation can answer: the codes that its route declares, and those that follow from
 * its shape. Tests check that no answer has a problem that openapi.json does not list.
 */
import { STATUS_CODES } from 'node:http'
import { Type } from 'typebox'
import { statusOf, titleOf, type FailureCode } from '../platform/errors.ts'
import { RequestId } from './schemas.ts'
import type { Access } from './access.ts'
import { mayChange } from './csrf.ts'
import { honoursKey } from './idempotency.ts'
import { isLimited } from './rate-limit.ts'

declare module 'fastify' {
  interface FastifyContextConfig {
    /** What this route can refuse, beyond what follows from its shape. */
    problems?: readonly FailureCode[]
    /** People open it in a browser, so a problem may be a page. */
    hasPages?: boolean
  }
}

export const Problem = Type.Object(
  {
    type: Type.String(),
    title: Type.String(),
    status: Type.Integer(),
    code: Type.String({ description: 'Stable: branch on this.' }),
    detail: Type.String({ description: 'What went wrong here, for a person.' }),
    requestId: RequestId,
    errors: Type.Optional(
      Type.Array(Type.Object({ path: Type.String(), message: Type.String() }), {
        description: 'What does not fit the schema, and where.',
      }),
    ),
  },
  { title: 'Problem', description: 'An error (RFC 9457).' },
)

export type RouteShape = {
  url: string
  method: string | string[]
  schema: { params?: unknown; querystring?: unknown; body?: unknown; tags?: readonly string[] }
  config: { access?: Access; withoutKey?: string; problems?: readonly FailureCode[] }
}

/** Every code that the route can answer, without repetition. */
export function listProblems({ url, method, schema, config }: RouteShape): FailureCode[] {
  const takesBody = [method].flat().some((one) => ['POST', 'PUT', 'PATCH'].includes(one))
  const isGuarded = config.access !== 'public'
  const rules: [boolean, FailureCode[]][] = [
    [takesBody || Boolean(schema.params ?? schema.querystring), ['invalid_request', 'invalid_text']],
    [takesBody, ['invalid_json', 'payload_too_large', 'unsupported_media_type']],
    [hasCursor(schema.querystring), ['invalid_cursor']],
    [Boolean(schema.params), ['uri_too_long']],
    [isGuarded, ['unauthorized', 'forbidden']],
    [[method].flat().some(mayChange), ['csrf']],
    [honoursKey(method, config), ['invalid_idempotency_key', 'idempotency_in_progress', 'idempotency_key_reused']],
    [true, ['headers_too_large', ...(config.problems ?? [])]],
    [isLimited(url), ['rate_limited']],
    [!schema.tags?.includes('System'), ['unavailable']],
  ]
  return [...new Set(rules.flatMap(([applies, codes]) => (applies ? codes : [])))]
}

const hasCursor = (querystring: unknown): boolean =>
  'cursor' in ((querystring as { properties?: object } | undefined)?.properties ?? {})

/** The code that stands for a status; an operation with others names them. */
const USUAL: FailureCode[] = [
  'invalid_request',
  'unauthorized',
  'forbidden',
  'not_found',
  'idempotency_in_progress',
  'invitation_expired',
  'payload_too_large',
  'uri_too_long',
  'unsupported_media_type',
  'idempotency_key_reused',
  'rate_limited',
  'headers_too_large',
  'provider_error',
  'unavailable',
]
const nameOf = (status: number, hasPages: boolean) => {
  const words = status === 431 ? 'HeadersTooLarge' : STATUS_CODES[status]!.replace(/\W/g, '')
  return `${words}${hasPages ? 'Page' : ''}`
}

/** For `components.responses`: one problem a status, and the same for routes that answer with pages. */
export function describeProblems(): Record<string, object> {
  const headers: Record<number, object> = {
    401: header('WWW-Authenticate', { type: 'string' }),
    429: header('Retry-After', { type: 'integer', description: 'Seconds.' }),
    503: header('Retry-After', { type: 'integer', description: 'Seconds.' }),
  }
  const json = { 'application/problem+json': { schema: Problem } }
  const page = { 'text/html': { schema: { type: 'string' } } }
  return Object.fromEntries(
    USUAL.flatMap((code) => {
      const status = statusOf(code)
      const shared = { description: `${titleOf(code)} (\`${code}\`).`, ...headers[status] }
      return [
        [nameOf(status, false), { ...shared, content: json }],
        [nameOf(status, true), { ...shared, content: { ...json, ...page } }],
      ]
    }),
  )
}

const header = (name: string, schema: object) => ({ headers: { [name]: { schema } } })

/** The responses of an operation, by status, as references to those of `describeProblems`. */
export function referToProblems(codes: readonly FailureCode[], hasPages: boolean): Record<string, object> {
  const statuses = [...new Set(codes.map(statusOf))].toSorted((a, b) => a - b)
  return Object.fromEntries(
    statuses.map((status) => {
      const ofStatus = codes.filter((code) => statusOf(code) === status)
      const $ref = `#/components/responses/${nameOf(status, hasPages)}`
      const isUsual = ofStatus.length === 1 && USUAL.includes(ofStatus[0]!)
      const description = ofStatus.map((code) => `\`${code}\``).join(', ')
      return [status, isUsual ? { $ref } : { $ref, description }]
    }),
  )
}
