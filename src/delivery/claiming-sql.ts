/** The statements of a claim: look, take or put off. They take many rows, so that concurrent jobs share a commit. */
import { sql, type Db, type Tx } from '../platform/db.ts'
import type { ChannelName, Locale } from '../channels/channel.ts'
import type { Target } from './sql.ts'
import { isUnreachable } from '../contacts/unreachable.ts'

export type Candidate = Due & EventFacts

/** Of one message and its guest. */
type Due = {
  id: string
  organizerId: string
  eventId: string
  guestId: string
  channel: ChannelName
  template: string
  locale: Locale
  variables: Record<string, string>
  attempts: number
  attemptsMax: number
  possibleDuplicate: boolean
  replays: number
  requestId: string
  pacedAt: Date | null
  templateOnly: boolean
  mayFallBack: boolean
  channelReason: string | null
  campaignId: string | null
  campaignStatus: string | null
  scheduledAt: Date | null
  /** Asked for within the hour: whoever asked is awake. */
  isFresh: boolean
  firstAttemptAt: Date | null
  isAnswer: boolean
  /** Somebody waits for it: an answer, or the e-mail in the place of a message that failed. */
  isUrgent: boolean
  isSuperseded: boolean
  guestName: string
  phone: string | null
  waId: string | null
  email: string | null
  code: string | null
  invitationId: string | null
  isOptedOut: boolean
  isEmailStopped: boolean
  isUnreachable: boolean
  isWindowOpen: boolean
  isMarketingStopped: boolean
  /** WhatsApp gives the guest no promotions until then. */
  withheldUntil: Date | null
  withheldAt: Date | null
  /** Why attempts before this one ended. */
  earlierReasons: string[] | null
  /** The message that this one stands for arrived after all. */
  isOriginalDelivered: boolean
  /** What WhatsApp took the template for. */
  approvedCategory: string | null
}

/** What the messages of an event share. */
type EventFacts = Pick<
  Target,
  'organizerName' | 'eventStatus' | 'eventName' | 'startsAt' | 'endsAt' | 'timeZone' | 'location'
> & {
  isEventPaused: boolean
  isOrganizerPaused: boolean
  /** Channels that a person has stopped. */
  heldChannels: ChannelName[]
  /** Free-form messages of the calendar month, counted a while ago. */
  serviceThisMonth: number
}

/**
 * Everything a decision needs about the due rows, without taking them. An e-mail with an attempt that nobody saw end,
 * whose key the provider has forgotten, may arrive twice. Superseded: it waited so long that the same message was asked
 * for anew, later than the window, and that one has left since this was due or is about to; a message that was forced
 * beside it is another matter.
 */
