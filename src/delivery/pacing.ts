/**
 * Pacing a channel: the release enqueues as many due rows as the rate limit has tokens (channels/rate-limit.ts). A claim
 * that finds no token leaves its row due, so pausing, cancelling and resuming have nothing to recompute.
 */
import type { ChannelName } from '../contacts/contacts.ts'
import { sql, type Db } from '../platform/db.ts'
import { isWaiting } from './sql.ts'

export type Due = { id: string; attempts: number; isUrgent: boolean }

/**
 * Marks due rows of a channel as enqueued, urgent ones first, and returns them; the caller enqueues their jobs. A row
 * enqueued less than `graceMs` ago still has its job. SKIP LOCKED lets several workers share the rows.
 */
export async function releaseDue(
  db: Db,
  release: { channel: ChannelName; now: Date; graceMs: number; limit: number; onlyUrgent: boolean },
): Promise<Due[]> {
  const urgent = await markReleased(db, { ...release, isUrgent: true })
  const limit = release.limit - urgent.length
  return limit > 0 && !release.onlyUrgent
    ? [...urgent, ...(await markReleased(db, { ...release, limit, isUrgent: false }))]
    : urgent
}

async function markReleased(
  db: Db,
  r: { channel: ChannelName; isUrgent: boolean; now: Date; graceMs: number; limit: number },
): Promise<Due[]> {
  const { rows } = await sql<Due>`
    with due as (
      select d.id from deliveries d
       where d.channel = ${r.channel} and d.is_urgent = ${r.isUrgent}
         and ${isWaiting} and d.next_attempt_at <= ${r.now}
         -- It has no job, or its job is overdue.
         and (d.enqueued_at is null
              or greatest(d.enqueued_at, d.next_attempt_at) < ${new Date(r.now.getTime() - r.graceMs)})
       order by d.next_attempt_at limit ${r.limit}
         for update skip locked)
    update deliveries d set enqueued_at = ${r.now}
      from due
     where d.id = due.id
    returning d.id, d.attempts, d.is_urgent`.execute(db)
  return rows
}
