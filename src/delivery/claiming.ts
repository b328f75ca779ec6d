/**
 * Claiming a delivery: the row is taken, its attempt written, and then decided whether it may leave now. Concurrent
 * jobs share the commit.
 */
import { randomUUID } from 'node:crypto'
import type { Config } from '../config.ts'
import { sharing, withTx, type Db, type Tx } from '../db.ts'
import type { ChannelName, Channels } from './channel.ts'
import { EMAIL_RETRY_HORIZON_MS } from './consequences.ts'
import { giveTurn, listLimits, takeRecipients, writeLimit } from './limits.ts'
import { quietUntil } from './due.ts'
import { claim, holdPaused, letGo, redirect, type Candidate, type LetGo, type Redirected } from './sending-sql.ts'

type Context = { db: Db; now: () => Date; config: Config; channels: Channels }

export type Claimed = Candidate & { leaseToken: string }
export type Claim =
  | { kind: 'go'; delivery: Claimed }
  | { kind: 'later'; at: Date; reason: string; attempts: number }
  | { kind: 'skipped'; reason: string }
  | { kind: 'nothing'; reason: string }

type Decision = { kind: 'go'; channel: ChannelName; channelReason: string | null } | ({ kind: 'let go' } & LetGo)
type Decided = { one: Candidate; decision: Decision }
type Lease = { token: string; now: Date; until: Date; windowFloor: Date; dedupeWindowMs: number; emailKeyFloor: Date }

/** Takes a due delivery for this worker, or says why not. The check of the window, of opt-outs and of pauses is here. */
export const claimDelivery = sharing(claimDeliveries, { max: 64, lanes: 1 })

async function claimDeliveries(context: Context, ids: string[]): Promise<Claim[]> {
  const lease = leaseOf(context)
  const decided = await withTx(context.db, (tx) => claimAndDecide(tx, context, ids, lease))
  const claims = new Map(decided.map((each) => [each.one.id, toClaim(each, lease.token)]))
  return ids.map((id) => {
    const mine = claims.get(id)
    claims.delete(id) // two jobs about one delivery may share this batch: the first has it
    return mine ?? { kind: 'nothing', reason: 'nothing to do' }
  })
}

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
 * In one transaction: whatever fails in it, nobody is left claimed. Rows are locked in one order: deliveries,
 * campaigns, the limits of the channels.
 */
async function claimAndDecide(tx: Tx, context: Context, ids: string[], lease: Lease): Promise<Decided[]> {
  const candidates = await claim(tx, ids, lease)
  const decided = candidates.map((one) => ({ one, decision: decide(one, lease.now, context.config) }))
  await lookAgainAtPauses(tx, decided, lease.now)
  await giveTurns(tx, context, decided, lease.now)
  await correct(tx, decided, lease)
  return decided
}

/** Lets go what may not leave, and writes down what leaves another way than it was asked for. */
async function correct(tx: Tx, decided: Decided[], lease: Lease): Promise<void> {
  const gone: LetGo[] = []
  const redirected: Redirected[] = []
  for (const { one, decision } of decided) {
    if (decision.kind === 'let go') gone.push(decision)
    else if (decision.channel !== one.channel)
      redirected.push({ id: one.id, channel: decision.channel, reason: decision.channelReason })
  }
  if (gone.length > 0) await letGo(tx, gone, lease)
  if (redirected.length > 0) await redirect(tx, redirected, lease)
}

/**
 * Only a campaign that surely stays paused may keep a row without a due time, since resuming gives it one. If it is
 * being resumed or cancelled at this moment, the row is due again and the next claim decides.
 */
async function lookAgainAtPauses(tx: Tx, decided: Decided[], now: Date): Promise<void> {
  const paused = decided.filter(({ decision }) => 'reason' in decision && decision.reason === 'campaign_paused')
  if (paused.length === 0) return
  const still = await holdPaused(tx, [...new Set(paused.map(({ one }) => one.campaignId!))])
  for (const { one, decision } of paused)
    if (decision.kind === 'let go' && !still.has(one.campaignId!)) decision.at = now
}

