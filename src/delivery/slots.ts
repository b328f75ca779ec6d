/**
 * What counts as a duplicate: one slot per (event, guest, template), whose primary key lets one of many concurrent
 * requests win. A slot names the delivery that was asked for last. It is free again once that delivery failed, died or
 * was skipped, or once the dedupe window is over.
 */
import { sql, violatedConstraint, type Db, type Tx } from '../platform/db.ts'

/** When a message was asked for and when it is due. `windowMs` 0: never a duplicate; null: always one. */
export type SlotTimes = { requestedAt: Date; dueAt: Date; windowMs: number | null }
export type SlotRequest = { eventId: string; guestId: string; template: string; deliveryId: string }

/** The delivery that holds slot `s` is over without having been sent. */
const isFree = sql`exists (
  select 1 from deliveries h where h.id = s.delivery_id and h.status in ('failed', 'dead', 'skipped'))`

/** Slot `s` was taken lately: asked for, or due, within the window of this one. */
const isRecent = ({ requestedAt, dueAt, windowMs }: SlotTimes) =>
  windowMs === null
    ? sql`true`
    : sql`(${windowMs} > 0
       and (${requestedAt}::timestamptz - s.requested_at < make_interval(secs => ${windowMs / 1000})
            or abs(extract(epoch from ${dueAt}::timestamptz - s.due_at)) < ${windowMs / 1000}))`

/** Slot `s` makes a request at these times a duplicate. */
export const isTaken = (times: SlotTimes) => sql`(${isRecent(times)} and not ${isFree})`

/**
 * Takes the slots that are not taken. Returns the deliveries that have theirs. A slot whose holder is among
 * `replaceable` passes in any case: the caller has compared it and found another message, or it is the caller's own.
 */
export async function takeSlots(
  tx: Tx,
  slots: SlotRequest[],
  times: SlotTimes,
  replaceable: string[] = [],
): Promise<Set<string>> {
  const column = <K extends keyof SlotRequest>(name: K) => slots.map((slot) => slot[name])
  const { rows } = await sql<{ deliveryId: string }>`
    insert into delivery_slots as s (event_id, guest_id, template, delivery_id, requested_at, due_at)
    select event_id, guest_id, template, delivery_id, ${times.requestedAt}, ${times.dueAt}
      from unnest(${column('eventId')}::text[], ${column('guestId')}::text[], ${column('template')}::text[],
                  ${column('deliveryId')}::text[]) v (event_id, guest_id, template, delivery_id)
     order by event_id, guest_id, template
    on conflict (event_id, guest_id, template) do update
      set delivery_id = excluded.delivery_id, requested_at = excluded.requested_at, due_at = excluded.due_at
      where not ${isTaken(times)} or s.delivery_id = any(${replaceable}::text[])
    returning delivery_id`.execute(tx)
  return new Set(rows.map(({ deliveryId }) => deliveryId))
}

export async function findSlotHolder(tx: Tx, { eventId, guestId, template }: SlotRequest): Promise<string> {
  const { rows } = await sql<{ deliveryId: string }>`
    select delivery_id from delivery_slots
     where event_id = ${eventId} and guest_id = ${guestId} and template = ${template}`.execute(tx)
  return rows[0]!.deliveryId
}

/** The guest was removed while their slot was being taken. */
export const isGuestGone = (error: unknown): boolean =>
  violatedConstraint(error) === 'delivery_slots_event_id_guest_id_fkey'

/**
 * Delivery `d` waited so long that the same message was asked for anew, later than the window, and that one has left
 * since `d` was due or is about to. A message that was forced beside `d` does not replace it.
 */
export const isSuperseded = ({ now, windowMs }: { now: Date; windowMs: number }) => {
  const window = sql`make_interval(secs => ${windowMs / 1000})`
  return sql`exists (
    select 1 from delivery_slots s
     where s.event_id = d.event_id and s.guest_id = d.guest_id and s.template = d.template
       and s.delivery_id <> d.id
       and d.answers_message is null
       and ${windowMs} > 0
       and s.requested_at - d.requested_at >= ${window}
       and s.due_at < ${now}::timestamptz + ${window}
       and s.due_at > least(${now}::timestamptz - ${window}, coalesce(d.scheduled_at, d.requested_at))
       and not ${isFree})`
}

/** The original arrived after all: its fallback hands the slot back, so that the message is not asked for anew. */
export async function returnSlots(tx: Tx, fallbackIds: string[]): Promise<void> {
  await sql`
    update delivery_slots s set delivery_id = d.fallback_of
      from deliveries d
     where d.id = any(${fallbackIds}::text[]) and d.fallback_of is not null
       and s.delivery_id = d.id and s.event_id = d.event_id and s.guest_id = d.guest_id`.execute(tx)
}

/** One run of the clean-up; the rest waits for the next. */
const DELETED_MAX = 20_000
const KEPT_MS = 7 * 86_400_000

/**
 * A slot says nothing once the window in which it makes a duplicate is over; it is kept for a week for whoever looks.
 * While its message waits, it keeps older ones that wait with it from leaving too.
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
                       where d.id = s.delivery_id and d.status in ('queued', 'scheduled'))
              limit ${DELETED_MAX})`.execute(db)
}
