/**
 * Claiming a delivery: reads the facts, decides whether it may be sent now, and if so takes the row and inserts its
 * attempt. Concurrent jobs share statements and commits.
 */
import { randomUUID } from 'node:crypto'
import { isPromotion, takeProbe, takeTokens, type Channels } from '../channels/channels.ts'
import { chooseChannel, type ChannelName, type FallbackCause } from '../contacts/contacts.ts'
import { batching } from '../platform/batching.ts'
import type { Config } from '../platform/config.ts'
import { withTx, type Db, type Tx } from '../platform/db.ts'
import { lockPauses, pauseKey, type PauseScope, type PauseTarget } from '../platform/pauses.ts'
import { isEarlyFor, isOverFor, listTemplates, quietUntil, whyClosed } from '../templates/templates.ts'
import { listDue, putOff, take, type Candidate, type Lease, type PutOff } from './claiming-sql.ts'
import { EMAIL_RETRY_HORIZON_MS } from './consequences.ts'
import { parkDue, WAITING_FOR } from './pauses.ts'

type Context = { db: Db; now: () => Date; config: Config; channels: Channels }

export type Claimed = Candidate & { leaseToken: string }
export type Claim =
  | { kind: 'go'; delivery: Claimed }
  /** Due again at `at`. The caller enqueues its job if `isEnqueued`. */
  | { kind: 'later'; at: Date; waitingFor: string; isEnqueued: boolean; attempts: number }
  | { kind: 'skipped'; reason: string }
  | { kind: 'nothing'; reason: string }

/** A worker claims half of its jobs while it settles the other half. */
export const BATCH_MAX = 32

type Decision =
  | { kind: 'go'; channel: ChannelName; channelReason: string | null }
  | { kind: 'parked'; target: PauseTarget }
  | ({ kind: 'put off' } & PutOff)
type Decided = { candidate: Candidate; decision: Decision }

/** Takes a due delivery for this worker, or says why not. */
export const claimDelivery = batching(claimDeliveries, { max: BATCH_MAX, lanes: 2 })

async function claimDeliveries(context: Context, ids: string[]): Promise<Claim[]> {
  const { db, config } = context
  const lease = leaseOf(context)
  const due = await listDue(db, ids, lease)
  const decided = due.map((candidate) => ({ candidate, decision: decide(candidate, lease.now, config) }))
  await applyLimits(context, decided, lease.now)
  await writePutOffs(db, decided, lease.now)
  const taken = await takeReady(db, decided, lease)
  const claims = new Map(decided.map((one) => [one.candidate.id, toClaim(one, taken, lease)]))
  return ids.map((id) => {
    const claim = claims.get(id)
    claims.delete(id) // two jobs of one delivery may share this batch: only the first gets the claim
    return claim ?? NOTHING_TO_DO
  })
}

const NOTHING_TO_DO: Claim = { kind: 'nothing', reason: 'nothing to do' }

function leaseOf({ now, config }: Context): Lease {
  const at = now()
  const ago = (ms: number) => new Date(at.getTime() - ms)
  return {
    token: randomUUID(),
    now: at,
    until: new Date(at.getTime() + config.delivery.leaseMs),
    windowFloor: ago(config.whatsapp.windowMs),
    dedupeWindowMs: config.delivery.dedupeWindowMs,
    emailKeyFloor: ago(EMAIL_RETRY_HORIZON_MS),
  }
}

async function takeReady(db: Db, decided: Decided[], lease: Lease): Promise<Set<string>> {
  const takings = decided.flatMap(({ candidate: { id, attempts, possibleDuplicate, eventStatus }, decision }) =>
    decision.kind === 'go' ? [{ ...decision, id, attempts, possibleDuplicate, eventStatus }] : [],
  )
  return takings.length > 0 ? take(db, takings, lease) : new Set()
}

/** Writes the decisions of the deliveries that are not sent now. */
async function writePutOffs(db: Db, decided: Decided[], now: Date): Promise<void> {
  if (decided.every(({ decision }) => decision.kind === 'go')) return
  await withTx(db, async (tx) => {
    await parkPaused(tx, decided, now)
    const rows = decided.flatMap(({ decision }) => (decision.kind === 'put off' ? [decision] : []))
    if (rows.length > 0) await putOff(tx, rows, now)
  })
}

