/**
 * The switches that stop sending: of an event, of an organizer, of a channel. A claim looks at them, so a switch works on
 * what is queued already. What they stop stays queued without a due time and says why; ending the pause makes it due.
 */
import { sql, withTx, type Db, type Tx } from '../platform/db.ts'
import { Failure } from '../platform/errors.ts'
import type { ChannelName } from '../channels/channel.ts'
import { holdPaused } from './claiming-sql.ts'
import { forgetLine } from './pacing.ts'

type Context = { db: Db; now: () => Date }
export type Pausable = 'event' | 'organizer'
/** `waiting`: messages that this pause has stopped so far; others are stopped when their time comes. */
export type SendingState = { id: string; sendingPausedAt: Date | null; waiting: number }

const TABLES = { event: sql`events`, organizer: sql`organizers` }
const OWNERS = { event: sql`organizer_id`, organizer: sql`id` }

/** Doing it twice is as good as once. Throws `event_not_found` and `organizer_not_found`. */
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
  return withTx(db, async (tx) => {
    await sql`
      update ${TABLES[what]} set sending_paused_at = ${isPaused ? at : null}, sending_paused_by = ${isPaused ? by : null}
       where id = ${id} and (sending_paused_at is null) = ${isPaused} and (${scope}::text is null or ${OWNERS[what]} = ${scope})`.execute(
      tx,
    )
    const { rows } = await sql<{ sendingPausedAt: Date | null }>`
      select sending_paused_at from ${TABLES[what]}
       where id = ${id} and (${scope}::text is null or ${OWNERS[what]} = ${scope})`.execute(tx)
    if (!rows[0]) throw new Failure(`${what}_not_found`)
    const held = heldBy(what, id)
    if (!isPaused) await wake(tx, held, at)
    await forgetLine(tx)
    const waiting = await sql<{ count: number }>`select count(*) as count from deliveries where ${held}`.execute(tx)
    return { id, sendingPausedAt: rows[0].sendingPausedAt, waiting: waiting.rows[0]!.count }
  })
}

const heldBy = (what: Pausable, id: string) =>
  what === 'event'
    ? sql`${isHeld('event_paused')} and event_id = ${id}`
    : sql`${isHeld('organizer_paused')} and organizer_id = ${id}`

const isHeld = (reason: string) =>
  sql`next_attempt_at is null and status in ('queued', 'scheduled') and reason = ${reason}`

/**
 * Makes due what was stopped; the sweep enqueues it within a second and the claim asks about everything else again. Locked
 * in the order of their ids, as everywhere, and in a statement of its own, as campaigns do when they are resumed.
 */
async function wake(tx: Tx, held: ReturnType<typeof isHeld>, now: Date): Promise<void> {
  await sql`select count(*) from (select id from deliveries where ${held} order by id for update) held`.execute(tx)
  await sql`
    update deliveries set next_attempt_at = greatest(coalesce(scheduled_at, ${now}), ${now}), enqueued_at = null,
           reason = null, updated_at = ${now} where ${held}`.execute(tx)
}

/** Why a channel that a person holds keeps a message: whatsapp_held, email_held. */
export const heldReason = (channel: ChannelName): string => `${channel}_held`

/** Stops a channel until then, or until it is released. A second hold takes the place of the first. */
export async function stopChannel(
  { db, now }: Context,
  hold: { channel: ChannelName; reason: string; by: string; until: Date | null },
): Promise<void> {
  await sql`
    insert into channel_holds (channel, reason, held_by, held_at, until)
    values (${hold.channel}, ${hold.reason}, ${hold.by}, ${now()}, ${hold.until})
    on conflict (channel) do update set reason = excluded.reason, held_by = excluded.held_by, held_at = excluded.held_at,
      until = excluded.until`.execute(db)
}

/** Ends what a person has stopped; false: nobody had. */
export async function restartChannel(tx: Tx, channel: ChannelName, now: Date): Promise<boolean> {
  const { rows } = await sql`delete from channel_holds where channel = ${channel} returning channel`.execute(tx)
  await wake(tx, isHeld(heldReason(channel)), now)
  return rows.length > 0
}

/** Ends the holds whose time is over. */
export async function endHolds(db: Db, now: Date): Promise<void> {
  const { rows } = await sql<{ channel: ChannelName }>`
    select channel from channel_holds where until <= ${now} order by channel`.execute(db)
  for (const { channel } of rows)
    await withTx(db, async (tx) => {
      const ended =
        await sql`delete from channel_holds where channel = ${channel} and until <= ${now} returning channel`.execute(
          tx,
        )
      if (ended.rows.length === 0) return
      await wake(tx, isHeld(heldReason(channel)), now)
      await forgetLine(tx)
    })
}

/** Channels that a person has stopped. */
export async function listHeldChannels(db: Db, now: Date): Promise<ChannelName[]> {
  const { rows } = await sql<{ channel: ChannelName }>`
    select channel from channel_holds where until is null or until > ${now} order by channel`.execute(db)
  return rows.map(({ channel }) => channel)
}

/** Who is paused, and the reason that its messages carry. */
export type Pause = { reason: string; id: string }
export const pauseKey = ({ reason, id }: Pause): string => `${reason}/${id}`

/** Of these, the pauses that nobody is ending now; they stay until the commit. Keys as pauseKey makes them. */
export async function holdPauses(tx: Tx, pauses: Pause[], now: Date): Promise<Set<string>> {
  const idsOf = (wanted: string) => [...new Set(pauses.filter(({ reason }) => reason === wanted).map(({ id }) => id))]
  const lasting = new Set<string>()
  const campaigns = idsOf('campaign_paused')
  if (campaigns.length > 0)
    for (const id of await holdPaused(tx, campaigns)) lasting.add(pauseKey({ reason: 'campaign_paused', id }))
  for (const what of ['organizer', 'event'] as const) {
    const reason = `${what}_paused`
    const ids = idsOf(reason)
    if (ids.length === 0) continue
    const { rows } = await sql<{ id: string; isPaused: boolean }>`
      select id, sending_paused_at is not null as is_paused from ${TABLES[what]}
       where id = any(${ids}::text[]) order by id for share skip locked`.execute(tx)
    for (const { id } of rows.filter(({ isPaused }) => isPaused)) lasting.add(pauseKey({ reason, id }))
  }
  if (pauses.some(({ reason }) => reason.endsWith('_held'))) {
    const { rows } = await sql<{ channel: ChannelName }>`
      select channel from channel_holds where until is null or until > ${now} order by channel for share skip locked`.execute(
      tx,
    )
    for (const { channel } of rows) lasting.add(pauseKey({ reason: heldReason(channel), id: channel }))
  }
  return lasting
}
