/**
 * Campaigns: one message to all guests that match a filter. A preflight reports what would happen and is stored; a launch
 * refers to it. The launch freezes the recipients, so guests who are added later get nothing. A campaign that follows its
 * event is frozen when its time comes (trigger.ts).
 */
import { explainReason, type Explanation } from '../channels/channels.ts'
import { cancelDeliveries, endPauses, isGuestGone, pauseSending } from '../delivery/delivery.ts'
import type { User } from '../http/access.ts'
import type { Config } from '../platform/config.ts'
import { newId, withTx, type Db, type Tx } from '../platform/db.ts'
import { Failure, type FailureCode } from '../platform/errors.ts'
import { listPauses } from '../platform/pauses.ts'
import { refuseDraft } from '../templates/templates.ts'
import {
  hashSpec,
  planCampaign,
  reportPreflight,
  type CampaignRequest,
  type Planned,
  type PreflightReport,
} from './preflight.ts'
import { freezeRecipients } from './recipients.ts'
import {
  countStatuses,
  findAwaiting,
  findCampaign,
  findLaunched,
  insertPreflight,
  lockLaunches,
  lockUnfinished,
  lockUnfinishedOf,
  markCancelled,
  storeLeftOut,
  takePreflight,
  type Campaign,
  type StatusCount,
} from './sql.ts'

export { rememberMessagingLimit, type MessagingLimit } from './messaging-limit.ts'
export { deleteOldPreflights } from './sql.ts'

type Context = { db: Db; config: Config; now: () => Date }
type Asked = Omit<CampaignRequest, 'scope'> & { user: User; requestId: string }

/** How long a preflight may be launched, because guests change. */
const PREFLIGHT_KEPT_MS = 24 * 3_600_000

/** Reports what the campaign would do and stores the preflight. Sends nothing. Throws what planCampaign throws. */
export async function preflightCampaign(
  context: Context,
  asked: Asked & { name: string | null },
): Promise<PreflightReport & { preflightId: string }> {
  const request = { ...asked, scope: asked.user.organizerId }
  const planned = await planCampaign(context, request)
  const report = await reportPreflight(context, planned, request)
  const preflightId = newId('cmp')
  const { eventId, channel, template, variables, filter, schedule = null, user, requestId } = asked
  await insertPreflight(context.db, {
    ...{
      id: preflightId,
      organizerId: planned.event.organizerId,
      eventId,
      channel,
      template,
      variables,
      filter,
      schedule,
      requestId,
    },
    specHash: planned.specHash,
    report: { name: asked.name, counts: report.counts, estimatedCost: report.estimatedCost },
    scheduledAt: planned.scheduledAt,
    requestedBy: user.id,
    now: planned.requestedAt,
  })
  return { preflightId, ...report }
}

export type Launched = {
  campaignId: string
  status: CampaignView['status']
  /** 0 before the recipients are frozen. */
  total: number
  scheduledAt: Date | null
  /** False: the same launch was made before. */
  isNew: boolean
}
type Launch = Asked & { preflightId: string }

/**
 * Launches a preflight: it becomes `running`, or `scheduled` if it follows its event. Repeated and concurrent launches of
 * one preflight return the same campaign, and so does another preflight of a campaign that is already scheduled. Throws
 * `preflight_required`, `preflight_mismatch` (another spec or event, or older than 24 hours), `campaign_empty`,
 * `template_variable_missing`, `event_draft`, and what planCampaign throws.
 */
export async function launchCampaign(
  context: Context,
  asked: Asked & { preflightId: string | undefined },
): Promise<Launched> {
  const { preflightId = '', eventId, user } = asked
  const request = { ...asked, scope: user.organizerId }
  const wanted = { id: preflightId, scope: request.scope, eventId, specHash: hashSpec(request) }
  const launched = await findLaunch(context.db, wanted)
  if (launched) return launched
  const planned = await planCampaign(context, request)
  if (!preflightId)
    throw new Failure('preflight_required', {
      detail: 'Send the same request with dryRun: true first, then with its preflightId.',
    })
  refuseDraft(planned.event.status)
  const launch = (tx: Tx) => launchPreflight(tx, context.config, planned, { ...asked, preflightId })
  return withTx(context.db, launch).catch((error: unknown) => {
    if (isGuestGone(error)) return withTx(context.db, launch)
    throw error
  })
}

