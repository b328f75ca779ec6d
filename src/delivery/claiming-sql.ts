/** The statements of a claim. Each handles many rows, so that concurrent jobs share a commit. */
import { reachColumns, type ChannelName } from '../contacts/contacts.ts'
import { sql, type Db, type Tx } from '../platform/db.ts'
import type { PauseScope } from '../platform/pauses.ts'
import { messagesThisMonth } from './service-months.ts'
import { isSuperseded, returnSlots } from './slots.ts'
import { earlierReasons, isWaiting, type Target } from './sql.ts'

/** Everything that decides whether and how a due delivery is sent. */
export type Candidate = Target & {
  id: string
  eventId: string
  guestId: string
  guestName: string
  answer: string | null
  channel: ChannelName
  channelReason: string | null
  template: string
  variables: Record<string, string>
  campaignId: string | null
  requestId: string
  attempts: number
  attemptsMax: number
  replays: number
  nextAttemptAt: Date
  scheduledAt: Date | null
  firstAttemptAt: Date | null
  withheldAt: Date | null
  templateOnly: boolean
  mayFallBack: boolean
  possibleDuplicate: boolean
  isCancelled: boolean
  /** Requested within the last hour. */
  isFresh: boolean
  /** It answers a guest's message. */
  isAnswer: boolean
  /** It is an answer or a fallback. */
  isUrgent: boolean
  isSuperseded: boolean
  /** It is a fallback, and its original was delivered after all. */
  isOriginalDelivered: boolean
  /** Why earlier attempts ended; null before the first attempt. */
  earlierReasons: string[] | null
  /** Free-form messages of this calendar month, as last counted. */
  serviceThisMonth: number
  /** Pauses in force for its organizer, event or campaign. */
  pausedScopes: PauseScope[]
  pausedChannels: ChannelName[]
  /** Channels whose circuit is half-open: one message may be sent. */
  halfOpenChannels: ChannelName[]
}

export type Lease = {
  token: string
  now: Date
  until: Date
  windowFloor: Date
  dedupeWindowMs: number
  emailKeyFloor: Date
}

/** Pause `p` is in force. */
const isInForce = (now: Date) => sql`(p.until is null or p.until > ${now})`

/** An e-mail may arrive twice when an attempt is unknown and the provider has forgotten its idempotency key. */
const mayArriveTwice = ({ emailKeyFloor }: Lease) => sql`
  d.possible_duplicate or coalesce(
    d.channel = 'email' and d.first_attempt_at < ${emailKeyFloor} and exists (
      select 1 from delivery_attempts a
       where a.delivery_id = d.id and a.outcome = 'unknown'), false)`

/** Reads the due rows with everything their decisions need, without taking them. */
export async function listDue(db: Db, ids: string[], lease: Lease): Promise<Candidate[]> {
  const { now } = lease
  const { rows } = await sql<Candidate>`/* prepared list_due_deliveries */
    select d.id, d.organizer_id, d.event_id, d.guest_id, d.channel, d.channel_reason, d.template, d.locale,
           d.variables, d.campaign_id, d.request_id, d.attempts, d.attempts_max, d.replays, d.next_attempt_at,
           d.scheduled_at, d.first_attempt_at, d.withheld_at, d.template_only, d.may_fall_back, d.is_urgent,
           d.cancelled_at is not null as is_cancelled,
           d.answers_message is not null as is_answer,
           d.requested_at > ${now}::timestamptz - interval '1 hour' as is_fresh,
           ${mayArriveTwice(lease)} as possible_duplicate,
           ${isSuperseded({ now, windowMs: lease.dedupeWindowMs })} as is_superseded,
           o.name as organizer_name,
           e.status as event_status, e.name as event_name, e.starts_at, e.ends_at, e.time_zone, e.location,
           g.name as guest_name, g.wa_id, i.code, i.id as invitation_id, i.answer,
           ${reachColumns(sql`d.organizer_id`, lease)},
           case when d.attempts > 0 then ${earlierReasons(null)} end as earlier_reasons,
           d.fallback_of is not null and exists (
             select 1 from deliveries original
              where original.id = d.fallback_of
                and original.status in ('delivered', 'read')) as is_original_delivered,
           (select t.category from wa_templates t
             where t.name = d.template
               and t.language = replace(d.locale, '-', '_')) as approved_category,
           ${messagesThisMonth(now)} as service_this_month,
           array(select distinct p.scope from pauses p
                  where ${isInForce(now)}
                    and (p.scope, p.scope_id) in (
                          ('organizer', d.organizer_id), ('event', d.event_id),
                          ('campaign', d.campaign_id))) as paused_scopes,
           array(select distinct p.scope_id from pauses p
                  where p.scope = 'channel' and ${isInForce(now)}) as paused_channels,
           -- A circuit is half-open once the time of its pause is over.
           array(select p.scope_id from pauses p
                  where p.scope = 'channel' and p.needs_probe and p.until <= ${now}) as half_open_channels
      from deliveries d
      join organizers o on o.id = d.organizer_id
      join events e on e.id = d.event_id
      join guests g on g.event_id = d.event_id and g.id = d.guest_id
      left join invitations i on i.event_id = d.event_id and i.guest_id = d.guest_id
     where d.id = any(${ids}::text[])
       and ${isWaiting} and d.next_attempt_at <= ${now}`.execute(db)
  return rows
}

