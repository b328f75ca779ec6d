/** Measuring queues and due rows, and deleting old rows. */
import { Type } from 'typebox'
import { deleteOldTokens } from '../auth/auth.ts'
import { deleteOldIntervals } from '../channels/channels.ts'
import { deleteOldPreflights } from '../campaigns/campaigns.ts'
import { blankOldTexts } from '../conversations/conversations.ts'
import { deleteOldSlots, deleteStrayEvents } from '../delivery/delivery.ts'
import type { Deps } from '../deps.ts'
import { deleteOldKeys } from '../http/idempotency.ts'
import { deleteOldInbound } from '../inbox/inbox.ts'
import { sql, type Db } from '../platform/db.ts'
import { deleteExpiredEntries } from '../platform/kv.ts'
import { defineJob, QUEUE_NAMES, type JobCounts, type QueueName } from '../platform/queue.ts'
import { listChannelStates } from './channel-states.ts'
import { listLag } from './readiness.ts'

/** Sets the Prometheus gauges of queues, due rows, dead letters and paused channels. Every scrape calls it. */
export async function measureQueues({ db, now, queues, metrics }: Pick<Deps, 'db' | 'now' | 'queues' | 'metrics'>) {
  const counted: { queue: QueueName; counts: JobCounts }[] = []
  for (const queue of QUEUE_NAMES) {
    const counts = await queues.count(queue)
    for (const [state, count] of Object.entries(counts)) metrics.queueJobs.set({ queue, state }, count)
    counted.push({ queue, counts })
  }
  for (const { tableName: table, due, oldestSeconds } of await listLag(db, now())) {
    metrics.dueRows.set({ table }, due)
    metrics.oldestDueSeconds.set({ table }, oldestSeconds)
  }
  metrics.deadLetters.set(await countDeadLetters(db))
  for (const { channel, pause, pausedUntil } of await listChannelStates(db, now()))
    metrics.channelPaused.set({ channel }, Number(pause !== null || pausedUntil !== null))
  return counted
}

async function countDeadLetters(db: Db): Promise<number> {
  const { rows } = await sql<{ open: number }>`
    select count(*) as open
      from dead_letters
     where resolved_at is null`.execute(db)
  return rows[0]!.open
}

/** Logs one `queue_metrics` line per queue. */
export const logQueueMetrics = defineJob({
  name: 'log-queue-metrics',
  queue: 'maintenanceQueue',
  data: Type.Object({}),

  async run(deps: Deps, _, { log }) {
    const { backend, lostJobs } = deps.queues
    for (const { queue, counts } of await measureQueues(deps)) {
      log.info({ queue, backend, ...counts, lostJobs: lostJobs() }, 'queue_metrics')
    }
  },
})

/** Deletes rows that are no longer needed. Each domain decides that for its own tables. */
export const deleteOldRows = defineJob({
  name: 'delete-old-rows',
  queue: 'maintenanceQueue',
  data: Type.Object({}),

  async run({ db, now, config }: Deps) {
    const at = now()
    await deleteExpiredEntries(db)
    await deleteOldKeys(db)
    await deleteOldTokens(db)
    await deleteOldPreflights(db, at)
    await deleteOldInbound(db, at)
    await deleteStrayEvents(db, at)
    await deleteOldIntervals(db, at)
    await deleteOldSlots(db, at, config.delivery.dedupeWindowMs)
    await blankOldTexts(db, at, config.whatsapp.messageTextDays)
  },
})