async function launchPreflight(tx: Tx, config: Config, planned: Planned, asked: Launch): Promise<Launched> {
  const { spec, specHash, event, scheduledAt, requestedAt: now } = planned
  const { preflightId: id, eventId, schedule, user, requestId } = asked
  const awaits =
    schedule && scheduledAt ? { at: scheduledAt, from: event[schedule.anchor], zone: event.timeZone } : null
  if (awaits) await lockLaunches(tx, eventId)
  const awaiting = awaits && (await findAwaiting(tx, eventId, specHash))
  if (awaiting && awaiting.id !== id) return toScheduled(awaiting)
  const after = new Date(now.getTime() - PREFLIGHT_KEPT_MS)
  if (!(await takePreflight(tx, { id, eventId, specHash, awaits, requestedBy: user.id, requestId, after, now }))) {
    const launched = await findLaunch(tx, { id, scope: user.organizerId, eventId, specHash })
    if (launched) return launched
    throw new Failure('preflight_mismatch', {
      detail: 'There is no preflight with this id for this request from the last 24 hours.',
    })
  }
  if (!awaits) return launchNow(tx, config, planned, asked)
  if (spec.lacksVariable) throw new Failure('template_variable_missing')
  return { ...toScheduled({ id, scheduledAt: awaits.at }), isNew: true }
}

/** Freezes the recipients of a campaign that does not follow its event. */
async function launchNow(tx: Tx, config: Config, planned: Planned, asked: Launch): Promise<Launched> {
  const { spec, scheduledAt } = planned
  const { preflightId: campaignId, variables, requestId, user } = asked
  const attemptsMax = config.delivery.attemptsMax
  const batch = { campaignId, variables, attemptsMax, requestId, requestedBy: user.id, scheduledAt }
  const { deliveryIds, matched, leftOut } = await freezeRecipients(tx, spec, batch)
  if (deliveryIds.length === 0 && leftOut.template_variable_missing) throw new Failure('template_variable_missing')
  if (deliveryIds.length === 0) {
    const reasons = Object.entries(leftOut).map(([reason, count]) => `${reason}: ${count}`)
    throw new Failure('campaign_empty', { detail: `The filter matches ${matched} guests. ${reasons.join(', ')}` })
  }
  await storeLeftOut(tx, campaignId, leftOut)
  return { campaignId, status: 'running', total: matched, scheduledAt, isNew: true }
}

const toScheduled = ({ id, scheduledAt }: { id: string; scheduledAt: Date }): Launched => ({
  ...{ campaignId: id, status: 'scheduled', total: 0, scheduledAt, isNew: false },
})

async function findLaunch(db: Db, wanted: Parameters<typeof findLaunched>[1]): Promise<Launched | null> {
  const campaign = await findLaunched(db, wanted)
  if (!campaign) return null
  const { status, progress } = await viewCampaign(db, null, wanted.id)
  return { campaignId: wanted.id, ...campaign, status, total: progress.total, isNew: false }
}

export type Progress = Record<
  'total' | 'scheduled' | 'queued' | 'sent' | 'delivered' | 'read' | 'failed' | 'skipped',
  number
>
export type CampaignView = Omit<Campaign, 'status'> & {
  /** `completed` is not stored: a running campaign is completed while none of its messages is open. */
  status: Campaign['status'] | 'completed'
  completedAt: Date | null
  explanation: Explanation | null
  progress: Progress
  isDone: boolean
}

const COUNTED_AS: Record<string, Exclude<keyof Progress, 'total'>> = {
  sending: 'queued',
  unknown: 'queued',
  dead: 'failed',
}

