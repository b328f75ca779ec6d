/**
 * Campaigns: one message to everybody a filter names. A preflight tells what would happen and is kept; the launch
 * refers to it, so that nobody starts what nobody has seen. The launch freezes the recipients: a guest who is
 * added later gets nothing from it. A campaign that follows its event awaits its time first (campaign-trigger.ts) and is
 * frozen then.
 */
import { explainReason, type Explanation } from '../channels/channels.ts'
import { cancelDeliveries, endPauses, isGuestGone, pauseSending } from '../delivery/delivery.ts'
import type { User } from '../http/access.ts'
import type { Config } from '../platform/config.ts'
import { newId, withTx, type Db, type Tx } from '../platform/db.ts'
import { Failure, type FailureCode } from '../platform/errors.ts'
import { listPauses } from '../platform/pauses.ts'
import { refuseDraft } from '../templates/templates.ts'
import { hashSpec, planCampaign, reportPreflight, type CampaignRequest, type PreflightReport } from './preflight.ts'
import { freezeRecipients } from './recipients.ts'
import {
  countStatuses,
  findAwaiting,
  findCampaign,
  findLaunched,
  insertPreflight,
  lockLaunches,
  lockRunning,
  markCancelled,
  rememberLeftOut,
  takePreflight,
  type Campaign,
  type StatusCount,
} from './sql.ts'

export { rememberMessagingLimit, type MessagingLimit } from './messaging-limit.ts'
export { deleteOldPreflights } from './sql.ts'

type Context = { db: Db; config: Config; now: () => Date }
type Asked = Omit<CampaignRequest, 'scope'> & { user: User; requestId: string }

/** A preflight may be launched for this long; guests change. */
const PREFLIGHT_KEPT_MS = 24 * 3_600_000

/** Nothing is sent. Throws what planCampaign throws. */
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
  status: Campaign['status']
  /** 0 while its time is awaited: the recipients are frozen then. */
  total: number
  scheduledAt: Date | null
  /** False: the same launch came before. */
  isNew: boolean
}

/**
 * Preflight → running, or → scheduled when it follows the event. Of several launches of one preflight the first makes the
 * campaign and the others get the same one, however much later; so does another preflight of what is awaited already.
 * Throws `preflight_required`, `preflight_mismatch` (another spec or event, or older than 24 hours),
 * `campaign_empty`, `template_variable_missing`, `event_draft`, and what planCampaign throws.
 */
export async function launchCampaign(
  context: Context,
  asked: Asked & { preflightId: string | undefined },
): Promise<Launched> {
  const { preflightId: id, eventId, user, requestId, variables } = asked
  const request = { ...asked, scope: user.organizerId }
  const again = { id: id ?? '', scope: request.scope, eventId, specHash: hashSpec(request) }
  const launched = await findAgain(context.db, again)
  if (launched) return launched
  const { spec, specHash, event, scheduledAt, requestedAt } = await planCampaign(context, request)
  if (!id)
    throw new Failure('preflight_required', { detail: 'Send the same with dryRun: true first; then its preflightId.' })
  refuseDraft(event.status)
  const now = requestedAt
  const { schedule } = asked
  const awaits =
    schedule && scheduledAt ? { at: scheduledAt, from: event[schedule.anchor], zone: event.timeZone } : null
  const after = new Date(now.getTime() - PREFLIGHT_KEPT_MS)
  const launch = async (tx: Tx): Promise<Launched> => {
    if (awaits) await lockLaunches(tx, eventId)
    const awaiting = awaits && (await findAwaiting(tx, eventId, specHash))
    if (awaiting && awaiting.id !== id) return awaitingAs(awaiting)
    if (!(await takePreflight(tx, { id, eventId, specHash, awaits, requestedBy: user.id, requestId, after, now }))) {
      const faster = await findAgain(tx, again)
      if (faster) return faster
      throw new Failure('preflight_mismatch', {
        detail: 'There is no preflight of this id with this very request, younger than a day.',
      })
    }
    if (awaits) {
      if (spec.lacksVariable) throw new Failure('template_variable_missing')
      return { ...awaitingAs({ id, scheduledAt: awaits.at }), isNew: true }
    }
    const attemptsMax = context.config.delivery.attemptsMax
    const batch = { campaignId: id, variables, attemptsMax, requestId, requestedBy: user.id, scheduledAt }
    const { deliveryIds, matched, leftOut } = await freezeRecipients(tx, spec, batch)
    if (deliveryIds.length === 0 && leftOut.template_variable_missing) throw new Failure('template_variable_missing')
    if (deliveryIds.length === 0) {
      const reasons = Object.entries(leftOut).map(([reason, count]) => `${reason}: ${count}`)
      throw new Failure('campaign_empty', { detail: `The filter names ${matched} guests. ${reasons.join(', ')}` })
    }
    await rememberLeftOut(tx, id, leftOut)
    return { campaignId: id, status: 'running', total: matched, scheduledAt, isNew: true }
  }
  return withTx(context.db, launch).catch((error: unknown) => {
    if (isGuestGone(error)) return withTx(context.db, launch)
    throw error
  })
}

