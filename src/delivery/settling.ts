/** Settling an attempt: what the provider said is written down, with all it entails, and shares its commit with others. */
import type { Config } from '../config.ts'
import { sharing, withTx, type Db, type Tx } from '../db.ts'
import type { Message, Outcome } from './channel.ts'
import type { Claimed } from './claiming.ts'
import { planRefusal, type Consequences } from './consequences.ts'
import { applyConsequences } from './heirs.ts'
import { clearFailures, countFailures } from './limits.ts'
import { settle, type Settled, type Settlement } from './sending-sql.ts'
import { joinParked } from './statuses.ts'

type Context = { db: Db; now: () => Date; config: Config }

export type Attempted = {
  delivery: Claimed
  outcome: Outcome | { kind: 'skipped'; reason: string }
  message: Message | null
  isSimulated: boolean
}
export type AfterAttempt = { status: string; retryAt: Date | null; isAlarm: boolean; hasOpenedBreaker: boolean }

/** Writes what a call came to and returns when to try again, if so. */
export const settleDelivery = sharing(settleDeliveries, { max: 64, lanes: 1 })

async function settleDeliveries({ db, now, config }: Context, attempted: Attempted[]): Promise<AfterAttempt[]> {
  const at = now()
  const planned = attempted.map((one) => {
    const { outcome, delivery } = one
    const plan =
      outcome.kind === 'refused'
        ? planRefusal(delivery, outcome, { now: at, backoffDelayMs: config.queue.backoffDelayMs })
        : null
    return { ...one, plan, settlement: settlementOf(one, plan, at, config) }
  })
  const settlements = planned.map(({ settlement }) => settlement)
  // The common case is one statement. What refusals entail commits with the refusals.
  const isPlain = planned.every(({ outcome, delivery }) => outcome.kind === 'sent' && delivery.failuresBefore === 0)
  if (!isPlain) return withTx(db, (tx) => settleWithConsequences(tx, config, planned, at))
  const rows = await settle(db, settlements, at)
  const parked = rows.filter(({ hasParked }) => hasParked)
  if (parked.length > 0) await withTx(db, (tx) => joinAll(tx, config, parked, settlements, at))
  const statuses = new Map(rows.map(({ id, status }) => [id, status]))
  return attempted.map(({ delivery }) => ({ ...NOTHING_MORE, status: statuses.get(delivery.id) ?? 'lease_lost' }))
}

const NOTHING_MORE = { retryAt: null, isAlarm: false, hasOpenedBreaker: false }

/** Should this process die before, the sweep joins them. */
async function joinAll(tx: Tx, config: Config, rows: Settled[], settlements: Settlement[], now: Date): Promise<void> {
  for (const { id } of rows) {
    const { providerMessageId } = settlements.find((settlement) => settlement.id === id)!
    if (providerMessageId) await joinParked(tx, config, providerMessageId, id, now)
  }
}

type Planned = Attempted & { plan: Consequences | null; settlement: Settlement }

async function settleWithConsequences(tx: Tx, config: Config, planned: Planned[], now: Date): Promise<AfterAttempt[]> {
  const settlements = planned.map(({ settlement }) => settlement)
  const rows = await settle(tx, settlements, now)
  await joinAll(
    tx,
    config,
    rows.filter(({ hasParked }) => hasParked),
    settlements,
    now,
  )
  const settled = new Map(rows.map((row) => [row.id, row]))
  const after: AfterAttempt[] = []
  for (const { delivery, outcome, plan, settlement } of planned) {
    const row = settled.get(delivery.id)
    if (row && outcome.kind === 'sent' && delivery.failuresBefore > 0) await clearFailures(tx, delivery.channel, now)
    if (row?.hasMoved && plan)
      await applyConsequences(tx, delivery, plan, { now, attemptsMax: config.delivery.attemptsMax })
    after.push({
      status: row?.status ?? 'lease_lost',
      retryAt: row?.status === 'queued' ? settlement.nextAttemptAt : null,
      isAlarm: plan?.isAlarm ?? false,
      hasOpenedBreaker:
        (plan?.isChannelFault || outcome.kind === 'unknown') && (await count(tx, delivery, settlement, now)),
    })
  }
  return after
}

const count = (tx: Tx, { channel }: Claimed, { reason }: Settlement, now: Date): Promise<boolean> =>
  countFailures(tx, { channel, reason: reason ?? 'unknown', now })

function settlementOf(
  { delivery, outcome, message, isSimulated }: Attempted,
  plan: Consequences | null,
  now: Date,
  config: Config,
): Settlement {
  const isSession = message?.channel === 'whatsapp' ? message.content.kind !== 'template' : null
  const base = {
    id: delivery.id,
    attempt: delivery.attempts,
    leaseToken: delivery.leaseToken,
    simulated: isSimulated,
    reason: 'reason' in outcome ? outcome.reason : null,
    httpStatus: 'httpStatus' in outcome ? outcome.httpStatus : null,
    providerMessageId: null,
    nextAttemptAt: null,
    isSpent: true,
    templateOnly: delivery.templateOnly,
    sessionMessage: isSession,
    messageReason: isSession === null ? null : whyThisKind(delivery),
  }
  if (plan) {
    const { status, nextAttemptAt, isSpent, templateOnly } = plan
    const outcomeName = status === 'failed' ? 'failed' : isSpent ? 'retry' : 'deferred'
    return { ...base, status, outcome: outcomeName, nextAttemptAt, isSpent, templateOnly }
  }
  switch (outcome.kind) {
    case 'sent':
      return { ...base, status: 'sent', outcome: 'sent', providerMessageId: outcome.providerMessageId }
    case 'skipped':
      return { ...base, status: 'skipped', outcome: 'skipped' }
    case 'unknown': {
      const nextAttemptAt = new Date(now.getTime() + config.delivery.unknownWaitMs)
      return { ...base, status: 'unknown', outcome: 'unknown', nextAttemptAt }
    }
    case 'refused':
      break
  }
  throw new Error('a refusal has a plan')
}

const whyThisKind = (delivery: Claimed): string =>
  delivery.templateOnly ? 'refused_131047' : delivery.isWindowOpen ? 'window_open' : 'window_closed'
