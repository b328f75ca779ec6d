/**
 * Archives landings when their event has ended and expires them when their days have passed. docs/states.md
 * has the diagram.
 *
 * A lock allows one process at a time. The lock can expire while a slow process still runs, so every batch also
 * checks the run's fence. Each batch is one transaction: the next run resumes an interrupted one, and a second
 * run changes nothing.
 */
import { createHash, randomUUID } from 'node:crypto'
import { DateTime } from 'luxon'
import { archiveDue, expireDue, listDue, type LandingChange } from '../events/events.ts'
import { withTx } from '../platform/db.ts'
import type { Deps } from '../deps.ts'
import { addToRun, findInstalledAt, finishRun, hasFinishedRun, ownsFence, openRun, raiseFence } from './runs.ts'

type Context = Pick<Deps, 'db' | 'kv' | 'now' | 'config' | 'log'>

const LANDING_TTL_JOB = 'landing-ttl'
const BATCH = 200

export type LandingReport = {
  mode: 'dry-run' | 'run' | 'forced'
  at: Date
  /** Event ids in the order of the changes. An old event may be in both lists. */
  archived: string[]
  expired: string[]
  changes: LandingChange[]
  /** Why nothing was done: another process holds the lock, or today's run has finished. */
  skipped?: 'locked' | 'already_ran'
  /** Another run took over before the end; the changes made until then are listed. */
  stopped?: 'lock_lost'
  /** SHA-256 of the changes: a run that made exactly the changes of a dry run has the same hash. */
  planHash: string
}

/** Returns what a run would change now. Writes nothing. */
export async function planLandingTtl({ db, now, config }: Pick<Context, 'db' | 'now' | 'config'>) {
  const at = now()
  return report('dry-run', at, await listDue(db, at, config.landing.ttlDefaultDays))
}

/** Runs the job. `forced` ignores the lock and an earlier run of the day. */
export async function runLandingTtl(context: Context, { forced }: { forced: boolean }): Promise<LandingReport> {
  const { kv, now, config, log } = context
  const { lockKey, lockTtlMs } = config.landing
  const at = now()
  const mode = forced ? 'forced' : 'run'
  const holder = randomUUID()
  if (!forced && !(await kv.acquireLock(lockKey, holder, lockTtlMs))) {
    log.info({ mode }, 'The landing TTL job was skipped: another process is running it')
    return report(mode, at, [], { skipped: 'locked' })
  }
  try {
    const run = await beginRun(context, { at, forced })
    if (!run) {
      log.info({ mode }, 'The landing TTL job was skipped: it has already run today')
      return report(mode, at, [], { skipped: 'already_ran' })
    }
    const keepsLock = async () => forced || kv.renewLock(lockKey, holder, lockTtlMs)
    const { changes, isComplete } = await changeDue(context, run, at, keepsLock)
    const done = report(mode, at, changes, isComplete ? {} : { stopped: 'lock_lost' })
    const fields = { mode, fence: run.fence, archived: done.archived.length, expired: done.expired.length }
    if (isComplete) log.info(fields, 'The landing TTL job finished')
    else log.warn(fields, 'The landing TTL job lost its lock and stopped; the run that took over continues')
    return done
  } finally {
    if (!forced) await kv.releaseLock(lockKey, holder).catch(() => false)
  }
}

type Run = { id: number; fence: number }

/** Raises the fence only when the run begins, so that a skipped nightly run does not stop a forced one. */
function beginRun(
  { db, config }: Pick<Context, 'db' | 'config'>,
  { at, forced }: { at: Date; forced: boolean },
): Promise<Run | null> {
  const runOn = DateTime.fromJSDate(at, { zone: config.landing.jobTimeZone }).toISODate()!
  return withTx(db, async (tx) => {
    const id = await openRun(tx, { job: LANDING_TTL_JOB, runOn, forced, startedAt: at })
    return id === null ? null : { id, fence: await raiseFence(tx, LANDING_TTL_JOB, id) }
  })
}

