/** Processes the items of one webhook, so that an item that fails does not affect the others. */
import { violatedConstraint, withTx, type Db, type Tx } from '../platform/db.ts'
import { isConnectionLost } from '../platform/errors.ts'

/** What came of one stored webhook, with counts for its log line. */
export type Processed = { status: 'done' | 'ignored' | 'waiting' | 'dead' | 'nothing to do'; [count: string]: unknown }

/** `where`: the item's position in the payload, without its content. */
export type FailedItem = { where: string; reason: string }

/**
 * Runs `work` on every item, up to `batchSize` items in one transaction; when a batch fails, each item in its own.
 * Returns the items that fail again, since they always will. Throws on a lost connection, a deadlock or a timeout: the
 * whole webhook is retried, and items that are already done are recognized.
 */
export async function processItems<I extends { where: string }>(
  db: Db,
  items: I[],
  { batchSize, work }: { batchSize: number; work: (tx: Tx, item: I) => Promise<void> },
): Promise<FailedItem[]> {
  const failed: FailedItem[] = []
  for (let start = 0; start < items.length; start += batchSize) {
    const batch = items.slice(start, start + batchSize)
    if (batch.length > 1 && (await tryBatch(db, batch, work))) continue
    for (const item of batch) {
      try {
        await withTx(db, (tx) => work(tx, item))
      } catch (error) {
        if (isTransient(error)) throw error
        failed.push({ where: item.where, reason: nameOf(error) })
      }
    }
  }
  return failed
}

async function tryBatch<I>(db: Db, items: I[], work: (tx: Tx, item: I) => Promise<void>): Promise<boolean> {
  try {
    await withTx(db, async (tx) => {
      for (const item of items) await work(tx, item)
    })
    return true
  } catch (error) {
    if (isConnectionLost(error)) throw error
    return false
  }
}

/** Serialization failure, deadlock, lock not available, statement cancelled: a retry may succeed. */
const TRANSIENT = new Set(['40001', '40P01', '55P03', '57014'])
const codeOf = (error: unknown): string | undefined =>
  error instanceof Error && 'code' in error && typeof error.code === 'string' ? error.code : undefined
const isTransient = (error: unknown): boolean => isConnectionLost(error) || TRANSIENT.has(codeOf(error) ?? '')

/** A database error's message quotes values, so only the constraint, code or name is kept. */
const nameOf = (error: unknown): string =>
  violatedConstraint(error) ?? codeOf(error) ?? (error instanceof Error ? error.name : 'unknown')
