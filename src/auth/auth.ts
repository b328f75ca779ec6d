/** Authentication: passwords, access tokens (JWT) and rotating refresh tokens. */
import { createHash, createHmac, randomBytes } from 'node:crypto'
import { hash as argon2Hash, verify as argon2Verify } from '@node-rs/argon2'
import { jwtVerify, SignJWT } from 'jose'
import type { Config } from '../platform/config.ts'
import { newId, violatedConstraint, withTx, type Db, type Tx } from '../platform/db.ts'
import { Failure } from '../platform/errors.ts'
import { limitAttempts, networkOf } from '../http/rate-limit.ts'
import { ROLES, type Role, type User } from '../http/access.ts'
import type { Kv } from '../platform/kv.ts'
import { cleanLine, foldText } from '../platform/values/text.ts'
import type { Credentials } from './credentials.ts'
import type { Revocations } from './revocations.ts'
import {
  findAccount,
  findAccountByEmail,
  findSuccessor,
  insertAccount,
  insertRefreshToken,
  revokeFamilyOf,
  lockUserOfToken,
  spendRefreshToken,
  updateSettings,
  type Account,
  type PublicUser,
  type UserSettings,
} from './sql.ts'
import { revokeSessions } from './users-sql.ts'

export { deleteOldTokens, findUser, stopWeeklyEmail } from './sql.ts'
export { eraseEntries } from './audit-sql.ts'
export { deleteOldLinks } from './users-sql.ts'
export { deleteOldApiKeys } from './credentials-sql.ts'
export { deleteOldDevices } from './devices-sql.ts'

export type AuthContext = {
  db: Db
  kv: Kv
  now: () => Date
  config: Config
  signingKey: Uint8Array
  revocations: Revocations
  credentials: Credentials
}

/** OWASP Password Storage Cheat Sheet: argon2id, 19 MiB, 2 passes, 1 lane. */
const ARGON2 = { memoryCost: 19_456, timeCost: 2, parallelism: 1 }
const ISSUER = 'monotickets'
const DAY_MS = 86_400_000
const SKEW_MS = 60_000

/** How long a used refresh token still answers with its successor: for two tabs at once, and for an answer that was lost. */
const GRACE_MS = 30_000

/** The user of a request without credentials in demo mode. */
export const DEMO_DIRECTOR = { id: 'usr_demo_director', role: 'director', organizerId: null } as const satisfies User

/**
 * The OpaqueString profile (RFC 8265, 4.2), so that a password is the same from every keyboard: spaces of any kind are
 * U+0020, and letters are composed (NFC). Case, width and spaces at the ends count.
 */
const preparePassword = (password: string): string => password.replace(/\p{Zs}/gu, ' ').normalize('NFC')

/** An address as logins are stored and found: styled letters and invisible marks folded, trimmed, in lower case. */
export const foldEmail = (email: string): string => foldText(email).trim().toLowerCase()

export const hashPassword = (password: string): Promise<string> => argon2Hash(preparePassword(password), ARGON2)

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
    // The clocks of two servers may differ a little; a token of the future is none of ours.
    if (payload.iat! * 1000 > context.now().getTime() + SKEW_MS) throw new Error('iat')
    const role = payload['role']
    const organizerId = payload['org'] ?? null
    if (!ROLES.includes(role as Role) || !(organizerId === null || typeof organizerId === 'string'))
      throw new Error('claims')
    if ((role === 'director') !== (organizerId === null)) throw new Error('tenant')
    const { ver: version = 0, sid: sessionId } = payload
    if (typeof version !== 'number' || !(sessionId === undefined || typeof sessionId === 'string'))
      throw new Error('claims')
    return {
      ...{ id: payload.sub!, role: role as Role, organizerId, version, isSupervisor: payload['sup'] === true },
      ...(sessionId === undefined ? {} : { sessionId }),
      expiresAt: new Date(payload.exp! * 1000),
    }
  } catch (cause) {
    throw new Failure('unauthorized', { detail: 'The access token is not valid or has expired.', cause })
  }
}