export async function listDue(db: Db, ids: string[], lease: Lease): Promise<Candidate[]> {
  const { rows } = await sql<Due & { event: Dated | null }>`/* prepared list_due_deliveries */
    select d.id, d.organizer_id, d.event_id, d.guest_id, d.channel, d.template, d.locale, d.variables,
           d.attempts, d.attempts_max, d.replays, d.request_id, d.paced_at, d.template_only, d.may_fall_back,
           d.channel_reason, d.campaign_id, c.status as campaign_status, d.scheduled_at, d.first_attempt_at, d.withheld_at,
           d.possible_duplicate or coalesce(d.channel = 'email' and d.first_attempt_at < ${lease.emailKeyFloor}
             and exists (select 1 from delivery_attempts a where a.delivery_id = d.id and a.outcome = 'unknown'), false) as possible_duplicate,
           d.answers_message is not null as is_answer, d.answers_message is not null or d.fallback_of is not null as is_urgent,
           d.requested_at > ${lease.now}::timestamptz - interval '1 hour' as is_fresh,
           exists (select 1 from delivery_slots s
                    where s.event_id = d.event_id and s.guest_id = d.guest_id and s.template = d.template and s.delivery_id <> d.id
                      and d.answers_message is null
                      and s.requested_at - d.requested_at >= make_interval(secs => ${lease.dedupeWindowMs / 1000})
                      and ${lease.dedupeWindowMs > 0}
                      and s.due_at < ${lease.now}::timestamptz + make_interval(secs => ${lease.dedupeWindowMs / 1000})
                      and s.due_at > least(${lease.now}::timestamptz - make_interval(secs => ${lease.dedupeWindowMs / 1000}),
                                           coalesce(d.scheduled_at, d.requested_at))) as is_superseded,
           g.name as guest_name, g.phone, g.wa_id, g.email, i.code, i.id as invitation_id,
           exists (select 1 from opt_outs x where x.organizer_id = d.organizer_id and x.phone = g.phone) as is_opted_out,
           exists (select 1 from email_stops s where s.email = g.email and s.organizer_id in ('*', d.organizer_id)) as is_email_stopped,
           ${isUnreachable(lease.now)} as is_unreachable,
           coalesce(m.stopped_at > coalesce(m.resumed_at, '-infinity'), false) as is_marketing_stopped,
           case when m.withheld_until > ${lease.now} then m.withheld_until end as withheld_until,
           coalesce(w.last_inbound_at > ${lease.windowFloor}, false) as is_window_open,
           case when d.attempts > 0 then array(select a.reason from delivery_attempts a where a.delivery_id = d.id and a.reason is not null
             union select f.reason from delivery_events f where f.delivery_id = d.id and f.status = 'failed') end as earlier_reasons,
           d.fallback_of is not null and exists (select 1 from deliveries p
             where p.id = d.fallback_of and p.status in ('delivered', 'read')) as is_original_delivered,
           (select t.category from wa_templates t where t.name = d.template and t.language = replace(d.locale, '-', '_')) as approved_category,
           case when row_number() over (partition by d.event_id) = 1 then json_build_object(
             'organizerName', o.name, 'eventStatus', e.status, 'eventName', e.name, 'startsAt', e.starts_at, 'endsAt', e.ends_at,
             'timeZone', e.time_zone, 'location', e.location,
             'isEventPaused', e.sending_paused_at is not null, 'isOrganizerPaused', o.sending_paused_at is not null,
             'heldChannels', array(select channel from channel_holds h where h.until is null or h.until > ${lease.now}),
             'serviceThisMonth', coalesce((select m.messages from wa_service_months m
               where m.month = date_trunc('month', ${lease.now}::timestamptz at time zone 'America/Mexico_City')::date), 0)) end as event
      from deliveries d
      join organizers o on o.id = d.organizer_id
      join events e on e.id = d.event_id
      join guests g on g.event_id = d.event_id and g.id = d.guest_id
      left join invitations i on i.event_id = d.event_id and i.guest_id = d.guest_id
      left join campaigns c on c.id = d.campaign_id
      left join wa_marketing_stops m on m.phone = g.phone
      left join wa_windows w on w.phone = g.phone
     where d.id = any(${ids}::text[]) and d.status in ('queued', 'scheduled') and d.next_attempt_at <= ${lease.now}`.execute(
    db,
  )
  return withEvents(rows)
}

type Dated = Omit<EventFacts, 'startsAt' | 'endsAt'> & { startsAt: string; endsAt: string }

/** What an event's rows share comes with the first of them only: reading it with each would cost more than the rest. */
function withEvents(rows: (Due & { event: Dated | null })[]): Candidate[] {
  const events = new Map<string, EventFacts>()
  for (const { eventId, event } of rows)
    if (event)
      events.set(eventId, {
        ...event,
        startsAt: new Date(event.startsAt),
        endsAt: new Date(event.endsAt),
      })
  return rows.map((row) => Object.assign(row, events.get(row.eventId)!))
}

export type Lease = {
  token: string
  now: Date
  until: Date
  windowFloor: Date
  dedupeWindowMs: number
  emailKeyFloor: Date
}
export type Taking = Pick<Candidate, 'id' | 'attempts' | 'channel' | 'channelReason' | 'possibleDuplicate'>

