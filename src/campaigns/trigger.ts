/**
 * Campaigns that follow their event: rescheduled when the event moves and triggered when their time comes. The recipients
 * are frozen only then, so that guests who have answered are left out.
 */
import type { Config } from '../platform/config.ts'
import { sql, withTx, type Db, type Tx } from '../platform/db.ts'
import { Failure } from '../platform/errors.ts'
import { storeLeftOut } from './sql.ts'
import type { ChannelName } from '../contacts/contacts.ts'
import { whyClosed } from '../templates/templates.ts'
import { instantOf, latestOf, type EventSchedule, type EventTimes } from './schedule.ts'
import { planCampaign } from './preflight.ts'
import { freezeRecipients, type Filter } from './recipients.ts'

type Context = { db: Db; config: Config; now: () => Date }

type DueCampaign = {
  id: string
  eventId: string
  status: 'scheduled' | 'missed'
  /** Why a scheduled campaign still waits although its time has come. */
  reason: string | null
  schedule: EventSchedule
  scheduledAt: Date
  channel: ChannelName | 'auto'
  template: string
  variables: Record<string, string>
  filter: Filter
  requestId: string
  requestedBy: string
}
type LockedEvent = EventTimes & { status: string; updatedAt: Date }
type Awaiting = { at: Date; from: Date; zone: string }

/** `nothing`: another worker has it, or it was just cancelled. */
export type TriggerOutcome = {
  campaignId: string
  outcome: 'triggered' | 'moved' | 'waiting' | 'missed' | 'nothing'
  reason: string | null
  recipients: number
}

/** How often a campaign whose template cannot be sent is retried. */
const RETRY_MS = 60_000

/** A campaign `c` that still follows its event, or that its event's move has made miss its time. */
const isAwaiting = sql`
  c.schedule is not null
  and (c.status = 'scheduled' or (c.status = 'missed' and c.missed_by_move))`

/** Lists campaigns whose time has come or whose event has moved. */
export async function listAwaited(db: Db, now: Date, limit: number): Promise<string[]> {
  const retryFloor = new Date(now.getTime() - RETRY_MS)
  const { rows } = await sql<{ id: string }>`
    select c.id
      from campaigns c
      join events e on e.id = c.event_id
     where ${isAwaiting}
       -- It is due, and it was not tried since then, or only more than a minute ago.
       and ((c.status = 'scheduled' and c.scheduled_at <= ${now}
             and (c.updated_at < c.scheduled_at or c.updated_at <= ${retryFloor}))
            -- Its event has moved.
            or c.computed_zone <> e.time_zone
            or c.computed_from <> case c.schedule ->> 'anchor' when 'startsAt' then e.starts_at
                                                               else e.ends_at end)
     order by c.scheduled_at, c.id
     limit ${limit}`.execute(db)
  return rows.map(({ id }) => id)
}

/**
 * Triggers, reschedules or misses one campaign in one transaction. It locks the campaign, so that only one worker triggers
 * it, and the event, so that it cannot move meanwhile.
 */
export function triggerCampaign(context: Context, campaignId: string): Promise<TriggerOutcome> {
  const now = context.now()
  const result = (
    outcome: TriggerOutcome['outcome'],
    reason: string | null = null,
    recipients = 0,
  ): TriggerOutcome => ({
    ...{ campaignId, outcome, reason, recipients },
  })
  return withTx(context.db, async (tx) => {
    const campaign = await lockAwaited(tx, campaignId)
    if (!campaign) return result('nothing')
    const event = await lockEvent(tx, campaign.eventId)
    const { schedule, scheduledAt } = campaign
    const awaiting = { at: instantOf(schedule, event), from: event[schedule.anchor], zone: event.timeZone }
    if (awaiting.at > now) {
      await markAwaiting(tx, campaignId, awaiting, now)
      return result('moved')
    }
    const hasMoved = awaiting.at.getTime() !== scheduledAt.getTime()
    const reason = reasonToMiss(campaign, event, awaiting.at, hasMoved, now)
    if (reason) {
      await markMissed(tx, campaignId, reason, awaiting, now)
      return result('missed', reason)
    }
    try {
      const { recipients, obstacle } = await trigger(tx, context, campaign, awaiting, now)
      if (!obstacle) return result('triggered', null, recipients)
      await markObstacle(tx, campaignId, obstacle, now)
      return result(campaign.reason === obstacle ? 'nothing' : 'waiting', obstacle)
    } catch (error) {
      if (!(error instanceof Failure)) throw error
      await markMissed(tx, campaignId, error.code, awaiting, now) // the template is gone, or its variables do not match
      return result('missed', error.code)
    }
  })
}

