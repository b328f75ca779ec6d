/** HTTP Basic (RFC 7617) for pages that are opened in a browser, which cannot send a Bearer header by itself. */
import { createHmac } from 'node:crypto'
import { Failure } from '../platform/errors.ts'
import type { Authenticate, User } from '../http/access.ts'
import { authenticate, checkPassword, type AuthContext } from './auth.ts'

/** A page sends many requests a minute: a checked password is remembered this long, less than a token's lifetime. */
const REMEMBER_MS = 300_000

/**
 * Accepts Bearer on every route, and Basic where the route allows it. Throws `unauthorized`, `invalid_credentials`,
 * `rate_limited`.
 */
export function openAuthenticator(context: AuthContext): Authenticate {
  const remembered = new Map<string, { user: User; untilMs: number }>()
  return async (header, { address, mayBeBasic }) => {
    const encoded = mayBeBasic ? /^Basic ([A-Za-z0-9+/=]{1,1000})$/i.exec(header ?? '')?.[1] : undefined
    if (encoded === undefined) return authenticate(context, header)

    const nowMs = context.now().getTime()
    const key = createHmac('sha256', context.signingKey).update(encoded).digest('base64')
    for (const [known, { untilMs }] of remembered) if (untilMs <= nowMs) remembered.delete(known)
    const known = remembered.get(key)
    if (known) return known.user

    const [email = '', ...rest] = Buffer.from(encoded, 'base64').toString('utf8').split(':')
    const password = rest.join(':')
    if (email.length > 254 || password.length > 128) throw new Failure('invalid_credentials')
    const { id, role, organizerId } = await checkPassword(context, { email, password, address })
    const user = { id, role, organizerId }
    remembered.set(key, { user, untilMs: nowMs + REMEMBER_MS })
    return user
  }
}
