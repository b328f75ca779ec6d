/** What the channels are doing: simulated or not, resting or not, and how much waits. */
import { sql, withTx, type Db } from '../platform/db.ts'
import { restartChannel, stopChannel, type Channels } from '../delivery/delivery.ts'
import { Failure, readInstant } from '../platform/errors.ts'

type ChannelName = keyof Channels

export const CHANNELS = ['whatsapp', 'email'] as const

export type ChannelState = {
  channel: ChannelName
  heldUntil: Date | null
  holdReason: string | null
  /** In a row; a success clears them. */
  failures: number
  /** Messages whose time has come and that no worker has. */
  due: number
  /** Messages that wait for a later time. */
  waiting: number
  /** What a person has stopped. */
  hold: { reason: string; by: string; since: string; until: string | null } | null
  /** Messages that this hold has stopped so far. */
  stopped: number
}

export async function listChannelStates(db: Db, now: Date): Promise<ChannelState[]> {
  const { rows } = await sql<ChannelState>`
    select c.channel, case when c.held_until > ${now} then c.held_until end as held_until,
           case when c.held_until > ${now} then c.hold_reason end as hold_reason, c.failures,
           coalesce(w.due, 0) as due, coalesce(w.waiting, 0) as waiting,
           case when h.channel is not null then
             jsonb_build_object('reason', h.reason, 'by', h.held_by, 'since', h.held_at, 'until', h.until) end as hold,
           (select count(*) from deliveries d where d.reason = c.channel || '_held' and d.next_attempt_at is null
                and d.status in ('queued', 'scheduled')) as stopped
      from channel_limits c
      left join channel_holds h on h.channel = c.channel and (h.until is null or h.until > ${now})
      left join (select channel, count(*) filter (where next_attempt_at <= ${now}) as due,
                        count(*) filter (where next_attempt_at > ${now}) as waiting
                   from deliveries where next_attempt_at is not null and status in ('queued', 'scheduled')
                  group by channel) w on w.channel = c.channel
     order by c.channel desc`.execute(db)
  return rows
}

/**
 * Ends the rest of a channel, once a person has mended what was wrong. What the rest put off comes due now instead
 * of at its end; its throughput still spreads it. What a person has stopped goes again, too.
 */
export function releaseChannel({ db, now }: { db: Db; now: () => Date }, channel: ChannelName): Promise<void> {
  const at = now()
  return withTx(db, async (tx) => {
    await restartChannel(tx, channel, at)
    // Deliveries before the limits of channels, in the order of their ids: as a settlement locks them.
    await sql`select count(*) from (select id from deliveries where channel = ${channel} and status in ('queued', 'scheduled')
       and next_attempt_at > ${at} and reason is not null order by id for update) waiting`.execute(tx)
    const { rows } = await sql<{ heldUntil: Date | null; holdReason: string | null }>`
      with held as (select channel, held_until, hold_reason from channel_limits where channel = ${channel} for update)
      update channel_limits c set held_until = null, hold_reason = null, failures = 0, alarm = null, line_ends_at = '-infinity', updated_at = ${at}
        from held where c.channel = held.channel returning held.held_until, held.hold_reason`.execute(tx)
    const { heldUntil, holdReason } = rows[0]!
    if (heldUntil && heldUntil > at) {
      await sql`update deliveries set next_attempt_at = ${at}, enqueued_at = null, updated_at = ${at}
         where channel = ${channel} and status in ('queued', 'scheduled') and reason in (${holdReason}, 'channel_held')
           and next_attempt_at > ${at} and next_attempt_at <= ${heldUntil}::timestamptz + interval '2 seconds'`.execute(
        tx,
      )
    }
  })
}

/** Throws `invalid_date` when the end has passed. */
export async function stopChannelByHand(
  { db, now }: { db: Db; now: () => Date },
  { until: text, ...hold }: { channel: ChannelName; reason: string; by: string; until: string | undefined },
): Promise<void> {
  const until = text === undefined ? null : readInstant(text, 'until')
  if (until && until <= now()) throw new Failure('invalid_date', { detail: 'until has passed.' })
  await stopChannel({ db, now }, { ...hold, until })
}
