/** Who a campaign reaches, by which channel, and why somebody is left out: counted by the preflight, frozen by the launch. */
import { sql, type Db, type Tx } from '../platform/db.ts'
import type { ChannelName, Locale } from '../channels/channel.ts'
import { isUnreachable } from '../contacts/unreachable.ts'

export type GuestStatus = 'pending' | 'confirmed' | 'declined' | 'scanned'
/** Absent: everybody. `tags`: guests with at least one of them. */
export type Filter = { status?: GuestStatus[]; tags?: string[]; hasChannel?: ChannelName }

export type Spec = {
  eventId: string
  template: string
  channel: ChannelName | 'auto'
  /** An e-mail may take WhatsApp's place. */
  mayFallBack: boolean
  filter: Filter
  /** What the request alone tells: the text of news. Other news is another message, and no duplicate. */
  news: Record<string, string>
  /** When the messages are due. */
  dueAt: Date
  requestedAt: Date
  dedupeWindowMs: number
  /** The request lacks a variable, so nobody can get the message. */
  lacksVariable: boolean
  /** Locales whose WhatsApp template the provider does not have as approved. */
  unapproved: Locale[]
  /** Locales in which it is a promotion by WhatsApp. */
  promotions: Locale[]
  /** Who wrote after this has an open window when the messages are due. */
  windowFloor: Date
}

/** Why a guest is left out. */
export type Exclusion =
  | 'guest_opted_out'
  | 'email_stopped'
  | 'marketing_stopped'
  | 'no_address_for_channel'
  | 'template_not_approved'
  | 'template_variable_missing'
  | 'duplicate'

/** The slot of (event, guest, template) was taken lately, as a single send sees it. */
const isRecent = (s: Spec) => sql`${s.dedupeWindowMs} > 0
  and (${s.requestedAt}::timestamptz - s.requested_at < make_interval(secs => ${s.dedupeWindowMs / 1000})
       or abs(extract(epoch from ${s.dueAt}::timestamptz - s.due_at)) < ${s.dedupeWindowMs / 1000})`

/** Its holder says the same. Most templates have no news, and then nobody is asked. */
const isSame = (s: Spec) => sql`case
  when ${Object.keys(s.news).length} = 0 then s.delivery_id is not null
  else coalesce((select d.variables @> ${JSON.stringify(s.news)}::jsonb from deliveries d where d.id = s.delivery_id), false) end`

/** What a guest who wants no promotions by WhatsApp does not get there. */
const isMarketing = (s: Spec) => sql`g.locale = any(${s.promotions}::text[])`

/** One row per guest that the filter names; `reason` null: gets the message by `channel`. */
export const recipients = (s: Spec) => sql`
  select g.event_id, g.id as guest_id, g.name, g.phone, e.organizer_id, g.locale, way.channel,
         facts.is_window_open,
         case when way.channel = ${s.channel} then 'requested'
              when way.channel = 'whatsapp' then 'auto_has_phone'
              when g.phone is null then 'auto_no_phone'
              when facts.is_unreachable then case ${s.channel} when 'auto' then 'auto_whatsapp_unreachable' else 'whatsapp_unreachable' end
              when facts.is_stopped then 'marketing_stopped' else 'marketing_withheld' end as channel_reason,
         s.delivery_id as holder,
         case when facts.is_opted_out then 'guest_opted_out'
              when way.channel is null and g.email is not null and ${s.channel} <> 'whatsapp' then 'email_stopped'
              when way.channel is null then 'no_address_for_channel'
              when way.channel = 'whatsapp' and facts.is_stopped and not facts.can_email then 'marketing_stopped'
              when way.channel = 'whatsapp' and g.locale = any(${s.unapproved}::text[]) then 'template_not_approved'
              when ${s.lacksVariable}::boolean then 'template_variable_missing'
              when facts.is_same then 'duplicate' end as reason
    from guests g
    join events e on e.id = g.event_id
    join invitations i on i.event_id = g.event_id and i.guest_id = g.id
    left join delivery_slots s on s.event_id = g.event_id and s.guest_id = g.id and s.template = ${s.template} and ${isRecent(s)}
    cross join lateral (select ${isSame(s)} as is_same,
         exists (select 1 from opt_outs x where x.organizer_id = e.organizer_id and x.phone = g.phone) as is_opted_out,
         g.email is not null and not exists (
           select 1 from email_stops x where x.email = g.email and x.organizer_id in ('*', e.organizer_id)) as can_email,
         ${isUnreachable(s.requestedAt)} as is_unreachable,
         ${isMarketing(s)} and exists (select 1 from wa_marketing_stops m
           where m.phone = g.phone and m.stopped_at > coalesce(m.resumed_at, '-infinity')) as is_stopped,
         ${isMarketing(s)} and exists (select 1 from wa_marketing_stops m
           where m.phone = g.phone and m.withheld_until > ${s.dueAt}) as is_withheld,
         exists (select 1 from wa_windows w where w.phone = g.phone and w.last_inbound_at > ${s.windowFloor}) as is_window_open) facts
    cross join lateral (select case
         when ${s.channel} <> 'email' and g.phone is not null
              and not ((facts.is_unreachable or facts.is_stopped or facts.is_withheld) and facts.can_email) then 'whatsapp'
         when facts.can_email and (${s.channel} <> 'whatsapp' or g.phone is not null) then 'email' end as channel) way
   where g.event_id = ${s.eventId}
     and (${s.filter.status ?? null}::text[] is null or guest_status(i.answer, i.admitted) = any(${s.filter.status ?? null}::text[]))
     and (${s.filter.tags ?? null}::text[] is null or g.tags && ${s.filter.tags ?? null}::text[])
     and (${s.filter.hasChannel ?? null}::text is null
          or case ${s.filter.hasChannel ?? null}::text when 'whatsapp' then g.phone is not null else g.email is not null end)`

