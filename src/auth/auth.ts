/** Authentication: passwords, access tokens (JWT) and rotating refresh tokens. */
import { createHash, randomBytes } from 'node:crypto'
import { hash as argon2Hash, verify as argon2Verify } from '@node-rs/argon2'
import { jwtVerify, SignJWT } from 'jose'
import type { Config } from '../platform/config.ts'
import { newId, violatedConstraint, withTx, type Db } from '../platform/db.ts'
import { Failure } from '../platform/errors.ts'
import { limitAttempts } from '../http/rate-limit.ts'
import { ROLES, type Role, type User } from '../http/access.ts'
import type { Kv } from '../platform/kv.ts'
import {
  findAccount,
  findAccountByEmail,
  insertAccount,
  insertRefreshToken,
  revokeFamilyOf,
  spendRefreshToken,
  type Account,
} from './sql.ts'

export { deleteOldTokens } from './sql.ts'

export type AuthContext = { db: Db; kv: Kv; now: () => Date; config: Config; signingKey: Uint8Array }

/** OWASP Password Storage Cheat Sheet: argon2id, 19 MiB, 2 passes, 1 lane. */
const ARGON2 = { memoryCost: 19_456, timeCost: 2, parallelism: 1 }
const ISSUER = 'monotickets'
const DAY_MS = 86_400_000

/** The user of a request without credentials in demo mode. */
export const DEMO_DIRECTOR: User = { id: 'usr_demo_director', role: 'director', organizerId: null }

export const hashPassword = (password: string): Promise<string> => argon2Hash(password, ARGON2)

/** Without a secret the key is random, so that tokens are valid only until the process ends. */
export const signingKeyOf = (secret: string | undefined): Uint8Array => (secret ? Buffer.from(secret) : randomBytes(32))

/** Returns the user of an Authorization header. Throws `unauthorized`. */
export async function authenticate(
  context: Pick<AuthContext, 'config' | 'signingKey' | 'now'>,
  header: string | undefined,
): Promise<User> {
  if (header === undefined) {
    if (context.config.auth.mode === 'demo') return DEMO_DIRECTOR
    throw new Failure('unauthorized', {
      detail: 'Send Authorization: Bearer <access token>; POST /auth/login gives one.',
    })
  }
  const token = /^Bearer ([\x21-\x7e]+)$/i.exec(header)?.[1]
  if (!token) throw new Failure('unauthorized', { detail: 'Authorization must be Bearer <access token>.' })
  try {
    const { payload } = await jwtVerify(token, context.signingKey, {
      algorithms: ['HS256'],
      issuer: ISSUER,
      audience: ISSUER,
      typ: 'at+jwt',
      requiredClaims: ['exp', 'iat', 'sub', 'jti'],
      currentDate: context.now(),
    })
    const role = payload['role']
    const organizerId = payload['org'] ?? null
    if (!ROLES.includes(role as Role) || !(organizerId === null || typeof organizerId === 'string'))
      throw new Error('claims')
    if ((role === 'director') !== (organizerId === null)) throw new Error('tenant')
    return { id: payload.sub!, role: role as Role, organizerId, expiresAt: new Date(payload.exp! * 1000) }
  } catch (cause) {
    throw new Failure('unauthorized', { detail: 'The access token is not valid or has expired.', cause })
  }
}

export type Session = { accessToken: string; refreshToken: string; expiresIn: number; user: PublicUser }
export type PublicUser = { id: string; name: string; email: string; role: Role; organizerId: string | null }

/**
 * Checks e-mail and password. An unknown e-mail takes the same time and gets the same answer, so accounts cannot be
 * enumerated. Throws `invalid_credentials`, `rate_limited`.
 */
export async function checkPassword(
  context: AuthContext,
  input: { email: string; password: string; address: string },
): Promise<Account> {
  const email = input.email.trim().toLowerCase()
  await limitAttempts(context.kv, `login:address:${input.address}`, 30, 60_000)
  await limitAttempts(context.kv, `login:account:${sha256(email).toString('hex')}`, 10, 60_000)
  const account = await findAccountByEmail(context.db, email)
  const isRight = await argon2Verify(account?.passwordHash ?? (await dummyHash()), input.password)
  if (!account || !isRight) throw new Failure('invalid_credentials')
  return account
}

