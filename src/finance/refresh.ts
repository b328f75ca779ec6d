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

type Refreshes = { running: Promise<unknown>; next: Promise<unknown> | null }
const refreshesOf = new WeakMap<object, Refreshes>()

/**
 * Refreshes the views after a committed change. Concurrent changes are batched: they wait for one refresh that starts
 * after all of them. A failed refresh is logged and does not affect the change.
 */
export async function publishChange(context: Context): Promise<void> {
  const refreshes = refreshesOf.get(context.slowDb) ?? { running: Promise.resolve(), next: null }
  refreshesOf.set(context.slowDb, refreshes)
  refreshes.next ??= refreshes.running.then(() => {
    refreshes.next = null
    refreshes.running = refreshKpis(context, { ifBusy: 'wait' }).catch((error: unknown) => {
      context.log.warn({ err: error }, "The Director's numbers are stale: a refresh after a change failed")
    })
    return refreshes.running
  })
  await refreshes.next
}
