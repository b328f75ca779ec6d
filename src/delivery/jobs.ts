/** Sending messages, releasing what is due, and sweeping up what nobody works on. */
import { setTimeout as sleep } from 'node:timers/promises'
import { Type } from 'typebox'
import { countTokens, EMAIL_SENT_BEFORE, type Message } from '../channels/channels.ts'
import { CHANNELS } from '../contacts/contacts.ts'
import type { Deps } from '../deps.ts'
import { withTx, type Tx } from '../platform/db.ts'
import { insertDeadLetter } from '../platform/dead-letters.ts'
import { Failure } from '../platform/errors.ts'
import type { Logger } from '../platform/log.ts'
import { defineJob, sweptJobId } from '../platform/queue.ts'
import { composeMessage } from '../templates/templates.ts'
import { claimDelivery, type Claimed } from './claiming.ts'
import { EMAIL_RETRY_HORIZON_MS } from './consequences.ts'
import { releaseDue } from './pacing.ts'
import { endExpiredPauses, listChannelPauses } from './pauses.ts'
import { settleDelivery, type AfterAttempt, type Attempted } from './settling.ts'
import { joinParkedStatuses } from './statuses.ts'
import { killUnknown, listUnresolved, markNeedsReview, markUnknown, requeueUnknown } from './sweep.ts'

/** Longer than a job's way through a healthy queue; shorter than anybody's patience. */
const RELEASE_GRACE_MS = 8000
const RELEASE_MAX = 1000
/** What is due later than this is released by the sweep: a delayed job each would only fill the queue. */
const SWEPT_FROM_MS = 900_000

/** The same id for the same attempt: enqueueing twice leaves one job in the queue. */
export const deliveryJobId = (deliveryId: string, attempts: number): string => `${deliveryId}-${attempts}`

/**
 * Sends one message to one guest.
 *
 * One job per guest, so that one bad number neither delays nor hides the others. The row is the truth
 * and the job only a hint: running it twice, or never, must be harmless. The sweep enqueues again
 * every row that nobody holds.
 */
export const deliverInvitation = defineJob({
  name: 'deliver-invitation',
  queue: 'deliveryQueue',
  data: Type.Object({ deliveryId: Type.String() }),

  async run(deps: Deps, { deliveryId }, { log, release }) {
    const claim = await claimDelivery(deps, deliveryId)
    if (claim.kind === 'later') {
      const id = sweptJobId(deliveryJobId(deliveryId, claim.attempts), claim.at)
      const delayMs = Math.max(1, claim.at.getTime() - deps.now().getTime())
      if (claim.isEnqueued && delayMs < SWEPT_FROM_MS)
        await deps.queues.enqueue(deliverInvitation, { deliveryId }, { id, delayMs })
      return claim.waitingFor
    }
    if (claim.kind !== 'go') return claim.reason

    const { delivery } = claim
    const channel = deps.channels[delivery.channel]
    const message = composeSafely(delivery, deps.config.http.publicBaseUrl, log)
    const outcome = 'deliveryId' in message ? await channel.send(message) : message
    release?.() // should this process die now, the lease runs out and the row waits for evidence
    const attempted = {
      delivery,
      outcome,
      message: 'deliveryId' in message ? message : null,
      isSimulated: channel.isSimulated,
    }
    const after = await settleSurely(() => settleDelivery(deps, attempted))
    report(deps, log, attempted, after)
    if (after.retryAt) {
      const delayMs = Math.max(1, after.retryAt.getTime() - deps.now().getTime())
      const id = deliveryJobId(deliveryId, delivery.attempts)
      if (delayMs < SWEPT_FROM_MS) await deps.queues.enqueue(deliverInvitation, { deliveryId }, { id, delayMs })
    }
    return after.status
  },
})

/**
 * A text that cannot be made any more (its guest or template changed) is not sent; nobody else is harmed. Also by a fault
 * of ours nothing has left, so it must not look as if something had.
 */
function composeSafely(delivery: Claimed, baseUrl: string, log: Logger): Message | { kind: 'skipped'; reason: string } {
  try {
    const message = composeMessage(delivery, baseUrl)
    return 'deliveryId' in message ? message : { kind: 'skipped', reason: message.reason }
  } catch (error) {
    if (error instanceof Failure) return { kind: 'skipped', reason: error.code }
    log.error({ deliveryId: delivery.id, template: delivery.template, err: error }, 'A message could not be made')
    return { kind: 'skipped', reason: 'not_composed' }
  }
}