async function changeDue(
  context: Context,
  run: Run,
  at: Date,
  keepsLock: () => Promise<boolean>,
): Promise<{ changes: LandingChange[]; isComplete: boolean }> {
  const { db, now, config } = context
  const changes: LandingChange[] = []
  for (const [step, to] of [
    [archiveDue, 'archived'],
    [expireDue, 'expired'],
  ] as const) {
    for (let batch: LandingChange[] | null = null; batch?.length !== 0; changes.push(...batch)) {
      if (!(await keepsLock())) return { changes, isComplete: false }
      batch = await withTx(db, async (tx) => {
        if (!(await ownsFence(tx, LANDING_TTL_JOB, run.fence))) return null
        const changed = await step(tx, at, config.landing.ttlDefaultDays, BATCH)
        if (changed.length > 0) await addToRun(tx, run.id, to, changed.length)
        return changed
      })
      if (batch === null) return { changes, isComplete: false }
    }
  }
  const isComplete = await withTx(db, async (tx) => {
    if (!(await ownsFence(tx, LANDING_TTL_JOB, run.fence))) return false
    await finishRun(tx, run.id, now())
    return true
  })
  if (isComplete) await dropCaches(context)
  return { changes, isComplete }
}

/**
 * Deletes what is cached of landings in the shared store (`landing:*`): we cache nothing there, but the programs that show
 * landings may. A configured lock key with this prefix is deleted too, which is safe: the run is recorded, so the next process skips it.
 */
async function dropCaches({ kv, log }: Pick<Context, 'kv' | 'log'>): Promise<void> {
  await kv.deleteByPrefix('landing:').catch((error: unknown) => {
    log.warn({ err: error }, 'The landing caches could not be cleared; their entries expire on their own')
  })
}

/** True from the scheduled minute of the local day until that day's run has finished. */
export async function isLandingRunMissing({ db, now, config }: Pick<Context, 'db' | 'now' | 'config'>) {
  const { jobTimeZone, jobHour, jobMinute } = config.landing
  const local = DateTime.fromJSDate(now(), { zone: jobTimeZone })
  const scheduled = local.set({ hour: jobHour, minute: jobMinute, second: 0, millisecond: 0 })
  const installedAt = await findInstalledAt(db)
  if (local < scheduled || installedAt > scheduled.toJSDate()) return false // a new installation has missed no run
  return !(await hasFinishedRun(db, LANDING_TTL_JOB, local.toISODate()!))
}

function report(
  mode: LandingReport['mode'],
  at: Date,
  unordered: LandingChange[],
  rest: Pick<LandingReport, 'skipped' | 'stopped'> = {},
): LandingReport {
  const changes = unordered.toSorted(
    (a, b) => a.to.localeCompare(b.to) || a.endedAt.getTime() - b.endedAt.getTime() || (a.eventId < b.eventId ? -1 : 1),
  )
  const idsOf = (to: LandingChange['to']) => changes.filter((change) => change.to === to).map(({ eventId }) => eventId)
  const planHash = createHash('sha256').update(JSON.stringify(changes)).digest('hex')
  return { mode, at, archived: idsOf('archived'), expired: idsOf('expired'), changes, ...rest, planHash }
}

const VERBS = {
  'dry-run': ['would archive', 'expire', 'nothing was changed'],
  run: ['archived', 'expired', 'done'],
  forced: ['archived', 'expired', 'done, forced'],
} as const

/** Describes a report as text: a summary line, then one line per change. */
export function describePlan({ mode, at, archived, expired, changes, skipped, stopped, planHash }: LandingReport) {
  const [archive, expire, end] = VERBS[mode]
  const ending = skipped ? `skipped: ${skipped}` : stopped ? `stopped: ${stopped}` : end
  const summary = `Landing TTL at ${at.toISOString()}: ${archive} ${archived.length}, ${expire} ${expired.length} (${ending}; plan ${planHash.slice(0, 12)})`
  const lines = changes.map(({ eventId, from, to, endedAt, ttlDays }) => {
    const why =
      to === 'expired' ? `ended ${endedAt.toISOString()}, kept ${ttlDays} days` : `ended ${endedAt.toISOString()}`
    return `${eventId} ${from} → ${to} (${why})`
  })
  return [summary, ...lines].map((line) => `${line}\n`).join('')
}