/** Takes the rows that are still due and as they were seen, and writes their attempts. Returns whom this worker has now. */
export async function take(db: Db, rows: Taking[], lease: Lease): Promise<Set<string>> {
  const { rows: taken } = await sql<{ deliveryId: string }>`/* prepared take_deliveries */
    with due as (
      select d.id, v.channel, v.channel_reason, v.possible_duplicate
        from unnest(${rows.map(({ id }) => id)}::text[], ${rows.map(({ attempts }) => attempts)}::integer[],
                    ${rows.map(({ channel }) => channel)}::text[], ${rows.map(({ channelReason }) => channelReason)}::text[],
                    ${rows.map(({ possibleDuplicate }) => possibleDuplicate)}::boolean[])
             v (id, attempts, channel, channel_reason, possible_duplicate)
        join deliveries d on d.id = v.id
       where d.attempts = v.attempts and d.status in ('queued', 'scheduled') and d.next_attempt_at <= ${lease.now}
       order by d.id for update of d skip locked),
    claimed as (
      update deliveries d set status = 'sending', attempts = d.attempts + 1, lease_token = ${lease.token},
             lease_until = ${lease.until}, updated_at = ${lease.now},
             first_attempt_at = case when d.channel = due.channel then coalesce(d.first_attempt_at, ${lease.now}) else ${lease.now} end,
             channel = due.channel, channel_reason = due.channel_reason, possible_duplicate = due.possible_duplicate
        from due where d.id = due.id returning d.id, d.attempts)
    insert into delivery_attempts (delivery_id, n, started_at)
    select id, attempts, ${lease.now} from claimed returning delivery_id`.execute(db)
  return new Set(taken.map(({ deliveryId }) => deliveryId))
}

export type PutOff = {
  id: string
  attempts: number
  status: 'queued' | 'skipped'
  at: Date | null
  reason: string
  pacedAt: Date | null
}

/**
 * Not now, or never: nothing is taken and nothing sent. `at` null on a queued row: its campaign, event,
 * organizer or channel is paused, and the end of that makes it due again. Skipping frees the slot.
 */
export async function putOff(tx: Tx, rows: PutOff[], now: Date): Promise<void> {
  await sql`
    with v as (
      select * from unnest(${rows.map(({ id }) => id)}::text[], ${rows.map(({ attempts }) => attempts)}::integer[],
          ${rows.map(({ status }) => status)}::text[], ${rows.map(({ at }) => at)}::timestamptz[],
          ${rows.map(({ reason }) => reason)}::text[], ${rows.map(({ pacedAt }) => pacedAt)}::timestamptz[])
        as v (id, attempts, status, at, reason, paced_at)),
    due as (
      select d.id from deliveries d join v on v.id = d.id
       where d.attempts = v.attempts and d.status in ('queued', 'scheduled') and d.next_attempt_at <= ${now}
       order by d.id for update of d skip locked),
    -- The message arrived by the way it went first: its slot goes back, so that it is not asked for anew.
    returned as (
      update delivery_slots s set delivery_id = d.fallback_of
        from deliveries d join due on due.id = d.id join v on v.id = d.id
       where v.reason = 'original_delivered' and s.delivery_id = d.id and s.event_id = d.event_id and s.guest_id = d.guest_id)
    update deliveries d set status = case v.status when 'skipped' then 'skipped' else d.status end, reason = v.reason, next_attempt_at = v.at, paced_at = v.paced_at,
           enqueued_at = ${now}, updated_at = ${now},
           ended_at = case when v.status = 'skipped' then ${now}::timestamptz end
      from v join due on due.id = v.id where d.id = v.id`.execute(tx)
}

/** Campaigns that are paused and that nobody is changing now; they stay so until the commit. */
export async function holdPaused(tx: Tx, campaignIds: string[]): Promise<Set<string>> {
  const { rows } = await sql<{ id: string; status: string }>`
    select id, status from campaigns where id = any(${campaignIds}::text[]) order by id for share skip locked`.execute(
    tx,
  )
  return new Set(rows.filter(({ status }) => status === 'paused').map(({ id }) => id))
}
