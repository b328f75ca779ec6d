/** The house's own jobs: what the queues hold, and sweeping out what is too old to matter. */
import { Type } from 'typebox'
import { sql, type Db } from './db.ts'
import { listLag } from './readiness.ts'
import { defineJob, QUEUE_NAMES } from './queue.ts'

/** Writes one `queue_metrics` line per queue and sets the Prometheus gauges. */
export const logQueueMetrics = defineJob({
  name: 'log-queue-metrics',
  queue: 'maintenanceQueue',
  data: Type.Object({}),

  async run({ db, now, queues, metrics, log }) {
    for (const queue of QUEUE_NAMES) {
      const counts = await queues.count(queue)
      for (const [state, count] of Object.entries(counts)) metrics.queueJobs.set({ queue, state }, count)
      log.info({ queue, backend: queues.backend, ...counts, lostNudges: queues.lostNudges() }, 'queue_metrics')
    }
    for (const { tableName: table, due, oldestSeconds } of await listLag(db, now())) {
      metrics.dueRows.set({ table }, due)
      metrics.oldestDueSeconds.set({ table }, oldestSeconds)
    }
    const { rows } = await sql<{
      open: number
    }>`select count(*) as open from dead_letters where resolved_at is null`.execute(db)
    metrics.deadLetters.set(rows[0]?.open ?? 0)
  },
})

/** Deletes expired cache rows, old idempotency keys and dead refresh tokens. */
export const cleanHouse = defineJob({
  name: 'clean-house',
  queue: 'maintenanceQueue',
  data: Type.Object({}),

  async run({ db }) {
    await sql`delete from kv where expires_at < now()`.execute(db)
    await sql`delete from idempotency_keys where created_at < now() - interval '72 hours'`.execute(db)
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
