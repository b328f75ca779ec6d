import { sql, type Db, type Tx } from '../platform/db.ts'
import { batching } from '../platform/batching.ts'
import type { Role } from '../http/access.ts'
import type { Locale } from '../platform/values/languages.ts'

export type Account = {
  id: string
  organizerId: string | null
  email: string
  name: string
  role: Role
  language: Locale
  weeklyEmail: boolean
  supervisor: boolean
  /** Null until the person has chosen a password. */
  passwordHash: string | null
  accessVersion: number
}

const PUBLIC = sql`id, name, email, role, organizer_id, language, weekly_email, supervisor`

export async function findAccountByEmail(db: Db, email: string): Promise<Account | null> {
  const { rows } = await sql<Account>`
    select ${PUBLIC}, password_hash, access_version
      from users
     where email = ${email}
       and disabled_at is null`.execute(db)
  return rows[0] ?? null
}

/** Finds an account that stays as it is until the transaction ends. */
export async function findAccount(tx: Tx, id: string): Promise<Account | null> {
  const { rows } = await sql<Account>`
    select ${PUBLIC}, password_hash, access_version
      from users
     where id = ${id}
       and disabled_at is null
       for share`.execute(tx)
  return rows[0] ?? null
}

export type PublicUser = Omit<Account, 'passwordHash' | 'accessVersion'>

/** Finds the user of an account that is not disabled; null when there is none. Concurrent callers share a statement. */
export const findUser = batching(
  async ({ db }: { db: Db }, ids: string[]): Promise<(PublicUser | null)[]> => {
    const { rows } = await sql<PublicUser>`/* prepared find_users */
      select ${PUBLIC}
        from users
       where id = any(${[...new Set(ids)]}::text[])
         and disabled_at is null`.execute(db)
    const users = new Map(rows.map((user) => [user.id, user]))
    return ids.map((id) => users.get(id) ?? null)
  },
  { max: 200, lanes: 2 },
)

export type UserSettings = { language?: Locale; weeklyEmail?: boolean }

/** Changes what is given. Null: there is no such account, or it is disabled. */
export async function updateSettings(
  db: Db,
  id: string,
  { language = null, weeklyEmail = null }: { [K in keyof UserSettings]: UserSettings[K] | null },
): Promise<PublicUser | null> {
  const { rows } = await sql<PublicUser>`
    update users
       set language = coalesce(${language}, language),
           weekly_email = coalesce(${weeklyEmail}::boolean, weekly_email)
     where id = ${id}
       and disabled_at is null
    returning ${PUBLIC}`.execute(db)
  return rows[0] ?? null
}

export async function stopWeeklyEmail(db: Db, userId: string): Promise<void> {
  await sql`update users set weekly_email = false where id = ${userId}`.execute(db)
}

type NewAccount = Omit<Account, 'language' | 'weeklyEmail' | 'supervisor' | 'accessVersion'>

export async function insertAccount(db: Db, a: NewAccount): Promise<void> {
  await sql`insert into users (id, organizer_id, email, name, role, password_hash)
    values (${a.id}, ${a.organizerId}, ${a.email}, ${a.name}, ${a.role}, ${a.passwordHash})`.execute(db)
}

export type NewToken = {
  hash: Buffer
  familyId: string
  userId: string
  accessVersion: number
  userAgent: string | null
  issuedAt: Date
  expiresAt: Date
}

/**
 * Stores a refresh token. False: the account has been disabled or got another password since it was read. The lock makes a
 * change of the account wait, so that it finds this token and revokes it.
 */
export async function insertRefreshToken(db: Db, token: NewToken): Promise<boolean> {
  const { rows } = await sql`
    with account as (
      select id
        from users
       where id = ${token.userId}
         and access_version = ${token.accessVersion}
         and disabled_at is null
         for share)
    insert into refresh_tokens (token_hash, family_id, user_id, user_agent, issued_at, expires_at)
    select ${token.hash}::bytea, ${token.familyId}::text, id, ${token.userAgent}::text, ${token.issuedAt}::timestamptz,
           ${token.expiresAt}::timestamptz
      from account
    returning user_id`.execute(db)
  return rows.length === 1
}

export type RefreshToken = { familyId: string; userId: string; userAgent: string | null; expiresAt: Date }

/** Locks the user of a token before the token, as whoever ends logins does: so nobody deadlocks. */
export async function lockUserOfToken(tx: Tx, hash: Buffer): Promise<void> {
  await sql`
    select id
      from users
     where id = (select user_id from refresh_tokens where token_hash = ${hash})
       for share`.execute(tx)
}

/** Marks a token as used. Of many concurrent callers only the first gets the row; the others get null. */
export async function spendRefreshToken(db: Db, hash: Buffer, now: Date): Promise<RefreshToken | null> {
  const { rows } = await sql<RefreshToken>`
    update refresh_tokens set used_at = ${now}
     where token_hash = ${hash} and used_at is null and revoked_at is null and expires_at > ${now}
    returning family_id, user_id, user_agent, expires_at`.execute(db)
  return rows[0] ?? null
}

/**
 * Finds the token that another was exchanged for, if that happened at `since` or later and neither has been revoked. Returns null
 * otherwise.
 */
export async function findSuccessor(
  db: Db,
  token: { hash: Buffer; nextHash: Buffer; since: Date },
): Promise<{ userId: string; familyId: string; issuedAt: Date } | null> {
  const { rows } = await sql<{ userId: string; familyId: string; issuedAt: Date }>`
    select next.user_id, next.family_id, next.issued_at
      from refresh_tokens used
      join refresh_tokens next on next.family_id = used.family_id and next.token_hash = ${token.nextHash}
     where used.token_hash = ${token.hash}
       and used.used_at >= ${token.since}
       and used.revoked_at is null
       and next.revoked_at is null`.execute(db)
  return rows[0] ?? null
}

/** Revokes every token of the same login. Returns how many were still valid. */
export async function revokeFamilyOf(db: Db, hash: Buffer, now: Date): Promise<number> {
  const { numAffectedRows } = await sql`
    update refresh_tokens set revoked_at = ${now}
     where revoked_at is null and family_id = (select family_id from refresh_tokens where token_hash = ${hash})`.execute(
    db,
  )
  return Number(numAffectedRows ?? 0)
}

export type Revoked = {
  userId: string | null
  sessionId: string | null
  version: number
  isDisabled: boolean
  /** The login that the last change of the account left open. */
  keptSession: string | null
}

/** What ended access tokens since then: users with their present version, and sessions. */
export async function listRevoked(db: Db, since: Date): Promise<Revoked[]> {
  const { rows } = await sql<Revoked>`/* prepared list_revoked */
    select id as user_id, null as session_id, access_version as version, disabled_at is not null as is_disabled,
           access_kept_session as kept_session
      from users
     where access_changed_at >= ${since}
     union all
    select distinct null, family_id, 0, false, null
      from refresh_tokens
     where revoked_at >= ${since}`.execute(db)
  return rows
}

/** Deletes refresh tokens that expired more than a week ago. */
export async function deleteOldTokens(db: Db): Promise<void> {
  await sql`delete from refresh_tokens where expires_at < now() - interval '7 days'`.execute(db)
}