/** Locks the pauses first: a delivery whose pause ends at this moment stays due instead of being parked. */
async function parkPaused(tx: Tx, decided: Decided[], now: Date): Promise<void> {
  const targets = decided.flatMap(({ decision }) => (decision.kind === 'parked' ? [decision.target] : []))
  if (targets.length === 0) return
  const locked = await lockPauses(tx, targets)
  const unique = new Map(targets.map((target) => [pauseKey(target), target]))
  for (const [key, target] of unique) if (locked.has(key)) await parkDue(tx, target, now)
  for (const one of decided)
    if (one.decision.kind === 'parked' && !locked.has(pauseKey(one.decision.target)))
      one.decision = keepDue(one.candidate, null)
}

/** When several pauses apply, the widest one is reported. */
const SCOPES = ['organizer', 'event', 'campaign'] as const satisfies PauseScope[]

function pauseOf({ pausedScopes, organizerId, eventId, campaignId }: Candidate): PauseTarget | null {
  const scope = SCOPES.find((one) => pausedScopes.includes(one))
  if (!scope) return null
  return { scope, scopeId: { organizer: organizerId, event: eventId, campaign: campaignId! }[scope] }
}

function toClaim({ candidate, decision }: Decided, taken: Set<string>, { token, now }: Lease): Claim {
  if (decision.kind === 'go') {
    if (!taken.has(candidate.id)) return NOTHING_TO_DO
    const { channel, channelReason } = decision
    const firstAttemptAt = channel === candidate.channel ? (candidate.firstAttemptAt ?? now) : now
    const attempt = { attempts: candidate.attempts + 1, firstAttemptAt, leaseToken: token }
    return { kind: 'go', delivery: { ...candidate, ...attempt, channel, channelReason } }
  }
  if (decision.kind === 'parked') return { kind: 'nothing', reason: WAITING_FOR[decision.target.scope] }
  const { at, waitingFor, reason, isEnqueued } = decision
  if (decision.status === 'skipped') return { kind: 'skipped', reason: reason! }
  if (at === null || waitingFor === null) return { kind: 'nothing', reason: 'resumed' }
  return { kind: 'later', at, waitingFor, isEnqueued, attempts: candidate.attempts }
}

/** Decides by the guest, event and campaign as they are now, not as they were at the request. */
function decide(candidate: Candidate, now: Date, config: Config): Decision {
  const closed = whyClosed(candidate.eventStatus, candidate.template)
  if (candidate.isCancelled) return skip(candidate, closed ?? 'campaign_cancelled')
  const pause = pauseOf(candidate)
  if (pause) return { kind: 'parked', target: pause }
  const reason = closed ?? reasonToSkip(candidate, now)
  if (reason) return skip(candidate, reason)
  if (isEarlyFor(candidate, candidate.template, now)) return later(candidate, candidate.endsAt, 'event_not_over')
  const choice = channelFor(candidate)
  if (choice.kind === 'excluded') return skip(candidate, choice.reason)
  if (choice.kind === 'later') return later(candidate, choice.until, choice.reason)
  if (candidate.pausedChannels.includes(choice.channel)) return keepDue(candidate, WAITING_FOR.channel)
  const isAwaited = candidate.isFresh && (candidate.isAnswer || (!candidate.campaignId && !candidate.scheduledAt))
  const quiet = isAwaited ? null : quietUntil(now, candidate, config.delivery.quietHours)
  if (quiet) return later(candidate, quiet, 'quiet_hours')
  return { kind: 'go', channel: choice.channel, channelReason: choice.channelReason }
}

const later = ({ id, attempts }: Candidate, at: Date, waitingFor: string): Decision => ({
  ...{ kind: 'put off', status: 'queued', id, attempts, at, waitingFor, reason: null, isEnqueued: true },
})
/** Leaves the due time as it is; the release enqueues the row again. */
const keepDue = ({ id, attempts, nextAttemptAt: at }: Candidate, waitingFor: string | null): Decision => ({
  ...{ kind: 'put off', status: 'queued', id, attempts, at, waitingFor, reason: null, isEnqueued: false },
})
const skip = ({ id, attempts }: Candidate, reason: string): Decision => ({
  ...{ kind: 'put off', status: 'skipped', id, attempts, at: null, waitingFor: null, reason, isEnqueued: false },
})

