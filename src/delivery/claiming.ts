/**
 * Claiming a delivery: it is looked at, decided whether it may leave now, and if so taken, with its attempt written.
 * Concurrent jobs share the statements and the commit.
 */
import { randomUUID } from 'node:crypto'
import type { Config } from '../platform/config.ts'
import { batching } from '../platform/batching.ts'
import { withTx, type Db, type Tx } from '../platform/db.ts'
import type { ChannelName, Channels } from '../channels/channel.ts'
import { EMAIL_RETRY_HORIZON_MS } from './consequences.ts'
import { isPromotion } from '../channels/prices.ts'
import { changeTurns, giveTurn, listLimits, takeRecipients, writeLimit } from './pacing.ts'
import { isClosedFor, isOverFor, quietUntil } from './due.ts'
import { heldReason, holdPauses, pauseKey, type Pause } from './pauses.ts'
import { listDue, putOff, take, type Candidate, type Lease, type PutOff } from './claiming-sql.ts'
import { listTemplates } from '../templates/templates.ts'

type Context = { db: Db; now: () => Date; config: Config; channels: Channels }

export type Claimed = Candidate & { leaseToken: string }
export type Claim =
  | { kind: 'go'; delivery: Claimed }
  | { kind: 'later'; at: Date; reason: string; attempts: number }
  | { kind: 'skipped'; reason: string }
  | { kind: 'nothing'; reason: string }

/** Half of a worker's jobs are claimed while the other half is settled; all at once, each half would wait for the other. */
export const BATCH_MAX = 32

type Decision = { kind: 'go'; channel: ChannelName; channelReason: string | null } | ({ kind: 'put off' } & PutOff)
type Decided = { one: Candidate; decision: Decision }

/** Takes a due delivery for this worker, or says why not. The check of the window, of opt-outs and of pauses is here. */
export const claimDelivery = batching(claimDeliveries, { max: BATCH_MAX, lanes: 2 })

