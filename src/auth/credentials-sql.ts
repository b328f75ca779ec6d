/** The SQL of what requests of programs and devices are looked up in. */
import { sql, type Db } from '../platform/db.ts'
import { batching } from '../platform/batching.ts'
import type { Scope } from '../http/scopes.ts'

type Found = { tokenHash: Buffer; id: string; lastUsedAt: Date | null }
export type FoundKey = Found & { organizerId: string | null; scopes: Scope[]; eventId: null; expiresAt: Date | null }
export type FoundDevice = Found & { organizerId: string; eventId: string; gate: string; name: string }

/**
 * Finds the API key or the device of a token. A key whose maker has been disabled, or may less than it, is none; neither is a
 * device of an expired event. Concurrent callers share a statement.
 */
export const findCredential = batching(
  async ({ db }: { db: Db }, hashes: Buffer[]): Promise<(FoundKey | FoundDevice | null)[]> => {
    const { rows } = await sql<FoundKey | FoundDevice>`/* prepared find_credentials */
      select k.token_hash, k.id, k.organizer_id, k.scopes, k.expires_at, k.last_used_at,
             null as event_id, null as gate, null as name
        from api_keys k
        left join users u on u.id = k.created_by
       where k.token_hash = any(${hashes}::bytea[])
         and (u.id is null
              or u.disabled_at is null and (u.role = 'director' or u.role = 'organizer' and u.organizer_id = k.organizer_id))
       union all
      select d.token_hash, d.id, d.organizer_id, null, null, d.last_used_at, d.event_id, d.gate, d.name
        from devices d
        join events e on e.id = d.event_id
       where d.token_hash = any(${hashes}::bytea[])
         and e.status <> 'expired'`.execute(db)
    return hashes.map((hash) => rows.find(({ tokenHash }) => tokenHash.equals(hash)) ?? null)
  },
  { max: 200, lanes: 2 },
)

/** Notes that a key or a device is in use; once a minute is enough. */
export async function touchCredential(db: Db, { id, eventId }: { id: string; eventId: string | null }, now: Date) {
  const table = sql.table(eventId === null ? 'api_keys' : 'devices')
  await sql`
    update ${table}
       set last_used_at = ${now}
     where id = ${id}
       and (last_used_at is null or last_used_at <= ${now}::timestamptz - interval '1 minute')`.execute(db)
}

/** Deletes keys that ended more than 90 days ago. */
export async function deleteOldApiKeys(db: Db, now: Date): Promise<void> {
  await sql`
    delete from api_keys
     where expires_at < ${now}::timestamptz - interval '90 days'`.execute(db)
}
