/** Refreshes the Director's views: one refresh at a time, in one snapshot, and then the cache is cleared. */
import type { Deps } from '../deps.ts'
import { lockRefresh, refreshViews, tryLockRefresh, type RefreshedView } from './sql.ts'

type Context = Pick<Deps, 'slowDb' | 'kv' | 'log' | 'now'>

export const CACHE_PREFIX = 'director:'
/** A refresh that waits longer than this for another one fails. */
const LOCK_WAIT_MS = 15_000

/**
 * Refreshes every view in one REPEATABLE READ transaction and clears the overview's cache. It takes the lock before
 * the snapshot, so a refresh that waited sees what was committed meanwhile.
 *
 * While another refresh runs, `ifBusy: 'skip'` returns null and `'wait'` waits up to 15 s.
 */
export async function refreshKpis(
  context: Context,
  { ifBusy }: { ifBusy: 'wait' | 'skip' },
): Promise<RefreshedView[] | null> {
  const { slowDb, now } = context
  const views = await slowDb
    .transaction()
    .setIsolationLevel('repeatable read')
    .execute(async (tx) => {
      if (ifBusy === 'wait') await lockRefresh(tx, LOCK_WAIT_MS)
      else if (!(await tryLockRefresh(tx))) return null
      return refreshViews(tx, now())
    })
  if (views) await clearCache(context)
  return views
}

/** A failure is harmless: readOverview ignores entries that were computed from older views. */
async function clearCache({ kv, log }: Context): Promise<void> {
  try {
    await kv.deleteByPrefix(CACHE_PREFIX)
  } catch (error) {
    log.warn({ err: error }, "The Director's cache could not be cleared")
  }
}
