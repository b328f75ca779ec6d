/** Settling an attempt: writes the provider's answer and its consequences in one commit, shared by concurrent jobs. */
import { EMAIL_SENT_BEFORE, predictPrice, recordHealth } from '../channels/channels.ts'
import type { Message, Outcome, Prediction } from '../channels/channels.ts'
import { CHANNELS } from '../contacts/contacts.ts'
import { batching } from '../platform/batching.ts'
import type { Config } from '../platform/config.ts'
import { withTx, type Db, type Tx } from '../platform/db.ts'
import { findTemplate } from '../templates/templates.ts'
import { BATCH_MAX, type Claimed } from './claiming.ts'
import { planRefusal, type Consequences } from './consequences.ts'
import { applyConsequences } from './fallback.ts'
import { settle, type Settled, type Settlement } from './settling-sql.ts'
import { joinParked } from './statuses.ts'

type Context = { db: Db; now: () => Date; config: Config }

export type Attempted = {
  delivery: Claimed
  outcome: Outcome | { kind: 'skipped'; reason: string }
  message: Message | null
  isSimulated: boolean
}
export type AfterAttempt = { status: string; retryAt: Date | null; needsOperator: boolean; hasOpenedCircuit: boolean }

/** Writes the outcome of a call. Returns the new status and when to retry, if at all. */
export const settleDelivery = batching(settleDeliveries, { max: 2 * BATCH_MAX, lanes: 1 })

type Planned = Attempted & { plan: Consequences | null; settlement: Settlement }

async function settleDeliveries({ db, now, config }: Context, attempted: Attempted[]): Promise<AfterAttempt[]> {
  const at = now()
  const planned = attempted.map((one): Planned => {
    const plan = planOf(one, config, at)
    return { ...one, plan, settlement: settlementOf(one, plan, at, config) }
  })
  const settlements = planned.map(({ settlement }) => settlement)
  // A refusal commits together with its consequences; without one a single statement is enough.
  if (planned.some(({ outcome }) => outcome.kind !== 'sent'))
    return withTx(db, async (tx) => finish(tx, config, planned, await settle(tx, settlements, at), at))
  const rows = await settle(db, settlements, at)
  if (rows.some(({ hasParked, isChannelFailing }) => hasParked || isChannelFailing))
    return withTx(db, (tx) => finish(tx, config, planned, rows, at))
  const statuses = new Map(rows.map(({ id, status }) => [id, status]))
  const isDone = { retryAt: null, needsOperator: false, hasOpenedCircuit: false }
  return planned.map(({ delivery }) => ({ status: statuses.get(delivery.id) ?? 'lease_lost', ...isDone }))
}

function planOf({ outcome, delivery }: Attempted, config: Config, now: Date): Consequences | null {
  if (outcome.kind !== 'refused') return null
  return planRefusal(delivery, outcome, { now, backoffDelayMs: config.queue.backoffDelayMs })
}

async function finish(tx: Tx, config: Config, planned: Planned[], rows: Settled[], now: Date): Promise<AfterAttempt[]> {
  const parkedNeedsOperator = await joinAll(tx, config, rows, planned, now)
  const settled = new Map(rows.map((row) => [row.id, row]))
  const after: AfterAttempt[] = []
  for (const { delivery, plan, settlement } of planned) {
    const row = settled.get(delivery.id)
    if (row?.hasMoved && plan)
      await applyConsequences(tx, delivery, plan, { now, attemptsMax: config.delivery.attemptsMax })
    after.push({
      status: row?.status ?? 'lease_lost',
      retryAt: row?.status === 'queued' ? settlement.nextAttemptAt : null,
      needsOperator: (plan?.needsOperator ?? false) || parkedNeedsOperator,
      hasOpenedCircuit: false,
    })
  }
  return recordChannels(tx, planned, after, now)
}

/** Joins statuses that arrived before our answer. Returns whether one needs an operator. */
async function joinAll(tx: Tx, config: Config, rows: Settled[], planned: Planned[], now: Date): Promise<boolean> {
  let needsOperator = false
  for (const { id } of rows.filter(({ hasParked }) => hasParked)) {
    const { providerMessageId } = planned.find(({ settlement }) => settlement.id === id)!.settlement
    if (providerMessageId && (await joinParked(tx, config, providerMessageId, id, now))) needsOperator = true
  }
  return needsOperator
}

