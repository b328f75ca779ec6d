/** Users: who may invite, change and disable whom, and the links by which people choose their passwords. */
import { randomBytes } from 'node:crypto'
import { newId, violatedConstraint, withTx, type Tx } from '../platform/db.ts'
import { Failure, readFields } from '../platform/errors.ts'
import { parseEmail } from '../platform/values/email-address.ts'
import { parseName } from '../platform/values/text.ts'
import { limitAttempts, networkOf } from '../http/rate-limit.ts'
import type { Role, User } from '../http/access.ts'
import type { Locale } from '../platform/values/languages.ts'
import { compare, recordChange, type Cause } from './audit.ts'
import { checkPassword, findUser, foldEmail, hashPassword, sha256, type AuthContext } from './auth.ts'
import { findAccountByEmail } from './sql.ts'
import {
  deleteLinksOf,
  endAccess,
  insertLink,
  insertUser,
  lockUser,
  lockUserByEmail,
  lockUserOfLink,
  replaceOwnPassword,
  revokeSessions,
  revokeTokensOf,
  spendLink,
  updatePassword,
  updateUser,
  type UserRow,
} from './users-sql.ts'

type Context = Pick<AuthContext, 'db' | 'kv' | 'now' | 'config' | 'revocations'>

const INVITED_MS = 72 * 3_600_000
const RESET_MS = 3_600_000
/** What the audit log keeps of a user. */
const KEPT = ['role', 'supervisor', 'disabled'] as const

/** An organizer manages its staff and viewers; only a director manages organizers and directors. */
function requireAuthority(user: User, role: Role): void {
  if (user.role === 'director' || role === 'staff' || role === 'viewer') return
  throw new Failure('forbidden', { detail: `Only a director manages the role ${role}.` })
}

const requireSupervisorIsStaff = ({ role, supervisor }: Pick<UserRow, 'role' | 'supervisor'>): void => {
  if (!supervisor || role === 'staff') return
  const message = 'is only for the role staff'
  throw new Failure('invalid_request', {
    detail: `supervisor ${message}.`,
    errors: [{ path: 'body.supervisor', message }],
  })
}

export type Invitation = { email: string; name: string; role: Role; supervisor: boolean; organizerId?: string }
/** `link`: opens the page where the password is chosen, once. */
type Invited = { user: UserRow; link: string; linkExpiresAt: Date }

/**
 * Creates a user without a password. Throws `forbidden`, `invalid_request`, `invalid_email`, `organizer_not_found` and
 * `user_exists`.
 */
export async function inviteUser(context: Context, caller: User, cause: Cause, input: Invitation): Promise<Invited> {
  const { role, supervisor } = input
  requireAuthority(caller, role)
  requireSupervisorIsStaff(input)
  const organizerId = role === 'director' ? null : (caller.organizerId ?? input.organizerId ?? null)
  const isNamed = input.organizerId === undefined || input.organizerId === organizerId
  if (caller.organizerId !== null && !isNamed) throw new Failure('organizer_not_found')
  if ((role === 'director') !== (organizerId === null) || !isNamed) {
    const message = role === 'director' ? 'a director has none' : 'is required'
    throw new Failure('invalid_request', { detail: message, errors: [{ path: 'body.organizerId', message }] })
  }
  const { name, email } = readFields({
    name: () => parseName(input.name),
    email: () => foldEmail(parseEmail(foldEmail(input.email))),
  })
  const row = { id: newId('usr'), organizerId, name, email, role, supervisor, createdAt: cause.at }
  try {
    return await withTx(context.db, async (tx) => {
      await insertUser(tx, row)
      const user = { ...row, disabled: false, hasPassword: false }
      await recordUser(tx, cause, 'user_invited', user, { after: { role, supervisor } })
      return { user, ...(await replaceLinks(tx, context, { user, cause, ms: INVITED_MS })) }
    })
  } catch (error) {
    const constraint = violatedConstraint(error)
    if (constraint === 'users_email_unique') throw new Failure('user_exists')
    if (constraint === 'users_organizer_id_fkey') throw new Failure('organizer_not_found')
    throw error
  }
}

const recordUser = (
  tx: Tx,
  cause: Cause,
  action: string,
  { id, organizerId }: UserRow,
  difference: { before?: Record<string, unknown>; after?: Record<string, unknown> } = {},
) => recordChange(tx, cause, { action, entity: 'user', entityId: id, organizerId, ...difference })

