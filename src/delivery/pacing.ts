/**
 * How fast a channel may be used, by all workers together: the throughput of the number, one recipient at a time,
 * and the breaker that lets a failing provider rest. The rows of channel_limits and recipient_limits decide.
 */
import { sql, type Tx } from '../platform/db.ts'
import type { ChannelName } from '../channels/channel.ts'

export type ChannelLimit = {
  channel: ChannelName
  nextFreeAt: Date
  /** When who comes now and finds no turn may expect one. */
  lineEndsAt: Date
  heldUntil: Date | null
  holdReason: string | null
  failures: number
  /** Our account was refused: the channel rests, or its rest is over and one message tries for all. */
  alarm: 'resting' | 'probing' | null
}

/** So many failures in a row open the breaker. */
const BREAKER_FAILURES = 10
const REST_MS = 15_000
const REST_MAX_MS = 600_000
/** A turn that was not used within this time is lost, so that a rest does not end in a burst. */
const TURN_LASTS_MS = 5000
/** How far ahead of its turn a message may go: evens out what comes in bursts. */
const AHEAD_MS = 250
/** Turns are given no further ahead: what is paused or cancelled keeps no others waiting for its turns. */
const GIVEN_MS = 5000

/** How long the breaker stays open after `failures` in a row: 15 s, doubling, up to 10 minutes. */
export const restMs = (failures: number): number =>
  failures < BREAKER_FAILURES ? 0 : Math.min(REST_MAX_MS, REST_MS * 2 ** Math.min(6, failures - BREAKER_FAILURES))

export type Turn = { kind: 'go' } | { kind: 'later'; at: Date; reason: string; pacedAt: Date | null }

/**
 * Gives turns to the messages of one claim, one after the other. Changes `limit` as it goes: the caller writes it
 * back. A message keeps the turn it was given (`pacedAt`). When the turns of the next seconds are given away, it stands
 * in the line and asks again about when one should be free; an urgent one gets the turn after them.
 */
export function giveTurn(
  limit: ChannelLimit,
  message: { pacedAt: Date | null; isUrgent: boolean },
  { now, perSecond }: { now: Date; perSecond: number },
): Turn {
  if (limit.heldUntil && limit.heldUntil > now) {
    const at = new Date(limit.heldUntil.getTime() + Math.random() * 1000) // not all in the same moment
    return { kind: 'later', at, reason: limit.holdReason ?? 'channel_held', pacedAt: null }
  }
  const turn = giveSlot(limit, message, now, 1000 / perSecond)
  // The rest of the breaker or of an alarm is over: this one tries for all, and the others wait for it.
  if (turn.kind === 'go' && isProbing(limit)) limit.heldUntil = new Date(now.getTime() + REST_MS)
  if (turn.kind === 'go' && limit.alarm) limit.alarm = 'probing'
  return turn
}

const isProbing = ({ failures, alarm }: ChannelLimit): boolean => failures >= BREAKER_FAILURES || alarm !== null

/**
 * Somebody waits for this message: it changes turns with the next one of many, so that as many leave as before. Not
 * while one message tries for all.
 */
export async function changeTurns(tx: Tx, limit: ChannelLimit, turn: Turn, now: Date): Promise<Turn> {
  if (turn.kind === 'go' || !turn.pacedAt || isProbing(limit)) return turn
  const { rows } = await sql<{ at: Date }>`
    with next as (
      select id, next_attempt_at from deliveries
       where channel = ${limit.channel} and status in ('queued', 'scheduled') and reason = 'throughput' and paced_at is not null
         and next_attempt_at >= ${now} and next_attempt_at < ${turn.at} and answers_message is null and fallback_of is null
       order by next_attempt_at limit 1 for update skip locked)
    update deliveries d set next_attempt_at = ${turn.at}, paced_at = ${turn.at}, enqueued_at = null, updated_at = ${now}
      from next where d.id = next.id returning next.next_attempt_at as at`.execute(tx)
  const at = rows[0]?.at
  if (!at) return turn
  return at.getTime() - now.getTime() <= AHEAD_MS ? { kind: 'go' } : { ...turn, at, pacedAt: at }
}

