/** The house's own jobs: what the queues hold, and sweeping out what is too old to matter. */
import { Type } from 'typebox'
import { sql, type Db } from '../platform/db.ts'
import type { Deps } from '../deps.ts'
import { listLag } from './readiness.ts'
import { defineJob, QUEUE_NAMES, type JobCounts, type QueueName } from '../platform/queue.ts'

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
    select l.channel, coalesce(l.held_until > ${now}, false) or h.channel is not null as is_held from channel_limits l
      left join channel_holds h on h.channel = l.channel and (h.until is null or h.until > ${now})`.execute(db)
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

  async run(deps: Deps, _, { log }) {
    const { backend, lostJobs } = deps.queues
    for (const { queue, counts } of await measureQueues(deps)) {
      log.info({ queue, backend, ...counts, lostJobs: lostJobs() }, 'queue_metrics')
    }
  },
})

/** Of one kind of rows in one run: the rest waits ten minutes for the next. */
const CLEANED_AT_ONCE = 20_000

/**
 * Deletes what nobody will ask for again: expired cache rows, old idempotency keys, dead refresh tokens, preflights that
 * were not launched, messages of providers that are worked and long past their redelivery (7 days at most) unless they
 * wait for a person, statuses of messages that are not ours, texts of guests that are old, and slots of messages
 * that may long be sent again.
 */
export const deleteOldRows = defineJob({
  name: 'delete-old-rows',
  queue: 'maintenanceQueue',
  data: Type.Object({}),

  async run({ db, now, config }: Deps) {
    const at = now()
    await sql`delete from kv where expires_at < now()`.execute(db)
    await sql`delete from idempotency_keys where created_at < now() - interval '72 hours'`.execute(db)
    await sql`delete from recipient_limits where next_free_at < now() - interval '1 hour'`.execute(db)
    await sql`delete from campaigns where status = 'preflight' and created_at < now() - interval '7 days'`.execute(db)
    await sql`delete from inbound_events i where source in ('whatsapp', 'email') and status in ('done', 'ignored', 'dead')
      and processed_at < ${at}::timestamptz - interval '30 days'
      and not exists (select 1 from dead_letters l
                       where l.kind = 'inbound_event' and l.ref_id = i.id and l.resolved_at is null)`.execute(db)
    await sql`delete from delivery_events
      where delivery_id is null and received_at < ${at}::timestamptz - interval '30 days'`.execute(db)
    await sql`delete from refresh_tokens where expires_at < now() - interval '7 days'`.execute(db)
    await blankOldTexts(db, at, config.whatsapp.messageTextDays)
    await deleteOldSlots(db, at, config.delivery.dedupeWindowMs)
  },
})

/** The message itself stays: its id keeps a redelivery from counting twice. */
async function blankOldTexts(db: Db, now: Date, keptDays: number): Promise<void> {
  await sql`update wa_messages set body = null where id in (
    select id from wa_messages where body is not null and received_at < ${now}::timestamptz - make_interval(days => ${keptDays}::integer)
     limit ${CLEANED_AT_ONCE})`.execute(db)
}

/**
 * A slot says nothing any more once the window in which it makes a duplicate is over; a week is kept for whoever looks. While
 * its message waits (paused, held), it keeps older ones that wait with it from leaving too.
 */
async function deleteOldSlots(db: Db, now: Date, dedupeWindowMs: number): Promise<void> {
  const floor = new Date(now.getTime() - 7 * 86_400_000 - dedupeWindowMs)
  await sql`delete from delivery_slots
     where greatest(requested_at, due_at) < ${floor} and ctid in (
       select s.ctid from delivery_slots s where greatest(s.requested_at, s.due_at) < ${floor}
          and not exists (select 1 from deliveries d where d.id = s.delivery_id and d.status in ('queued', 'scheduled'))
        limit ${CLEANED_AT_ONCE})`.execute(db)
}
