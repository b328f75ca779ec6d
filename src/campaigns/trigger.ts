/**
 * Campaigns that follow their event: computed anew when the event moves, and triggered when their time has come. The
 * recipients are frozen then and not before, so that who has answered meanwhile is left out.
 */
import type { Config } from '../platform/config.ts'
import { sql, withTx, type Db, type Tx } from '../platform/db.ts'
import { Failure } from '../platform/errors.ts'
import { rememberLeftOut } from './sql.ts'
import type { ChannelName } from '../contacts/contacts.ts'
import { isClosedFor } from '../templates/templates.ts'
import { instantOf, latestOf, type EventSchedule, type EventTimes } from './schedule.ts'
import { planCampaign } from './preflight.ts'
import { freezeRecipients, type Filter } from './recipients.ts'

type Context = { db: Db; config: Config; now: () => Date }

type Awaited = {
  id: string
  eventId: string
  status: 'scheduled' | 'missed'
  /** Of a scheduled one: why its time has come and it still waits. */
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

/** `nothing`: another worker has it, or it was cancelled at this moment. */
export type TriggerOutcome = {
  campaignId: string
  outcome: 'triggered' | 'moved' | 'waiting' | 'missed' | 'nothing'
  reason: string | null
  recipients: number
}

/** How often a campaign whose template cannot be sent now is looked at again. */
const LOOK_AGAIN_MS = 60_000

/** Campaigns whose time has come, or whose event says another time than they do. */
export async function listAwaited(db: Db, now: Date, limit: number): Promise<string[]> {
  const { rows } = await sql<{ id: string }>`
    select c.id from campaigns c join events e on e.id = c.event_id
     where c.schedule is not null and (c.status = 'scheduled' or (c.status = 'missed' and c.missed_by_move))
       and ((c.status = 'scheduled' and c.scheduled_at <= ${now}
             and (c.reason is null or c.updated_at <= ${new Date(now.getTime() - LOOK_AGAIN_MS)})) or c.computed_zone <> e.time_zone
            or c.computed_from <> case c.schedule ->> 'anchor' when 'startsAt' then e.starts_at else e.ends_at end)
     order by c.scheduled_at, c.id limit ${limit}`.execute(db)
  return rows.map(({ id }) => id)
}

/**
 * Looks at one campaign in one transaction: the row is locked, so of many workers one triggers it, and the event is
 * locked, so it cannot move meanwhile.
 */
export function triggerCampaign(context: Context, campaignId: string): Promise<TriggerOutcome> {
  const now = context.now()
  const came = (outcome: TriggerOutcome['outcome'], reason: string | null = null, recipients = 0): TriggerOutcome => ({
    ...{ campaignId, outcome, reason, recipients },
  })
  return withTx(context.db, async (tx) => {
    const campaign = await lockAwaited(tx, campaignId)
    if (!campaign) return came('nothing')
    const event = await lockEvent(tx, campaign.eventId)
    const { schedule, scheduledAt } = campaign
    const awaiting = { at: instantOf(schedule, event), from: event[schedule.anchor], zone: event.timeZone }
    if (awaiting.at > now) {
      await markAwaiting(tx, campaignId, awaiting, now)
      return came('moved')
    }
    const hasMoved = awaiting.at.getTime() !== scheduledAt.getTime()
    const reason = reasonToMiss(campaign, event, awaiting.at, hasMoved, now)
    if (reason) {
      await markMissed(tx, campaignId, reason, awaiting, now)
      return came('missed', reason)
    }
    try {
      const { recipients, obstacle } = await trigger(tx, context, campaign, awaiting, now)
      if (!obstacle) return came('triggered', null, recipients)
      await markObstacle(tx, campaignId, obstacle, now)
      return came(campaign.reason === obstacle ? 'nothing' : 'waiting', obstacle)
    } catch (error) {
      if (!(error instanceof Failure)) throw error
      await markMissed(tx, campaignId, error.code, awaiting, now) // its template is gone, or its variables do not fit
      return came('missed', error.code)
    }
  })
}

/** A stable reason, or null. What was due before the event moved there was never due at all. */
function reasonToMiss(
  { status, template, reason }: Awaited,
  event: LockedEvent,
  at: Date,
  hasMoved: boolean,
  now: Date,
): string | null {
  if (status === 'missed' || (hasMoved && at <= event.updatedAt)) return 'event_moved'
  if (now >= latestOf(at, event)) return reason ?? 'too_late'
  return isClosedFor(event.status, template) ? 'event_closed' : null
}

type Triggered = { recipients: number; obstacle: 'template_not_approved' | 'template_variable_missing' | null }

/**
 * Freezes the recipients. Their messages are due; the sweep enqueues them within a second. Where nobody can get one
 * because of the template, nothing is done: WhatsApp may pause a template for some hours.
 */
async function trigger(tx: Tx, context: Context, campaign: Awaited, awaiting: Awaiting, now: Date): Promise<Triggered> {
  const { id: campaignId, eventId, channel, template, filter, variables, requestId, requestedBy } = campaign
  const request = { scope: null, eventId, channel, template, filter, variables }
  const { spec } = await planCampaign({ ...context, db: tx, now: () => now }, request)
  const attemptsMax = context.config.delivery.attemptsMax
  const batch = { campaignId, variables, attemptsMax, requestId, requestedBy, scheduledAt: awaiting.at }
  const { deliveryIds, leftOut } = await freezeRecipients(tx, spec, batch)
  if (deliveryIds.length === 0)
    for (const obstacle of ['template_not_approved', 'template_variable_missing'] as const)
      if (leftOut[obstacle]) return { recipients: 0, obstacle }
  await rememberLeftOut(tx, campaignId, leftOut)
  await sql`
    update campaigns set status = 'running', reason = null, triggered_at = ${now}, scheduled_at = ${awaiting.at},
           computed_from = ${awaiting.from}, computed_zone = ${awaiting.zone}, updated_at = ${now}
     where id = ${campaignId} and status = 'scheduled'`.execute(tx)
  return { recipients: deliveryIds.length, obstacle: null }
}

async function lockAwaited(tx: Tx, id: string): Promise<Awaited | null> {
  const { rows } = await sql<Awaited>`
    select id, event_id, status, reason, schedule, scheduled_at, channel, template, variables, filter, request_id, requested_by
      from campaigns
     where id = ${id} and schedule is not null and (status = 'scheduled' or (status = 'missed' and missed_by_move))
       for update skip locked`.execute(tx)
  return rows[0] ?? null
}

async function lockEvent(tx: Tx, eventId: string): Promise<LockedEvent> {
  const { rows } = await sql<LockedEvent>`
    select starts_at, ends_at, time_zone, status, updated_at from events where id = ${eventId} for share`.execute(tx)
  return rows[0]!
}

async function markAwaiting(tx: Tx, id: string, { at, from, zone }: Awaiting, now: Date): Promise<void> {
  await sql`
    update campaigns set status = 'scheduled', reason = null, scheduled_at = ${at}, computed_from = ${from},
           computed_zone = ${zone}, updated_at = ${now}
     where id = ${id} and status in ('scheduled', 'missed')`.execute(tx)
}

async function markObstacle(tx: Tx, id: string, reason: string, now: Date): Promise<void> {
  await sql`update campaigns set reason = ${reason}, updated_at = ${now} where id = ${id} and status = 'scheduled'`.execute(
    tx,
  )
}

async function markMissed(tx: Tx, id: string, reason: string, { at, from, zone }: Awaiting, now: Date): Promise<void> {
  await sql`
    update campaigns set status = 'missed', reason = ${reason}, missed_by_move = ${reason === 'event_moved'}, scheduled_at = ${at}, computed_from = ${from},
           computed_zone = ${zone}, updated_at = ${now}
     where id = ${id} and status in ('scheduled', 'missed')`.execute(tx)
}