function giveSlot(
  limit: ChannelLimit,
  { pacedAt, isUrgent }: { pacedAt: Date | null; isUrgent: boolean },
  now: Date,
  stepMs: number,
): Turn {
  if (pacedAt && pacedAt <= now && pacedAt.getTime() > now.getTime() - TURN_LASTS_MS) return { kind: 'go' }
  const turn = Math.max(limit.nextFreeAt.getTime(), now.getTime())
  if (turn - now.getTime() > GIVEN_MS && !isUrgent) {
    const at = Math.max(limit.lineEndsAt.getTime(), turn)
    limit.lineEndsAt = new Date(at + stepMs)
    return { kind: 'later', at: new Date(at), reason: 'throughput', pacedAt: null }
  }
  limit.nextFreeAt = new Date(turn + stepMs)
  if (turn - now.getTime() <= AHEAD_MS) return { kind: 'go' }
  return { kind: 'later', at: new Date(turn), reason: 'throughput', pacedAt: new Date(turn) }
}

/** Locks them in one order: whoever claims next waits for this transaction, so that turns are given once. */
export async function listLimits(tx: Tx, channels: ChannelName[]): Promise<ChannelLimit[]> {
  const { rows } = await sql<ChannelLimit>`
    select channel, greatest(next_free_at, to_timestamp(0)) as next_free_at, greatest(line_ends_at, to_timestamp(0)) as line_ends_at,
           held_until, hold_reason, failures, alarm
      from channel_limits where channel = any(${channels}::text[]) order by channel for update`.execute(tx)
  return rows
}

export async function writeLimit(
  tx: Tx,
  { channel, nextFreeAt, lineEndsAt, heldUntil, alarm }: ChannelLimit,
  now: Date,
): Promise<void> {
  await sql`update channel_limits set next_free_at = ${nextFreeAt}, line_ends_at = ${lineEndsAt}, held_until = ${heldUntil}, alarm = ${alarm}, updated_at = ${now}
     where channel = ${channel}`.execute(tx)
}

/**
 * Whoever was paused, resumed or cancelled stands in the line no more: it begins anew behind the turns that are given. Who
 * still stands there comes at the time that was said, and gets a turn or a later time.
 */
export async function forgetLine(tx: Tx): Promise<void> {
  await sql`
    with lines as (select channel from channel_limits where line_ends_at > next_free_at order by channel for update)
    update channel_limits c set line_ends_at = '-infinity' from lines where c.channel = lines.channel`.execute(tx)
}

/** Takes the recipients whose pause is over and begins the next one. Returns the addresses that may be written to. */
export async function takeRecipients(tx: Tx, addresses: string[], now: Date, until: Date): Promise<Set<string>> {
  const { rows } = await sql<{ address: string }>`
    insert into recipient_limits as r (address, next_free_at)
    select a, ${until}::timestamptz from unnest(${addresses.toSorted()}::text[]) a
    on conflict (address) do update set next_free_at = excluded.next_free_at where r.next_free_at <= ${now}
    returning address`.execute(tx)
  return new Set(rows.map(({ address }) => address))
}

/** Lets the channel rest at least until then. A later end wins. After an alarm one message tries before the others. */
export async function holdChannel(
  tx: Tx,
  hold: { channel: ChannelName; until: Date; reason: string; isAlarm?: boolean; now: Date },
): Promise<void> {
  await sql`update channel_limits set
      hold_reason = case when held_until is null or held_until < ${hold.until} then ${hold.reason} else hold_reason end,
      held_until = greatest(held_until, ${hold.until}), updated_at = ${hold.now},
      alarm = case when ${hold.isAlarm ?? false}::boolean then 'resting' else alarm end
     where channel = ${hold.channel}`.execute(tx)
}

/**
 * Counts failures in a row; the one that makes the number full opens the breaker. `isReset`: a message was taken
 * before them, so what failed earlier is over; an alarm only if it was the one that tried for all, and the others still
 * wait out its time, since a status may refuse the account after all. Returns whether the breaker is open now.
 */
export async function countFailures(
  tx: Tx,
  fault: { channel: ChannelName; failures: number; isReset: boolean; reason: string; now: Date },
): Promise<boolean> {
  const wasOpen = sql`(${fault.isReset}::boolean and failures >= ${BREAKER_FAILURES} and alarm is null)`
  const { rows } = await sql<{ failures: number }>`
    update channel_limits set failures = case when ${fault.isReset}::boolean then 0 else failures end + ${fault.failures}::integer,
           held_until = case when ${wasOpen} then null else held_until end,
           hold_reason = case when ${wasOpen} then null else hold_reason end, updated_at = ${fault.now},
           alarm = case when ${fault.isReset}::boolean and alarm = 'probing' then null else alarm end
     where channel = ${fault.channel} and (${fault.failures}::integer > 0 or failures > 0 or alarm = 'probing') returning failures`.execute(
    tx,
  )
  const waitMs = restMs(rows[0]?.failures ?? 0)
  if (waitMs === 0) return false
  await holdChannel(tx, { ...fault, until: new Date(fault.now.getTime() + waitMs) })
  return true
}