/** Returns a stable reason, or null. */
function reasonToSkip(candidate: Candidate, now: Date): string | null {
  if (isOverFor(candidate, candidate.template, now)) return 'event_over'
  if (candidate.template === 'waitlist_place' && candidate.answer !== 'yes') return 'not_confirmed'
  if (candidate.isSuperseded) return 'superseded'
  if (candidate.isOriginalDelivered) return 'original_delivered'
  return null
}

/** An unknown template is not a promotion, because an exception here would fail the whole batch. */
export function isPromotional(one: Pick<Candidate, 'template' | 'approvedCategory'>): boolean {
  const known = listTemplates().find(({ name }) => name === one.template)
  return known !== undefined && isPromotion(one.approvedCategory, known.category)
}

/** Chooses e-mail instead of the row's channel only when no attempt can have reached the guest. */
function channelFor(candidate: Candidate) {
  const { channel, attempts, template, mayFallBack } = candidate
  const fallsBackFor: FallbackCause[] = []
  if (mayFallBack && attempts === 0) fallsBackFor.push('no_phone', 'unreachable')
  // WhatsApp has refused every earlier attempt of a promotion unless one is unknown.
  if (mayFallBack && !candidate.possibleDuplicate) fallsBackFor.push('promotion')
  const reach = template === 'opt_out_confirmed' ? { ...candidate, isOptedOut: false } : candidate
  const choice = chooseChannel(reach, {
    channel,
    fallsBackFor,
    isPromotion: channel === 'whatsapp' && isPromotional(candidate),
    isFreeForm: candidate.isWindowOpen && !candidate.templateOnly,
  })
  if (choice.kind !== 'channel') return choice
  return { ...choice, channelReason: choice.channel === channel ? candidate.channelReason : choice.reason }
}

/** Lets through what the circuit, the rate limit and the recipients allow, urgent messages first. */
async function applyLimits({ db, channels }: Context, decided: Decided[], now: Date): Promise<void> {
  const byUrgency = decided.toSorted((a, b) => Number(b.candidate.isUrgent) - Number(a.candidate.isUrgent))
  const channelNames = new Set(decided.flatMap(({ decision }) => (decision.kind === 'go' ? [decision.channel] : [])))
  for (const channel of channelNames) {
    const going = () => byUrgency.filter(({ decision }) => decision.kind === 'go' && decision.channel === channel)
    const { messagesPerSecond, pairIntervalMs } = channels[channel]
    const isHalfOpen = going()[0]?.candidate.halfOpenChannels.includes(channel) ?? false
    const probes = isHalfOpen && going().length > 0 ? Number(await takeProbe(db, channel, now)) : going().length
    keepDueBeyond(going(), probes, WAITING_FOR.channel)
    if (going().length === 0) continue
    const until = new Date(now.getTime() + pairIntervalMs)
    const addresses = pairIntervalMs > 0 ? going().map(({ candidate }) => candidate.phone!) : []
    const wanted = { messages: going().length, addresses, until }
    const { tokens, free } = await takeTokens(db, { channel, messagesPerSecond, now }, wanted)
    keepDueBeyond(going(), tokens, 'rate_limit')
    if (pairIntervalMs > 0) spaceOutRecipients(going(), free, until)
  }
}

function keepDueBeyond(going: Decided[], allowed: number, waitingFor: string): void {
  for (const one of going.slice(allowed)) one.decision = keepDue(one.candidate, waitingFor)
}

/**
 * WhatsApp accepts about one message in six seconds for one recipient (error 131056). The first message to each of the free
 * numbers goes.
 */
function spaceOutRecipients(going: Decided[], free: Set<string>, until: Date): void {
  for (const one of going)
    if (!free.delete(one.candidate.phone!)) one.decision = later(one.candidate, until, 'recipient_rate')
}