/** Runs last, because every worker waits for the channel's row. */
async function recordChannels(tx: Tx, planned: Planned[], after: AfterAttempt[], now: Date): Promise<AfterAttempt[]> {
  for (const channel of CHANNELS) {
    const calls = planned.filter(({ delivery }) => delivery.channel === channel)
    const faults = calls.filter(isFault)
    const lastSuccess = calls.findLastIndex(isProofOfWork)
    if (faults.length === 0 && lastSuccess < 0) continue
    const reason = faults.at(-1)?.settlement.reason ?? 'unknown'
    const failures = calls.slice(lastSuccess + 1).filter(isFault).length
    const isOpen = await recordHealth(tx, { channel, failures, hasSucceeded: lastSuccess >= 0, reason, now })
    if (isOpen && faults[0]) after[planned.indexOf(faults[0])]!.hasOpenedCircuit = true
  }
  return after
}

/** The provider accepted the message or refused only this one, so the channel works. */
const isProofOfWork = ({ plan, outcome }: Planned): boolean =>
  outcome.kind === 'sent' || (plan !== null && !plan.isChannelFault && !plan.needsOperator && plan.pauseUntil === null)

const isFault = ({ plan, outcome }: Planned): boolean =>
  plan?.isChannelFault === true || (outcome.kind === 'unknown' && outcome.reason !== EMAIL_SENT_BEFORE)

function settlementOf(attempted: Attempted, plan: Consequences | null, now: Date, config: Config): Settlement {
  const { delivery, outcome, message, isSimulated } = attempted
  const isWhatsApp = message?.channel === 'whatsapp'
  const isSession = isWhatsApp ? message.content.kind !== 'template' : null
  const prediction = isSession === null ? null : predictionOf(delivery, isSession, config, now)
  const end = plan ? endOfRefused(plan) : endOf(outcome, now, config)
  return {
    id: delivery.id,
    attempt: delivery.attempts,
    leaseToken: delivery.leaseToken,
    status: end.status,
    outcome: end.outcome,
    reason: 'reason' in outcome ? outcome.reason : null,
    httpStatus: 'httpStatus' in outcome ? outcome.httpStatus : null,
    providerMessageId: outcome.kind === 'sent' ? outcome.providerMessageId : null,
    nextAttemptAt: end.nextAttemptAt,
    isSpent: plan?.isSpent ?? true,
    templateOnly: plan?.templateOnly ?? delivery.templateOnly,
    simulated: isSimulated,
    sessionMessage: isSession,
    messageReason: isSession === null ? null : whyThisKind(delivery),
    sentTo: isWhatsApp ? delivery.phone : null,
    predictedCategory: prediction?.category ?? null,
    predictedFree: prediction?.isFree ?? null,
  }
}

type End = Pick<Settlement, 'status' | 'outcome' | 'nextAttemptAt'>

function endOfRefused({ status, nextAttemptAt, isSpent }: Consequences): End {
  return { status, outcome: status === 'failed' ? 'failed' : isSpent ? 'retry' : 'deferred', nextAttemptAt }
}

function endOf({ kind }: Attempted['outcome'], now: Date, config: Config): End {
  switch (kind) {
    case 'sent':
    case 'skipped':
      return { status: kind, outcome: kind, nextAttemptAt: null }
    case 'unknown':
      return { status: kind, outcome: kind, nextAttemptAt: new Date(now.getTime() + config.delivery.unknownWaitMs) }
    case 'refused':
      break
  }
  throw new Error('a refusal has a plan')
}

function predictionOf(delivery: Claimed, isSession: boolean, { whatsapp }: Config, now: Date): Prediction {
  const about = {
    isTemplate: !isSession,
    category: findTemplate(delivery.template).category,
    approved: delivery.approvedCategory,
    serviceThisMonth: delivery.serviceThisMonth,
  }
  return predictPrice(whatsapp.prices, about, now)
}

const whyThisKind = (delivery: Claimed): string =>
  delivery.templateOnly ? 'refused_131047' : delivery.isWindowOpen ? 'window_open' : 'window_closed'
