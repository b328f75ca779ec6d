/**
 * The only `fetch`: calls the API with the session's cookies, which it renews when they have expired. A call that brings a token
 * of its own, as those of a device do, is nobody's session.
 */
import createClient, { type Middleware } from 'openapi-fetch'
import type { components, paths } from './schema.d.ts'

export type Schemas = components['schemas']
export type Problem = Schemas['Problem']

const RENEWAL = 'mt.refresh'
let renewedMs = 0

async function send(request: Request): Promise<Response> {
  const retry = request.clone()
  const startedMs = performance.now()
  const response = await fetch(request)
  if (response.status !== 401 || request.headers.has('authorization')) return response
  if (!(await renewSession(startedMs))) return response
  return fetch(retry)
}

/** Renews the session once for all requests that were refused at the same time, in this tab and in the others. */
export async function renewSession(sinceMs: number): Promise<boolean> {
  return navigator.locks.request(RENEWAL, async () => {
    if (renewedMs > sinceMs) return true
    const { ok } = await fetch('/auth/refresh', { method: 'POST' })
    if (ok) renewedMs = performance.now()
    return ok
  })
}

/** Turns a failed answer that is no problem, such as one of a proxy, into one, so that callers handle one shape. */
const asProblem: Middleware = {
  async onResponse({ response }) {
    if (response.ok || response.headers.get('content-type')?.includes('json')) return response
    const problem = {
      code: `http_${response.status}`,
      title: '',
      type: 'about:blank',
      status: response.status,
      detail: '',
    }
    const requestId = response.headers.get('x-request-id') ?? ''
    return Response.json({ ...problem, requestId }, { status: response.status })
  },
}

export const api = createClient<paths>({ baseUrl: location.origin, fetch: send })
api.use(asProblem)

/** Whether an error is the answer of the API, and not a missing network. */
export const isProblem = (error: unknown): error is Problem =>
  typeof error === 'object' && error !== null && 'code' in error && 'requestId' in error
