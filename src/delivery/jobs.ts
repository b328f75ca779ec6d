/** The jobs that send messages, release due ones, and sweep up what a dead worker left. */
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
import { endUnknown, listUnresolved, markUnknown, requeueUnknown } from './sweep.ts'

/** A row enqueued longer ago than this has lost its job and is enqueued again. */
const RELEASE_GRACE_MS = 8000
const RELEASE_MAX = 1000
/** Rows due later than this get no delayed job; the release enqueues them when they are due. */
const SWEPT_FROM_MS = 900_000

/** Names the attempt, so enqueueing twice leaves one job. */
export const deliveryJobId = (deliveryId: string, attempts: number): string => `${deliveryId}-${attempts}`

/**
 * Sends one message to one guest.
 *
 * One job per guest, so that one bad number neither delays nor hides the others. The row is the truth and the job
 * only a hint: running it twice or never is harmless, because the release enqueues every due row again.
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
    release?.() // if this process dies now, the lease expires and the outcome is unknown
    const attempted = {
      delivery,
      outcome,
      message: 'deliveryId' in message ? message : null,
      isSimulated: channel.isSimulated,
    }
    const after = await settleWithRetries(() => settleDelivery(deps, attempted))
    report(deps, log, attempted, after)
    if (after.retryAt) {
      const delayMs = Math.max(1, after.retryAt.getTime() - deps.now().getTime())
      const id = deliveryJobId(deliveryId, delivery.attempts)
      if (delayMs < SWEPT_FROM_MS) await deps.queues.enqueue(deliverInvitation, { deliveryId }, { id, delayMs })
    }
    return after.status
  },
})

/** Skips a message that cannot be composed, even by a fault of ours: nothing was sent, so it must not become unknown. */
function composeSafely(delivery: Claimed, baseUrl: string, log: Logger): Message | { kind: 'skipped'; reason: string } {
  try {
    const message = composeMessage(delivery, baseUrl)
    return 'deliveryId' in message ? message : { kind: 'skipped', reason: message.reason }
  } catch (error) {
    if (error instanceof Failure) return { kind: 'skipped', reason: error.code }
    log.error({ deliveryId: delivery.id, template: delivery.template, err: error }, 'A message could not be composed')
    return { kind: 'skipped', reason: 'not_composed' }
  }
}

function report(deps: Deps, log: Logger, attempted: Attempted, after: AfterAttempt): void {
  const { delivery, outcome, isSimulated: simulated } = attempted
  deps.metrics.deliveries.inc({ channel: delivery.channel, outcome: outcome.kind })
  const { id: deliveryId, requestId, channel, attempts: attempt } = delivery
  const { status } = after
  const reason = 'reason' in outcome ? { reason: outcome.reason } : {}
  log.info({ deliveryId, requestId, channel, attempt, status, simulated, ...reason }, 'A delivery was attempted')
  if (after.needsOperator)
    log.error({ channel, ...reason }, 'The provider refuses our account, setup or quality: the channel is paused')
  if (after.hasOpenedCircuit)
    log.warn({ channel, ...reason }, 'The provider keeps failing: the circuit breaker is open')
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
      log.warn({ deliveries: lost.length }, 'Leases expired: the outcomes are unknown until a status arrives')
    await endExpiredPauses(db, at)
    if (await withTx(db, (tx) => joinParkedStatuses(tx, config, at)))
      log.error('Statuses say that the provider refuses our account: GET /ops/channels says why')
    await withTx(db, (tx) => resolveUnknowns(tx, config.delivery.unknownPolicy, at))
    return `${lost.length} unknown`
  },
})

/** `backlog`: more rows were due than the rate limits allowed. */
export type Release = { released: number; backlog: boolean }

/**
 * Enqueues due rows that have no job, urgent ones first, as many as the rate limit of each channel allows. The clock
 * runs it every second, and ten times a second while there is a backlog.
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

/** Retries, because a short database failure must not lose the provider's answer. */
async function settleWithRetries<T>(settleOnce: () => Promise<T>): Promise<T> {
  for (let triesLeft = 4; ; triesLeft--) {
    try {
      return await settleOnce()
    } catch (error) {
      if (triesLeft === 0) throw error
      await sleep(500 * 2 ** (4 - triesLeft))
    }
  }
}

/** Decides unknown outcomes whose wait is over: one more try where a repeat is allowed, otherwise they need review. */
async function resolveUnknowns(tx: Tx, policy: 'retry' | 'review', now: Date): Promise<void> {
  for (const delivery of await listUnresolved(tx, now)) {
    const { id, channel, attempts, attemptsMax } = delivery
    // An e-mail is safe to repeat while the provider keeps its idempotency key; WhatsApp has no such key.
    const isKeyAlive = now.getTime() < (delivery.firstAttemptAt?.getTime() ?? 0) + EMAIL_RETRY_HORIZON_MS
    const mayRepeat =
      channel === 'email' ? isKeyAlive && delivery.reason !== EMAIL_SENT_BEFORE : !delivery.possibleDuplicate
    const isSpent = policy === 'retry' && attempts >= attemptsMax
    if (policy === 'retry' && mayRepeat && !isSpent) {
      await requeueUnknown(tx, id, now)
      continue
    }
    const reason = isSpent ? 'attempts_spent' : 'needs_review'
    await endUnknown(tx, id, reason, now)
    await insertDeadLetter(tx, { kind: 'delivery', refId: id, reason, attempts, now })
  }
}
