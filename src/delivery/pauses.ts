/**
 * Pausing and resuming. A pause is one row (platform/pauses.ts); deliveries are not touched when it begins. A claim that
 * meets one parks what is due under it: no due time, and `waiting_for` says which kind of pause. Ending the pause makes
 * what it parked due again. A paused channel parks nothing: the sweep releases nothing for it.
 */
import type { ChannelName } from '../contacts/contacts.ts'
import { sql, withTx, type Db, type Tx } from '../platform/db.ts'
import { Failure } from '../platform/errors.ts'
import {
  deleteExpiredPauses,
  deletePauses,
  insertPause,
  listPauses,
  type NewPause,
  type Pause,
  type PauseScope,
  type PauseTarget,
} from '../platform/pauses.ts'

type Context = { db: Db; now: () => Date }

/** What a delivery waits for, by the scope of its pause. */
export const WAITING_FOR = {
  organizer: 'organizer_paused',
  event: 'event_paused',
  campaign: 'campaign_paused',
  channel: 'channel_paused',
} as const satisfies Record<PauseScope, string>

const COLUMNS = {
  organizer: sql`organizer_id`,
  event: sql`event_id`,
  campaign: sql`campaign_id`,
  channel: sql`channel`,
} as const satisfies Record<PauseScope, unknown>

const isParked = ({ scope, scopeId }: PauseTarget) => sql`
  next_attempt_at is null and waiting_for = ${WAITING_FOR[scope]} and ${COLUMNS[scope]} = ${scopeId}
  and status in ('queued', 'scheduled')`

/** The only way to begin a pause of sending. */
export const pauseSending = (tx: Tx, pause: NewPause): Promise<void> => insertPause(tx, pause)

/** In one statement; the next claim that meets the pause parks more. */
const PARKED_MAX = 5000

/**
 * Parks what is due under a pause, so that it does not stand in the way of others. The caller has locked the pause: it
 * cannot end before this commits.
 */
export async function parkDue(tx: Tx, target: PauseTarget, now: Date): Promise<void> {
  await sql`
    with due as (
      select id from deliveries
       where ${COLUMNS[target.scope]} = ${target.scopeId} and status in ('queued', 'scheduled')
         and next_attempt_at <= ${now}
       order by id limit ${PARKED_MAX}
         for update skip locked)
    update deliveries d
       set next_attempt_at = null, waiting_for = ${WAITING_FOR[target.scope]}, enqueued_at = null, updated_at = ${now}
      from due where d.id = due.id`.execute(tx)
}

/** Ends every pause of a target and makes due what they parked. False: nothing was paused. */
export async function endPauses(tx: Tx, target: PauseTarget, now: Date): Promise<boolean> {
  const hasEnded = await deletePauses(tx, target)
  await wake(tx, target, now)
  return hasEnded
}

/**
 * The rows keep their place: they are due since they were first due. They are locked in the order of their ids, as
 * everywhere, in a statement of its own, so that the update sees what a worker wrote in the meantime.
 */
async function wake(tx: Tx, target: PauseTarget, now: Date): Promise<void> {
  await sql`
    select count(*) from (
      select id from deliveries where ${isParked(target)} order by id for update) parked`.execute(tx)
  await sql`
    update deliveries
       set next_attempt_at = coalesce(scheduled_at, requested_at), enqueued_at = null, waiting_for = null,
           updated_at = ${now}
     where ${isParked(target)}`.execute(tx)
}

/** Ends the pauses whose time is over. The sweep calls it. */
export async function endExpiredPauses(db: Db, now: Date): Promise<void> {
  await withTx(db, async (tx) => {
    for (const target of await deleteExpiredPauses(tx, now)) await wake(tx, target, now)
  })
}

export type Pausable = 'event' | 'organizer'
/** `waiting`: messages that this pause has parked so far; others are parked when they come due. */
export type SendingState = { id: string; sendingPausedAt: Date | null; waiting: number }

const TABLES = { event: sql`events`, organizer: sql`organizers` }
const OWNERS = { event: sql`organizer_id`, organizer: sql`id` }

/** Pauses or resumes sending for an event or organizer. Repeating it is harmless. Throws `event_not_found`, `organizer_not_found`. */
export function switchSending(
  { db, now }: Context,
  {
    what,
    id,
    scope,
    by,
    isPaused,
  }: { what: Pausable; id: string; scope: string | null; by: string; isPaused: boolean },
): Promise<SendingState> {
  const at = now()
  const target = { scope: what, scopeId: id }
  return withTx(db, async (tx) => {
    const { rows } = await sql`
      select id from ${TABLES[what]}
       where id = ${id} and (${scope}::text is null or ${OWNERS[what]} = ${scope})
         for no key update`.execute(tx)
    if (rows.length === 0) throw new Failure(`${what}_not_found`)
    const [current] = await listPauses(tx, what, [id])
    if (!isPaused) await endPauses(tx, target, at)
    else if (!current)
      await pauseSending(tx, { ...target, source: 'person', reason: 'paused', pausedBy: by, until: null, now: at })
    const waiting = await sql<{ count: number }>`
      select count(*) as count from deliveries where ${isParked(target)}`.execute(tx)
    const sendingPausedAt = isPaused ? (current?.pausedAt ?? at) : null
    return { id, sendingPausedAt, waiting: waiting.rows[0]!.count }
  })
}

/** Pauses of channels that are in force now, or whose circuit is half-open. */
export async function listChannelPauses(db: Db, channels: readonly ChannelName[], now: Date): Promise<Pause[]> {
  const pauses = await listPauses(db, 'channel', channels)
  return pauses.filter(({ until, needsProbe }) => until === null || until > now || needsProbe)
}
