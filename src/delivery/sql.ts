/** The statements of a request. */
import { reachColumns, type ChannelName, type Reach } from '../contacts/contacts.ts'
import { sql, type Db, type Tx } from '../platform/db.ts'
import type { Locale } from '../platform/languages.ts'

/** What a send needs to know about guest, event and organizer. */
export type Target = Reach & {
  organizerId: string
  organizerName: string
  eventStatus: 'draft' | 'active' | 'archived' | 'expired'
  eventName: string
  startsAt: Date
  endsAt: Date
  timeZone: string
  location: string | null
  /** Null: the event has no such guest. */
  guestName: string | null
  waId: string | null
  locale: Locale
  code: string | null
  invitationId: string | null
}

/** Null: this organizer has no such event. */
export async function findTarget(
  db: Db,
  scope: string | null,
  { eventId, guestId }: { eventId: string; guestId: string },
  times: { now: Date; windowFloor: Date },
): Promise<Target | null> {
  const { rows } = await sql<Target>`
    select e.organizer_id, o.name as organizer_name, e.status as event_status, e.name as event_name,
           e.starts_at, e.ends_at, e.time_zone, e.location,
           g.name as guest_name, g.wa_id, g.locale, i.code, i.id as invitation_id,
           ${reachColumns(sql`e.organizer_id`, times)}
      from events e
      join organizers o on o.id = e.organizer_id
      left join guests g on g.event_id = e.id and g.id = ${guestId}
      left join invitations i on i.event_id = g.event_id and i.guest_id = g.id
     where e.id = ${eventId} and (${scope}::text is null or e.organizer_id = ${scope})`.execute(db)
  return rows[0] ?? null
}

/** What the deliveries of one request share. */
export type Request = {
  organizerId: string
  eventId: string
  template: string
  variables: Record<string, string>
  attemptsMax: number
  requestId: string
  requestedBy: string
  requestedAt: Date
  /** Null: at once. */
  scheduledAt: Date | null
  /** The caller enqueues the jobs after the commit; otherwise the sweep does. */
  isEnqueued: boolean
  campaignId?: string | null
  idempotencyKey?: string | null
  /** The delivery whose place this one takes. */
  fallbackOf?: string
  /** The guest's message that this one answers, by the provider's id. */
  answersMessage?: string
}
export type NewDelivery = {
  id: string
  guestId: string
  channel: ChannelName
  channelReason: string
  mayFallBack: boolean
  locale: Locale
}

/** The rows are the outbox: due at once, or at their time. Returns the ids; a fallback or an answer exists only once. */
export async function insertDeliveries(tx: Tx, r: Request, deliveries: NewDelivery[]): Promise<string[]> {
  const column = <K extends keyof NewDelivery>(name: K) => deliveries.map((one) => one[name])
  const { rows } = await sql<{ id: string }>`
    insert into deliveries (
      id, organizer_id, event_id, guest_id, channel, channel_reason, may_fall_back, template, locale, variables,
      status, attempts_max, next_attempt_at, enqueued_at, request_id, requested_by, idempotency_key, requested_at,
      scheduled_at, campaign_id, fallback_of, answers_message, updated_at)
    select v.id, ${r.organizerId}, ${r.eventId}, v.guest_id, v.channel, v.channel_reason, v.may_fall_back,
           ${r.template}, v.locale, ${JSON.stringify(r.variables)}::jsonb,
           ${r.scheduledAt ? 'scheduled' : 'queued'}, ${r.attemptsMax}::integer,
           ${r.scheduledAt ?? r.requestedAt}::timestamptz, ${r.isEnqueued ? r.requestedAt : null}::timestamptz,
           ${r.requestId}, ${r.requestedBy}, ${r.idempotencyKey ?? null}, ${r.requestedAt}::timestamptz,
           ${r.scheduledAt}::timestamptz, ${r.campaignId ?? null}, ${r.fallbackOf ?? null},
           ${r.answersMessage ?? null}, ${r.requestedAt}::timestamptz
      from unnest(${column('id')}::text[], ${column('guestId')}::text[], ${column('channel')}::text[],
                  ${column('channelReason')}::text[], ${column('mayFallBack')}::boolean[],
                  ${column('locale')}::text[])
           v (id, guest_id, channel, channel_reason, may_fall_back, locale)
    on conflict do nothing
    returning id`.execute(tx)
  return rows.map(({ id }) => id)
}

export type MadeBefore = { deliveryId: string; channel: ChannelName; scheduledAt: Date | null; dueAt: Date }

/**
 * The row that the same caller made with the same key for the same message. Keys are kept for 24 hours; an older one is
 * released here, so that it may be used again.
 */
export async function findByIdempotencyKey(
  tx: Tx,
  r: Pick<Request, 'requestedBy' | 'idempotencyKey' | 'requestedAt' | 'eventId' | 'template'> & { guestId: string },
): Promise<MadeBefore | null> {
  await sql`
    update deliveries set idempotency_key = null
     where requested_by = ${r.requestedBy} and idempotency_key = ${r.idempotencyKey}
       and requested_at <= ${r.requestedAt}::timestamptz - interval '24 hours'`.execute(tx)
  const { rows } = await sql<MadeBefore>`
    select id as delivery_id, channel, scheduled_at, coalesce(scheduled_at, requested_at) as due_at
      from deliveries
     where requested_by = ${r.requestedBy} and idempotency_key = ${r.idempotencyKey}
       and event_id = ${r.eventId} and guest_id = ${r.guestId} and template = ${r.template}`.execute(tx)
  return rows[0] ?? null
}