export type Count = {
  reason: Exclusion | null
  channel: ChannelName | null
  locale: Locale
  isWindowOpen: boolean
  count: number
}

export async function countRecipients(db: Db, spec: Spec): Promise<Count[]> {
  const { rows } = await sql<Count>`
    select reason, channel, locale, is_window_open, count(*) as count from (${recipients(spec)}) r
     group by reason, channel, locale, is_window_open`.execute(db)
  return rows
}

export type Recipient = { guestId: string; locale: Locale; channel: ChannelName; reason: Exclusion | null }

/** A few who get it, or who do not: of each channel, language and reason before more of the same. */
export async function listRecipients(db: Db, spec: Spec, isBlocked: boolean, limit: number): Promise<Recipient[]> {
  const { rows } = await sql<Recipient>`
    select guest_id, locale, channel, reason from (${recipients(spec)}) r
     where (reason is not null) = ${isBlocked}
     order by row_number() over (partition by channel, locale, reason order by guest_id), guest_id limit ${limit}`.execute(
    db,
  )
  return rows
}

export type Batch = {
  campaignId: string
  variables: Record<string, string>
  attemptsMax: number
  requestId: string
  requestedBy: string
  /** Null: at once, and the caller enqueues now. */
  scheduledAt: Date | null
}
export type Frozen = { deliveryIds: string[]; matched: number; leftOut: Partial<Record<Exclusion, number>> }

/**
 * Freezes the recipients in one statement: takes the slots of all who may get the message and makes their rows.
 * Whoever another request was faster for is a duplicate: a slot that was taken lately passes to other news only from
 * the holder that was compared. The ids are UUIDs of version 7, made here so that
 * nobody has to know the number beforehand.
 */
export async function freezeRecipients(tx: Tx, spec: Spec, b: Batch): Promise<Frozen> {
  const time = sql`lpad(to_hex((extract(epoch from ${spec.requestedAt}::timestamptz) * 1000)::bigint), 12, '0')`
  // The planner takes the lists below for short ones; comparing each of 10,000 with each took longer than any timeout.
  await sql`set local enable_nestloop = off`.execute(tx)
  const { rows } = await sql<Frozen>`
    with recipients as materialized (
      select r.*, 'dl_' || ${time} || '7' || substr(replace(gen_random_uuid()::text, '-', ''), 14) as id
        from (${recipients(spec)}) r),
    slots as (
      insert into delivery_slots as s (event_id, guest_id, template, delivery_id, requested_at, due_at)
      select event_id, guest_id, ${spec.template}, id, ${spec.requestedAt}, ${spec.dueAt} from recipients
       where reason is null order by guest_id
      on conflict (event_id, guest_id, template) do update
        set delivery_id = excluded.delivery_id, requested_at = excluded.requested_at, due_at = excluded.due_at
        where not (${isRecent(spec)}) or s.delivery_id in (select holder from recipients where reason is null)
      returning delivery_id),
    inserted as (
      insert into deliveries (id, organizer_id, event_id, guest_id, channel, channel_reason, may_fall_back, template, locale,
        variables, status, attempts_max, next_attempt_at, enqueued_at, request_id, requested_by, requested_at, scheduled_at,
        campaign_id, updated_at)
      select id, organizer_id, event_id, guest_id, channel, channel_reason, channel = 'whatsapp' and ${spec.mayFallBack}::boolean, ${spec.template}, locale,
        ${JSON.stringify(b.variables)}::jsonb, ${b.scheduledAt ? 'scheduled' : 'queued'}, ${b.attemptsMax}, ${spec.dueAt},
        ${b.scheduledAt ? null : spec.requestedAt}::timestamptz, ${b.requestId}, ${b.requestedBy}, ${spec.requestedAt},
        ${b.scheduledAt}::timestamptz, ${b.campaignId}, ${spec.requestedAt}
        from recipients where id in (select delivery_id from slots)
      returning id)
    select (select coalesce(array_agg(id order by id), '{}') from inserted) as delivery_ids,
           (select count(*) from recipients) as matched,
           (select coalesce(jsonb_object_agg(why, n), '{}') from (
              select coalesce(reason, 'duplicate') as why, count(*) as n from recipients
               where id not in (select id from inserted) group by why) x) as left_out`.execute(tx)
  return rows[0]!
}
