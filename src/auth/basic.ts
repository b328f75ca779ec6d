/**
 * Who sent a request: by Bearer on every route (an access token, an API key or the token of a device), or by HTTP Basic (RFC
 * 7617) on pages that are opened in a browser, which cannot send a Bearer header by itself.
 */
import { createHmac } from 'node:crypto'
import { Failure } from '../platform/errors.ts'
import { openMemory } from '../platform/memory.ts'
import type { Authenticate, User } from '../http/access.ts'
import { limitAttempts, networkOf } from '../http/rate-limit.ts'
import { authenticate, checkPassword, DEMO_DIRECTOR, sha256, type AuthContext } from './auth.ts'

/** A page sends many requests a minute: a checked password is remembered this long. */
export const REMEMBER_MS = 300_000
const PASSWORDS_MAX = 1000
/** A token of some 300 bytes is verified once, and then remembered until it expires. */
const TOKENS_MAX = 10_000

type From = Parameters<Authenticate>[1]

/**
 * Accepts Bearer on every route, and Basic where the route allows it. It remembers what it has verified for this context and
 * its key alone. Throws `unauthorized`, `invalid_credentials`, `rate_limited`.
 */
export function openAuthenticator(context: AuthContext): Authenticate {
  const passwords = openMemory<User>(PASSWORDS_MAX)
  const tokens = openMemory<User>(TOKENS_MAX)

  async function checkToken(header: string | undefined): Promise<User> {
    const known = header === undefined ? undefined : tokens.get(header, context.now())
    if (known) return known
    const user = await authenticate(context, header)
    if (header !== undefined && user.expiresAt) tokens.set(header, user, user.expiresAt)
    return user
  }

  /** Wrong keys of one network are limited, while a right one always works. */
  async function checkKey(key: string, address: string): Promise<User> {
    const user = await context.credentials.find(sha256(key).toString('hex'))
    if (user) return user
    await limitAttempts(context.kv, `key:address:${networkOf(address)}`, 30, 60_000)
    throw new Failure('unauthorized', { detail: 'The key is not valid, has expired or has been deleted.' })
  }

  async function identify(header: string | undefined, { address, mayBeBasic }: From): Promise<User> {
    const apiKey = /^Bearer (m[kd]_live_[\w-]{43})$/i.exec(header ?? '')?.[1]
    if (apiKey !== undefined) return checkKey(apiKey, address)

    const encoded = mayBeBasic ? /^Basic ([A-Za-z0-9+/=]{1,1000})$/i.exec(header ?? '')?.[1] : undefined
    if (encoded === undefined) return checkToken(header)

    const key = createHmac('sha256', context.signingKey).update(encoded).digest('base64')
    const known = passwords.get(key, context.now())
    if (known) return known

    const [email = '', ...rest] = Buffer.from(encoded, 'base64').toString('utf8').split(':')
    const password = rest.join(':')
    if (email.length > 254 || password.length > 128) throw new Failure('invalid_credentials')
    const askedAt = context.now()
    const { id, role, organizerId, accessVersion: version } = await checkPassword(context, { email, password, address })
    const user = { id, role, organizerId, version }
    passwords.set(key, user, new Date(askedAt.getTime() + REMEMBER_MS))
    return user
  }

  return async (header, from) => {
    const user = await identify(header, from)
    // The demo's director without credentials has no token that could end.
    if (user !== DEMO_DIRECTOR && (await context.revocations.include(user)))
      throw new Failure('unauthorized', { detail: 'The access token has been revoked.' })
    return user
  }
}
