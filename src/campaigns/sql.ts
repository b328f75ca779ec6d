/** The rows of campaigns and what became of their messages. */
import { sql, type Db, type Tx } from '../platform/db.ts'
import type { Position } from '../http/page.ts'
import type { ChannelName } from '../channels/channel.ts'
import type { EventSchedule } from './schedule.ts'
import type { Exclusion, Filter } from './recipients.ts'

/** `scheduled`: awaits its time, which follows the event. `missed`: its time passed and nothing was sent; `reason` says why. */
export type CampaignStatus = 'preflight' | 'scheduled' | 'running' | 'paused' | 'cancelled' | 'missed'
/** Kept in the column `preflight`: the report, and since the launch also whom it left out. */
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

export async function insertPreflight(db: Db, p: NewPreflight): Promise<void> {
  await sql`
    insert into campaigns (id, organizer_id, event_id, status, channel, template, variables, filter, schedule, spec_hash,
      preflight, scheduled_at, requested_by, request_id, created_at, updated_at)
    values (${p.id}, ${p.organizerId}, ${p.eventId}, 'preflight', ${p.channel}, ${p.template}, ${JSON.stringify(p.variables)},
      ${JSON.stringify(p.filter)}, ${p.schedule && JSON.stringify(p.schedule)}::jsonb, ${p.specHash}, ${JSON.stringify(p.report)}, ${p.scheduledAt}, ${p.requestedBy},
      ${p.requestId}, ${p.now}, ${p.now})`.execute(db)
}