type NewLink = { user: UserRow; cause: Cause; ms: number }

/** Makes a link that is valid once, in the place of those before it. */
async function replaceLinks(tx: Tx, context: Pick<Context, 'config'>, made: NewLink) {
  await deleteLinksOf(tx, made.user.id)
  return createLink(tx, context, made)
}

/** Makes a link that is valid once. The token follows `#`, so that no server logs it. */
async function createLink(tx: Tx, { config }: Pick<Context, 'config'>, { user, cause, ms }: NewLink) {
  const token = randomBytes(32).toString('base64url')
  const expiresAt = new Date(cause.at.getTime() + ms)
  await insertLink(tx, { hash: sha256(token), userId: user.id, expiresAt, createdBy: cause.by, createdAt: cause.at })
  return { link: `${config.http.publicBaseUrl}/password#${token}`, linkExpiresAt: expiresAt }
}

export type UserPatch = { name?: string; role?: Role; supervisor?: boolean; disabled?: boolean }

/** Changes a user. What is not given stays. Throws `user_not_found`, `forbidden`, `invalid_request`. */
export async function changeUser(
  context: Context,
  caller: User,
  cause: Cause,
  { id, ...patch }: UserPatch & { id: string },
): Promise<UserRow> {
  const changed = await withTx(context.db, async (tx) => {
    const user = await lockUser(tx, caller.organizerId, id)
    if (!user) throw new Failure('user_not_found')
    const next = readPatch(caller, user, patch)
    await updateUser(tx, next, cause.at)
    const { before, after } = compare(user, next, KEPT)
    const names = user.name === next.name ? {} : { changed: ['name'] }
    const isOther = Object.keys(after).length > 0
    if (isOther) await endAccess(tx, id, cause.at)
    if (next.disabled && !user.disabled) await closeAccount(tx, id, cause.at)
    if (isOther || user.name !== next.name)
      await recordUser(tx, cause, 'user_changed', user, { before, after: { ...after, ...names } })
    return next
  })
  context.revocations.expire()
  return changed
}

function readPatch(caller: User, user: UserRow, patch: UserPatch): UserRow {
  const role = patch.role ?? user.role
  requireAuthority(caller, user.role)
  requireAuthority(caller, role)
  if (caller.id === user.id && (role !== user.role || patch.disabled))
    throw new Failure('forbidden', { detail: 'Nobody takes away their own access.' })
  if ((role === 'director') !== (user.role === 'director')) {
    const message = 'a director belongs to no organizer, so the role cannot change from or to it'
    throw new Failure('invalid_request', { detail: message, errors: [{ path: 'body.role', message }] })
  }
  const supervisor = patch.supervisor ?? (user.supervisor && role === 'staff')
  requireSupervisorIsStaff({ role, supervisor })
  const name = patch.name === undefined ? user.name : readFields({ name: () => parseName(patch.name ?? '') }).name
  return { ...user, name, role, supervisor, disabled: patch.disabled ?? user.disabled }
}

async function closeAccount(tx: Tx, id: string, now: Date): Promise<void> {
  await revokeTokensOf(tx, id, now)
  await deleteLinksOf(tx, id)
}

/** Gives a link to choose a new password; the old one works until then. Throws `user_not_found`, `forbidden`, `user_disabled`. */
export async function resetPassword(
  context: Context,
  caller: User,
  cause: Cause,
  id: string,
): Promise<{ link: string; linkExpiresAt: Date }> {
  return withTx(context.db, async (tx) => {
    const user = await lockUser(tx, caller.organizerId, id)
    if (!user) throw new Failure('user_not_found')
    requireAuthority(caller, user.role)
    if (user.disabled) throw new Failure('user_disabled')
    await recordUser(tx, cause, 'password_link_created', user)
    return replaceLinks(tx, context, { user, cause, ms: RESET_MS })
  })
}

/** Who is to get a link, in which language. */
export type LinkMail = { to: string; language: Locale; link: string }
type Forgotten = { email: string; address: string; requestId: string }

/**
 * Mails a link to the person who says that they have forgotten the password of this account; without such an account it does
 * nothing. It returns before it looks, so that neither the answer nor its time says whether there is one; `done` settles
 * afterwards. Earlier links stay valid, because a stranger may ask too. After three mails in ten minutes an account gets no
 * more, and nobody is told: the person has those three. Throws `rate_limited` for a network that asks too often.
 */