function toClaim({ one, decision }: Decided, leaseToken: string): Claim {
  if (decision.kind === 'go') {
    const { channel, channelReason } = decision
    return { kind: 'go', delivery: { ...one, channel, channelReason, leaseToken } }
  }
  const { at, reason } = decision
  if (decision.status === 'skipped') return { kind: 'skipped', reason }
  return at ? { kind: 'later', at, reason, attempts: one.attempts - 1 } : { kind: 'nothing', reason }
}

/** What became of guest, event and campaign since the request. */
function decide(one: Candidate, now: Date, config: Config): Decision {
  if (one.campaignStatus === 'cancelled') return never(one, 'campaign_cancelled')
  if (one.campaignStatus === 'paused') return later(one, null, 'campaign_paused')
  const reason = reasonToSkip(one, now)
  if (reason) return never(one, reason)
  const way = chooseChannel(one)
  if ('skip' in way) return never(one, way.skip)
  const mayRing = one.isAnswer || (!one.campaignId && !one.scheduledAt) // somebody is awake and waits for it
  const quiet = mayRing ? null : quietUntil(now, one, config.delivery.quietHours)
  return quiet ? later(one, quiet, 'quiet_hours') : { kind: 'go', ...way }
}

const later = ({ id }: Candidate, at: Date | null, reason: string, pacedAt: Date | null = null): Decision => ({
  ...{ kind: 'let go', status: 'queued', id, at, reason, pacedAt },
})
const never = ({ id }: Candidate, reason: string): Decision => ({
  ...{ kind: 'let go', status: 'skipped', id, at: null, reason, pacedAt: null },
})

const INVITES = new Set(['event_invitation', 'event_reminder'])

/** A stable reason, or null. */
function reasonToSkip(one: Candidate, now: Date): string | null {
  if (one.eventStatus === 'archived' || one.eventStatus === 'expired') return 'event_closed'
  if (INVITES.has(one.template) && one.endsAt <= now) return 'event_over'
  if (one.isSuperseded) return 'superseded'
  if (one.isOptedOut && one.template !== 'opt_out_confirmed') return 'guest_opted_out'
  return null
}

/** The channel of the row, unless it has proved useless since and another may take its place before anything was sent. */
function chooseChannel(one: Candidate): { channel: ChannelName; channelReason: string | null } | { skip: string } {
  const hasEmail = one.email !== null && !one.isEmailStopped
  if (one.channel === 'email') {
    if (one.email === null) return { skip: 'no_address_for_channel' }
    return one.isEmailStopped ? { skip: 'email_stopped' } : { channel: 'email', channelReason: one.channelReason }
  }
  const instead = one.mayFallBack && one.attempts === 1 && hasEmail
  if (!one.phone) return instead ? { channel: 'email', channelReason: 'no_phone' } : { skip: 'no_address_for_channel' }
  if (one.isUnreachable && instead) return { channel: 'email', channelReason: 'whatsapp_unreachable' }
  return { channel: 'whatsapp', channelReason: one.channelReason }
}

/** Puts off what goes beyond the throughput of a real channel, or follows too soon to the same recipient. */
async function giveTurns(tx: Tx, { channels, config }: Context, decided: Decided[], now: Date): Promise<void> {
  const going = decided.filter(({ decision }) => decision.kind === 'go' && !channels[decision.channel].isSimulated)
  if (going.length === 0) return
  const byUrgency = going.toSorted((a, b) => Number(b.one.isAnswer) - Number(a.one.isAnswer))
  const limits = await listLimits(tx, [...new Set(going.map(channelOf))])
  for (const each of byUrgency) {
    const limit = limits.find(({ channel }) => channel === channelOf(each))!
    const turn = giveTurn(limit, each.one, { now, perSecond: config[limit.channel].messagesPerSecond })
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