/** Preflight → running, or → scheduled for one that `awaits` its time; once. False: another launch was faster, the preflight is another's, or it is older than `after`. */
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
    update campaigns set status = ${p.awaits ? 'scheduled' : 'running'}, launched_at = ${p.now}, requested_by = ${p.requestedBy},
           request_id = ${p.requestId}, scheduled_at = coalesce(${p.awaits?.at ?? null}, scheduled_at),
           computed_from = ${p.awaits?.from ?? null}, computed_zone = ${p.awaits?.zone ?? null}, updated_at = ${p.now}
     where id = ${p.id} and event_id = ${p.eventId} and spec_hash = ${p.specHash} and status = 'preflight'
       and created_at > ${p.after}
    returning id`.execute(tx)
  return rows.length === 1
}

/** The campaign that the preflight of this very request has become. */
export async function findLaunched(
  db: Db,
  p: { id: string; scope: string | null; eventId: string; specHash: Buffer },
): Promise<Pick<Campaign, 'status' | 'scheduledAt'> | null> {
  const { rows } = await sql<Pick<Campaign, 'status' | 'scheduledAt'>>`
    select status, scheduled_at from campaigns
     where id = ${p.id} and event_id = ${p.eventId} and (${p.scope}::text is null or organizer_id = ${p.scope})
       and spec_hash = ${p.specHash} and status <> 'preflight'`.execute(db)
  return rows[0] ?? null
}

/** Launches of the same event that await their time go one after the other, so that each sees the one before. */
export async function lockLaunches(tx: Tx, eventId: string): Promise<void> {
  await sql`select 1 from events where id = ${eventId} for no key update`.execute(tx)
}

/** The campaign that awaits its time with the very same wish. */
export async function findAwaiting(
  tx: Tx,
  eventId: string,
  specHash: Buffer,
): Promise<{ id: string; scheduledAt: Date } | null> {
  const { rows } = await sql<{ id: string; scheduledAt: Date }>`
    select id, scheduled_at from campaigns
     where event_id = ${eventId} and spec_hash = ${specHash} and status = 'scheduled' limit 1`.execute(tx)
  return rows[0] ?? null
}

export async function rememberLeftOut(tx: Tx, id: string, leftOut: Report['leftOut']): Promise<void> {
  await sql`update campaigns set preflight = preflight || ${JSON.stringify({ leftOut })}::jsonb where id = ${id}`.execute(
    tx,
  )
}

export type Campaign = {
  id: string
  eventId: string
  name: string | null
  status: Exclude<CampaignStatus, 'preflight'>
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
const COLUMNS = sql`c.id, c.event_id, c.preflight ->> 'name' as name, c.status, c.reason, c.channel, c.template, c.variables,
  c.filter, coalesce(c.preflight -> 'leftOut', '{}') as left_out, c.schedule, c.scheduled_at, c.triggered_at, c.created_at, c.launched_at, c.paused_at,
  c.cancelled_at`

/** A preflight is no campaign yet. */
export async function findCampaign(db: Db, scope: string | null, id: string): Promise<Campaign | null> {
  const { rows } = await sql<Campaign>`
    select ${COLUMNS} from campaigns c
     where c.id = ${id} and c.status <> 'preflight' and (${scope}::text is null or c.organizer_id = ${scope})`.execute(
    db,
  )
  return rows[0] ?? null
}

/** Newest first, below `before`. */
export async function listCampaigns(
  db: Db,
  f: { scope: string | null; eventId: string; before: Position | null; limit: number },
): Promise<Campaign[]> {
  const { rows } = await sql<Campaign>`
    select ${COLUMNS} from campaigns c
     where c.event_id = ${f.eventId} and c.status <> 'preflight' and (${f.scope}::text is null or c.organizer_id = ${f.scope})
       and (${f.before?.at ?? null}::timestamptz is null or (c.created_at, c.id) < (${f.before?.at ?? null}::timestamptz, ${f.before?.id ?? null}))
     order by c.created_at desc, c.id desc limit ${f.limit}`.execute(db)
  return rows
}

export type StatusCount = { campaignId: string; status: string; count: number }

/**
 * A message whose place another took counts there, so that every guest counts once; if it arrived after all, it counts
 * itself. One that is held for a person has failed.
 */
export async function countStatuses(db: Db, campaignIds: string[]): Promise<StatusCount[]> {
  const { rows } = await sql<StatusCount>`
    select d.campaign_id, case when d.status = 'unknown' and d.next_attempt_at is null then 'failed' else d.status end as status,
           count(*) as count from deliveries d
     where d.campaign_id = any(${campaignIds}::text[])
       and (d.reason is distinct from 'original_delivered' or d.fallback_of is null)
       and not exists (select 1 from deliveries fallback where fallback.fallback_of = d.id and fallback.reason is distinct from 'original_delivered')
     group by 1, 2`.execute(db)
  return rows
}

/** Running → paused. What has not left waits without a due time and says why; what another pause keeps, that one ends. */
export async function markPaused(tx: Tx, id: string, reason: string | null, now: Date): Promise<boolean> {
  const { rows } = await sql`
    update campaigns set status = 'paused', reason = ${reason}, paused_at = ${now}, updated_at = ${now}
     where id = ${id} and status = 'running' returning id`.execute(tx)
  if (rows.length === 0) return false
  await lockOpen(tx, id)
  await sql`update deliveries set next_attempt_at = null, reason = 'campaign_paused', updated_at = ${now}
     where campaign_id = ${id} and status in ('queued', 'scheduled') and next_attempt_at is not null`.execute(tx)
  return true
}

/** Paused → running. Nobody enqueues: the sweep finds what is due within a second. */
export async function markResumed(tx: Tx, id: string, now: Date): Promise<boolean> {
  const { rows } = await sql`
    update campaigns set status = 'running', reason = null, paused_at = null, updated_at = ${now}
     where id = ${id} and status = 'paused' returning id`.execute(tx)
  if (rows.length === 0) return false
  await lockOpen(tx, id)
  await sql`
    update deliveries set next_attempt_at = greatest(coalesce(scheduled_at, ${now}), ${now}), enqueued_at = null, reason = null,
           updated_at = ${now}
     where campaign_id = ${id} and status in ('queued', 'scheduled') and next_attempt_at is null`.execute(tx)
  return true
}

/** Running, paused, or not triggered → cancelled. What has not left never will; its slots are free again. */
export async function markCancelled(tx: Tx, id: string, now: Date): Promise<boolean> {
  const { rows } = await sql`
    update campaigns set status = 'cancelled', cancelled_at = ${now}, updated_at = ${now}
     where id = ${id} and status in ('running', 'paused', 'scheduled', 'missed') returning id`.execute(tx)
  if (rows.length === 0) return false
  await lockOpen(tx, id)
  await sql`
    update deliveries set status = 'skipped', reason = 'campaign_cancelled', next_attempt_at = null, ended_at = ${now},
           updated_at = ${now}
     where campaign_id = ${id} and status in ('queued', 'scheduled')`.execute(tx)
  return true
}

/**
 * In the order of their ids, as everywhere, so that nobody deadlocks with the workers; and in a statement of its own, so
 * that the next one sees what a worker wrote while we waited for it.
 */
async function lockOpen(tx: Tx, id: string): Promise<void> {
  await sql`select count(*) from (
    select id from deliveries where campaign_id = ${id} and status in ('queued', 'scheduled') order by id for update) open`.execute(
    tx,
  )
}
