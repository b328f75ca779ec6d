/**
 * Events end: active → archived when they are over, archived → expired when their landing page has had its days. A draft or
 * active event may be cancelled; that is its last state, which no night changes.
 */
import { sql, type Db, type Tx } from '../platform/db.ts'

export type LandingChange = {
  eventId: string
  from: 'active' | 'archived'
  to: 'archived' | 'expired'
  endedAt: Date
  /** Calendar days that the landing stays after the event, clamped to 30–365. */
  ttlDays: number
}

const COLUMNS = sql`id as event_id, ends_at as ended_at`

/** Lists every change that is due at `now`, in the order in which a run makes them, from one snapshot. */
export async function listDue(db: Db, now: Date, ttlDefaultDays: number): Promise<LandingChange[]> {
  const { rows } = await sql<LandingChange>`
    with ended as (
      select id, status, ends_at, landing_days(landing_ttl_days, ${ttlDefaultDays}) as ttl_days,
             landing_expires_at(ends_at, time_zone, landing_days(landing_ttl_days, ${ttlDefaultDays})) as expires_at
        from events where status in ('active', 'archived') and ends_at <= ${now})
    select ${COLUMNS}, 'active' as "from", 'archived' as "to", ttl_days from ended where status = 'active'
    union all
    select ${COLUMNS}, 'archived', 'expired', ttl_days from ended where expires_at <= ${now}
    order by "to", ended_at, event_id`.execute(db)
  return rows
}

/** Archives up to `limit` events that have ended. */
export async function archiveDue(tx: Tx, now: Date, ttlDefaultDays: number, limit: number): Promise<LandingChange[]> {
  const { rows } = await sql<LandingChange>`
    with due as (
      select id from events where status = 'active' and ends_at <= ${now}
       order by ends_at, id limit ${limit} for no key update)
    update events e set status = 'archived', archived_at = ${now}, updated_at = ${now}
      from due where e.id = due.id and e.status = 'active' and e.ends_at <= ${now}
    returning e.id as event_id, e.ends_at as ended_at, 'active' as "from", 'archived' as "to",
              landing_days(e.landing_ttl_days, ${ttlDefaultDays}) as ttl_days`.execute(tx)
  return rows
}

/** Expires up to `limit` archived events whose landing days have passed. */
export async function expireDue(tx: Tx, now: Date, ttlDefaultDays: number, limit: number): Promise<LandingChange[]> {
  const { rows } = await sql<LandingChange>`
    with due as (
      select id from events
       where status = 'archived' and ends_at <= ${now}
         and landing_expires_at(ends_at, time_zone, landing_days(landing_ttl_days, ${ttlDefaultDays})) <= ${now}
       order by ends_at, id limit ${limit} for no key update)
    update events e set status = 'expired', expired_at = ${now}, updated_at = ${now}
      from due where e.id = due.id and e.status = 'archived'
    returning e.id as event_id, e.ends_at as ended_at, 'archived' as "from", 'expired' as "to",
              landing_days(e.landing_ttl_days, ${ttlDefaultDays}) as ttl_days`.execute(tx)
  return rows
}

/** Cancels a draft or an active event. False: there is none of this scope. Its calendar entry changes, so its number grows. */
export async function cancelEvent(
  tx: Tx,
  c: { scope: string | null; eventId: string; reason: string | null; now: Date },
): Promise<boolean> {
  const { rows } = await sql`
    update events
       set status = 'cancelled',
           cancelled_at = ${c.now},
           cancel_reason = ${c.reason},
           calendar_sequence = calendar_sequence + 1,
           calendar_changed_at = ${c.now},
           updated_at = ${c.now}
     where id = ${c.eventId}
       and (${c.scope}::text is null or organizer_id = ${c.scope})
       and status in ('draft', 'active')
    returning id`.execute(tx)
  return rows.length === 1
}
