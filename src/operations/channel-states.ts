/** The state of each channel: paused or not, why, and how many messages wait. */
import { CHANNELS, type ChannelName } from '../contacts/contacts.ts'
import { sql, withTx, type Db } from '../platform/db.ts'
import { stateOfPause, type Pause } from '../platform/pauses.ts'
import { resetFailures } from '../channels/channels.ts'
import { endPauses, listChannelPauses } from '../delivery/delivery.ts'

export type ChannelState = {
  channel: ChannelName
  circuit: 'closed' | 'open' | 'half_open'
  /** When the pause by the system ends, and its reason; null: the system has not paused the channel. */
  pausedUntil: Date | null
  pauseReason: string | null
  /** The pause by a person. */
  pause: { reason: string; by: string; since: Date; until: Date | null } | null
  /** Failures in a row; a success resets them. */
  failures: number
  /** Messages that are due now. */
  due: number
  /** Messages that wait for a later time. */
  waiting: number
}

export async function listChannelStates(db: Db, now: Date): Promise<ChannelState[]> {
  const pauses = await listChannelPauses(db, CHANNELS, now)
  const { rows } = await sql<Pick<ChannelState, 'channel' | 'failures' | 'due' | 'waiting'>>`
    -- queued messages with a due time; parked ones have none
    with queued as (
      select channel,
             count(*) filter (where next_attempt_at <= ${now}) as due,
             count(*) filter (where next_attempt_at > ${now}) as waiting
        from deliveries
       where next_attempt_at is not null
         and status in ('queued', 'scheduled')
       group by channel)
    select c.channel, c.failures, coalesce(q.due, 0) as due, coalesce(q.waiting, 0) as waiting
      from channel_limits c
      left join queued q on q.channel = c.channel
     order by c.channel desc`.execute(db)
  return rows.map((row) => ({
    ...row,
    ...describePauses(
      pauses.filter(({ scopeId }) => scopeId === row.channel),
      now,
    ),
  }))
}

function describePauses(
  pauses: Pause[],
  now: Date,
): Pick<ChannelState, 'circuit' | 'pausedUntil' | 'pauseReason' | 'pause'> {
  const system = pauses.find(({ source }) => source === 'system')
  const person = pauses.find(({ source }) => source === 'person')
  const isHalfOpen = system !== undefined && (system.probedAt !== null || stateOfPause(system, now) === 'half_open')
  return {
    circuit: !system?.needsProbe ? 'closed' : isHalfOpen ? 'half_open' : 'open',
    pausedUntil: system?.until ?? null,
    pauseReason: system?.reason ?? null,
    pause:
      (person && { reason: person.reason, by: person.pausedBy, since: person.pausedAt, until: person.until }) || null,
  }
}

/** Resumes a channel for a person: ends every pause and closes the circuit. */
export function resumeChannel({ db, now }: { db: Db; now: () => Date }, channel: ChannelName): Promise<void> {
  const at = now()
  return withTx(db, async (tx) => {
    await endPauses(tx, { scope: 'channel', scopeId: channel }, at)
    await resetFailures(tx, channel, at)
  })
}
