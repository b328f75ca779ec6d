/**
 * Requests that another site makes a browser send (docs/decisions/0038; OWASP CSRF Prevention Cheat Sheet, "Fetch Metadata"). The
 * browser says by itself where a request comes from: `Sec-Fetch-Site`, and before 2023 or over plain http only `Origin`.
 */
import type { FastifyInstance, FastifyRequest } from 'fastify'
import type { Config } from '../platform/config.ts'
import { Failure } from '../platform/errors.ts'
import { readCookies } from './cookies.ts'

const CHANGES = new Set(['POST', 'PUT', 'PATCH', 'DELETE'])

/** Whether the method may change something. */
export const mayChange = (method: string): boolean => CHANGES.has(method)

/**
 * Refuses what changes something on the word of a cookie alone, on every route, unless a page of ours sent it. In demo mode a
 * request without credentials acts as the demo's director; of those it refuses what a page of somebody else sent.
 */
export function refuseForeignRequests(app: FastifyInstance, config: Config): void {
  app.addHook('onRequest', (request, _reply, done) => {
    const isRefused = mayChange(request.method) && needsOwnPage(request, config) && !isFromOwnPage(request, config)
    done(isRefused ? foreign() : undefined)
  })
}

function needsOwnPage(request: FastifyRequest, { auth }: Config): boolean {
  const { headers, routeOptions } = request
  if (headers.authorization !== undefined) return false
  const { access, refresh } = readCookies(request)
  if (access ?? refresh) return true
  const isGuarded = routeOptions.config.access !== undefined && routeOptions.config.access !== 'public'
  return auth.mode === 'demo' && isGuarded && saysWhere(request)
}

const saysWhere = ({ headers }: FastifyRequest): boolean =>
  headers['sec-fetch-site'] !== undefined || headers.origin !== undefined

/** Whether the browser says that a page of this origin sent the request. */
function isFromOwnPage(request: FastifyRequest, config: Config): boolean {
  const { 'sec-fetch-site': site, origin } = request.headers
  return site === undefined ? origin !== undefined && isOwnOrigin(origin, request, config) : site === 'same-origin'
}

const foreign = () => new Failure('csrf', { detail: 'Cookies only count in requests that our own pages send.' })

/** Throws `csrf`. */
export function requireOwnPage(request: FastifyRequest, config: Config): void {
  if (!isFromOwnPage(request, config)) throw foreign()
}

/** Also behind a proxy that ends https and is not in TRUSTED_PROXIES: PUBLIC_BASE_URL is what browsers see then. */
const isOwnOrigin = (origin: string, { protocol, host }: FastifyRequest, { http }: Config): boolean =>
  origin === `${protocol}://${host}` || origin === new URL(http.publicBaseUrl).origin

/** The cookies, for a route that acts on them whatever `Authorization` says. Throws `csrf`. */
export function readOwnCookies(request: FastifyRequest, config: Config): ReturnType<typeof readCookies> {
  const cookies = readCookies(request)
  if (cookies.access ?? cookies.refresh) requireOwnPage(request, config)
  return cookies
}