/** Opens a session. Throws `invalid_credentials`, `rate_limited`. */
export async function logIn(
  context: AuthContext,
  input: { email: string; password: string; address: string },
): Promise<Session> {
  return openSession(context, context.db, await checkPassword(context, input), newId('fam'))
}

/**
 * Creates an account with a random password, which is returned once and stored as a hash. Throws `invalid_request`,
 * `user_exists`, `organizer_not_found`.
 */
export async function createAccount(
  { db }: Pick<AuthContext, 'db'>,
  input: { email: string; name: string; role: string; organizerId: string | null },
): Promise<{ id: string; email: string; password: string }> {
  const email = input.email.trim().toLowerCase()
  if (!/^[^\s@]+@[^\s@]+\.[^\s@]+$/.test(email))
    throw new Failure('invalid_request', { detail: 'The e-mail is not valid' })
  const role = ROLES.find((known) => known === input.role)
  if (!role) throw new Failure('invalid_request', { detail: `Roles: ${ROLES.join(', ')}` })
  if ((role === 'director') !== (input.organizerId === null)) {
    throw new Failure('invalid_request', {
      detail: 'Every role except director needs an organizer, and a director has none',
    })
  }
  const password = randomBytes(15).toString('base64url')
  const account: Account = { ...input, id: newId('usr'), email, role, passwordHash: await hashPassword(password) }
  try {
    await insertAccount(db, account)
    return { id: account.id, email, password }
  } catch (error) {
    const constraint = violatedConstraint(error)
    if (constraint === 'users_email_unique') throw new Failure('user_exists')
    if (constraint === 'users_organizer_id_fkey') throw new Failure('organizer_not_found')
    throw error
  }
}

/** Exchanges a refresh token for a new pair. A token used twice revokes every token of its login. Throws `unauthorized`. */
export async function refreshSession(context: AuthContext, refreshToken: string): Promise<Session> {
  const hash = sha256(refreshToken)
  const spent = await withTx(context.db, async (tx) => {
    const token = await spendRefreshToken(tx, hash, context.now())
    const account = token && (await findAccount(tx, token.userId))
    return account && openSession(context, tx, account, token.familyId)
  })
  if (spent) return spent
  await revokeFamily(context, hash)
  throw new Failure('unauthorized', { detail: 'The refresh token is no longer valid: log in again.' })
}

export async function logOut(context: Pick<AuthContext, 'db' | 'now'>, refreshToken: string): Promise<void> {
  await revokeFamily(context, sha256(refreshToken))
}

/** Repeats until nothing is left: a concurrent refresh may have added a token that the first pass did not see. */
async function revokeFamily({ db, now }: Pick<AuthContext, 'db' | 'now'>, hash: Buffer): Promise<void> {
  while ((await revokeFamilyOf(db, hash, now())) > 0);
}

export async function findUser(db: Db, id: string): Promise<PublicUser | null> {
  const account = await findAccount(db, id)
  return account && toPublic(account)
}

async function openSession(context: AuthContext, db: Db, account: Account, familyId: string): Promise<Session> {
  const { config, now } = context
  const refreshToken = randomBytes(32).toString('base64url')
  const issuedAt = now()
  await insertRefreshToken(db, {
    hash: sha256(refreshToken),
    familyId,
    userId: account.id,
    issuedAt,
    expiresAt: new Date(issuedAt.getTime() + config.auth.refreshTtlDays * DAY_MS),
  })
  const issued = Math.floor(issuedAt.getTime() / 1000)
  const accessToken = await new SignJWT({
    role: account.role,
    ...(account.organizerId ? { org: account.organizerId } : {}),
  })
    .setProtectedHeader({ alg: 'HS256', typ: 'at+jwt' })
    .setSubject(account.id)
    .setJti(newId('jti'))
    .setIssuer(ISSUER)
    .setAudience(ISSUER)
    .setIssuedAt(issued)
    .setExpirationTime(issued + config.auth.accessTtlSeconds)
    .sign(context.signingKey)
  return { accessToken, refreshToken, expiresIn: config.auth.accessTtlSeconds, user: toPublic(account) }
}

const toPublic = ({ id, name, email, role, organizerId }: Account): PublicUser => ({
  id,
  name,
  email,
  role,
  organizerId,
})
const sha256 = (text: string): Buffer => createHash('sha256').update(text).digest()

let dummy: Promise<string> | undefined
const dummyHash = (): Promise<string> => (dummy ??= hashPassword(randomBytes(16).toString('hex')))
