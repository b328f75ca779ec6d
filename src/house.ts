/** The house's own jobs: what the queues hold, and sweeping out what is too old to matter. */
import { Type } from 'typebox'
import { sql, type Db } from './db.ts'
import type { Deps } from './deps.ts'
import { listLag } from './readiness.ts'
import { defineJob, QUEUE_NAMES, type JobCounts, type QueueName } from './queue.ts'

/** Sets the Prometheus gauges of queues, due rows and dead letters; also at every scrape of the API. */
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
  for (const { channel, isHeld } of await listHolds(db, now())) metrics.channelHeld.set({ channel }, Number(isHeld))
  return counted
}

async function listHolds(db: Db, now: Date): Promise<{ channel: string; isHeld: boolean }[]> {
  const { rows } = await sql<{ channel: string; isHeld: boolean }>`
    select channel, coalesce(held_until > ${now}, false) as is_held from channel_limits`.execute(db)
  return rows
}

async function countDeadLetters(db: Db): Promise<number> {
  const { rows } = await sql<{ open: number }>`
    select count(*) as open from dead_letters where resolved_at is null`.execute(db)
  return rows[0]!.open
}

/** Writes one `queue_metrics` line per queue. */
export const logQueueMetrics = defineJob({
  name: 'log-queue-metrics',
  queue: 'maintenanceQueue',
  data: Type.Object({}),

  async run(deps, _, { log }) {
    const { backend, lostNudges } = deps.queues
    for (const { queue, counts } of await measureQueues(deps)) {
      log.info({ queue, backend, ...counts, lostNudges: lostNudges() }, 'queue_metrics')
    }
  },
})

/**
 * Deletes what nobody will ask for again: expired cache rows, old idempotency keys, dead refresh tokens, preflights that
 * were not launched, messages of providers that are worked and long past their redelivery (7 days at most), and
 * statuses of messages that are not ours.
 */
export const cleanHouse = defineJob({
  name: 'clean-house',
  queue: 'maintenanceQueue',
  data: Type.Object({}),

  async run({ db }) {
    await sql`delete from kv where expires_at < now()`.execute(db)
    await sql`delete from idempotency_keys where created_at < now() - interval '72 hours'`.execute(db)
    await sql`delete from recipient_limits where next_free_at < now() - interval '1 hour'`.execute(db)
    await sql`delete from campaigns where status = 'preflight' and created_at < now() - interval '7 days'`.execute(db)
    await sql`delete from inbound_events where source in ('whatsapp', 'email') and status in ('done', 'ignored')
      and processed_at < now() - interval '30 days'`.execute(db)
    await sql`delete from delivery_events where delivery_id is null and received_at < now() - interval '30 days'`.execute(
      db,
    )
    await sql`delete from refresh_tokens where expires_at < now() - interval '7 days'`.execute(db)
  },
})

/** Keeps a job whose attempts are spent where people look: the open dead letters. */
export async function insertDeadJob(
  db: Db,
  job: { name: string; data: unknown; attempts: number; reason: string },
  now: Date,
): Promise<void> {
  const ref = `${job.name}:${JSON.stringify(job.data)}`.slice(0, 300)
  await sql`insert into dead_letters as d (kind, ref_id, reason, attempts, first_at, last_at)
    values ('job', ${ref}, ${job.reason}, ${job.attempts}, ${now}, ${now})
    on conflict (kind, ref_id) where resolved_at is null
    do update set reason = excluded.reason, attempts = d.attempts + excluded.attempts, last_at = excluded.last_at`.execute(
    db,
  )
}
