/**
 * Pausing and resuming. A pause is one row (platform/pauses.ts) and touches no delivery when it begins. A claim that
 * meets a pause parks what is due under it: no due time, and `waiting_for` names the kind of pause. Ending the pause
 * makes parked deliveries due again. A channel's pause parks nothing, because the release skips paused channels.
 */
import type { ChannelName } from '../contacts/contacts.ts'
import { sql, withTx, type Db, type Tx } from '../platform/db.ts'
import { Failure } from '../platform/errors.ts'
import { deleteExpiredPauses, deletePauses, insertPause, listPauses } from '../platform/pauses.ts'
import type { NewPause, Pause, PauseScope, PauseTarget } from '../platform/pauses.ts'
import { isWaiting } from './sql.ts'

type Context = { db: Db; now: () => Date }

/** The `waiting_for` of a parked delivery, by the scope of its pause. */
export const WAITING_FOR = {
  organizer: 'organizer_paused',
  event: 'event_paused',
  campaign: 'campaign_paused',
  channel: 'channel_paused',
} as const satisfies Record<PauseScope, string>

const COLUMNS = {
  organizer: sql`d.organizer_id`,
  event: sql`d.event_id`,
  campaign: sql`d.campaign_id`,
  channel: sql`d.channel`,
} as const satisfies Record<PauseScope, unknown>

/** Delivery `d` was parked by a pause of this target. */
const isParked = ({ scope, scopeId }: PauseTarget) => sql`
  ${COLUMNS[scope]} = ${scopeId}
  and ${isWaiting} and d.next_attempt_at is null
  and d.waiting_for = ${WAITING_FOR[scope]}`

/** The only way to begin a pause of sending. */
export const pauseSending = (tx: Tx, pause: NewPause): Promise<void> => insertPause(tx, pause)

/** How many one claim parks; the next claim that meets the pause parks more. */
const PARKED_MAX = 5000

/** Parks what is due under a pause. The caller has locked the pause, so it cannot end before this commits. */
export async function parkDue(tx: Tx, target: PauseTarget, now: Date): Promise<void> {
  await sql`
    with due as (
      select d.id from deliveries d
       where ${COLUMNS[target.scope]} = ${target.scopeId}
         and ${isWaiting} and d.next_attempt_at <= ${now}
       order by d.id limit ${PARKED_MAX}
         for update skip locked)
    update deliveries d
       set next_attempt_at = null, waiting_for = ${WAITING_FOR[target.scope]}, enqueued_at = null,
           updated_at = ${now}
      from due
     where d.id = due.id`.execute(tx)
}

/** Ends every pause of a target and makes its parked deliveries due. Returns whether there was a pause. */
export async function endPauses(tx: Tx, target: PauseTarget, now: Date): Promise<boolean> {
  const hasEnded = await deletePauses(tx, target)
  await unpark(tx, target, now)
  return hasEnded
}

/**
 * Gives parked rows their original due time, which keeps their order. A separate statement locks them first, in the
 * order of their ids, so that the update sees what workers have committed.
 */
async function unpark(tx: Tx, target: PauseTarget, now: Date): Promise<void> {
  await sql`
    select count(*) from (
      select d.id from deliveries d where ${isParked(target)} order by d.id for update) parked`.execute(tx)
  await sql`
    update deliveries d
       set next_attempt_at = coalesce(d.scheduled_at, d.requested_at),
           enqueued_at = null, waiting_for = null, updated_at = ${now}
     where ${isParked(target)}`.execute(tx)
}

/** Ends the pauses whose time is over. */
export async function endExpiredPauses(db: Db, now: Date): Promise<void> {
  await withTx(db, async (tx) => {
    for (const target of await deleteExpiredPauses(tx, now)) await unpark(tx, target, now)
  })
}

export type Pausable = 'event' | 'organizer'
/** `waiting`: messages that the pause has parked so far. */
export type SendingState = { id: string; sendingPausedAt: Date | null; waiting: number }

const TABLES = { event: sql`events`, organizer: sql`organizers` }
const OWNERS = { event: sql`organizer_id`, organizer: sql`id` }

/** Pauses or resumes sending; repeating it changes nothing. Throws `event_not_found`, `organizer_not_found`. */
export function switchSending(
  { db, now }: Context,
  request: { what: Pausable; id: string; scope: string | null; by: string; isPaused: boolean },
): Promise<SendingState> {
  const { what, id, scope, by, isPaused } = request
  const at = now()
  const target = { scope: what, scopeId: id }
  return withTx(db, async (tx) => {
    const { rows } = await sql`
      select id from ${TABLES[what]}
       where id = ${id}
         and (${scope}::text is null or ${OWNERS[what]} = ${scope})
         for no key update`.execute(tx)
    if (rows.length === 0) throw new Failure(`${what}_not_found`)
    const [current] = await listPauses(tx, what, [id])
    if (!isPaused) await endPauses(tx, target, at)
    else if (!current)
      await pauseSending(tx, { ...target, source: 'person', reason: 'paused', pausedBy: by, until: null, now: at })
    const waiting = await sql<{ count: number }>`
      select count(*) as count from deliveries d where ${isParked(target)}`.execute(tx)
    const sendingPausedAt = isPaused ? (current?.pausedAt ?? at) : null
    return { id, sendingPausedAt, waiting: waiting.rows[0]!.count }
  })
}

/** Pauses of channels that are in force or whose circuit is half-open. */
export async function listChannelPauses(db: Db, channels: readonly ChannelName[], now: Date): Promise<Pause[]> {
  const pauses = await listPauses(db, 'channel', channels)
  return pauses.filter(({ until, needsProbe }) => until === null || until > now || needsProbe)
}
