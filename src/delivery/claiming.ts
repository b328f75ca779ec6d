/**
 * Claiming a delivery: read the facts, decide whether it may leave now, and if so take it, with its attempt written.
 * Concurrent jobs share the statements and the commit.
 */
import { randomUUID } from 'node:crypto'
import { isPromotion, takeProbe, takeRecipients, takeTokens, type Channels } from '../channels/channels.ts'
import { chooseChannel, type ChannelName, type FallbackCause } from '../contacts/contacts.ts'
import { batching } from '../platform/batching.ts'
import type { Config } from '../platform/config.ts'
import { withTx, type Db, type Tx } from '../platform/db.ts'
import { lockPauses, pauseKey, type PauseScope, type PauseTarget } from '../platform/pauses.ts'
import { isClosedFor, isOverFor, listTemplates, quietUntil } from '../templates/templates.ts'
import { listDue, putOff, take, type Candidate, type Lease, type PutOff } from './claiming-sql.ts'
import { EMAIL_RETRY_HORIZON_MS } from './consequences.ts'
import { parkDue, WAITING_FOR } from './pauses.ts'

type Context = { db: Db; now: () => Date; config: Config; channels: Channels }

export type Claimed = Candidate & { leaseToken: string }
export type Claim =
  | { kind: 'go'; delivery: Claimed }
  /** Due again at `at`; `isEnqueued`: the caller enqueues its job. */
  | { kind: 'later'; at: Date; waitingFor: string; isEnqueued: boolean; attempts: number }
  | { kind: 'skipped'; reason: string }
  | { kind: 'nothing'; reason: string }

/** Half of a worker's jobs are claimed while the other half is settled. */
export const BATCH_MAX = 32

type Decision =
  | { kind: 'go'; channel: ChannelName; channelReason: string | null }
  | { kind: 'parked'; target: PauseTarget }
  | ({ kind: 'put off' } & PutOff)
type Decided = { one: Candidate; decision: Decision }

/** Takes a due delivery for this worker, or says why not. The window, opt-outs and pauses are checked here. */
export const claimDelivery = batching(claimDeliveries, { max: BATCH_MAX, lanes: 2 })