export type Session = { accessToken: string; refreshToken: string; expiresIn: number; user: PublicUser }

/**
 * Checks e-mail and password. An unknown e-mail takes the same time and gets the same answer, so accounts cannot be
 * enumerated. Throws `invalid_credentials`, `rate_limited`.
 */
export async function checkPassword(
  context: AuthContext,
  input: { email: string; password: string; address: string },
): Promise<Account> {
  const email = foldEmail(input.email)
  await limitAttempts(context.kv, `login:address:${networkOf(input.address)}`, 30, 60_000)
  await limitAttempts(context.kv, `login:account:${sha256(email).toString('hex')}`, 10, 60_000)
  const account = await findAccountByEmail(context.db, email)
  const isRight = await argon2Verify(account?.passwordHash ?? (await dummyHash()), preparePassword(input.password))
  if (!account?.passwordHash || !isRight) throw new Failure('invalid_credentials')
  return account
}

/** Opens a session. Throws `invalid_credentials`, `rate_limited`. */
export async function logIn(
  context: AuthContext,
  input: { email: string; password: string; address: string; userAgent?: string | undefined },
): Promise<Session> {
  const account = await checkPassword(context, input)
  const session = { familyId: newId('fam'), userAgent: input.userAgent?.slice(0, 200) ?? null }
  const opened = await openSession(context, context.db, account, session, randomBytes(32).toString('base64url'))
  if (!opened) throw new Failure('invalid_credentials', { detail: 'The account has just been changed: log in again.' })
  return opened
}

/**
 * Creates an account with a random password, which is returned once and stored as a hash. Throws `invalid_request`,
 * `user_exists`, `organizer_not_found`.
 */
