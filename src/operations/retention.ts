/** Which logs are deleted when (decision 26). A log of an event is kept for some days after its end, a webhook after its work. */
import { deleteScansOf } from '../checkin/checkin.ts'
import { deleteLogOf } from '../delivery/delivery.ts'
import type { Deps } from '../deps.ts'
import { deleteOldInbound } from '../inbox/inbox.ts'
import { sql, type Db } from '../platform/db.ts'

const DAY_MS = 86_400_000
/** How many events one statement deletes logs of, and how many statements a run has for each log. */
const EVENTS = 20
const BATCHES = 10

const LOGS = ['delivery_events', 'delivery_attempts', 'scans'] as const
type Log = (typeof LOGS)[number]

/** Deletes a part of what is too old, so that a long backlog takes many short runs. */
export async function deleteOldLogs({ db, now, config }: Pick<Deps, 'db' | 'now' | 'config'>): Promise<void> {
  const at = now()
  const { webhookDays, paymentWebhookDays, logDays } = config.retention
  await deleteOldInbound(db, at, ['whatsapp', 'email'], webhookDays)
  await deleteOldInbound(db, at, ['stripe', 'conekta', 'mock'], paymentWebhookDays)
  for (const log of LOGS) await deleteLog(db, log, new Date(at.getTime() - logDays[log] * DAY_MS), at)
}

async function deleteLog(db: Db, log: Log, floor: Date, at: Date): Promise<void> {
  for (let batch = 0; batch < BATCHES; batch++) {
    const eventIds = await listDueEvents(db, log, floor)
    if (eventIds.length === 0) return
    const isDone = log === 'scans' ? await deleteScansOf(db, eventIds) : await deleteLogOf(db, log, eventIds)
    if (isDone) await noteDeleted(db, log, eventIds, at)
  }
}

/** Events that ended before `floor` and have this log, the oldest first. One with a message that waits or needs a person keeps it. */
async function listDueEvents(db: Db, log: Log, floor: Date): Promise<string[]> {
  const { rows } = await sql<{ id: string }>`
    select e.id
      from events e
      left join deleted_logs l on l.event_id = e.id and l.log = ${log}
     where e.ends_at < ${floor}
       and (l.deleted_at is null or l.deleted_at < e.ends_at)
       and not exists (
         select from deliveries d
          where d.event_id = e.id
            and d.status in ('scheduled', 'queued', 'sending', 'unknown'))
       and not exists (
         select from dead_letters o
           join deliveries d on d.id = o.ref_id
          where o.kind = 'delivery'
            and o.resolved_at is null
            and d.event_id = e.id)
     order by e.ends_at, e.id
     limit ${EVENTS}`.execute(db)
  return rows.map(({ id }) => id)
}

async function noteDeleted(db: Db, log: Log, eventIds: string[], at: Date): Promise<void> {
  await sql`
    insert into deleted_logs (event_id, log, deleted_at)
    select id, ${log}, ${at} from unnest(${eventIds}::text[]) as e (id)
    on conflict (event_id, log) do update set deleted_at = excluded.deleted_at`.execute(db)
}