/** Returns a stable reason, or null. A move of the event to where the time has passed makes the campaign miss it. */
function reasonToMiss(
  { status, template, reason }: DueCampaign,
  event: LockedEvent,
  at: Date,
  hasMoved: boolean,
  now: Date,
): string | null {
  if (status === 'missed' || (hasMoved && at <= event.updatedAt)) return 'event_moved'
  if (now >= latestOf(at, event)) return reason ?? 'too_late'
  return whyClosed(event.status, template)
}

type Triggered = { recipients: number; obstacle: 'template_not_approved' | 'template_variable_missing' | null }

/**
 * Freezes the recipients, whose messages are then due. Changes nothing if no guest can get one because of the template,
 * which WhatsApp may have paused for some hours.
 */
async function trigger(
  tx: Tx,
  context: Context,
  campaign: DueCampaign,
  awaiting: Awaiting,
  now: Date,
): Promise<Triggered> {
  const { id: campaignId, eventId, channel, template, filter, variables, requestId, requestedBy } = campaign
  const request = { scope: null, eventId, channel, template, filter, variables }
  const { spec } = await planCampaign({ ...context, db: tx, now: () => now }, request)
  const attemptsMax = context.config.delivery.attemptsMax
  const batch = { campaignId, variables, attemptsMax, requestId, requestedBy, scheduledAt: awaiting.at }
  const { deliveryIds, leftOut } = await freezeRecipients(tx, spec, batch)
  if (deliveryIds.length === 0)
    for (const obstacle of ['template_not_approved', 'template_variable_missing'] as const)
      if (leftOut[obstacle]) return { recipients: 0, obstacle }
  await storeLeftOut(tx, campaignId, leftOut)
  await sql`
    update campaigns
       set status = 'running', reason = null, triggered_at = ${now},
           ${computedTimes(awaiting)}, updated_at = ${now}
     where id = ${campaignId} and status = 'scheduled'`.execute(tx)
  return { recipients: deliveryIds.length, obstacle: null }
}

async function lockAwaited(tx: Tx, id: string): Promise<DueCampaign | null> {
  const { rows } = await sql<DueCampaign>`
    select c.id, c.event_id, c.status, c.reason, c.schedule, c.scheduled_at, c.channel, c.template,
           c.variables, c.filter, c.request_id, c.requested_by
      from campaigns c
     where c.id = ${id} and ${isAwaiting}
       for update skip locked`.execute(tx)
  return rows[0] ?? null
}

async function lockEvent(tx: Tx, eventId: string): Promise<LockedEvent> {
  const { rows } = await sql<LockedEvent>`
    select starts_at, ends_at, time_zone, status, updated_at
      from events
     where id = ${eventId}
       for share`.execute(tx)
  return rows[0]!
}

/** The assignments of a campaign's time and of the event's times that it was computed from. */
const computedTimes = ({ at, from, zone }: Awaiting) => sql`
  scheduled_at = ${at}, computed_from = ${from}, computed_zone = ${zone}`

async function markAwaiting(tx: Tx, id: string, awaiting: Awaiting, now: Date): Promise<void> {
  await sql`
    update campaigns
       set status = 'scheduled', reason = null, ${computedTimes(awaiting)}, updated_at = ${now}
     where id = ${id} and status in ('scheduled', 'missed')`.execute(tx)
}

async function markObstacle(tx: Tx, id: string, reason: string, now: Date): Promise<void> {
  await sql`
    update campaigns
       set reason = ${reason}, updated_at = ${now}
     where id = ${id} and status = 'scheduled'`.execute(tx)
}

async function markMissed(tx: Tx, id: string, reason: string, awaiting: Awaiting, now: Date): Promise<void> {
  await sql`
    update campaigns
       set status = 'missed', reason = ${reason}, missed_by_move = ${reason === 'event_moved'},
           ${computedTimes(awaiting)}, updated_at = ${now}
     where id = ${id} and status in ('scheduled', 'missed')`.execute(tx)
}
