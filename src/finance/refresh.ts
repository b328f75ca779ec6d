/** Refreshes the Director's views: one refresh at a time, in one snapshot. */
import type { Deps } from '../deps.ts'
import { findFreshness, lockRefresh, refreshViews, tryLockRefresh, type RefreshedView } from './sql.ts'

type Context = Pick<Deps, 'slowDb' | 'now'>

/** A refresh that waits longer than this for another one fails. */
const LOCK_WAIT_MS = 15_000
/** Views that refresh faster than QUICK_REFRESH_MS are refreshed on request when they are older than STALE_MS. */
const QUICK_REFRESH_MS = 500
const STALE_MS = 2000

/**
 * Refreshes every view in one REPEATABLE READ transaction. It takes the lock before the snapshot, so a refresh that waited
 * sees what was committed meanwhile.
 *
 * While another refresh runs, `ifBusy: 'skip'` returns null and `'wait'` waits up to 15 s.
 */
export async function refreshKpis(
  { slowDb, now }: Context,
  { ifBusy }: { ifBusy: 'wait' | 'skip' },
): Promise<RefreshedView[] | null> {
  return slowDb
    .transaction()
    .setIsolationLevel('repeatable read')
    .execute(async (tx) => {
      if (ifBusy === 'wait') await lockRefresh(tx, LOCK_WAIT_MS)
      else if (!(await tryLockRefresh(tx))) return null
      return refreshViews(tx, now())
    })
}

/** Refreshes views that refresh quickly; slow ones are served with their age. Views without data are always refreshed. */
export async function refreshIfCheap(context: Context & Pick<Deps, 'db' | 'log'>): Promise<void> {
  const { asOf, tookMs } = await findFreshness(context.db)
  if (asOf === null) {
    await refreshKpis(context, { ifBusy: 'wait' })
    return
  }
  const ageMs = context.now().getTime() - asOf.getTime()
  if (tookMs >= QUICK_REFRESH_MS || ageMs <= STALE_MS) return
  try {
    await refreshKpis(context, { ifBusy: 'skip' })
  } catch (error) {
    context.log.warn({ err: error }, "The Director's numbers are stale: a refresh failed")
  }
}
