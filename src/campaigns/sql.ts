/** The statements of campaigns and of their progress. */
import { sql, type Db, type Tx } from '../platform/db.ts'
import type { Position } from '../http/page.ts'
import type { ChannelName } from '../contacts/contacts.ts'
import type { EventSchedule } from './schedule.ts'
import type { Exclusion, Filter } from './recipients.ts'

/** `scheduled`: waits for its time, which follows the event. `missed`: its time passed and nothing was sent. */
export type CampaignStatus = 'preflight' | 'scheduled' | 'running' | 'cancelled' | 'missed'
/** The column `preflight`: the report, and after the launch also who was left out. */
export type Report = { name: string | null; leftOut?: Partial<Record<Exclusion, number>>; [field: string]: unknown }

export type NewPreflight = {
  id: string
  organizerId: string
  eventId: string
  channel: ChannelName | 'auto'
  template: string
  variables: Record<string, string>
  filter: Filter
  schedule: EventSchedule | null
  specHash: Buffer
  report: Report
  scheduledAt: Date | null
  requestedBy: string
  requestId: string
  now: Date
}

const json = (value: unknown): string => JSON.stringify(value)

export async function insertPreflight(db: Db, p: NewPreflight): Promise<void> {
  await sql`
    insert into campaigns (
      id, organizer_id, event_id, status, channel, template, variables,
      filter, schedule, spec_hash, preflight,
      scheduled_at, requested_by, request_id, created_at, updated_at)
    values (
      ${p.id}, ${p.organizerId}, ${p.eventId}, 'preflight', ${p.channel}, ${p.template}, ${json(p.variables)},
      ${json(p.filter)}, ${p.schedule && json(p.schedule)}::jsonb, ${p.specHash}, ${json(p.report)},
      ${p.scheduledAt}, ${p.requestedBy}, ${p.requestId}, ${p.now}, ${p.now})`.execute(db)
}

/**
 * Turns a preflight into a running campaign, or a scheduled one if it `awaits` its time. False: it was launched already,
 * it is for another request, or it is older than `after`.
 */
export async function takePreflight(
  tx: Tx,
  p: {
    id: string
    eventId: string
    specHash: Buffer
    awaits: { at: Date; from: Date; zone: string } | null
    requestedBy: string
    requestId: string
    after: Date
    now: Date
  },
): Promise<boolean> {
  const { rows } = await sql`
    update campaigns
       set status = ${p.awaits ? 'scheduled' : 'running'},
           launched_at = ${p.now},
           requested_by = ${p.requestedBy},
           request_id = ${p.requestId},
           scheduled_at = coalesce(${p.awaits?.at ?? null}, scheduled_at),
           computed_from = ${p.awaits?.from ?? null},
           computed_zone = ${p.awaits?.zone ?? null},
           updated_at = ${p.now}
     where id = ${p.id}
       and event_id = ${p.eventId}
       and spec_hash = ${p.specHash}
       and status = 'preflight'
       and created_at > ${p.after}
    returning id`.execute(tx)
  return rows.length === 1
}

/** Finds the campaign that this preflight became, if the request is the same. */
export async function findLaunched(
  db: Db,
  p: { id: string; scope: string | null; eventId: string; specHash: Buffer },
): Promise<Pick<Campaign, 'status' | 'scheduledAt'> | null> {
  const { rows } = await sql<Pick<Campaign, 'status' | 'scheduledAt'>>`
    select status, scheduled_at
      from campaigns
     where id = ${p.id}
       and event_id = ${p.eventId}
       and (${p.scope}::text is null or organizer_id = ${p.scope})
       and spec_hash = ${p.specHash}
       and status <> 'preflight'`.execute(db)
  return rows[0] ?? null
}

/** Serializes the scheduled launches of an event, so that each sees the earlier ones. */
export async function lockLaunches(tx: Tx, eventId: string): Promise<void> {
  await sql`select 1 from events where id = ${eventId} for no key update`.execute(tx)
}

/** Finds a scheduled campaign with the same request. */
export async function findAwaiting(
  tx: Tx,
  eventId: string,
  specHash: Buffer,
): Promise<{ id: string; scheduledAt: Date } | null> {
  const { rows } = await sql<{ id: string; scheduledAt: Date }>`
    select id, scheduled_at
      from campaigns
     where event_id = ${eventId} and spec_hash = ${specHash} and status = 'scheduled'
     limit 1`.execute(tx)
  return rows[0] ?? null
}

/** Stores how many guests were left out, by reason. */
export async function storeLeftOut(tx: Tx, id: string, leftOut: Report['leftOut']): Promise<void> {
  await sql`
    update campaigns
       set preflight = preflight || ${json({ leftOut })}::jsonb
     where id = ${id}`.execute(tx)
}

export type Campaign = {
  id: string
  eventId: string
  name: string | null
  /** `paused`: running, and a pause is in force. */
  status: Exclude<CampaignStatus, 'preflight'> | 'paused'
  /** Why the system paused it, or why it was missed or still waits. Null if a person paused it. */
  reason: string | null
  channel: ChannelName | 'auto'
  template: string
  variables: Record<string, string>
  filter: Filter
  leftOut: Partial<Record<Exclusion, number>>
  schedule: EventSchedule | null
  scheduledAt: Date | null
  triggeredAt: Date | null
  createdAt: Date
  launchedAt: Date
  pausedAt: Date | null
  cancelledAt: Date | null
}
/** Columns of a campaign `c` with its pause `p`. */
const COLUMNS = sql`
  c.id, c.event_id, c.preflight ->> 'name' as name,
  case when c.status = 'running' and p.scope is not null then 'paused' else c.status end as status,
  case when p.source = 'system' then p.reason else c.reason end as reason,
  c.channel, c.template, c.variables, c.filter, c.schedule,
  coalesce(c.preflight -> 'leftOut', '{}') as left_out,
  c.scheduled_at, c.triggered_at, c.created_at, c.launched_at, p.paused_at, c.cancelled_at`
