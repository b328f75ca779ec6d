/** The statements of a request. */
import { sql, violatedConstraint, type Db, type Tx } from '../platform/db.ts'
import type { ChannelName, Locale } from '../channels/channel.ts'

/** What a send needs to know about guest, event and organizer. */
export type Target = {
  organizerId: string
  organizerName: string
  eventStatus: 'draft' | 'active' | 'archived' | 'expired'
  eventName: string
  startsAt: Date
  endsAt: Date
  timeZone: string
  location: string | null
  guestName: string | null
  phone: string | null
  waId: string | null
  email: string | null
  locale: Locale
  code: string | null
  invitationId: string | null
  isOptedOut: boolean
  isEmailStopped: boolean
  /** When WhatsApp last could not reach the number. */
  unreachableSince: Date | null
  sendingPaused: 'event_paused' | 'organizer_paused' | null
}

/** Null: no such event for this organizer. guestName null: no such guest in it, or none was asked for. */
export async function findTarget(
  db: Db,
  scope: string | null,
  eventId: string,
  guestId: string | null,
): Promise<Target | null> {
  const { rows } = await sql<Target>`
    select e.organizer_id, o.name as organizer_name, e.status as event_status, e.name as event_name, e.starts_at, e.ends_at, e.time_zone, e.location,
           g.name as guest_name, g.phone, g.wa_id, g.email, g.locale, i.code, i.id as invitation_id,
           exists (select 1 from opt_outs x where x.organizer_id = e.organizer_id and x.phone = g.phone) as is_opted_out,
           exists (select 1 from email_stops s where s.email = g.email and s.organizer_id in ('*', e.organizer_id)) as is_email_stopped,
           (select u.since from wa_unreachable u where u.phone = g.phone) as unreachable_since,
           case when o.sending_paused_at is not null then 'organizer_paused'
                when e.sending_paused_at is not null then 'event_paused' end as sending_paused
      from events e
      join organizers o on o.id = e.organizer_id
      left join guests g on g.event_id = e.id and g.id = ${guestId}
      left join invitations i on i.event_id = g.event_id and i.guest_id = g.id
     where e.id = ${eventId} and (${scope}::text is null or e.organizer_id = ${scope})`.execute(db)
  return rows[0] ?? null
}

export type NewDelivery = {
  id: string
  organizerId: string
  eventId: string
  guestId: string
  channel: ChannelName
  channelReason: string
  mayFallBack: boolean
  template: string
  locale: Locale
  variables: Record<string, string>
  attemptsMax: number
  requestId: string
  requestedBy: string
  idempotencyKey: string | null
  requestedAt: Date
  scheduledAt: Date | null
}

/**
 * Takes the slot of (event, guest, template) for this delivery. False: somebody holds it who asked, or whose message is
 * due, within `windowMs` of this one. The primary key makes concurrent requests queue up here.
 */
export async function takeSlot(tx: Tx, d: NewDelivery, windowMs: number): Promise<boolean> {
  const dueAt = d.scheduledAt ?? d.requestedAt
  const { rows } = await sql`
    insert into delivery_slots as s (event_id, guest_id, template, delivery_id, requested_at, due_at)
    values (${d.eventId}, ${d.guestId}, ${d.template}, ${d.id}, ${d.requestedAt}, ${dueAt})
    on conflict (event_id, guest_id, template) do update
      set delivery_id = excluded.delivery_id, requested_at = excluded.requested_at, due_at = excluded.due_at
      where ${windowMs} = 0
         or (excluded.requested_at - s.requested_at >= make_interval(secs => ${windowMs / 1000})
             and abs(extract(epoch from excluded.due_at - s.due_at)) >= ${windowMs / 1000})
    returning delivery_id`.execute(tx)
  return rows.length === 1
}

/** The guest was removed while their slot was taken. */
export const isGuestGone = (error: unknown): boolean =>
  violatedConstraint(error) === 'delivery_slots_event_id_guest_id_fkey'

export async function findSlotHolder(
  tx: Tx,
  eventId: string,
  guestId: string,
  template: string,
): Promise<string | null> {
  const { rows } = await sql<{ deliveryId: string }>`
    select delivery_id from delivery_slots
     where event_id = ${eventId} and guest_id = ${guestId} and template = ${template}`.execute(tx)
  return rows[0]?.deliveryId ?? null
}

export type MadeBefore = { deliveryId: string; channel: ChannelName; scheduledAt: Date | null; dueAt: Date }

/**
 * The row that the same caller made with the same key for the same message. Keys are kept for 24 hours; an older one
 * is let go here, so that it may be used again.
 */
export async function findByIdempotencyKey(tx: Tx, d: NewDelivery): Promise<MadeBefore | null> {
  await sql`update deliveries set idempotency_key = null
     where requested_by = ${d.requestedBy} and idempotency_key = ${d.idempotencyKey}
       and requested_at <= ${d.requestedAt}::timestamptz - interval '24 hours'`.execute(tx)
  const { rows } = await sql<MadeBefore>`
    select id as delivery_id, channel, scheduled_at, coalesce(scheduled_at, requested_at) as due_at from deliveries
     where requested_by = ${d.requestedBy} and idempotency_key = ${d.idempotencyKey}
       and event_id = ${d.eventId} and guest_id = ${d.guestId} and template = ${d.template}`.execute(tx)
  return rows[0] ?? null
}

/** The row is the outbox: due at once, or at its time. enqueued_at says that the caller enqueues now. */
export async function insertDelivery(tx: Tx, d: NewDelivery): Promise<void> {
  await sql`
    insert into deliveries (id, organizer_id, event_id, guest_id, channel, channel_reason, may_fall_back, template, locale,
      variables, status, attempts_max, next_attempt_at, enqueued_at, request_id, requested_by, idempotency_key, requested_at,
      scheduled_at, updated_at)
    values (${d.id}, ${d.organizerId}, ${d.eventId}, ${d.guestId}, ${d.channel}, ${d.channelReason}, ${d.mayFallBack},
      ${d.template}, ${d.locale}, ${JSON.stringify(d.variables)}, ${d.scheduledAt ? 'scheduled' : 'queued'}, ${d.attemptsMax},
      ${d.scheduledAt ?? d.requestedAt}, ${d.scheduledAt ? null : d.requestedAt}, ${d.requestId}, ${d.requestedBy},
      ${d.idempotencyKey}, ${d.requestedAt}, ${d.scheduledAt}, ${d.requestedAt})`.execute(tx)
}
