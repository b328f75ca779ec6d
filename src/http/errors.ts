/** Error responses: application/problem+json (RFC 9457), with codes from one table and no stack or SQL. */
import FindMyWay, { type HTTPMethod } from 'find-my-way'
import type { FastifyError, FastifyInstance, FastifyReply, FastifyRequest } from 'fastify'
import { readFormat } from './formats.ts'
import { isUnstorableText } from '../platform/db.ts'
import {
  Failure,
  isConnectionLost,
  statusOf,
  titleOf,
  type FailureCode,
  type FailureDetails,
} from '../platform/errors.ts'

export function describeProblem(code: FailureCode, details: FailureDetails, requestId: string) {
  const { detail, errors } = details
  return {
    type: `https://monotickets.mx/problems/${code}`,
    title: titleOf(code),
    status: statusOf(code),
    code,
    detail: detail ?? titleOf(code),
    requestId,
    ...(errors ? { errors } : {}),
  }
}

const BEARER = 'Bearer realm="monotickets"'
const BASIC = 'Basic realm="monotickets", charset="UTF-8"'

export async function sendFailure(request: FastifyRequest, reply: FastifyReply, failure: Failure): Promise<void> {
  const { code, details } = failure
  if (details.retryAfterSeconds !== undefined) void reply.header('retry-after', details.retryAfterSeconds)
  if (statusOf(code) === 401) {
    const mayBeBasic = request.routeOptions.config?.basic ?? false
    void reply.header('www-authenticate', mayBeBasic ? [BEARER, BASIC] : BEARER)
  }
  await reply
    .code(statusOf(code))
    .header('content-type', 'application/problem+json; charset=utf-8')
    .serializer(JSON.stringify)
    .send(describeProblem(code, details, request.id))
}

/** Fastify's own error codes and our codes for them. */
const FRAMEWORK_FAILURES: Record<string, FailureCode> = {
  FST_ERR_CTP_INVALID_JSON_BODY: 'invalid_json',
  FST_ERR_CTP_EMPTY_JSON_BODY: 'invalid_json',
  FST_ERR_CTP_INVALID_MEDIA_TYPE: 'unsupported_media_type',
  FST_ERR_CTP_BODY_TOO_LARGE: 'payload_too_large',
  FST_ERR_CTP_INVALID_CONTENT_LENGTH: 'invalid_request',
  FST_ERR_BAD_URL: 'invalid_request',
  FST_ERR_MAX_PARAM_LENGTH: 'uri_too_long',
  FST_ERR_INVALID_URL: 'invalid_request',
}

function toFailure(error: FastifyError, request: FastifyRequest): Failure {
  if (error instanceof Failure) return error
  if (error.validation) return describeValidation(error, request)
  const framework = FRAMEWORK_FAILURES[error.code ?? '']
  if (framework) return new Failure(framework, { detail: error.message, cause: error })
  if (isConnectionLost(error)) {
    return new Failure('unavailable', {
      detail: 'The database does not answer; try again shortly.',
      retryAfterSeconds: 5,
      cause: error,
    })
  }
  if (error.code === '42P01' || error.code === '42703' || error.code === '42883') {
    return new Failure('unavailable', {
      detail: 'The database schema is older than this program: run npm run migrate.',
      retryAfterSeconds: 30,
      cause: error,
    })
  }
  if (error.code === '57014') {
    return new Failure('unavailable', { detail: 'The database took too long.', retryAfterSeconds: 5, cause: error })
  }
  if (error.code === '40P01' || error.code === '40001') {
    const detail = 'Another request was changing the same data; try again.'
    return new Failure('unavailable', { detail, retryAfterSeconds: 1, cause: error })
  }
  if (error.code === '22007' || error.code === '22008') return new Failure('invalid_date', { cause: error })
  if (isUnstorableText(error)) return new Failure('invalid_text', { cause: error })
  const status = error.statusCode ?? 500
  if (status >= 400 && status < 500)
    return new Failure('invalid_request', { detail: 'The request is malformed.', cause: error })
  return new Failure('internal', { cause: error })
}

