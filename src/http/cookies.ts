/**
 * The session of a browser (docs/decisions/0038): an access token and a refresh token in cookies that no script reads and that no
 * other site sends. `Authorization` beats them.
 *
 * They are `Secure`, so a browser returns them over https alone. Only where a browser says `http` to this machine itself
 * (localhost, 127.0.0.0/8, ::1), and PUBLIC_BASE_URL does not say https, are they not: some browsers would drop them there.
 */
import { parseCookie, stringifySetCookie, type SetCookie } from 'cookie'
import type { FastifyReply, FastifyRequest } from 'fastify'
import type { Config } from '../platform/config.ts'

const ACCESS = 'mt_access'
const REFRESH = 'mt_refresh'
/** No other route sees the refresh token. */
const REFRESH_PATH = '/auth'
/** An access token is a JWT. A key of an API or a device is none, and works as Bearer alone. */
const JWT = /^[\w-]+\.[\w-]+\.[\w-]+$/
const LOOPBACK = /^(localhost|.+\.localhost|127(\.\d{1,3}){3}|\[::1\])$/i

type SessionCookies = { access?: string; refresh?: string }

/** The cookies of a request; none when it has none. */
export function readCookies({ headers }: Pick<FastifyRequest, 'headers'>): SessionCookies {
  if (!headers.cookie) return {}
  const { [ACCESS]: access, [REFRESH]: refresh } = parseCookie(headers.cookie)
  return { ...(access && JWT.test(access) ? { access } : {}), ...(refresh ? { refresh } : {}) }
}

/** What the caller shows: the Authorization header, or in its place the access token of the cookie as one. */
export function credentialsOf(request: Pick<FastifyRequest, 'headers'>): string | undefined {
  const { authorization } = request.headers
  if (authorization !== undefined) return authorization
  const { access } = readCookies(request)
  return access === undefined ? undefined : `Bearer ${access}`
}

type Tokens = { accessToken: string; refreshToken: string }

/**
 * Sets both cookies. In demo mode the browser keeps the access token after its end, so that it is refused then: without one the
 * request would act as the demo's director, and an organizer would become somebody else.
 */
export function setSessionCookies(request: FastifyRequest, reply: FastifyReply, config: Config, tokens: Tokens): void {
  const { mode, accessTtlSeconds, refreshTtlDays } = config.auth
  const refreshSeconds = refreshTtlDays * 86_400
  const accessSeconds = mode === 'demo' ? refreshSeconds : accessTtlSeconds
  const secure = isSecure(request, config)
  addCookies(reply, [
    { name: ACCESS, value: tokens.accessToken, path: '/', maxAge: accessSeconds, secure },
    { name: REFRESH, value: tokens.refreshToken, path: REFRESH_PATH, maxAge: refreshSeconds, secure },
  ])
}

/** Makes the browser forget both cookies. */
export function clearSessionCookies(request: FastifyRequest, reply: FastifyReply, config: Config): void {
  const gone = { value: '', maxAge: 0, secure: isSecure(request, config) }
  addCookies(reply, [
    { name: ACCESS, path: '/', ...gone },
    { name: REFRESH, path: REFRESH_PATH, ...gone },
  ])
}

const addCookies = (reply: FastifyReply, cookies: SetCookie[]): unknown =>
  reply.header(
    'set-cookie',
    cookies.map((cookie) => stringifySetCookie({ ...cookie, httpOnly: true, sameSite: 'strict' })),
  )

const isSecure = ({ protocol, hostname }: FastifyRequest, { http }: Config): boolean =>
  protocol === 'https' || /^https:/i.test(http.publicBaseUrl) || !LOOPBACK.test(hostname)

/**
 * Whether the browser would not keep the cookies, because it says plain http to another machine. Over https, and to its own machine,
 * browsers say `Sec-Fetch-Site`; those before 2023 say at least with a form where they are.
 */
export function dropsCookies(request: FastifyRequest, { http }: Config): boolean {
  const { origin, 'sec-fetch-site': site } = request.headers
  if (site !== undefined || LOOPBACK.test(request.hostname)) return false
  return origin === undefined
    ? request.protocol === 'http' && !/^https:/i.test(http.publicBaseUrl)
    : /^http:/i.test(origin)
}
