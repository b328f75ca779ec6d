/** The statements of the keys that sign passes. */
import { sql, type Db } from '../platform/db.ts'

export type KeyRow = { kid: number; salt: Buffer; publicKey: Buffer; createdAt: Date }

/** Lists all keys, newest first. */
export async function listKeys(db: Db): Promise<KeyRow[]> {
  const { rows } = await sql<KeyRow>`
    select kid, salt, public_key, created_at
      from signing_keys
     order by kid desc`.execute(db)
  return rows
}

export async function insertKey(db: Db, k: Omit<KeyRow, 'kid'> & { createdBy: string }): Promise<KeyRow> {
  const { rows } = await sql<KeyRow>`
    insert into signing_keys (salt, public_key, created_by, created_at)
    values (${k.salt}, ${k.publicKey}, ${k.createdBy}, ${k.createdAt})
    returning kid, salt, public_key, created_at`.execute(db)
  const [row] = rows
  if (!row) throw new Error('A signing key was not stored.')
  return row
}
