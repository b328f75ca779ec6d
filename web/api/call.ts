/**
 * The only `fetch`: calls the API with the session's cookies, which it renews when they have expired. A call that brings a token
 * of its own, as those of a device do, is nobody's session.
 */
import createClient, { type Middleware } from 'openapi-fetch'
import { keepSession } from './renewal.ts'
import type { components, paths } from './schema.d.ts'

export type Schemas = components['schemas']
export type Problem = Schemas['Problem']

const { send, renew } = keepSession({
  ask: (to, init) => fetch(to, init),
  lock: (work) => navigator.locks.request('mt.refresh', work),
})
export const renewSession = renew

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
