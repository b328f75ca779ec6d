/**
 * The audit log: who changed what. An entry is written in the transaction of its change, so there is neither a change without
 * an entry nor an entry without a change. It holds no secrets.
 */
import { newId, type Tx } from '../platform/db.ts'
import { insertEntry, type AuditEntry } from './audit-sql.ts'

/** Who causes a change, by which request, and when. */
export type Cause = { by: string; requestId: string; at: Date }

type Change = Pick<AuditEntry, 'action' | 'entity' | 'entityId' | 'organizerId'> & {
  before?: Record<string, unknown>
  after?: Record<string, unknown>
}

export async function recordChange(tx: Tx, { by, requestId, at }: Cause, change: Change): Promise<void> {
  await insertEntry(tx, { before: null, after: null, ...change, id: newId('aud'), at, actor: by, requestId })
}

/** The fields that differ, as they were and as they are. */
export function compare<T extends object>(
  before: T,
  after: T,
  fields: readonly (keyof T & string)[],
): { before: Record<string, unknown>; after: Record<string, unknown> } {
  const text = (value: unknown) => JSON.stringify(value)
  const changed = fields.filter((field) => text(before[field]) !== text(after[field]))
  const pick = (row: T) => Object.fromEntries(changed.map((field) => [field, row[field]]))
  return { before: pick(before), after: pick(after) }
}