type Violation = { instancePath?: string; message?: string; params?: Record<string, unknown>; data?: unknown }
type Validate = ((input: unknown) => boolean) & { errors?: Violation[] | null }

/** In the order in which Fastify validates them; it stops at the first that fails, so the rest is validated here. */
const PARTS = ['params', 'body', 'querystring', 'headers'] as const
/** A body that breaks its schema at more places is not a mistake of a person: it gets the first few. */
const ERRORS_MAX = 100
const FIRST_FEW = 5
/** A name that the caller made up is cut in the answer. */
const PATH_MAX = 200

function describeValidation(error: FastifyError, request: FastifyRequest): Failure {
  const failed = error.validationContext ?? 'body'
  const later = PARTS.slice(PARTS.findIndex((part) => part === failed) + 1).flatMap((part) => {
    const validate = request.getValidationFunction(part) as Validate | undefined
    const isValid = validate?.(part === 'querystring' ? request.query : request[part]) ?? true
    return isValid ? [] : (validate!.errors ?? []).map((violation) => describeViolation(part, violation))
  })
  const own = ((error.validation ?? []) as Violation[]).map((violation) => describeViolation(failed, violation))
  const unique = new Map([...own, ...later].toReversed().map((one) => [one.path, one])) // of several at one path the first
  const all = [...unique.values()].toReversed()
  const errors = all
    .slice(0, unique.size > ERRORS_MAX ? FIRST_FEW : ERRORS_MAX)
    .map(({ path, message }) => ({ path, message }))
  const [first] = all
  const code = first && all.every((one) => one.code !== 'invalid_request') ? first.code : 'invalid_request'
  const detail = first ? `${first.path} ${first.message}` : 'The request does not fit its schema.'
  return new Failure(code, { errors, detail: code === 'invalid_request' ? detail : first!.message })
}

function describeViolation(
  part: string,
  { instancePath = '', message = 'is not valid', params = {}, data }: Violation,
) {
  const unread = params['refusal'] instanceof Failure ? params['refusal'] : readFormat(params['format'], data)
  const extra = params['missingProperty'] ?? params['additionalProperty']
  const path = `${part}${instancePath.replaceAll('/', '.')}${typeof extra === 'string' ? `.${extra}` : ''}`
  const allowed = params['allowedValues']
  return {
    path: path.slice(0, PATH_MAX),
    message: unread?.message ?? (Array.isArray(allowed) ? `${message}: ${allowed.join(', ')}` : message),
    code: unread?.code ?? ('invalid_request' as const),
  }
}

export function answerProblems(app: FastifyInstance): void {
  app.setErrorHandler(async (error: FastifyError, request, reply) => {
    const failure = toFailure(error, request)
    const status = statusOf(failure.code)
    if (status >= 500) {
      const level = failure.code === 'internal' ? 'error' : 'warn'
      request.log[level]({ failure: failure.code, err: failure.details.cause ?? error }, 'A request failed')
    }
    await sendFailure(request, reply, failure)
  })

  const known = FindMyWay()
  const methods = new Set<string>()
  app.addHook('onRoute', ({ method, url }) => {
    for (const one of [method].flat()) {
      methods.add(one)
      known.on(one as HTTPMethod, url, () => undefined)
    }
  })
  app.setNotFoundHandler(async (request, reply) => {
    const allowed = [...methods].filter((method) => known.find(method as HTTPMethod, request.url.split('?')[0]!))
    if (allowed.length === 0)
      return sendFailure(request, reply, new Failure('not_found', { detail: 'No such path. GET /docs lists them.' }))
    void reply.header('allow', allowed.join(', '))
    return sendFailure(
      request,
      reply,
      new Failure('method_not_allowed', { detail: `This path takes ${allowed.join(', ')}.` }),
    )
  })
}
