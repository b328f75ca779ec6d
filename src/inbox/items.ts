/** Working the items of one webhook, each for itself: what one of them breaks is its own loss. */
import { violatedConstraint, withTx, type Db, type Tx } from '../platform/db.ts'
import { isConnectionLost } from '../platform/errors.ts'

/** `where` tells a person which item of the payload it was; nothing of its content. */
export type FailedItem = { where: string; reason: string }

/**
 * Runs `work` on every item, up to `together` of them in one transaction; when that fails, each in its own. Returns
 * those that fail again, since they always will. A lost connection, a deadlock or a timeout is thrown: the whole
 * webhook comes due again, and what is done already is recognized then.
 */
export async function workItems<I extends { where: string }>(
  db: Db,
  items: I[],
  { together, work }: { together: number; work: (tx: Tx, item: I) => Promise<void> },
): Promise<FailedItem[]> {
  const failed: FailedItem[] = []
  for (let start = 0; start < items.length; start += together) {
    const chunk = items.slice(start, start + together)
    if (chunk.length > 1 && (await tryAll(db, chunk, work))) continue
    for (const item of chunk) {
      try {
        await withTx(db, (tx) => work(tx, item))
      } catch (error) {
        if (isPassing(error)) throw error
        failed.push({ where: item.where, reason: nameOf(error) })
      }
    }
  }
  return failed
}

async function tryAll<I>(db: Db, items: I[], work: (tx: Tx, item: I) => Promise<void>): Promise<boolean> {
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

/** Serialization failure, deadlock, lock not available, statement cancelled: the next try may succeed. */
const PASSING = new Set(['40001', '40P01', '55P03', '57014'])
const codeOf = (error: unknown): string | undefined =>
  error instanceof Error && 'code' in error && typeof error.code === 'string' ? error.code : undefined
const isPassing = (error: unknown): boolean => isConnectionLost(error) || PASSING.has(codeOf(error) ?? '')

/** The message of a database error quotes values, so only its names are kept. */
const nameOf = (error: unknown): string =>
  violatedConstraint(error) ?? codeOf(error) ?? (error instanceof Error ? error.name : 'unknown')
