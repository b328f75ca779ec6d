/** The statements of a request, and fragments that several statements share. */
import { reachColumns, type ChannelName, type Reach } from '../contacts/contacts.ts'
import type { EventStatus } from '../events/events.ts'
import { sql, type Db, type Tx } from '../platform/db.ts'
import type { Locale } from '../platform/values/languages.ts'

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
  eventStatus: EventStatus
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

/** Which message to whom. `scope`: the organizer of the caller. */
export type Wanted = Pick<NewDelivery, 'eventId' | 'guestId' | 'template'> & {
  scope: string | null
  locale?: Locale | undefined
}

/** Reads the targets in the order of `wanted`. Null: the event does not exist or belongs to another organizer. */
export async function listTargets(
  db: Db,
  wanted: Wanted[],
  times: { now: Date; windowFloor: Date },
): Promise<(Target | null)[]> {
  const column = <T>(of: (one: Wanted) => T) => wanted.map(of)
  const { rows } = await sql<Target & { n: number }>`/* prepared list_targets */
    select w.n, e.organizer_id, o.name as organizer_name, e.status as event_status, e.name as event_name,
           e.starts_at, e.ends_at, e.time_zone, e.location,
           g.name as guest_name, g.wa_id, g.locale, i.code, i.id as invitation_id,
           (select t.category from wa_templates t
             where t.name = w.template
               and t.language = replace(coalesce(w.locale, g.locale), '-', '_')) as approved_category,
           ${reachColumns(sql`e.organizer_id`, times)}
      from unnest(${column(({ scope }) => scope)}::text[], ${column(({ eventId }) => eventId)}::text[],
                  ${column(({ guestId }) => guestId)}::text[], ${column(({ template }) => template)}::text[],
                  ${column(({ locale }) => locale ?? null)}::text[])
           with ordinality w (scope, event_id, guest_id, template, locale, n)
      join events e on e.id = w.event_id and (w.scope is null or e.organizer_id = w.scope)
      join organizers o on o.id = e.organizer_id
      left join guests g on g.event_id = e.id and g.id = w.guest_id
      left join invitations i on i.event_id = g.event_id and i.guest_id = g.id`.execute(db)
  const targets = new Map(rows.map((row) => [row.n, row]))
  return wanted.map((_, index) => targets.get(index + 1) ?? null)
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
  requestedAt: Date
  /** Null: at once. */
  scheduledAt: Date | null
  /** True: the caller enqueues the job after the commit. False: the release does. */
  isEnqueued: boolean
  campaignId?: string | null
  idempotencyKey?: string | null
  /** The original, when this is a fallback, and when that was requested. */
  fallbackOf?: string
  originalRequestedAt?: Date
  /** The provider's id of the guest's message that this one answers. */
  answersMessage?: string
}

/** New deliveries as rows `r` for a FROM clause. Its names are those of NewDelivery, and `dueAt`. */
export const newRows = (deliveries: NewDelivery[]) => sql`(
    select *, coalesce("scheduledAt", "requestedAt") as "dueAt"
      from json_to_recordset(${JSON.stringify(deliveries)}) as r (
        id text, "organizerId" text, "eventId" text, "guestId" text, channel text, "channelReason" text,
        "mayFallBack" boolean, template text, locale text, variables jsonb, "attemptsMax" integer, "requestId" text,
        "requestedBy" text, "requestedAt" timestamptz, "scheduledAt" timestamptz, "isEnqueued" boolean,
        "campaignId" text, "idempotencyKey" text, "fallbackOf" text, "originalRequestedAt" timestamptz,
        "answersMessage" text))`

/** Inserts rows that are due at once or at their scheduled time. A second fallback or answer is skipped. */
export const insertingDeliveries = (rows: ReturnType<typeof sql>) => sql`
    insert into deliveries (
      id, organizer_id, event_id, guest_id, channel, channel_reason, may_fall_back, template, locale, variables,
      status, attempts_max, next_attempt_at, enqueued_at, request_id, requested_by, idempotency_key, requested_at,
      scheduled_at, campaign_id, fallback_of, answers_message, updated_at)
    select id, "organizerId", "eventId", "guestId", channel, "channelReason", "mayFallBack", template, locale, variables,
           case when "scheduledAt" is null then 'queued' else 'scheduled' end, "attemptsMax", "dueAt",
           case when "isEnqueued" then "requestedAt" end, "requestId", "requestedBy", "idempotencyKey", "requestedAt",
           "scheduledAt", "campaignId", "fallbackOf", "answersMessage", "requestedAt"
      from ${rows} r
    on conflict do nothing
    returning id`

/** Inserts a delivery that takes no slot. False: it exists already. */
export async function insertDelivery(tx: Tx, delivery: NewDelivery): Promise<boolean> {
  const { rows } = await sql`${insertingDeliveries(newRows([delivery]))}`.execute(tx)
  return rows.length === 1
}

export type Existing = { deliveryId: string; channel: ChannelName; scheduledAt: Date | null; dueAt: Date }

/** Finds the row that this caller made with this key for the same message. Releases keys older than 24 hours first. */
export async function findByIdempotencyKey(db: Db, r: NewDelivery): Promise<Existing | null> {
  await sql`
    update deliveries set idempotency_key = null
     where requested_by = ${r.requestedBy} and idempotency_key = ${r.idempotencyKey}
       and requested_at <= ${r.requestedAt}::timestamptz - interval '24 hours'`.execute(db)
  const { rows } = await sql<Existing>`
    select id as delivery_id, channel, scheduled_at, coalesce(scheduled_at, requested_at) as due_at
      from deliveries
     where requested_by = ${r.requestedBy} and idempotency_key = ${r.idempotencyKey}
       and event_id = ${r.eventId} and guest_id = ${r.guestId} and template = ${r.template}`.execute(db)
  return rows[0] ?? null
}