async function claimDeliveries(context: Context, ids: string[]): Promise<Claim[]> {
  const { db, config } = context
  const lease = leaseOf(context)
  const due = await listDue(db, ids, lease)
  const decided = due.map((one) => ({ one, decision: decide(one, lease.now, config) }))
  await applyLimits(context, decided, lease.now)
  await putOffTheRest(db, decided, lease.now)
  const taken = await takeThoseThatGo(db, decided, lease)
  const claims = new Map(decided.map((each) => [each.one.id, toClaim(each, taken, lease)]))
  return ids.map((id) => {
    const mine = claims.get(id)
    claims.delete(id) // two jobs of one delivery may share this batch: the first gets it
    return mine ?? NOTHING_TO_DO
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

async function takeThoseThatGo(db: Db, decided: Decided[], lease: Lease): Promise<Set<string>> {
  const takings = decided.flatMap(({ one: { id, attempts, possibleDuplicate }, decision }) =>
    decision.kind === 'go'
      ? [{ id, attempts, possibleDuplicate, channel: decision.channel, channelReason: decision.channelReason }]
      : [],
  )
  return takings.length > 0 ? take(db, takings, lease) : new Set()
}

/** What does not go is put off, and what is paused is parked. */
async function putOffTheRest(db: Db, decided: Decided[], now: Date): Promise<void> {
  if (decided.every(({ decision }) => decision.kind === 'go')) return
  await withTx(db, async (tx) => {
    await parkThePaused(tx, decided, now)
    const rows = decided.flatMap(({ decision }) => (decision.kind === 'put off' ? [decision] : []))
    if (rows.length > 0) await putOff(tx, rows, now)
  })
}

/** Only under a pause that stays until this commits. What is being resumed at this moment stays due. */
async function parkThePaused(tx: Tx, decided: Decided[], now: Date): Promise<void> {
  const targets = decided.flatMap(({ decision }) => (decision.kind === 'parked' ? [decision.target] : []))
  if (targets.length === 0) return
  const lasting = await lockPauses(tx, targets)
  const unique = new Map(targets.map((target) => [pauseKey(target), target]))
  for (const [key, target] of unique) if (lasting.has(key)) await parkDue(tx, target, now)
  for (const each of decided)
    if (each.decision.kind === 'parked' && !lasting.has(pauseKey(each.decision.target)))
      each.decision = handBack(each.one, null)
}

/** The widest pause counts first. */
const SCOPES = ['organizer', 'event', 'campaign'] as const satisfies PauseScope[]

function pauseOf({ pausedScopes, organizerId, eventId, campaignId }: Candidate): PauseTarget | null {
  const scope = SCOPES.find((one) => pausedScopes.includes(one))
  if (!scope) return null
  return { scope, scopeId: { organizer: organizerId, event: eventId, campaign: campaignId! }[scope] }
}

function toClaim({ one, decision }: Decided, taken: Set<string>, { token, now }: Lease): Claim {
  if (decision.kind === 'go') {
    if (!taken.has(one.id)) return NOTHING_TO_DO
    const { channel, channelReason } = decision
    const firstAttemptAt = channel === one.channel ? (one.firstAttemptAt ?? now) : now
    const attempt = { attempts: one.attempts + 1, firstAttemptAt, leaseToken: token }
    return { kind: 'go', delivery: { ...one, ...attempt, channel, channelReason } }
  }
  if (decision.kind === 'parked') return { kind: 'nothing', reason: WAITING_FOR[decision.target.scope] }
  const { at, waitingFor, reason, isEnqueued } = decision
  if (decision.status === 'skipped') return { kind: 'skipped', reason: reason! }
  if (at === null || waitingFor === null) return { kind: 'nothing', reason: 'resumed' }
  return { kind: 'later', at, waitingFor, isEnqueued, attempts: one.attempts }
}

/** What became of guest, event and campaign since the request. */
function decide(one: Candidate, now: Date, config: Config): Decision {
  if (one.isCancelled) return skip(one, 'campaign_cancelled')
  const pause = pauseOf(one)
  if (pause) return { kind: 'parked', target: pause }
  const reason = reasonToSkip(one, now)
  if (reason) return skip(one, reason)
  const choice = channelOf(one)
  if (choice.kind === 'excluded') return skip(one, choice.reason)
  if (choice.kind === 'later') return later(one, choice.until, choice.reason)
  if (one.pausedChannels.includes(choice.channel)) return handBack(one, WAITING_FOR.channel)
  const isAwaited = one.isFresh && (one.isAnswer || (!one.campaignId && !one.scheduledAt))
  const quiet = isAwaited ? null : quietUntil(now, one, config.delivery.quietHours)
  if (quiet) return later(one, quiet, 'quiet_hours')
  return { kind: 'go', channel: choice.channel, channelReason: choice.channelReason }
}

const later = ({ id, attempts }: Candidate, at: Date, waitingFor: string): Decision => ({
  ...{ kind: 'put off', status: 'queued', id, attempts, at, waitingFor, reason: null, isEnqueued: true },
})
/** It stays due and keeps its place; the sweep releases it again. */
const handBack = ({ id, attempts, nextAttemptAt }: Candidate, waitingFor: string | null): Decision => ({
  ...{
    kind: 'put off',
    status: 'queued',
    id,
    attempts,
    at: nextAttemptAt,
    waitingFor,
    reason: null,
    isEnqueued: false,
  },
})
const skip = ({ id, attempts }: Candidate, reason: string): Decision => ({
  ...{ kind: 'put off', status: 'skipped', id, attempts, at: null, waitingFor: null, reason, isEnqueued: false },
})

/** Answers that the guest of a closed event still waits for. */
const SAID_AFTERWARDS = new Set(['event_over', 'opt_out_help', 'opt_out_confirmed', 'opt_in_confirmed'])

/** A stable reason, or null. */
function reasonToSkip(one: Candidate, now: Date): string | null {
  if (!SAID_AFTERWARDS.has(one.template) && isClosedFor(one.eventStatus, one.template)) return 'event_closed'
  if (isOverFor(one, one.template, now)) return 'event_over'
  if (one.isSuperseded) return 'superseded'
  if (one.isOriginalDelivered) return 'original_delivered'
  return null
}

/** A template that no longer exists is not sent anyway, and must not fail the other messages of its batch. */
function isPromotional({ template, approvedCategory }: Candidate): boolean {
  const known = listTemplates().find(({ name }) => name === template)
  return known !== undefined && isPromotion(approvedCategory, known.category)
}

/** The channel of the row, unless another may take its place. Before the first attempt nothing was sent by this one. */
function channelOf(one: Candidate) {
  const fallsBackFor: FallbackCause[] = []
  if (one.mayFallBack && one.attempts === 0) fallsBackFor.push('no_phone', 'unreachable')
  // Whatever WhatsApp refused of a promotion was not sent, unless an outcome is unknown.
  if (one.mayFallBack && !one.possibleDuplicate) fallsBackFor.push('promotion')
  const reach = one.template === 'opt_out_confirmed' ? { ...one, isOptedOut: false } : one
  const choice = chooseChannel(reach, {
    channel: one.channel,
    fallsBackFor,
    isPromotion: one.channel === 'whatsapp' && isPromotional(one),
    isFreeForm: one.isWindowOpen && !one.templateOnly,
  })
  if (choice.kind !== 'channel') return choice
  return { ...choice, channelReason: choice.channel === one.channel ? one.channelReason : choice.reason }
}

/** Lets through what the circuit, the rate limit and the recipients allow; urgent messages come first. */
async function applyLimits({ db, channels }: Context, decided: Decided[], now: Date): Promise<void> {
  const byUrgency = decided.toSorted((a, b) => Number(b.one.isUrgent) - Number(a.one.isUrgent))
  const channelNames = new Set(decided.flatMap(({ decision }) => (decision.kind === 'go' ? [decision.channel] : [])))
  for (const channel of channelNames) {
    const going = () => byUrgency.filter(({ decision }) => decision.kind === 'go' && decision.channel === channel)
    const { messagesPerSecond, pairIntervalMs } = channels[channel]
    const isHalfOpen = going()[0]?.one.halfOpenChannels.includes(channel) ?? false
    const probes = isHalfOpen && going().length > 0 ? Number(await takeProbe(db, channel, now)) : going().length
    handBackFrom(going(), probes, WAITING_FOR.channel)
    if (going().length === 0) continue
    const tokens = await takeTokens(db, { channel, messagesPerSecond, now }, going().length)
    handBackFrom(going(), tokens, 'rate_limit')
    if (pairIntervalMs > 0) await spaceOutRecipients(db, going(), pairIntervalMs, now)
  }
}

function handBackFrom(going: Decided[], allowed: number, waitingFor: string): void {
  for (const each of going.slice(allowed)) each.decision = handBack(each.one, waitingFor)
}

/** WhatsApp takes about one message in six seconds for one recipient (131056). */
async function spaceOutRecipients(db: Db, going: Decided[], pairIntervalMs: number, now: Date): Promise<void> {
  if (going.length === 0) return
  const until = new Date(now.getTime() + pairIntervalMs)
  const byPhone = new Map<string, Decided[]>()
  for (const each of going) byPhone.set(each.one.phone!, [...(byPhone.get(each.one.phone!) ?? []), each])
  const free = await takeRecipients(db, [...byPhone.keys()], now, until)
  for (const [phone, items] of byPhone)
    for (const item of free.has(phone) ? items.slice(1) : items)
      item.decision = later(item.one, until, 'recipient_rate')
}
