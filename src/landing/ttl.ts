/**
 * What becomes of landings after their event: active → archived when it has ended, archived → expired
 * when its days are over. docs/states.md draws it.
 *
 * One process at a time by a lock; a lock can run out under a slow holder, so every write also checks the
 * fence that the run was given. Each batch is a transaction of its own: a run that dies is taken up where
 * it was, and a second run changes nothing.
 */
import { createHash, randomUUID } from 'node:crypto'
import { DateTime } from 'luxon'
import { withTx } from '../platform/db.ts'
import type { Deps } from '../deps.ts'
import {
  addToRun,
  archiveDue,
  expireDue,
  findInstalledAt,
  finishRun,
  hasFinishedRun,
  holdsFence,
  listDue,
  openRun,
  raiseFence,
  type LandingChange,
} from './runs.ts'

type Context = Pick<Deps, 'db' | 'kv' | 'now' | 'config' | 'log'>

const LANDING_TTL_JOB = 'landing-ttl'
const BATCH = 200

export type LandingReport = {
  mode: 'dry-run' | 'run' | 'forced'
  at: Date
  /** Ids of the events, in the order of their change. An old event may be in both. */
  archived: string[]
  expired: string[]
  changes: LandingChange[]
  /** Nothing was done: somebody else is at it, or today's run is finished. */
  skipped?: 'locked' | 'already_ran'
  /** Somebody took over before the end; what had been changed is listed. */
  stopped?: 'lock_lost'
  /** SHA-256 of the changes: a run that did what the dry run said has the same. */
  planHash: string
}

/** What a run would change at this moment. Writes nothing. */
export async function planLandingTtl({ db, now, config }: Pick<Context, 'db' | 'now' | 'config'>) {
  const at = now()
  return report('dry-run', at, await listDue(db, at, config.landing.ttlDefaultDays))
}

/** Runs the job. `forced`: whether it ran today and whoever holds the lock are ignored. */
export async function runLandingTtl(context: Context, { forced }: { forced: boolean }): Promise<LandingReport> {
  const { kv, now, config, log } = context
  const { lockKey, lockTtlMs } = config.landing
  const at = now()
  const mode = forced ? 'forced' : 'run'
  const holder = randomUUID()
  if (!forced && !(await kv.acquireLock(lockKey, holder, lockTtlMs))) {
    log.info({ mode }, 'The landing TTL job was skipped: another process runs it')
    return report(mode, at, [], { skipped: 'locked' })
  }
  try {
    const run = await beginRun(context, { at, forced })
    if (!run) {
      log.info({ mode }, 'The landing TTL job was skipped: it has run today')
      return report(mode, at, [], { skipped: 'already_ran' })
    }
    const keepsLock = async () => forced || kv.renewLock(lockKey, holder, lockTtlMs)
    const { changes, isComplete } = await changeDue(context, run, at, keepsLock)
    const done = report(mode, at, changes, isComplete ? {} : { stopped: 'lock_lost' })
    const fields = { mode, fence: run.fence, archived: done.archived.length, expired: done.expired.length }
    if (isComplete) log.info(fields, 'The landing TTL job has run')
    else log.warn(fields, 'The landing TTL job lost its lock and stopped; whoever took over goes on')
    return done
  } finally {
    if (!forced) await kv.releaseLock(lockKey, holder).catch(() => false)
  }
}

type Run = { id: number; fence: number }

/** The fence is raised only by a run that begins: a late nightly one must not stop a forced one at work. */
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
        if (!(await holdsFence(tx, LANDING_TTL_JOB, run.fence))) return null
        const changed = await step(tx, at, config.landing.ttlDefaultDays, BATCH)
        if (changed.length > 0) await addToRun(tx, run.id, to, changed.length)
        return changed
      })
      if (batch === null) return { changes, isComplete: false }
    }
  }
  const isComplete = await withTx(db, async (tx) => {
    if (!(await holdsFence(tx, LANDING_TTL_JOB, run.fence))) return false
    await finishRun(tx, run.id, now())
    return true
  })
  if (isComplete) await dropCaches(context)
  return { changes, isComplete }
}

/**
 * Everything the landings cache (`landing:invite:*`, `landing:dashboard:*`). A lock key under the same
 * prefix would go too; the run is on record by now, so whoever takes the lock finds it done.
 */
async function dropCaches({ kv, log }: Pick<Context, 'kv' | 'log'>): Promise<void> {
  await kv.deleteByPrefix('landing:').catch((error: unknown) => {
    log.warn({ err: error }, 'The landing caches could not be cleared; they run out by themselves')
  })
}

/** True from the scheduled minute of the local day on, until that day's run is finished. */
export async function isLandingRunMissing({ db, now, config }: Pick<Context, 'db' | 'now' | 'config'>) {
  const { jobTimeZone, jobHour, jobMinute } = config.landing
  const local = DateTime.fromJSDate(now(), { zone: jobTimeZone })
  const scheduled = local.set({ hour: jobHour, minute: jobMinute, second: 0, millisecond: 0 })
  const installedAt = await findInstalledAt(db)
  if (local < scheduled || installedAt > scheduled.toJSDate()) return false // before the installation nothing was missed
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

/** Plain lines: a summary, then one per change. */
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
