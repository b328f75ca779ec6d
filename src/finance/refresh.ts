/** Refreshes the Director's views: one refresh at a time, in one snapshot. */
import type { Deps } from '../deps.ts'
import { lockRefresh, refreshViews, tryLockRefresh, type RefreshedView } from './sql.ts'

type Context = Pick<Deps, 'slowDb' | 'now'>

/** A refresh that waits longer than this for another one fails. */
const LOCK_WAIT_MS = 15_000

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