async function claimDeliveries(context: Context, ids: string[]): Promise<Claim[]> {
  const { db, config, channels } = context
  const lease = leaseOf(context)
  const due = await listDue(db, ids, lease)
  const decided = due.map((one) => ({ one, decision: decide(one, lease.now, config) }))
  // The common case is one statement. Turns and what is put off commit with it.
  const isPlain = decided.every(({ decision }) => decision.kind === 'go' && channels[decision.channel].isSimulated)
  const taken = isPlain
    ? await takeThoseThatGo(db, decided, lease)
    : await withTx(db, (tx) => takeTurns(tx, context, decided, lease))
  const claims = new Map(decided.map((each) => [each.one.id, toClaim(each, taken, lease)]))
  return ids.map((id) => {
    const mine = claims.get(id)
    claims.delete(id) // two jobs about one delivery may share this batch: the first has it
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

/**
 * Locks in one order: campaigns, the limits of the channels, recipients, deliveries; the deliveries without waiting,
 * since a settlement holds them first.
 */
async function takeTurns(tx: Tx, context: Context, decided: Decided[], lease: Lease): Promise<Set<string>> {
  await lookAgainAtPauses(tx, decided, lease.now)
  await giveTurns(tx, context, decided, lease.now)
  const rest = decided.flatMap(({ decision }) => (decision.kind === 'put off' ? [decision] : []))
  if (rest.length > 0) await putOff(tx, rest, lease.now)
  return takeThoseThatGo(tx, decided, lease)
}

async function takeThoseThatGo(db: Db, decided: Decided[], lease: Lease): Promise<Set<string>> {
  const going = decided.flatMap(({ one: { id, attempts, possibleDuplicate }, decision }) =>
    decision.kind === 'go'
      ? [{ id, attempts, possibleDuplicate, channel: decision.channel, channelReason: decision.channelReason }]
      : [],
  )
  return going.length > 0 ? take(db, going, lease) : new Set()
}

/**
 * Only a pause that surely lasts may keep a row without a due time, since its end gives it one. If it is being ended
 * at this moment, the row is due again and the next claim decides.
 */
async function lookAgainAtPauses(tx: Tx, decided: Decided[], now: Date): Promise<void> {
  const paused = decided.flatMap(({ one, decision }) =>
    decision.kind === 'put off' && decision.status === 'queued' && decision.at === null
      ? [{ decision, pause: pauseOf(one, decision.reason) }]
      : [],
  )
  if (paused.length === 0) return
  const lasting = await holdPauses(
    tx,
    paused.map(({ pause }) => pause),
    now,
  )
  for (const { decision, pause } of paused) if (!lasting.has(pauseKey(pause))) decision.at = now
}

function pauseOf(one: Candidate, reason: string): Pause {
  if (reason === 'organizer_paused') return { reason, id: one.organizerId }
  if (reason === 'event_paused') return { reason, id: one.eventId }
  if (reason === 'campaign_paused') return { reason, id: one.campaignId! }
  return { reason, id: one.heldChannels.find((channel) => heldReason(channel) === reason)! }
}

function toClaim({ one, decision }: Decided, taken: Set<string>, { token, now }: Lease): Claim {
  if (decision.kind === 'go') {
    if (!taken.has(one.id)) return NOTHING_TO_DO
    const { channel, channelReason } = decision
    const firstAttemptAt = channel === one.channel ? (one.firstAttemptAt ?? now) : now
    const attempt = { attempts: one.attempts + 1, firstAttemptAt, leaseToken: token }
    return { kind: 'go', delivery: Object.assign(one, attempt, { channel, channelReason }) }
  }
  const { at, reason } = decision
  if (decision.status === 'skipped') return { kind: 'skipped', reason }
  return at ? { kind: 'later', at, reason, attempts: one.attempts } : { kind: 'nothing', reason }
}

/** What became of guest, event and campaign since the request. */
function decide(one: Candidate, now: Date, config: Config): Decision {
  if (one.campaignStatus === 'cancelled') return never(one, 'campaign_cancelled')
  if (one.isOrganizerPaused) return later(one, null, 'organizer_paused')
  if (one.isEventPaused) return later(one, null, 'event_paused')
  if (one.campaignStatus === 'paused') return later(one, null, 'campaign_paused')
  const reason = reasonToSkip(one, now)
  if (reason) return never(one, reason)
  const way = chooseChannel(one)
  if ('skip' in way) return never(one, way.skip)
  if ('until' in way) return later(one, way.until, way.reason)
  if (one.heldChannels.includes(way.channel)) return later(one, null, heldReason(way.channel))
  const mayRing = one.isFresh && (one.isAnswer || (!one.campaignId && !one.scheduledAt)) // somebody is awake and waits for it
  const quiet = mayRing ? null : quietUntil(now, one, config.delivery.quietHours)
  return quiet ? later(one, quiet, 'quiet_hours') : { kind: 'go', ...way }
}

const later = (
  { id, attempts }: Candidate,
  at: Date | null,
  reason: string,
  pacedAt: Date | null = null,
): Decision => ({
  ...{ kind: 'put off', status: 'queued', id, attempts, at, reason, pacedAt },
})
const never = ({ id, attempts }: Candidate, reason: string): Decision => ({
  ...{ kind: 'put off', status: 'skipped', id, attempts, at: null, reason, pacedAt: null },
})

/** Answers that also the guest of a closed event waits for. */
const SAID_AFTERWARDS = new Set(['event_over', 'opt_out_help', 'opt_out_confirmed', 'opt_in_confirmed'])

/** A stable reason, or null. */
function reasonToSkip(one: Candidate, now: Date): string | null {
  if (!SAID_AFTERWARDS.has(one.template) && isClosedFor(one.eventStatus, one.template)) return 'event_closed'
  if (isOverFor(one, one.template, now)) return 'event_over'
  if (one.isSuperseded) return 'superseded'
  if (one.isOriginalDelivered) return 'original_delivered'
  if (one.isOptedOut && one.template !== 'opt_out_confirmed') return 'guest_opted_out'
  return null
}

/** A template that is no more is not sent anyhow, and must not cost the others of its claim anything. */
function promotes({ template, approvedCategory }: Candidate): boolean {
  const known = listTemplates().find(({ name }) => name === template)
  return known !== undefined && isPromotion(approvedCategory, known.category)
}

type Way = { channel: ChannelName; channelReason: string | null } | { skip: string } | { until: Date; reason: string }

/** The channel of the row, unless it has proved useless since and another may take its place before anything was sent. */
function chooseChannel(one: Candidate): Way {
  const hasEmail = one.email !== null && !one.isEmailStopped
  if (one.channel === 'email') {
    if (one.email === null) return { skip: 'no_address_for_channel' }
    return one.isEmailStopped ? { skip: 'email_stopped' } : { channel: 'email', channelReason: one.channelReason }
  }
  const instead = one.mayFallBack && one.attempts === 0 && hasEmail
  if (!one.phone) return instead ? { channel: 'email', channelReason: 'no_phone' } : { skip: 'no_address_for_channel' }
  if (one.isUnreachable && instead) return { channel: 'email', channelReason: 'whatsapp_unreachable' }
  if (promotes(one)) {
    // Whatever was tried of it by WhatsApp was refused, unless it may be a duplicate.
    const mayWrite = one.mayFallBack && !one.possibleDuplicate && hasEmail
    // WhatsApp withholds templates; what goes free-form into an open window it does not.
    const withheldUntil = one.isWindowOpen && !one.templateOnly ? null : one.withheldUntil
    const why = one.isMarketingStopped ? 'marketing_stopped' : withheldUntil ? 'marketing_withheld' : null
    if (why && mayWrite) return { channel: 'email', channelReason: why }
    if (one.isMarketingStopped) return { skip: 'marketing_stopped' }
    if (withheldUntil) return { until: withheldUntil, reason: 'marketing_withheld' }
  }
  return { channel: 'whatsapp', channelReason: one.channelReason }
}

/** Puts off what goes beyond the throughput of a real channel, or follows too soon to the same recipient. */
async function giveTurns(tx: Tx, { channels, config }: Context, decided: Decided[], now: Date): Promise<void> {
  const going = decided.filter(({ decision }) => decision.kind === 'go' && !channels[decision.channel].isSimulated)
  if (going.length === 0) return
  const byUrgency = going.toSorted((a, b) => Number(b.one.isUrgent) - Number(a.one.isUrgent))
  const limits = await listLimits(tx, [...new Set(going.map(channelOf))])
  for (const each of byUrgency) {
    const limit = limits.find(({ channel }) => channel === channelOf(each))!
    const given = giveTurn(limit, each.one, { now, perSecond: config[limit.channel].messagesPerSecond })
    const turn = each.one.isUrgent ? await changeTurns(tx, limit, given, now) : given
    if (turn.kind === 'later') each.decision = later(each.one, turn.at, turn.reason, turn.pacedAt)
  }
  for (const limit of limits) await writeLimit(tx, limit, now)
  await spaceOutRecipients(tx, going, config.whatsapp.pairIntervalMs, now)
}

const channelOf = ({ one, decision }: Decided): ChannelName => (decision.kind === 'go' ? decision.channel : one.channel)

async function spaceOutRecipients(tx: Tx, going: Decided[], pairIntervalMs: number, now: Date): Promise<void> {
  const until = new Date(now.getTime() + pairIntervalMs)
  const byPhone = new Map<string, Decided[]>()
  for (const item of going) {
    if (item.decision.kind !== 'go' || item.decision.channel !== 'whatsapp') continue
    byPhone.set(item.one.phone!, [...(byPhone.get(item.one.phone!) ?? []), item])
  }
  if (byPhone.size === 0) return
  const free = await takeRecipients(tx, [...byPhone.keys()], now, until)
  for (const [phone, items] of byPhone) {
    for (const item of free.has(phone) ? items.slice(1) : items)
      item.decision = later(item.one, until, 'recipient_pace')
  }
}