export async function mailLink(
  context: Context,
  { email, address, requestId }: Forgotten,
  send: (mail: LinkMail) => Promise<void>,
): Promise<{ done: Promise<void> }> {
  const folded = foldEmail(email)
  await limitAttempts(context.kv, `forgotten:address:${networkOf(address)}`, 30, 60_000)
  const subject = `forgotten:account:${sha256(folded).toString('hex')}`
  const isEnough = await limitAttempts(context.kv, subject, 3, 600_000).then(() => false, isRateLimited)
  const work = async () => {
    if (isEnough) return
    const account = await findAccountByEmail(context.db, folded)
    if (!account) return
    const cause = { by: 'forgotten-password', requestId, at: context.now() }
    const made = await withTx(context.db, async (tx) => {
      const user = await lockUser(tx, null, account.id)
      if (!user || user.disabled) return null
      await recordUser(tx, cause, 'password_link_created', user)
      return createLink(tx, context, { user, cause, ms: RESET_MS })
    })
    if (made) await send({ to: account.email, language: account.language, link: made.link })
  }
  return { done: work() }
}

/** Throws whatever else went wrong. */
function isRateLimited(error: unknown): true {
  if (error instanceof Failure && error.code === 'rate_limited') return true
  throw error
}

/** Sets the password of the person who has the link, and ends every login of theirs. Throws `link_not_valid`, `rate_limited`. */
export async function choosePassword(
  context: Context,
  { token, password, address, requestId }: { token: string; password: string; address: string; requestId: string },
): Promise<void> {
  await limitAttempts(context.kv, `password:address:${networkOf(address)}`, 30, 60_000)
  const at = context.now()
  const passwordHash = await hashPassword(password)
  await withTx(context.db, async (tx) => {
    const user = await lockUserOfLink(tx, sha256(token)) // before the link, as everywhere
    if (!user || user.disabled || !(await spendLink(tx, sha256(token), at))) throw new Failure('link_not_valid')
    await replacePassword(tx, user, passwordHash, { by: user.id, requestId, at })
  })
  context.revocations.expire()
}

/**
 * Changes the password of a person who is logged in. The login of the request stays open and every other one ends. Throws
 * `unauthorized`, `forbidden`, `invalid_credentials` (of the current password) and `rate_limited`.
 */
export async function changePassword(
  context: AuthContext,
  { id, role, scopes, sessionId }: User,
  { currentPassword, password, address }: { currentPassword: string; password: string; address: string },
): Promise<void> {
  if (role === 'device' || scopes) throw new Failure('forbidden', { detail: 'This is for people alone.' })
  const person = await findUser(context, id)
  if (!person) throw new Failure('unauthorized', { detail: 'The account no longer exists.' })
  const { accessVersion } = await checkPassword(context, { email: person.email, password: currentPassword, address })
  const [passwordHash, now, keptSession] = [await hashPassword(password), context.now(), sessionId ?? null]
  await withTx(context.db, async (tx) => {
    if (!(await replaceOwnPassword(tx, { id, accessVersion, passwordHash, keptSession, now })))
      throw new Failure('invalid_credentials', { detail: 'The account has just been changed.' })
    await revokeSessions(tx, { userId: id, sessionId: null, except: keptSession, now })
    await deleteLinksOf(tx, id)
  })
  context.revocations.expire()
}

async function replacePassword(tx: Tx, user: UserRow, passwordHash: string, cause: Cause): Promise<void> {
  await updatePassword(tx, user.id, passwordHash)
  await endAccess(tx, user.id, cause.at)
  await closeAccount(tx, user.id, cause.at)
  await recordUser(tx, cause, 'password_set', user)
}

/** Gives an account a random password, which is returned once, and ends its logins. Throws `user_not_found`. */
export async function setPassword(
  { db, now }: Pick<Context, 'db' | 'now'>,
  email: string,
): Promise<{ email: string; password: string; disabled: boolean }> {
  const password = randomBytes(15).toString('base64url')
  const passwordHash = await hashPassword(password)
  return withTx(db, async (tx) => {
    const user = await lockUserByEmail(tx, foldEmail(email))
    if (!user) throw new Failure('user_not_found')
    await replacePassword(tx, user, passwordHash, { by: 'set-password', requestId: newId('req'), at: now() })
    return { email: user.email, password, disabled: user.disabled }
  })
}
