/** The statements of a request, and fragments that several statements share. */
import { reachColumns, type ChannelName, type Reach } from '../contacts/contacts.ts'
import { sql, type Db, type Tx } from '../platform/db.ts'
import type { Locale } from '../platform/languages.ts'

/** Delivery `d` has not been sent and may still be. */
export const isWaiting = sql`d.status in ('queued', 'scheduled')`

/** Why earlier attempts of delivery `d` ended, by an answer or by a status of another message than `exceptMessageId`. */
export const earlierReasons = (exceptMessageId: string | null) => sql`array(
  select a.reason from delivery_attempts a
   where a.delivery_id = d.id and a.reason is not null
  union
  select f.reason from delivery_events f
   where f.delivery_id = d.id and f.status = 'failed'
     and f.provider_message_id is distinct from ${exceptMessageId}::text)`

/** The guest, event and organizer of a request. */
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
  /** The category that WhatsApp approved the template for. */
  approvedCategory: string | null
}

/** Null: the event does not exist or belongs to another organizer. */
export async function findTarget(
  db: Db,
  scope: string | null,
  {
    eventId,
    guestId,
    template,
    locale = null,
  }: { eventId: string; guestId: string; template: string; locale?: Locale | null },
  times: { now: Date; windowFloor: Date },
): Promise<Target | null> {
  const { rows } = await sql<Target>`
    select e.organizer_id, o.name as organizer_name, e.status as event_status, e.name as event_name,
           e.starts_at, e.ends_at, e.time_zone, e.location,
           g.name as guest_name, g.wa_id, g.locale, i.code, i.id as invitation_id,
           (select t.category from wa_templates t
             where t.name = ${template}
               and t.language = replace(coalesce(${locale}, g.locale), '-', '_')) as approved_category,
           ${reachColumns(sql`e.organizer_id`, times)}
      from events e
      join organizers o on o.id = e.organizer_id
      left join guests g on g.event_id = e.id and g.id = ${guestId}
      left join invitations i on i.event_id = g.event_id and i.guest_id = g.id
     where e.id = ${eventId}
       and (${scope}::text is null or e.organizer_id = ${scope})`.execute(db)
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
  /** True: the caller enqueues the jobs after the commit. False: the release does. */
  isEnqueued: boolean
  campaignId?: string | null
  idempotencyKey?: string | null
  /** The original, when this is a fallback. */
  fallbackOf?: string
  /** The provider's id of the guest's message that this one answers. */
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

/** Inserts rows that are due at once or at `scheduledAt`. Returns the new ids; an existing fallback or answer is skipped. */
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

export type Existing = { deliveryId: string; channel: ChannelName; scheduledAt: Date | null; dueAt: Date }

/** Finds the row that this caller made with this key for the same message. Releases keys older than 24 hours first. */
export async function findByIdempotencyKey(
  tx: Tx,
  r: Pick<Request, 'requestedBy' | 'idempotencyKey' | 'requestedAt' | 'eventId' | 'template'> & { guestId: string },
): Promise<Existing | null> {
  await sql`
    update deliveries set idempotency_key = null
     where requested_by = ${r.requestedBy} and idempotency_key = ${r.idempotencyKey}
       and requested_at <= ${r.requestedAt}::timestamptz - interval '24 hours'`.execute(tx)
  const { rows } = await sql<Existing>`
    select id as delivery_id, channel, scheduled_at, coalesce(scheduled_at, requested_at) as due_at
      from deliveries
     where requested_by = ${r.requestedBy} and idempotency_key = ${r.idempotencyKey}
       and event_id = ${r.eventId} and guest_id = ${r.guestId} and template = ${r.template}`.execute(tx)
  return rows[0] ?? null
}
