/**
 * What counts as a duplicate: one slot per (event, guest, template), whose primary key lets one of several concurrent
 * requests win. A slot names the latest requested delivery. It is free again when that delivery failed, died or was
 * skipped, or when the dedupe window is over.
 */
import { sql, violatedConstraint, type Db, type Tx } from '../platform/db.ts'
import { insertingDeliveries, isWaiting, newRows, type NewDelivery } from './sql.ts'

/** When a message is requested and due. `windowMs` 0: never a duplicate; null: always one. */
export type SlotTimes<T = Date> = { requestedAt: T; dueAt: T; windowMs: number | null }
export type SlotRequest = { eventId: string; guestId: string; template: string; deliveryId: string }

/** The delivery of slot `s` ended without being sent. A subselect of one value is always looked up by its index. */
const isFree = sql`coalesce((
  select h.status in ('failed', 'dead', 'skipped')
    from deliveries h
   where h.id = s.delivery_id), false)`

/** Slot `s` was requested or due within the dedupe window. */
const isRecent = ({ requestedAt, dueAt, windowMs }: SlotTimes<unknown>) => sql`(
  ${windowMs}::double precision is null
  or (${windowMs} > 0
      and (${requestedAt}::timestamptz - s.requested_at < make_interval(secs => ${windowMs}::double precision / 1000)
           or abs(extract(epoch from ${dueAt}::timestamptz - s.due_at)) < ${windowMs}::double precision / 1000)))`

/** Slot `s` makes a request with these times a duplicate. */
export const isTaken = (times: SlotTimes<unknown>) => sql`(${isRecent(times)} and not ${isFree})`

/** Takes the slots of `rows` (a SELECT) that are free; `replaceable`: of these deliveries in any case. */
const takingSlots = (rows: ReturnType<typeof sql>, times: SlotTimes<unknown>, replaceable: string[]) => sql`
    insert into delivery_slots as s (event_id, guest_id, template, delivery_id, requested_at, due_at)
    ${rows}
     order by 1, 2, 3
    on conflict (event_id, guest_id, template) do update
      set delivery_id = excluded.delivery_id,
          requested_at = excluded.requested_at, due_at = excluded.due_at
      where not ${isTaken(times)} or s.delivery_id = any(${replaceable}::text[])
    returning delivery_id`

/**
 * Takes the slots that are free. Returns the deliveries that got theirs. A slot of a `replaceable` delivery may be taken
 * in any case: the caller knows that its message differs, or the delivery is its own.
 */
export async function takeSlots(
  tx: Tx,
  slots: SlotRequest[],
  times: SlotTimes,
  replaceable: string[] = [],
): Promise<Set<string>> {
  const column = <K extends keyof SlotRequest>(name: K) => slots.map((slot) => slot[name])
  const asked = sql`
    select event_id, guest_id, template, delivery_id, ${times.requestedAt}::timestamptz, ${times.dueAt}::timestamptz
      from unnest(${column('eventId')}::text[], ${column('guestId')}::text[], ${column('template')}::text[],
                  ${column('deliveryId')}::text[]) v (event_id, guest_id, template, delivery_id)`
  const { rows } = await sql<{ deliveryId: string }>`${takingSlots(asked, times, replaceable)}`.execute(tx)
  return new Set(rows.map(({ deliveryId }) => deliveryId))
}

/**
 * The only way to create deliveries, for a single send, a campaign or a fallback: one statement inserts a row for each message
 * that gets its slot; the others are duplicates. Returns the ids of the new rows. `windowMs` and `replaceable` are those of
 * takeSlots.
 */
export async function requestDeliveries(
  db: Db,
  deliveries: NewDelivery[],
  windowMs: SlotTimes['windowMs'],
  replaceable: string[] = [],
): Promise<Set<string>> {
  const times = { requestedAt: sql`excluded.requested_at`, dueAt: sql`excluded.due_at`, windowMs }
  const { rows } = await sql<{ id: string }>`/* prepared request_deliveries */
    with asked as materialized ${newRows(deliveries)},
    taken as (${takingSlots(sql`select "eventId", "guestId", template, id, coalesce("originalRequestedAt", "requestedAt"), "dueAt" from asked`, times, replaceable)}),
    granted as (
      select asked.* from asked join taken on taken.delivery_id = asked.id)
    ${insertingDeliveries(sql`granted`)}`.execute(db)
  return new Set(rows.map(({ id }) => id))
}

/** Null: the guest was deleted meanwhile. */
export async function findSlotHolder(db: Db, { eventId, guestId, template }: NewDelivery): Promise<string | null> {
  const { rows } = await sql<{ deliveryId: string }>`
    select delivery_id from delivery_slots
     where event_id = ${eventId} and guest_id = ${guestId} and template = ${template}`.execute(db)
  return rows[0]?.deliveryId ?? null
}

/** The guest was deleted while the slot was being taken. */
export const isGuestGone = (error: unknown): boolean =>
  violatedConstraint(error) === 'delivery_slots_event_id_guest_id_fkey'

/**
 * Delivery `d` waited beyond the dedupe window, and the same message was requested again and was or is about to be
 * sent. A message that was forced within the window does not replace `d`.
 */
export const isSuperseded = ({ now, windowMs }: { now: Date; windowMs: number }) => {
  const window = sql`make_interval(secs => ${windowMs / 1000})`
  return sql`exists (
    select 1 from delivery_slots s
     where s.event_id = d.event_id and s.guest_id = d.guest_id and s.template = d.template
       and s.delivery_id <> d.id
       and d.answers_message is null
       and ${windowMs} > 0
       -- It was requested after the dedupe window, and is due after the time of d but no later than soon.
       and s.requested_at - d.requested_at >= ${window}
       and s.due_at < ${now}::timestamptz + ${window}
       and s.due_at > least(${now}::timestamptz - ${window}, coalesce(d.scheduled_at, d.requested_at))
       and not ${isFree})`
}

/** Gives the slots of needless fallbacks back to their originals, so that another request is a duplicate. */
export async function returnSlots(tx: Tx, fallbackIds: string[]): Promise<void> {
  await sql`
    update delivery_slots s set delivery_id = d.fallback_of
      from deliveries d
     where d.id = any(${fallbackIds}::text[])
       and d.fallback_of is not null
       and s.delivery_id = d.id and s.event_id = d.event_id and s.guest_id = d.guest_id`.execute(tx)
}

/** How many slots one run deletes. */
const DELETED_MAX = 20_000
const KEPT_MS = 7 * 86_400_000

/**
 * Deletes slots a week after their dedupe window. A slot whose message still waits stays, because it supersedes older
 * messages that wait with it.
 */
export async function deleteOldSlots(db: Db, now: Date, windowMs: number): Promise<void> {
  const floor = new Date(now.getTime() - KEPT_MS - windowMs)
  await sql`
    delete from delivery_slots
     where greatest(requested_at, due_at) < ${floor}
       and ctid in (
             select s.ctid from delivery_slots s
              where greatest(s.requested_at, s.due_at) < ${floor}
                and not exists (
                      select 1 from deliveries d
                       where d.id = s.delivery_id and ${isWaiting})
              limit ${DELETED_MAX})`.execute(db)
}
