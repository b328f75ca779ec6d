/** Refreshing what the Director reads: one runner at a time, one snapshot, and the cache cleared after. */
import type { Deps } from '../deps.ts'
import { lockRefresh, refreshViews, tryLockRefresh, type RefreshedView } from './sql.ts'

type Context = Pick<Deps, 'slowDb' | 'kv' | 'log' | 'now'>

export const CACHE_PREFIX = 'director:'
/** A refresh that waits longer for another one has something to report. */
const LOCK_WAIT_MS = 15_000

/**
 * Refreshes every view in one REPEATABLE READ transaction and clears the panel's cache. The lock comes
 * first and takes no snapshot, so whoever waited sees what was committed while it waited.
 *
 * `ifBusy: 'leave'` returns null when another runner is at it; `'wait'` waits for its turn.
 */
export async function refreshKpis(
  context: Context,
  { ifBusy }: { ifBusy: 'wait' | 'leave' },
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

/** The cache may be away: an entry that stays is caught by the views' age (overview.ts). */
async function clearCache({ kv, log }: Context): Promise<void> {
  try {
    await kv.deleteByPrefix(CACHE_PREFIX)
  } catch (error) {
    log.warn({ err: error }, "The Director's cache could not be cleared")
  }
}

type Line = { running: Promise<unknown>; next: Promise<unknown> | null }
const lines = new WeakMap<object, Line>()

/**
 * Brings the panel up to date with a change that is committed. Many changes at once share refreshes:
 * one that starts after them all shows them all. The change stands whatever happens here.
 */
export async function publishChange(context: Context): Promise<void> {
  const line = lines.get(context.slowDb) ?? { running: Promise.resolve(), next: null }
  lines.set(context.slowDb, line)
  line.next ??= line.running.then(() => {
    line.next = null
    line.running = refreshKpis(context, { ifBusy: 'wait' }).catch((error: unknown) => {
      context.log.warn({ err: error }, "The Director's numbers are stale: a refresh after a change failed")
    })
    return line.running
  })
  await line.next
}
