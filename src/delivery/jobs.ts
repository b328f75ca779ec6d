/** Sending, and sweeping up what nobody holds. */
import { setTimeout as sleep } from 'node:timers/promises'
import { Type } from 'typebox'
import { withTx, type Tx } from '../db.ts'
import { defineJob, sweptJobId } from '../queue.ts'
import { claimDelivery, composeMessage, joinParkedStatuses, reasonToSkip, settleDelivery } from './delivery.ts'
import {
  holdUnknown,
  insertDeadDelivery,
  killUnknown,
  listUnresolved,
  markDue,
  markUnknown,
  requeueUnknown,
} from './sweep.ts'

/** Longer than the way of a nudge through a healthy queue; shorter than anybody's patience. */
const SWEEP_GRACE_MS = 8000
const SWEEP_LIMIT = 1000

/** The same id for the same attempt: nudging twice leaves one job in the queue. */
export const deliveryJobId = (deliveryId: string, attempts: number): string => `${deliveryId}-${attempts}`

/**
 * Sends one message to one guest.
 *
 * One job per guest, so that one bad number neither delays nor hides the others. The row is the truth
 * and the job only a nudge: running it twice, or never, must be harmless. The sweep nudges again
 * every row that nobody holds.
 */
export const deliverInvitation = defineJob({
  name: 'deliver-invitation',
  queue: 'deliveryQueue',
  data: Type.Object({ deliveryId: Type.String() }),

  async run(deps, { deliveryId }, { log }) {
    const delivery = await claimDelivery(deps, deliveryId)
    if (!delivery) return 'nothing to do'

    const channel = deps.channels[delivery.channel]
    const skip = reasonToSkip(delivery)
    const outcome = skip
      ? { kind: 'skipped' as const, reason: skip }
      : await channel.send(composeMessage(delivery, deps.config.http.publicBaseUrl))
    const { status, retryAt } = await settleSurely(() => settleDelivery(deps, delivery, outcome, channel.isSimulated))

    deps.metrics.deliveries.inc({ channel: delivery.channel, outcome: outcome.kind })
    const fields = {
      deliveryId,
      requestId: delivery.requestId,
      channel: delivery.channel,
      attempt: delivery.attempts,
      status,
      simulated: channel.isSimulated,
    }
    log.info('reason' in outcome ? { ...fields, reason: outcome.reason } : fields, 'A delivery was attempted')
    if (retryAt) {
      const delayMs = Math.max(1, retryAt.getTime() - deps.now().getTime())
      await deps.queues.nudge(
        deliverInvitation,
        { deliveryId },
        { id: deliveryJobId(deliveryId, delivery.attempts), delayMs },
      )
    }
    return status
  },
})

/** Nudges due rows that nobody holds, turns expired leases into `unknown`, resolves old unknowns. */
export const sweepDeliveries = defineJob({
  name: 'sweep-deliveries',
  queue: 'maintenanceQueue',
  data: Type.Object({}),

  async run({ db, now, config, queues }, _, { log }) {
    const at = now()
    const lost = await markUnknown(db, at, new Date(at.getTime() + config.delivery.unknownWaitMs))
    if (lost.length > 0)
      log.warn({ deliveries: lost.length }, 'Leases ran out: the outcomes are unknown and wait for evidence')
    await withTx(db, (tx) => joinParkedStatuses(tx, at))
    await withTx(db, (tx) => resolveUnknowns(tx, config.delivery.unknownPolicy, at))

    if (!(await queues.hasRoom('deliveryQueue'))) return 'the queue is busy or away'
    const due = await markDue(db, at, SWEEP_GRACE_MS, SWEEP_LIMIT)
    await queues.nudgeMany(
      deliverInvitation,
      due.map(({ id, attempts }) => ({ data: { deliveryId: id }, id: sweptJobId(deliveryJobId(id, attempts), at) })),
    )
    return `${due.length} nudged`
  },
})

/** What a provider answered is known here only: a hiccup of the database must not turn it into `unknown`. */
async function settleSurely<T>(settleOnce: () => Promise<T>): Promise<T> {
  for (let triesLeft = 4; ; triesLeft--) {
    try {
      return await settleOnce()
    } catch (error) {
      if (triesLeft === 0) throw error
      await sleep(500 * 2 ** (4 - triesLeft))
    }
  }
}

/** Their wait is over without evidence: once more where that is safe or allowed, else for a person. */
async function resolveUnknowns(tx: Tx, policy: 'retry' | 'hold', now: Date): Promise<void> {
  for (const { id, channel, attempts, attemptsMax, possibleDuplicate } of await listUnresolved(tx, now)) {
    const mayRepeat = channel === 'email' || !possibleDuplicate // e-mail repeats under its idempotency key
    if (policy === 'retry' && attempts >= attemptsMax) {
      await killUnknown(tx, id, now)
      await insertDeadDelivery(tx, { deliveryId: id, reason: 'attempts_spent', attempts, now })
    } else if (policy === 'retry' && mayRepeat) {
      await requeueUnknown(tx, id, now)
    } else {
      await holdUnknown(tx, id, now)
      await insertDeadDelivery(tx, { deliveryId: id, reason: 'held_unknown', attempts, now })
    }
  }
}
