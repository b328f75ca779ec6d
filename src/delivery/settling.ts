/** Settling an attempt: what the provider said is written down, with all it entails, and shares its commit with others. */
import type { Config } from '../platform/config.ts'
import { batching } from '../platform/batching.ts'
import { withTx, type Db, type Tx } from '../platform/db.ts'
import type { Message, Outcome } from '../channels/channel.ts'
import { BATCH_MAX, type Claimed } from './claiming.ts'
import { planRefusal, type Consequences } from './consequences.ts'
import { predictPrice, type Prediction } from '../channels/prices.ts'
import { applyConsequences } from './fallback.ts'
import { countFailures } from './pacing.ts'
import { EMAIL_SENT_BEFORE } from '../channels/refusals.ts'
import { settle, type Settled, type Settlement } from './settling-sql.ts'
import { joinParked } from './statuses.ts'
import { findTemplate } from '../templates/templates.ts'

type Context = { db: Db; now: () => Date; config: Config }

export type Attempted = {
  delivery: Claimed
  outcome: Outcome | { kind: 'skipped'; reason: string }
  message: Message | null
  isSimulated: boolean
}
export type AfterAttempt = { status: string; retryAt: Date | null; isAlarm: boolean; hasOpenedBreaker: boolean }

/** Writes what a call came to and returns when to try again, if so. Nobody waits for it, so all that there are share a commit. */
export const settleDelivery = batching(settleDeliveries, { max: 2 * BATCH_MAX, lanes: 1 })

async function settleDeliveries({ db, now, config }: Context, attempted: Attempted[]): Promise<AfterAttempt[]> {
  const at = now()
  const planned = attempted.map((one): Planned => {
    const { outcome, delivery, message, isSimulated } = one
    const plan =
      outcome.kind === 'refused'
        ? planRefusal({ ...delivery, hasEmail: delivery.email !== null && !delivery.isEmailStopped }, outcome, {
            now: at,
            backoffDelayMs: config.queue.backoffDelayMs,
          })
        : null
    return { delivery, outcome, message, isSimulated, plan, settlement: settlementOf(one, plan, at, config) }
  })
  // The common case is one statement. What refusals entail commits with the refusals.
  const isPlain = planned.every(({ outcome, isSimulated }) => outcome.kind === 'sent' && isSimulated)
  if (!isPlain) return withTx(db, (tx) => settleWithConsequences(tx, config, planned, at))
  const rows = await settle(
    db,
    planned.map(({ settlement }) => settlement),
    at,
  )
  if (rows.some(({ hasParked }) => hasParked)) await withTx(db, (tx) => joinAll(tx, config, rows, planned, at))
  const statuses = new Map(rows.map(({ id, status }) => [id, status]))
  return planned.map(({ delivery }) => ({ ...NOTHING_MORE, status: statuses.get(delivery.id) ?? 'lease_lost' }))
}

const NOTHING_MORE = { retryAt: null, isAlarm: false, hasOpenedBreaker: false }

/** Statuses that were faster than we. Should this process die before, the sweep joins them. True: one is an alarm. */
async function joinAll(tx: Tx, config: Config, rows: Settled[], planned: Planned[], now: Date): Promise<boolean> {
  let isAlarm = false
  for (const { id } of rows.filter(({ hasParked }) => hasParked)) {
    const { providerMessageId } = planned.find(({ settlement }) => settlement.id === id)!.settlement
    if (providerMessageId) isAlarm = (await joinParked(tx, config, providerMessageId, id, now)) || isAlarm
  }
  return isAlarm
}

type Planned = Attempted & { plan: Consequences | null; settlement: Settlement }

async function settleWithConsequences(tx: Tx, config: Config, planned: Planned[], now: Date): Promise<AfterAttempt[]> {
  const rows = await settle(
    tx,
    planned.map(({ settlement }) => settlement),
    now,
  )
  const hasParkedAlarm = await joinAll(tx, config, rows, planned, now)
  const settled = new Map(rows.map((row) => [row.id, row]))
  const after: AfterAttempt[] = []
  for (const { delivery, plan, settlement } of planned) {
    const row = settled.get(delivery.id)
    if (row?.hasMoved && plan)
      await applyConsequences(tx, delivery, plan, { now, attemptsMax: config.delivery.attemptsMax })
    after.push({
      status: row?.status ?? 'lease_lost',
      retryAt: row?.status === 'queued' ? settlement.nextAttemptAt : null,
      isAlarm: (plan?.isAlarm ?? false) || hasParkedAlarm,
      hasOpenedBreaker: false,
    })
  }
  return recordHealth(tx, planned, after, now)
}

/** Last, because the limits of a channel are what everybody waits for. What a simulation answers says nothing. */
async function recordHealth(tx: Tx, planned: Planned[], after: AfterAttempt[], now: Date): Promise<AfterAttempt[]> {
  for (const channel of ['email', 'whatsapp'] as const) {
    const calls = planned.filter(({ delivery, isSimulated }) => delivery.channel === channel && !isSimulated)
    const faults = calls.filter(isFault)
    const lastSuccess = calls.findLastIndex(isProofOfWork)
    if (faults.length === 0 && lastSuccess < 0) continue
    const reason = faults.at(-1)?.settlement.reason ?? 'unknown'
    const streak = calls.slice(lastSuccess + 1).filter(isFault).length
    const isOpen = await countFailures(tx, { channel, failures: streak, isReset: lastSuccess >= 0, reason, now })
    if (isOpen && faults[0]) after[planned.indexOf(faults[0])]!.hasOpenedBreaker = true
  }
  return after
}

/** The provider took it, or refused this one message: the account and the way to it work. */
const isProofOfWork = ({ plan, outcome }: Planned): boolean =>
  outcome.kind === 'sent' ||
  (plan !== null && !plan.isChannelFault && !plan.isAlarm && plan.holdUntil === null && outcome.kind === 'refused')

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
