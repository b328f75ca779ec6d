/** The SQL of API keys. */
import { sql, type Db, type Tx } from '../platform/db.ts'
import type { Position } from '../http/page.ts'
import type { Scope } from '../http/scopes.ts'

export type ApiKey = {
  id: string
  organizerId: string | null
  name: string
  /** The beginning of the key. */
  prefix: string
  scopes: Scope[]
  createdBy: string
  createdAt: Date
  expiresAt: Date | null
  lastUsedAt: Date | null
  replacedBy: string | null
}

const KEY = sql`id, organizer_id, name, prefix, scopes, created_by, created_at, expires_at, last_used_at, replaced_by`

export async function listKeys(
  db: Db,
  f: { scope: string | null; organizerId: string | null; before: Position | null; limit: number },
): Promise<ApiKey[]> {
  const { rows } = await sql<ApiKey>`
    select ${KEY}
      from api_keys
     where (${f.scope}::text is null or organizer_id = ${f.scope})
       and (${f.organizerId}::text is null or organizer_id = ${f.organizerId})
       and (${f.before?.at ?? null}::timestamptz is null
            or (created_at, id) < (${f.before?.at ?? null}::timestamptz, ${f.before?.id ?? null}))
     order by created_at desc, id desc
     limit ${f.limit}`.execute(db)
  return rows
}

/** Makes others who add a key of this organizer wait until the transaction ends, so that the keys can be counted. */
export async function lockKeysOf(tx: Tx, organizerId: string | null): Promise<void> {
  await sql`select pg_advisory_xact_lock(hashtextextended(${`api_keys ${organizerId ?? ''}`}, 0))`.execute(tx)
}

/** Counts keys that are neither expired nor replaced. */
export async function countKeys(tx: Tx, organizerId: string | null, now: Date): Promise<number> {
  const { rows } = await sql<{ count: number }>`
    select count(*)::integer as count
      from api_keys
     where organizer_id is not distinct from ${organizerId}::text
       and replaced_by is null
       and (expires_at is null or expires_at > ${now})`.execute(tx)
  return rows[0]?.count ?? 0
}

export async function insertKey(
  tx: Tx,
  k: Omit<ApiKey, 'lastUsedAt' | 'replacedBy'> & { tokenHash: Buffer },
): Promise<void> {
  await sql`
    insert into api_keys (id, organizer_id, name, prefix, token_hash, scopes, created_by, created_at, expires_at)
    values (${k.id}, ${k.organizerId}, ${k.name}, ${k.prefix}, ${k.tokenHash}, ${k.scopes}::text[], ${k.createdBy},
            ${k.createdAt}, ${k.expiresAt})`.execute(tx)
}

/** Finds a key, and lets nobody else change it before the transaction ends. */
export async function lockKey(tx: Tx, scope: string | null, id: string): Promise<ApiKey | null> {
  const { rows } = await sql<ApiKey>`
    select ${KEY}
      from api_keys
     where id = ${id}
       and (${scope}::text is null or organizer_id = ${scope})
       for update`.execute(tx)
  return rows[0] ?? null
}

export async function replaceKey(tx: Tx, id: string, r: { replacedBy: string; expiresAt: Date }): Promise<void> {
  await sql`
    update api_keys
       set replaced_by = ${r.replacedBy},
           expires_at = least(expires_at, ${r.expiresAt})
     where id = ${id}`.execute(tx)
}

/** Returns whether there was such a key. */
export async function deleteKey(db: Db, scope: string | null, id: string): Promise<boolean> {
  const { rows } = await sql`
    delete from api_keys
     where id = ${id}
       and (${scope}::text is null or organizer_id = ${scope})
    returning id`.execute(db)
  return rows.length === 1
}