export async function createAccount(
  { db }: Pick<AuthContext, 'db'>,
  input: { email: string; name: string; role: string; organizerId: string | null },
): Promise<{ id: string; email: string; password: string }> {
  const email = foldEmail(input.email)
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
  const name = cleanLine(input.name) || email
  const account = { ...input, id: newId('usr'), email, name, role, passwordHash: await hashPassword(password) }
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

/**
 * Changes what users decide about themselves. Another role may say that it gets no weekly e-mail, which is so anyway. Throws
 * `forbidden` and `unauthorized`.
 */
export async function changeSettings(
  { db }: Pick<AuthContext, 'db'>,
  { id, role }: User,
  settings: UserSettings,
): Promise<PublicUser> {
  if (settings.weeklyEmail && role !== 'director')
    throw new Failure('forbidden', { detail: 'The weekly e-mail is for directors.' })
  const user = await updateSettings(db, id, settings)
  if (!user) throw new Failure('unauthorized', { detail: 'The account no longer exists.' })
  return user
}

/**
 * Exchanges a refresh token for a new pair. Within GRACE_MS of its first use the same token gets the same pair again, even if
 * that pair has itself been refreshed since. A later use is reuse and revokes every token of the login. Throws `unauthorized`.
 */
export async function refreshSession(context: AuthContext, refreshToken: string): Promise<Session> {
  const hash = sha256(refreshToken)
  const next = successorOf(context.signingKey, refreshToken)
  const session = await withTx(context.db, async (tx) => {
    await lockUserOfToken(tx, hash)
    const token = await spendRefreshToken(tx, hash, context.now())
    const account = token && (await findAccount(tx, token.userId))
    return account ? openSession(context, tx, account, token, next) : repeatSession(context, tx, hash, next)
  })
  if (session) return session
  await revokeFamily(context, hash)
  throw new Failure('unauthorized', { detail: 'The refresh token is no longer valid: log in again.' })
}

/** The next refresh token of a login. It follows from this one and our key, so it can be given again without being stored. */
const successorOf = (signingKey: Uint8Array, refreshToken: string): string =>
  createHmac('sha256', signingKey).update(`refresh-token\n${refreshToken}`).digest('base64url')

/** The pair that a token was exchanged for, if that was a moment ago and nobody has logged out since. */
async function repeatSession(context: AuthContext, tx: Tx, hash: Buffer, next: string): Promise<Session | null> {
  const since = new Date(context.now().getTime() - GRACE_MS)
  const successor = await findSuccessor(tx, { hash, nextHash: sha256(next), since })
  const account = successor && (await findAccount(tx, successor.userId))
  return account ? describeSession(context, account, { ...successor, refreshToken: next }) : null
}

export async function logOut(context: AuthContext, refreshToken: string): Promise<void> {
  await revokeFamily(context, sha256(refreshToken))
}

/** Ends logins of a user. Returns false when none was open. */
export async function endSessions(
  { db, now, revocations }: Pick<AuthContext, 'db' | 'now' | 'revocations'>,
  which: { userId: string; sessionId: string | null; except: string | null },
): Promise<boolean> {
  let ended = 0
  for (let n = -1; n !== 0; ended += n) n = await revokeSessions(db, { ...which, now: now() })
  revocations.expire()
  return ended > 0
}

/** Repeats until nothing is left: a concurrent refresh may have added a token that the first pass did not see. */
async function revokeFamily({ db, now, revocations }: AuthContext, hash: Buffer): Promise<void> {
  let ended = 0
  for (let n = -1; n !== 0; ended += n) n = await revokeFamilyOf(db, hash, now())
  // Tokens that nobody has must not make every other request read the list.
  if (ended > 0) revocations.expire()
}

/** Null: the account changed while it logged in. */
async function openSession(
  context: AuthContext,
  db: Db,
  account: Account,
  { familyId, userAgent }: { familyId: string; userAgent: string | null },
  refreshToken: string,
): Promise<Session | null> {
  const { config, now } = context
  const issuedAt = now()
  const isStored = await insertRefreshToken(db, {
    hash: sha256(refreshToken),
    ...{ familyId, userAgent, issuedAt },
    userId: account.id,
    accessVersion: account.accessVersion,
    expiresAt: new Date(issuedAt.getTime() + config.auth.refreshTtlDays * DAY_MS),
  })
  return isStored ? describeSession(context, account, { familyId, refreshToken, issuedAt }) : null
}

/** Signs the access token that goes with a refresh token: always the same one, as long as the account does not change. */
async function describeSession(
  { config, signingKey }: AuthContext,
  account: Account,
  { familyId, refreshToken, issuedAt }: { familyId: string; refreshToken: string; issuedAt: Date },
): Promise<Session> {
  const issued = Math.floor(issuedAt.getTime() / 1000)
  const accessToken = await new SignJWT({
    role: account.role,
    ver: account.accessVersion,
    sid: familyId,
    ...(account.organizerId ? { org: account.organizerId } : {}),
    ...(account.supervisor ? { sup: true } : {}),
  })
    .setProtectedHeader({ alg: 'HS256', typ: 'at+jwt' })
    .setSubject(account.id)
    .setJti(`jti_${sha256(`access-token\n${refreshToken}`).toString('hex').slice(0, 32)}`)
    .setIssuer(ISSUER)
    .setAudience(ISSUER)
    .setIssuedAt(issued)
    .setExpirationTime(issued + config.auth.accessTtlSeconds)
    .sign(signingKey)
  return { accessToken, refreshToken, expiresIn: config.auth.accessTtlSeconds, user: toPublic(account) }
}

const toPublic = ({ id, name, email, role, supervisor, organizerId, language, weeklyEmail }: Account): PublicUser => ({
  ...{ id, name, email, role, supervisor, organizerId },
  ...{ language, weeklyEmail },
})
export const sha256 = (text: string): Buffer => createHash('sha256').update(text).digest()

let dummy: Promise<string> | undefined
const dummyHash = (): Promise<string> => (dummy ??= hashPassword(randomBytes(16).toString('hex')))