const awaitingAs = ({ id, scheduledAt }: { id: string; scheduledAt: Date }): Launched => ({
  ...{ campaignId: id, status: 'scheduled', total: 0, scheduledAt, isNew: false },
})

async function findAgain(db: Db, wanted: Parameters<typeof findLaunched>[1]): Promise<Launched | null> {
  const campaign = await findLaunched(db, wanted)
  if (!campaign) return null
  const { total } = await measureProgress(db, wanted.id)
  return { campaignId: wanted.id, ...campaign, total, isNew: false }
}

export type Progress = Record<
  'total' | 'scheduled' | 'queued' | 'sent' | 'delivered' | 'read' | 'failed' | 'skipped',
  number
>
export type CampaignView = Campaign & { explanation: Explanation | null; progress: Progress; isDone: boolean }

const COUNTED_AS: Record<string, Exclude<keyof Progress, 'total'>> = {
  sending: 'queued',
  unknown: 'queued',
  dead: 'failed',
}

/** Every guest that the filter named counts once; who was left out at the launch counts as skipped. */
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
  return { ...campaign, explanation: explainReason(campaign.reason), progress, isDone }
}

/** Throws `campaign_not_found`. */
export async function viewCampaign(db: Db, scope: string | null, id: string): Promise<CampaignView> {
  const campaign = await findCampaign(db, scope, id)
  if (!campaign) throw new Failure('campaign_not_found')
  return toView(campaign, await countStatuses(db, [id]))
}

const measureProgress = async (db: Db, id: string): Promise<Progress> => (await viewCampaign(db, null, id)).progress

type Step = 'pause' | 'resume' | 'cancel'
type Steering = { id: string; by: string; now: Date }

/** A pause is one row; its messages are parked when they come due. */
async function pause(tx: Tx, { id, by, now }: Steering): Promise<boolean> {
  if (!(await lockRunning(tx, id)) || (await listPauses(tx, 'campaign', [id])).length > 0) return false
  await pauseSending(tx, {
    ...{ scope: 'campaign', scopeId: id, source: 'person', reason: 'paused', pausedBy: by, until: null, now },
  })
  return true
}

const resume = (tx: Tx, { id, now }: Steering): Promise<boolean> =>
  endPauses(tx, { scope: 'campaign', scopeId: id }, now)

/** The deliveries are locked before the pause, as a worker does that pauses a campaign while it settles a delivery. */
async function cancel(tx: Tx, { id, now }: Steering): Promise<boolean> {
  if (!(await markCancelled(tx, id, now))) return false
  await cancelDeliveries(tx, id, now)
  await endPauses(tx, { scope: 'campaign', scopeId: id }, now)
  return true
}

const STEPS: Record<Step, { take: (tx: Tx, steering: Steering) => Promise<boolean>; refusal: FailureCode }> = {
  pause: { take: pause, refusal: 'campaign_not_running' },
  resume: { take: resume, refusal: 'campaign_not_paused' },
  cancel: { take: cancel, refusal: 'campaign_not_running' },
}

/** Throws `campaign_not_found`, `campaign_not_running` and `campaign_not_paused`. */
export async function steerCampaign(
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
