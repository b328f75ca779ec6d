import { sql, type Db, type Tx } from '../platform/db.ts'
import type { Position } from '../http/page.ts'
import type { Role } from '../http/access.ts'

/** A user as those see it who manage users. */
export type UserRow = {
  id: string
  organizerId: string | null
  name: string
  email: string
  role: Role
  supervisor: boolean
  disabled: boolean
  /** Whether a password has been chosen. */
  hasPassword: boolean
  createdAt: Date
}

const USER = sql`id, organizer_id, name, email, role, supervisor, disabled_at is not null as disabled,
  password_hash is not null as has_password, created_at`

export type UserFilter = { scope: string | null; organizerId: string | null; before: Position | null; limit: number }

export async function listUsers(db: Db, f: UserFilter): Promise<UserRow[]> {
  const { rows } = await sql<UserRow>`
    select ${USER}
      from users
     where (${f.scope}::text is null or organizer_id = ${f.scope})
       and (${f.organizerId}::text is null or organizer_id = ${f.organizerId})
       and (${f.before?.at ?? null}::timestamptz is null
            or (created_at, id) < (${f.before?.at ?? null}::timestamptz, ${f.before?.id ?? null}))
     order by created_at desc, id desc
     limit ${f.limit}`.execute(db)
  return rows
}

/** Finds a user, disabled ones too, and lets nobody else change it before the transaction ends. */
export async function lockUser(tx: Tx, scope: string | null, id: string): Promise<UserRow | null> {
  const { rows } = await sql<UserRow>`
    select ${USER}
      from users
     where id = ${id}
       and (${scope}::text is null or organizer_id = ${scope})
       for update`.execute(tx)
  return rows[0] ?? null
}

export async function lockUserByEmail(tx: Tx, email: string): Promise<UserRow | null> {
  const { rows } = await sql<UserRow>`
    select ${USER}
      from users
     where email = ${email}
       for update`.execute(tx)
  return rows[0] ?? null
}

export async function lockUserOfLink(tx: Tx, hash: Buffer): Promise<UserRow | null> {
  const { rows } = await sql<UserRow>`
    select ${USER}
      from users
     where id = (select user_id from password_links where token_hash = ${hash})
       for update`.execute(tx)
  return rows[0] ?? null
}

export async function insertUser(tx: Tx, u: Omit<UserRow, 'disabled' | 'hasPassword'>): Promise<void> {
  await sql`
    insert into users (id, organizer_id, email, name, role, supervisor, created_at)
    values (${u.id}, ${u.organizerId}, ${u.email}, ${u.name}, ${u.role}, ${u.supervisor}, ${u.createdAt})`.execute(tx)
}

export async function updateUser(tx: Tx, u: UserRow, now: Date): Promise<void> {
  await sql`
    update users
       set name = ${u.name},
           role = ${u.role},
           supervisor = ${u.supervisor},
           disabled_at = case when ${u.disabled}::boolean then coalesce(disabled_at, ${now}) end,
           weekly_email = weekly_email and not ${u.disabled}::boolean
     where id = ${u.id}`.execute(tx)
}

export async function updatePassword(tx: Tx, id: string, passwordHash: string): Promise<void> {
  await sql`
    update users
       set password_hash = ${passwordHash}
     where id = ${id}`.execute(tx)
}

/**
 * Stores a password that its person has changed, and ends every access token but those of one login. False: the account has been
 * disabled or changed since its version was read.
 */
export async function replaceOwnPassword(
  tx: Tx,
  p: { id: string; accessVersion: number; passwordHash: string; keptSession: string | null; now: Date },
): Promise<boolean> {
  const { rows } = await sql`
    update users
       set password_hash = ${p.passwordHash},
           access_version = access_version + 1,
           access_changed_at = ${p.now},
           access_kept_session = ${p.keptSession}
     where id = ${p.id}
       and access_version = ${p.accessVersion}
       and disabled_at is null
    returning id`.execute(tx)
  return rows.length === 1
}

/** Ends every access token of a user. */
export async function endAccess(tx: Tx, id: string, now: Date): Promise<void> {
  await sql`
    update users
       set access_version = access_version + 1,
           access_changed_at = ${now},
           access_kept_session = null
     where id = ${id}`.execute(tx)
}

/** Ends every refresh token of a user; a new one must have been locked out before (`lockUser`). */
export async function revokeTokensOf(tx: Tx, userId: string, now: Date): Promise<void> {
  await sql`
    update refresh_tokens
       set revoked_at = ${now}
     where user_id = ${userId}
       and revoked_at is null`.execute(tx)
}

export type PasswordLink = { hash: Buffer; userId: string; expiresAt: Date; createdBy: string; createdAt: Date }

export async function insertLink(tx: Tx, link: PasswordLink): Promise<void> {
  await sql`
    insert into password_links (token_hash, user_id, expires_at, created_by, created_at)
    values (${link.hash}, ${link.userId}, ${link.expiresAt}, ${link.createdBy}, ${link.createdAt})`.execute(tx)
}

export async function deleteLinksOf(tx: Tx, userId: string): Promise<void> {
  await sql`
    delete from password_links
     where user_id = ${userId}
       and used_at is null`.execute(tx)
}

/** Uses a link up. False: there is no such link, or it is used or expired. */
export async function spendLink(tx: Tx, hash: Buffer, now: Date): Promise<boolean> {
  const { rows } = await sql`
    update password_links
       set used_at = ${now}
     where token_hash = ${hash}
       and used_at is null
       and expires_at > ${now}
    returning user_id`.execute(tx)
  return rows.length === 1
}

/** Deletes links that expired more than a week ago. */
export async function deleteOldLinks(db: Db): Promise<void> {
  await sql`
    delete from password_links
     where expires_at < now() - interval '7 days'`.execute(db)
}

export type SessionRow = {
  id: string
  userAgent: string | null
  startedAt: Date
  lastUsedAt: Date
  expiresAt: Date
}

/** Lists the logins of a user that can still be refreshed, newest first. */
export async function listSessions(
  db: Db,
  f: { userId: string; now: Date; before: Position | null; limit: number },
): Promise<SessionRow[]> {
  const { rows } = await sql<SessionRow>`
    select family_id as id, max(user_agent) as user_agent, min(issued_at) as started_at, max(issued_at) as last_used_at,
           max(expires_at) as expires_at
      from refresh_tokens
     where user_id = ${f.userId}
     group by family_id
    having bool_or(used_at is null and revoked_at is null and expires_at > ${f.now})
       and (${f.before?.at ?? null}::timestamptz is null
            or (min(issued_at), family_id) < (${f.before?.at ?? null}::timestamptz, ${f.before?.id ?? null}))
     order by min(issued_at) desc, family_id desc
     limit ${f.limit}`.execute(db)
  return rows
}

/** Ends one login of a user, or all but `except`. Returns how many tokens were still valid. */
export async function revokeSessions(
  db: Db,
  f: { userId: string; sessionId: string | null; except: string | null; now: Date },
): Promise<number> {
  const { numAffectedRows } = await sql`
    update refresh_tokens
       set revoked_at = ${f.now}
     where user_id = ${f.userId}
       and (${f.sessionId}::text is null or family_id = ${f.sessionId})
       and (${f.except}::text is null or family_id <> ${f.except})
       and revoked_at is null`.execute(db)
  return Number(numAffectedRows ?? 0)
}