function report(deps: Deps, log: Logger, { delivery, outcome, isSimulated }: Attempted, after: AfterAttempt): void {
  deps.metrics.deliveries.inc({ channel: delivery.channel, outcome: outcome.kind })
  const { id: deliveryId, requestId, channel, attempts: attempt } = delivery
  const reason = 'reason' in outcome ? { reason: outcome.reason } : {}
  log.info(
    { deliveryId, requestId, channel, attempt, status: after.status, simulated: isSimulated, ...reason },
    'A delivery was attempted',
  )
  if (after.isAlarm)
    log.error(
      { channel, ...reason },
      'The provider refuses our account, configuration or quality: the channel is paused until it is mended',
    )
  if (after.hasOpenedCircuit)
    log.warn(
      { channel, ...reason },
      'The provider fails again and again: the circuit breaker is open, then one message goes first',
    )
}

/** Turns expired leases into `unknown`, ends pauses, joins parked statuses and resolves old unknowns. */
export const sweepDeliveries = defineJob({
  name: 'sweep-deliveries',
  queue: 'maintenanceQueue',
  data: Type.Object({}),

  async run({ db, now, config }: Deps, _, { log }) {
    const at = now()
    const lost = await markUnknown(db, at, new Date(at.getTime() + config.delivery.unknownWaitMs))
    if (lost.length > 0)
      log.warn({ deliveries: lost.length }, 'Leases ran out: the outcomes are unknown and wait for evidence')
    await endExpiredPauses(db, at)
    if (await withTx(db, (tx) => joinParkedStatuses(tx, config, at)))
      log.error('The provider refuses our account by its statuses: GET /ops/channels says why')
    await withTx(db, (tx) => resolveUnknowns(tx, config.delivery.unknownPolicy, at))
    return `${lost.length} unknown`
  },
})

/** What one run of the release came to. `backlog`: more is due than the rate limits allowed. */
export type Release = { released: number; backlog: boolean }

/**
 * Enqueues the due rows that have no job, channel by channel and urgent ones first: as many as the rate limit of the
 * channel allows now. The clock runs it every second, and ten times as often while there is a backlog.
 */
export const releaseDeliveries = defineJob({
  name: 'release-deliveries',
  queue: 'maintenanceQueue',
  data: Type.Object({}),

  async run(deps: Deps): Promise<Release> {
    const { db, queues, channels } = deps
    const now = deps.now()
    const hasRoom = await queues.hasRoom('deliveryQueue')
    const pauses = await listChannelPauses(db, CHANNELS, now)
    let released = 0
    let backlog = false
    for (const channel of CHANNELS) {
      const mine = pauses.filter(({ scopeId }) => scopeId === channel)
      if (mine.some(({ until }) => until === null || until > now)) continue
      const { messagesPerSecond } = channels[channel]
      const tokens = await countTokens(db, { channel, messagesPerSecond, now })
      const limit = mine.length > 0 ? 1 : Math.min(tokens, RELEASE_MAX) // one probe for a half-open circuit
      const due = await releaseDue(db, { channel, now, graceMs: RELEASE_GRACE_MS, limit, onlyUrgent: !hasRoom })
      released += due.length
      backlog ||= hasRoom && due.length >= limit
      await queues.enqueueMany(
        deliverInvitation,
        due.map(({ id, attempts, isUrgent }) => ({
          data: { deliveryId: id },
          id: sweptJobId(deliveryJobId(id, attempts), now),
          isUrgent,
        })),
      )
    }
    return { released, backlog }
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
async function resolveUnknowns(tx: Tx, policy: 'retry' | 'review', now: Date): Promise<void> {
  for (const one of await listUnresolved(tx, now)) {
    const { id, channel, attempts, attemptsMax } = one
    // An e-mail repeats under its idempotency key, as long as the provider keeps that; WhatsApp knows no such key.
    const isKeyAlive = now.getTime() < (one.firstAttemptAt?.getTime() ?? 0) + EMAIL_RETRY_HORIZON_MS
    const mayRepeat = channel === 'email' ? isKeyAlive && one.reason !== EMAIL_SENT_BEFORE : !one.possibleDuplicate
    if (policy === 'retry' && attempts >= attemptsMax) {
      await killUnknown(tx, id, now)
      await insertDeadLetter(tx, { kind: 'delivery', refId: id, reason: 'attempts_spent', attempts, now })
    } else if (policy === 'retry' && mayRepeat) {
      await requeueUnknown(tx, id, now)
    } else {
      await markNeedsReview(tx, id, now)
      await insertDeadLetter(tx, { kind: 'delivery', refId: id, reason: 'needs_review', attempts, now })
    }
  }
}