/** Delivery `d` is still due, and no worker has taken it since row `v` was read. */
const isUnchanged = (now: Date) => sql`
  d.attempts = v.attempts and ${isWaiting} and d.next_attempt_at <= ${now}`

type Taking = Pick<Candidate, 'id' | 'attempts' | 'eventStatus' | 'channel' | 'channelReason' | 'possibleDuplicate'>

/** Takes the rows that are unchanged since they were read and inserts their attempts. Returns the ids it took. */
export async function take(db: Db, takings: Taking[], { token, now, until }: Lease): Promise<Set<string>> {
  const column = <K extends keyof Taking>(name: K) => takings.map((taking) => taking[name])
  const { rows } = await sql<{ deliveryId: string }>`/* prepared take_deliveries */
    with due as (
      select d.id, v.channel, v.channel_reason, v.possible_duplicate
        from unnest(${column('id')}::text[], ${column('attempts')}::integer[], ${column('channel')}::text[],
                    ${column('channelReason')}::text[], ${column('possibleDuplicate')}::boolean[],
                    ${column('eventStatus')}::text[])
             v (id, attempts, channel, channel_reason, possible_duplicate, event_status)
        join deliveries d on d.id = v.id
        -- What was decided for an event is not done for one that has been cancelled or archived since.
        join events e on e.id = d.event_id and e.status = v.event_status
       where ${isUnchanged(now)}
       order by d.id
         for update of d skip locked),
    -- Marks them as sending, under this worker's lease.
    claimed as (
      update deliveries d
         set status = 'sending', attempts = d.attempts + 1,
             lease_token = ${token}, lease_until = ${until}, updated_at = ${now},
             -- The idempotency key of an e-mail lives from the first attempt by e-mail.
             first_attempt_at = case when d.channel = due.channel then coalesce(d.first_attempt_at, ${now})
                                     else ${now} end,
             channel = due.channel, channel_reason = due.channel_reason,
             possible_duplicate = due.possible_duplicate
        from due
       where d.id = due.id
      returning d.id, d.attempts)
    insert into delivery_attempts (delivery_id, n, started_at)
    select id, attempts, ${now} from claimed
    returning delivery_id`.execute(db)
  return new Set(rows.map(({ deliveryId }) => deliveryId))
}

export type PutOff = {
  id: string
  attempts: number
  status: 'queued' | 'skipped'
  /** When it is due again; null when it is skipped. */
  at: Date | null
  waitingFor: string | null
  reason: string | null
  /** False: it has no job, and the release enqueues it when its channel has a token. */
  isEnqueued: boolean
}

/** Makes rows due later or skips them. */
export async function putOff(tx: Tx, rows: PutOff[], now: Date): Promise<void> {
  const column = <K extends keyof PutOff>(name: K) => rows.map((row) => row[name])
  const needlessFallbacks = rows.flatMap(({ id, reason }) => (reason === 'original_delivered' ? [id] : []))
  await returnSlots(tx, needlessFallbacks)
  await sql`
    with due as (
      select d.id, v.status, v.at, v.waiting_for, v.reason, v.is_enqueued
        from unnest(${column('id')}::text[], ${column('attempts')}::integer[], ${column('status')}::text[],
                    ${column('at')}::timestamptz[], ${column('waitingFor')}::text[], ${column('reason')}::text[],
                    ${column('isEnqueued')}::boolean[])
             v (id, attempts, status, at, waiting_for, reason, is_enqueued)
        join deliveries d on d.id = v.id
       where ${isUnchanged(now)}
       order by d.id
         for update of d skip locked)
    update deliveries d
       set status = case due.status when 'skipped' then 'skipped' else d.status end,
           reason = coalesce(due.reason, d.reason), waiting_for = due.waiting_for, next_attempt_at = due.at,
           enqueued_at = case when due.is_enqueued then ${now}::timestamptz end,
           ended_at = case when due.status = 'skipped' then ${now}::timestamptz end,
           updated_at = ${now}
      from due
     where d.id = due.id`.execute(tx)
}
