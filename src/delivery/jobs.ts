/** Sending, and sweeping up what nobody holds. */
import { setTimeout as sleep } from 'node:timers/promises'
import { Type } from 'typebox'
import { withTx, type Tx } from '../platform/db.ts'
import { defineJob, sweptJobId } from '../platform/queue.ts'
import type { Deps } from '../deps.ts'
import { Failure } from '../platform/errors.ts'
import type { Logger } from '../platform/log.ts'
import { saveTemplateStatuses } from '../templates/statuses.ts'
import { listAwaited, triggerCampaign } from '../campaigns/trigger.ts'
import type { Message } from '../channels/channel.ts'
import { EMAIL_RETRY_HORIZON_MS } from './consequences.ts'
import { composeMessage } from '../templates/message.ts'
import { endHolds } from './pauses.ts'
import { EMAIL_SENT_BEFORE } from '../channels/refusals.ts'
import { claimDelivery, type Claimed } from './claiming.ts'
import { settleDelivery, type AfterAttempt, type Attempted } from './settling.ts'
import { joinParkedStatuses } from './statuses.ts'
import { fetchTemplates } from '../channels/whatsapp.ts'
import {
  markNeedsReview,
  insertDeadDelivery,
  killUnknown,
  listUnresolved,
  markDue,
  markUnknown,
  requeueUnknown,
} from './sweep.ts'

/** Longer than the way of a job through a healthy queue; shorter than anybody's patience. */
const SWEEP_GRACE_MS = 8000
const SWEEP_LIMIT = 1000
/** What is due later than this is enqueued by the sweep: a delayed job each would only fill the queue. */
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
      if (delayMs < SWEPT_FROM_MS) await deps.queues.enqueue(deliverInvitation, { deliveryId }, { id, delayMs })
      return claim.reason
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
      'The provider refuses our account, configuration or quality: the channel rests until it is mended',
    )
  if (after.hasOpenedBreaker)
    log.warn({ channel, ...reason }, 'The provider fails again and again: the channel rests, then one message tries')
}

/** Enqueues due rows that nobody holds, turns expired leases into `unknown`, resolves old unknowns, ends holds. */
export const sweepDeliveries = defineJob({
  name: 'sweep-deliveries',
  queue: 'maintenanceQueue',
  data: Type.Object({}),

  async run({ db, now, config, queues }: Deps, _, { log }) {
    const at = now()
    const lost = await markUnknown(db, at, new Date(at.getTime() + config.delivery.unknownWaitMs))
    if (lost.length > 0)
      log.warn({ deliveries: lost.length }, 'Leases ran out: the outcomes are unknown and wait for evidence')
    await endHolds(db, at)
    if (await withTx(db, (tx) => joinParkedStatuses(tx, config, at)))
      log.error('The provider refuses our account by its statuses: GET /ops/channels says why')
    await withTx(db, (tx) => resolveUnknowns(tx, config.delivery.unknownPolicy, at))

    const enqueueDue = async (isUrgent: boolean): Promise<number> => {
      const due = await markDue(db, { isUrgent, now: at, graceMs: SWEEP_GRACE_MS, limit: SWEEP_LIMIT })
      const items = due.map(({ id, attempts }) => ({
        data: { deliveryId: id },
        id: sweptJobId(deliveryJobId(id, attempts), at),
        isUrgent,
      }))
      await queues.enqueueMany(deliverInvitation, items)
      return due.length
    }
    const urgent = await enqueueDue(true) // a guest waits for it: it goes before whatever waits in the queue
    if (!(await queues.hasRoom('deliveryQueue'))) return `${urgent} urgent enqueued; the queue is busy or away`
    return `${urgent + (await enqueueDue(false))} enqueued`
  },
})

/** What the clock looks at in one turn; the rest follows a second later. */
const TRIGGER_LIMIT = 100

/** Moves the campaigns that follow an event with it, and triggers those whose time has come. */
export const triggerCampaigns = defineJob({
  name: 'trigger-campaigns',
  queue: 'maintenanceQueue',
  data: Type.Object({}),

  async run(deps: Deps, _, { log }) {
    const failures: unknown[] = []
    const outcomes: Record<string, number> = {}
    for (const id of await listAwaited(deps.db, deps.now(), TRIGGER_LIMIT)) {
      try {
        const { outcome, ...facts } = await triggerCampaign(deps, id)
        outcomes[outcome] = (outcomes[outcome] ?? 0) + 1
        if (outcome === 'missed')
          log.warn(facts, 'A campaign missed its time: nothing was sent, and its organizer sees why')
        else if (outcome === 'waiting')
          log.warn(facts, 'The time of a campaign has come and its template cannot be sent: it is tried every minute')
        else if (outcome !== 'nothing')
          log.info({ outcome, ...facts }, 'A campaign that follows its event was looked at')
      } catch (error) {
        failures.push(error) // the others do not wait for this one
      }
    }
    if (failures.length > 0) throw failures[0]
    return JSON.stringify(outcomes)
  },
})

/** Asks the provider which of our templates it has approved. Without a key there is nobody to ask. */
export const syncTemplates = defineJob({
  name: 'sync-templates',
  queue: 'maintenanceQueue',
  data: Type.Object({}),

  async run({ db, now, config }: Deps, _, { jobId, log }) {
    const { apiKey, apiUrl, timeoutMs } = config.whatsapp
    if (!apiKey) return 'simulated'
    const fetched = await fetchTemplates({ apiKey, apiUrl, timeoutMs, now }, jobId)
    if (fetched.kind !== 'fetched') {
      log.warn({ reason: fetched.reason }, 'The templates could not be asked for; what was known of them stays')
      return fetched.reason
    }
    const { notApproved, different, otherCategory } = await saveTemplateStatuses(db, fetched.templates, now())
    if (notApproved.length > 0)
      log.warn({ templates: notApproved }, 'Some templates are not approved by WhatsApp: GET /templates says which')
    if (different.length > 0)
      log.warn(
        { templates: different },
        'WhatsApp approved other templates than ours: GET /templates says what differs',
      )
    if (otherCategory.length > 0)
      log.warn({ templates: otherCategory }, 'WhatsApp took templates for another category: they cost its price')
    return `${fetched.templates.length} templates, of ours ${notApproved.length} not approved, ${different.length} different`
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
  for (const one of await listUnresolved(tx, now)) {
    const { id, channel, attempts, attemptsMax } = one
    // An e-mail repeats under its idempotency key, as long as the provider keeps that; WhatsApp knows no such key.
    const isKeyAlive = now.getTime() < (one.firstAttemptAt?.getTime() ?? 0) + EMAIL_RETRY_HORIZON_MS
    const mayRepeat = channel === 'email' ? isKeyAlive && one.reason !== EMAIL_SENT_BEFORE : !one.possibleDuplicate
    if (policy === 'retry' && attempts >= attemptsMax) {
      await killUnknown(tx, id, now)
      await insertDeadDelivery(tx, { deliveryId: id, reason: 'attempts_spent', attempts, now })
    } else if (policy === 'retry' && mayRepeat) {
      await requeueUnknown(tx, id, now)
    } else {
      await markNeedsReview(tx, id, now)
      await insertDeadDelivery(tx, { deliveryId: id, reason: 'needs_review', attempts, now })
    }
  }
}
