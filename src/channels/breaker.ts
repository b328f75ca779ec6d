/**
 * The circuit breaker of a channel. Ten failures in a row open it, and so does a refusal that concerns our account: the
 * channel is paused for a while. Then the circuit is half-open and lets one message through, the probe. If the probe
 * succeeds, the circuit closes; if it fails, the circuit opens again for twice as long.
 */
import type { ChannelName } from '../contacts/contacts.ts'
import { sql, type Db, type Tx } from '../platform/db.ts'
import { closeCircuit, insertPause, takeProbe as takePauseProbe } from '../platform/pauses.ts'

const FAILURES_MAX = 10
const OPEN_MS = 15_000
const OPEN_MAX_MS = 600_000
/** How long other messages wait for the outcome of the probe. */
const PROBE_MS = 15_000

/** How long, in milliseconds, the circuit stays open after `failures` in a row: 15 s, doubling up to 10 minutes. */
export const openMs = (failures: number): number =>
  failures < FAILURES_MAX ? 0 : Math.min(OPEN_MAX_MS, OPEN_MS * 2 ** Math.min(6, failures - FAILURES_MAX))

/** Whether the caller may send the probe of a half-open circuit. One caller gets true. */
export const takeProbe = (db: Db, channel: ChannelName, now: Date): Promise<boolean> =>
  takePauseProbe(db, { scope: 'channel', scopeId: channel }, { now, until: new Date(now.getTime() + PROBE_MS) })

/** Pauses a channel until a time because of a provider's answer. `needsProbe`: then the circuit is half-open first. */
export const pauseChannel = (
  tx: Tx,
  pause: { channel: ChannelName; until: Date; reason: string; needsProbe: boolean; now: Date },
): Promise<void> =>
  insertPause(tx, {
    scope: 'channel',
    scopeId: pause.channel,
    source: 'system',
    reason: pause.reason,
    pausedBy: 'system',
    until: pause.until,
    needsProbe: pause.needsProbe,
    now: pause.now,
  })

/**
 * Adds `failures` to the failures in a row. `hasSucceeded`: a call succeeded before them, so the count starts again.
 * Returns whether the circuit is open now.
 */
export async function recordHealth(
  tx: Tx,
  health: { channel: ChannelName; failures: number; hasSucceeded: boolean; reason: string; now: Date },
): Promise<boolean> {
  const { channel, failures, hasSucceeded, reason, now } = health
  const { rows } = await sql<{ failures: number }>`
    update channel_limits
       set failures = case when ${hasSucceeded}::boolean then 0 else failures end + ${failures}::integer,
           updated_at = ${now}
     where channel = ${channel} and (${failures}::integer > 0 or failures > 0)
    returning failures`.execute(tx)
  if (hasSucceeded) await closeCircuit(tx, { scope: 'channel', scopeId: channel })
  const waitMs = failures > 0 ? openMs(rows[0]?.failures ?? 0) : 0
  if (waitMs === 0) return false
  await pauseChannel(tx, { channel, until: new Date(now.getTime() + waitMs), reason, needsProbe: true, now })
  return true
}

/** Resets the count, because a person says that the cause is gone. */
export async function resetFailures(tx: Tx, channel: ChannelName, now: Date): Promise<void> {
  await sql`update channel_limits set failures = 0, updated_at = ${now} where channel = ${channel}`.execute(tx)
}
