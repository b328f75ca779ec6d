/** The statement that settles attempts. It handles many, so that concurrent jobs share a commit. */
import { sql, type Db } from '../platform/db.ts'

export type Settlement = {
  id: string
  attempt: number
  leaseToken: string
  status: 'sent' | 'queued' | 'failed' | 'unknown' | 'dead' | 'skipped'
  outcome: 'sent' | 'retry' | 'deferred' | 'failed' | 'unknown' | 'skipped'
  reason: string | null
  httpStatus: number | null
  providerMessageId: string | null
  nextAttemptAt: Date | null
  /** False: the attempt does not count. */
  isSpent: boolean
  templateOnly: boolean
  simulated: boolean
  sessionMessage: boolean | null
  messageReason: string | null
  /** The guest's number, for a WhatsApp message. */
  sentTo: string | null
  predictedCategory: string | null
  predictedFree: boolean | null
}
export type Settled = {
  id: string
  status: string
  hasMoved: boolean
  /** A status of this message arrived before our answer and waits to be joined. */
  hasParked: boolean
  /** The channel has failures or a circuit that a success ends. */
  isChannelFailing: boolean
}

/**
 * A settlement changes the status of a delivery that is sending or unknown, or that moved on while the call ran and
 * was sent after all. A delivery whose message a status has refused keeps its status.
 */
const hasMoved = sql`(
  d.status in ('sending', 'unknown')
  or (d.status in ('queued', 'dead') and s.status = 'sent' and not exists (
        select 1 from delivery_events f
         where f.provider_message_id = s.provider_message_id and f.status = 'failed')))
  and delivery_may_become(d.status, s.status)`

/**
 * Writes the outcomes of calls, fenced by their lease tokens: a lease that another worker has taken returns no row. If a
 * status arrived first, only the facts are added and the status stays. Deliveries are locked before their attempts and
 * in the order of their ids, as in every statement, to avoid deadlocks.
 */
export async function settle(db: Db, settlements: Settlement[], now: Date): Promise<Settled[]> {
  const ids = settlements.map(({ id }) => id)
  const { rows } = await sql<Settled>`/* prepared settle_deliveries */
    with s as (
      select * from json_to_recordset(${JSON.stringify(settlements.map(toRecord))}) as s (
        id text, attempt integer, lease_token uuid, status text, outcome text, reason text,
        http_status integer, provider_message_id text, next_attempt_at timestamptz, is_spent boolean,
        template_only boolean, simulated boolean, session_message boolean, message_reason text,
        sent_to text, predicted_category text, predicted_free boolean)),
    -- The deliveries whose lease is still ours.
    locked as (
      select s.*, ${hasMoved} as has_moved
        from deliveries d
        join s on s.id = d.id
       where d.id = any(${ids}::text[]) and d.lease_token = s.lease_token
       order by d.id
         for update of d),
    settled as (
      update deliveries d
         set status = case when s.has_moved then s.status else d.status end,
             reason = case when s.has_moved then s.reason else d.reason end,
             next_attempt_at = case when s.has_moved then s.next_attempt_at else d.next_attempt_at end,
             waiting_for = case when s.status = 'queued' and s.has_moved then 'retry' else d.waiting_for end,
             enqueued_at = case when s.status = 'queued' then ${now}::timestamptz else d.enqueued_at end,
             sent_at = case when s.status = 'sent' then coalesce(d.sent_at, ${now}) else d.sent_at end,
             ended_at = case when s.status in ('failed', 'dead', 'skipped') and s.has_moved
                             then ${now}::timestamptz else d.ended_at end,
             provider_message_id = coalesce(s.provider_message_id, d.provider_message_id),
             -- An attempt that was not spent is given back.
             attempts_max = d.attempts_max + case when s.is_spent then 0 else 1 end,
             template_only = s.template_only, simulated = s.simulated,
             session_message = coalesce(s.session_message, d.session_message),
             message_reason = coalesce(s.message_reason, d.message_reason),
             sent_to = coalesce(s.sent_to, d.sent_to),
             predicted_category = coalesce(s.predicted_category, d.predicted_category),
             predicted_free = coalesce(s.predicted_free, d.predicted_free),
             lease_token = null, lease_until = null, updated_at = ${now}
        from locked s
       where d.id = s.id
      returning d.id, d.status, d.channel, s.has_moved),
    -- Attempts are written even when the lease is lost: the call did end this way.
    attempted as (
      update delivery_attempts a
         set finished_at = ${now}, outcome = s.outcome, reason = s.reason,
             http_status = s.http_status, provider_message_id = s.provider_message_id
        from s
       where a.delivery_id = any(${ids}::text[]) and a.delivery_id = s.id and a.n = s.attempt
         and (a.finished_at is null or a.outcome = 'unknown'))
    select t.id, t.status, t.has_moved,
           exists (select 1 from delivery_events e
                    where e.provider_message_id = s.provider_message_id
                      and e.delivery_id is null) as has_parked,
           exists (select 1 from channel_limits l
                    where l.channel = t.channel and l.failures > 0)
             or exists (select 1 from pauses p
                         where p.scope = 'channel' and p.scope_id = t.channel
                           and p.needs_probe) as is_channel_failing
      from settled t
      join s on s.id = t.id`.execute(db)
  return rows
}

/** Leaves nulls out, because parsing the JSON is a large part of the statement's time. */
const toRecord = (settlement: Settlement) =>
  Object.fromEntries(
    Object.entries(settlement)
      .filter(([, value]) => value !== null)
      .map(([name, value]) => [name.replace(/[A-Z]/g, (letter) => `_${letter.toLowerCase()}`), value]),
  )