/** Counts every matched guest once; those who were left out at the launch count as skipped. */
export function toView(campaign: Campaign, counts: StatusCount[]): CampaignView {
  const progress: Progress = {
    total: 0,
    scheduled: 0,
    queued: 0,
    sent: 0,
    delivered: 0,
    read: 0,
    failed: 0,
    skipped: 0,
  }
  const own = counts.filter(({ campaignId }) => campaignId === campaign.id)
  const leftOut = Object.values(campaign.leftOut).map((count) => ({ status: 'skipped', count }))
  for (const { status, count } of [...own, ...leftOut]) {
    progress[COUNTED_AS[status] ?? (status as keyof Progress)] += count
    progress.total += count
  }
  const isDone = campaign.status !== 'scheduled' && progress.scheduled + progress.queued === 0
  const isCompleted = isDone && (campaign.status === 'running' || campaign.status === 'paused')
  const startedAt = campaign.triggeredAt ?? campaign.launchedAt
  return {
    ...campaign,
    status: isCompleted ? 'completed' : campaign.status,
    completedAt: isCompleted
      ? new Date(Math.max(...[startedAt, ...own.map(({ lastAt }) => lastAt)].map(Number)))
      : null,
    explanation: explainReason(campaign.reason),
    progress,
    isDone,
  }
}

/** Throws `campaign_not_found`. */
export async function viewCampaign(db: Db, scope: string | null, id: string): Promise<CampaignView> {
  const campaign = await findCampaign(db, scope, id)
  if (!campaign) throw new Failure('campaign_not_found')
  return toView(campaign, await countStatuses(db, [id]))
}

type Step = 'pause' | 'resume' | 'cancel'
type Change = { id: string; by: string; now: Date }

/** Inserts a pause; messages are parked when they come due. */
async function pause(tx: Tx, { id, by, now }: Change): Promise<boolean> {
  if ((await lockUnfinished(tx, id)) !== 'running' || (await listPauses(tx, 'campaign', [id])).length > 0) return false
  await pauseSending(tx, {
    ...{ scope: 'campaign', scopeId: id, source: 'person', reason: 'paused', pausedBy: by, until: null, now },
  })
  return true
}

const resume = (tx: Tx, { id, now }: Change): Promise<boolean> => endPauses(tx, { scope: 'campaign', scopeId: id }, now)

/** Locks deliveries before the pause, in the order of a worker that pauses a campaign while it settles a delivery. */
async function cancel(tx: Tx, { id, now }: Change): Promise<boolean> {
  if (!(await lockUnfinished(tx, id))) return false
  await markCancelled(tx, id, now)
  await cancelDeliveries(tx, { campaignId: id }, now)
  await endPauses(tx, { scope: 'campaign', scopeId: id }, now)
  return true
}

/**
 * Cancels what an event has not finished sending: its scheduled and running campaigns, in the order of their locks, and every
 * message that waits. `cancelEvent` takes the event after its campaigns, as the trigger does, so that neither waits for the
 * other; what is launched meanwhile is refused by the claim.
 */
export async function endSending(
  tx: Tx,
  { eventId, now }: { eventId: string; now: Date },
  cancelEvent: () => Promise<boolean>,
): Promise<boolean> {
  const ids = await lockUnfinishedOf(tx, eventId)
  if (!(await cancelEvent())) return false
  for (const id of ids) await markCancelled(tx, id, now)
  await cancelDeliveries(tx, { eventId }, now)
  for (const id of ids) await endPauses(tx, { scope: 'campaign', scopeId: id }, now)
  return true
}

const STEPS: Record<Step, { take: (tx: Tx, change: Change) => Promise<boolean>; refusal: FailureCode }> = {
  pause: { take: pause, refusal: 'campaign_not_running' },
  resume: { take: resume, refusal: 'campaign_not_paused' },
  cancel: { take: cancel, refusal: 'campaign_not_running' },
}

/** Pauses, resumes or cancels. Throws `campaign_not_found`, `campaign_not_running`, `campaign_not_paused`. */
export async function changeCampaign(
  { db, now }: Pick<Context, 'db' | 'now'>,
  user: User,
  id: string,
  step: Step,
): Promise<CampaignView> {
  const scope = user.organizerId
  const { status } = await viewCampaign(db, scope, id)
  const { take, refusal } = STEPS[step]
  const hasTaken = await withTx(db, (tx) => take(tx, { id, by: user.id, now: now() }))
  if (!hasTaken) throw new Failure(refusal, { detail: `The campaign is ${status}.` })
  return viewCampaign(db, scope, id)
}
