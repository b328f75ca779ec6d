/**
 * Measures the gauges of /metrics. They are read from the queues and the rows at every scrape, so every process shows the
 * same, whichever did the work and whenever it started. Counters and histograms are of the process that is asked.
 */
import type { Deps } from '../deps.ts'
import { findDriftShare } from '../finance/finance.ts'
import { findLastRun } from '../landing/landing.ts'
import { sql, type Db } from '../platform/db.ts'
import { QUEUE_NAMES, type JobCounts, type QueueName } from '../platform/queue.ts'
import { listChannelStates } from './channel-states.ts'
import { listLag } from './readiness.ts'

type Measure = (deps: Deps) => Promise<unknown>

/** Measures everything. What cannot be measured has no value then, rather than its last one. */
export async function measure(deps: Deps, onError: (error: unknown) => void): Promise<void> {
  const { metrics } = deps
  const attempts: [Measure, () => void][] = [
    [measureQueues, () => metrics.queueJobs.reset()],
    [measureRows, () => forgetRows(deps)],
    [measureRuns, () => undefined],
    [measureDrift, () => metrics.predictionDrift.set(Number.NaN)],
  ]
  for (const [attempt, forget] of attempts)
    await attempt(deps).catch((error: unknown) => {
      forget()
      onError(error)
    })
}

type Counted = { queue: QueueName; counts: JobCounts }[]

/** Sets the gauge of the queues, and returns what it was set to. */
export async function measureQueues({ queues, metrics }: Pick<Deps, 'queues' | 'metrics'>): Promise<Counted> {
  const counted: Counted = []
  for (const queue of QUEUE_NAMES) {
    const counts = await queues.count(queue)
    for (const [state, count] of Object.entries(counts)) metrics.queueJobs.set({ queue, state }, count)
    counted.push({ queue, counts })
  }
  return counted
}

async function measureRows({ db, now, metrics }: Deps): Promise<void> {
  for (const { tableName: table, due, oldestSeconds } of await listLag(db, now())) {
    metrics.dueRows.set({ table }, due)
    metrics.oldestDueSeconds.set({ table }, oldestSeconds)
  }
  metrics.deadLetters.set(await countDeadLetters(db))
  for (const { channel, pause, pausedUntil } of await listChannelStates(db, now()))
    metrics.channelPaused.set({ channel }, Number(pause !== null || pausedUntil !== null))
}

function forgetRows({ metrics }: Deps): void {
  for (const gauge of [metrics.dueRows, metrics.oldestDueSeconds, metrics.channelPaused]) gauge.reset()
  metrics.deadLetters.set(Number.NaN)
}

/** The nightly job and the refresh of the views leave rows, which outlive the process that ran them. */
async function measureRuns({ db, metrics }: Deps): Promise<void> {
  const { rows } = await sql<{ refreshedAt: Date | null }>`
    select max(refreshed_at) as refreshed_at
      from kpi_refreshes`.execute(db)
  const ends = { 'run-landing-ttl': await findLastRun(db), 'refresh-kpis': rows[0]?.refreshedAt }
  for (const [entry, endedAt] of Object.entries(ends))
    if (endedAt) metrics.scheduleLastSuccess.set({ entry }, endedAt.getTime() / 1000)
}

async function measureDrift({ db, now, metrics }: Deps): Promise<void> {
  metrics.predictionDrift.set((await findDriftShare(db, now())) ?? Number.NaN)
}

async function countDeadLetters(db: Db): Promise<number> {
  const { rows } = await sql<{ open: number }>`
    select count(*) as open
      from dead_letters
     where resolved_at is null`.execute(db)
  return rows[0]!.open
}
