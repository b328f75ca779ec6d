/**
 * THE CLOCK: one table of every scheduled job, started by the worker.
 *
 * The sweeps run in this process and not through the queue, because they find the work that a queue has lost. The other
 * entries are jobs on maintenanceQueue whose id contains the time slot, so that several workers enqueue them once.
 */
import { Cron } from 'croner'
import { releaseDeliveries, sweepDeliveries } from './delivery/jobs.ts'
import { triggerCampaigns } from './campaigns/jobs.ts'
import { syncTemplates } from './templates/jobs.ts'
import type { Deps } from './deps.ts'
import { refreshKpisJob, sweepWeeklyEmails, watchPrices } from './finance/jobs.ts'
import { bookTicketUses, checkLedger } from './ledger/jobs.ts'
import { reconcilePayments } from './reconciliation/jobs.ts'
import { deleteOldRows, logQueueMetrics } from './operations/housekeeping.ts'
import { playMockPayments, sweepInboundEvents } from './inbox/jobs.ts'
import { catchUpLandingTtl, runLandingTtlJob } from './landing/jobs.ts'
import { sweepImports } from './guestlists/jobs.ts'
import { sweepExports } from './reports/jobs.ts'
import { givePlaces } from './waitlist/jobs.ts'
import { TIME_ZONE } from './platform/values/days.ts'
import { throttleLogs } from './platform/log-throttle.ts'
import type { Job } from './platform/queue.ts'
import type { TSchema } from 'typebox'

type AnyJob = Job<TSchema, Deps>
type Entry =
  | { job: AnyJob; at: string; timeZone?: string; where: 'here' | 'queue' }
  /** `backlogMs`: how soon it runs again after a run that answered `backlog: true`. */
  | { job: AnyJob; everyMs: number; backlogMs?: number; where: 'here' | 'queue' }

export function listSchedule({ config }: Pick<Deps, 'config'>): Entry[] {
  const { landing, director, queue } = config
  return [
    { job: sweepDeliveries, everyMs: 1000, where: 'here' },
    { job: releaseDeliveries, everyMs: 1000, backlogMs: 100, where: 'here' },
    { job: sweepInboundEvents, everyMs: 1000, where: 'here' },
    { job: playMockPayments, everyMs: 1000, where: 'here' },
    { job: triggerCampaigns, everyMs: 1000, where: 'here' },
    { job: givePlaces, everyMs: 5000, where: 'here' },
    { job: sweepImports, everyMs: 5000, where: 'here' },
    { job: sweepExports, everyMs: 5000, where: 'here' },
    { job: logQueueMetrics, everyMs: queue.metricsIntervalMs, where: 'here' },
    { job: refreshKpisJob, everyMs: director.refreshIntervalMs, where: 'queue' },
    {
      job: runLandingTtlJob,
      at: `${landing.jobMinute} ${landing.jobHour} * * *`,
      timeZone: landing.jobTimeZone,
      where: 'queue',
    },
    { job: catchUpLandingTtl, everyMs: 300_000, where: 'queue' },
    { job: deleteOldRows, everyMs: 600_000, where: 'queue' },
    { job: syncTemplates, everyMs: 3_600_000, where: 'queue' },
    { job: watchPrices, everyMs: 1_800_000, where: 'queue' },
    { job: bookTicketUses, everyMs: 60_000, where: 'queue' },
    { job: reconcilePayments, everyMs: 60_000, where: 'queue' },
    { job: sweepWeeklyEmails, at: '0 8 * * 1', timeZone: TIME_ZONE, where: 'queue' },
    { job: sweepWeeklyEmails, everyMs: 60_000, where: 'queue' }, // catches up, and repeats failed attempts
    { job: checkLedger, at: '30 4 * * *', timeZone: TIME_ZONE, where: 'queue' },
  ] as Entry[]
}

/** Nobody waits for the clock, and right after a start a busy machine answers slowly. */
const ENQUEUE_WAIT_MS = 10_000

export type Clock = { stop(): Promise<void> }

/** What an entry needs to run. `mayLog`: a sweep fails every second during an outage, so its failures are throttled. */
type Context = { deps: Deps; mayLog: (entry: string) => boolean }

export function startClock(deps: Deps): Clock {
  const context = { deps, mayLog: throttleLogs(10_000) }
  const stops = listSchedule(deps).map((entry) => startEntry(context, entry))
  return {
    async stop() {
      await Promise.all(stops.map((stop) => stop()))
    },
  }
}

/** Returns a function that stops the entry and waits for a run in progress. */
function startEntry(context: Context, entry: Entry): () => Promise<void> {
  let running: Promise<void> | undefined
  let again: NodeJS.Timeout | undefined
  let isStopped = false
  const tick = () => {
    if (running || isStopped) return // ticks do not pile up behind a slow run
    running = runOnce().finally(() => (running = undefined))
  }
  const runOnce = async () => {
    const hasBacklog = await runEntry(context, entry)
    if (hasBacklog && !isStopped && 'everyMs' in entry && entry.backlogMs) again = setTimeout(tick, entry.backlogMs)
  }
  if ('everyMs' in entry) {
    const timer = setInterval(tick, entry.everyMs)
    if (entry.everyMs > 10_000) tick() // a restart must not postpone an entry with a long interval
    return async () => {
      isStopped = true
      clearInterval(timer)
      clearTimeout(again)
      await running
    }
  }
  const cron = new Cron(entry.at, { ...(entry.timeZone ? { timezone: entry.timeZone } : {}) }, tick)
  return async () => {
    cron.stop()
    await running
  }
}

/** Runs the entry. Returns true when it left a backlog and should run again soon. */
async function runEntry({ deps, mayLog }: Context, entry: Entry): Promise<boolean> {
  const { job } = entry
  const log = deps.log.child({ job: job.name })
  try {
    if (entry.where === 'here') {
      const outcome = await job.run(deps, {}, { jobId: `here-${job.name}`, log })
      deps.metrics.scheduleLastSuccess.set({ entry: job.name }, deps.now().getTime() / 1000)
      return typeof outcome === 'object' && outcome !== null && 'backlog' in outcome && outcome.backlog === true
    } else {
      const slotMs = 'everyMs' in entry ? Math.min(entry.everyMs, 60_000) : 60_000
      const id = `${job.name}-${Math.floor(deps.now().getTime() / slotMs)}`
      await deps.queues.enqueue(job, {}, { id, waitMs: ENQUEUE_WAIT_MS })
    }
  } catch (error) {
    if (mayLog(job.name)) deps.log.warn({ entry: job.name, err: error }, 'A clock entry failed and will run again')
  }
  return false
}