const FROM = sql`
  campaigns c
  left join lateral (
    -- The system's pause comes before a person's, because it has a reason.
    select * from pauses
     where scope = 'campaign' and scope_id = c.id
     order by source desc
     limit 1) p on true`

/** Finds a campaign; a preflight is not one. */
export async function findCampaign(db: Db, scope: string | null, id: string): Promise<Campaign | null> {
  const { rows } = await sql<Campaign>`
    select ${COLUMNS} from ${FROM}
     where c.id = ${id}
       and c.status <> 'preflight'
       and (${scope}::text is null or c.organizer_id = ${scope})`.execute(db)
  return rows[0] ?? null
}

/** Lists campaigns newest first, starting below `before`. */
export async function listCampaigns(
  db: Db,
  f: { scope: string | null; eventId: string; before: Position | null; limit: number },
): Promise<Campaign[]> {
  const { at = null, id = null } = f.before ?? {}
  const { rows } = await sql<Campaign>`
    select ${COLUMNS} from ${FROM}
     where c.event_id = ${f.eventId}
       and c.status <> 'preflight'
       and (${f.scope}::text is null or c.organizer_id = ${f.scope})
       and (${at}::timestamptz is null or (c.created_at, c.id) < (${at}::timestamptz, ${id}))
     order by c.created_at desc, c.id desc
     limit ${f.limit}`.execute(db)
  return rows
}

/** `lastAt`: when the last of them was sent or given up. */
export type StatusCount = { campaignId: string; status: string; count: number; lastAt: Date }

/** Counts deliveries by status, each guest once: an original and its fallback count as one. Needs review counts as failed. */
export async function countStatuses(db: Db, campaignIds: string[]): Promise<StatusCount[]> {
  const { rows } = await sql<StatusCount>`
    select d.campaign_id,
           case when d.status = 'unknown' and d.next_attempt_at is null then 'failed' else d.status end as status,
           count(*) as count, max(coalesce(d.sent_at, d.ended_at, d.updated_at)) as last_at
      from deliveries d
      left join deliveries fallback on fallback.fallback_of = d.id
      left join deliveries original on original.id = d.fallback_of
     where d.campaign_id = any(${campaignIds}::text[])
       -- An original with a fallback counts only if it was delivered after all.
       and (fallback.id is null or (fallback.status = 'skipped' and d.status in ('delivered', 'read')))
       -- A fallback does not count if it was skipped for that reason.
       and (original.id is null or not (d.status = 'skipped' and original.status in ('delivered', 'read')))
     group by 1, 2`.execute(db)
  return rows
}

/** Campaign `c` has a message that may still be sent, or whose outcome is awaited. A campaign without one is completed. */
const isOpen = sql`exists (
  select 1 from deliveries d
   where d.campaign_id = c.id
     and (d.status in ('queued', 'scheduled', 'sending')
          or (d.status = 'unknown' and d.next_attempt_at is not null)))`

/**
 * Locks a campaign until the commit and returns its status; null if it is completed or cancelled. A separate statement
 * locks it, so that the other sees the messages of a trigger that has just committed.
 */
export async function lockUnfinished(tx: Tx, id: string): Promise<'running' | 'scheduled' | 'missed' | null> {
  await sql`select 1 from campaigns where id = ${id} for no key update`.execute(tx)
  const { rows } = await sql<{ status: 'running' | 'scheduled' | 'missed' }>`
    select c.status
      from campaigns c
     where c.id = ${id}
       and (c.status in ('scheduled', 'missed') or (c.status = 'running' and ${isOpen}))`.execute(tx)
  return rows[0]?.status ?? null
}

/** Locks the campaigns of an event that have not ended, and returns their ids. */
export async function lockUnfinishedOf(tx: Tx, eventId: string): Promise<string[]> {
  await sql`
    select count(*) from (
      select 1
        from campaigns
       where event_id = ${eventId}
         and status in ('scheduled', 'missed', 'running')
       order by id
         for no key update) locked`.execute(tx)
  const { rows } = await sql<{ id: string }>`
    select c.id
      from campaigns c
     where c.event_id = ${eventId}
       and (c.status = 'scheduled' or (c.status = 'running' and ${isOpen}))
     order by c.id`.execute(tx)
  return rows.map(({ id }) => id)
}

export async function markCancelled(tx: Tx, id: string, now: Date): Promise<void> {
  await sql`
    update campaigns
       set status = 'cancelled', cancelled_at = ${now}, updated_at = ${now}
     where id = ${id}`.execute(tx)
}

/** Deletes preflights that were never launched. */
export async function deleteOldPreflights(db: Db, now: Date): Promise<void> {
  await sql`
    delete from campaigns
     where status = 'preflight' and created_at < ${now}::timestamptz - interval '7 days'`.execute(db)
}
