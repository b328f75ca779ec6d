/** Applying the provider's statuses: they move a delivery forward, and a refusal has consequences. */
import type { Config } from '../platform/config.ts'
import type { Tx } from '../platform/db.ts'
import { classifyWhatsApp, type Refusal } from '../channels/channels.ts'
import { planRefusal, type Consequences } from './consequences.ts'
import { applyConsequences, markReachable } from './fallback.ts'
import {
  addEvidence,
  advance,
  findRefusedDelivery,
  insertStatusEvent,
  listJoinableEvents,
  listParkedEvents,
  lockDeliveryOfStatus,
  markClicked,
  requeueRefused,
  type RefusedDelivery,
  type StatusEvent,
} from './statuses-sql.ts'

type Settings = Pick<Config, 'queue' | 'delivery'>

/**
 * Stores and applies a status in the caller's transaction. Returns `applied`, `duplicate`, `parked` (its message is not
 * known yet), `kept` (it changes nothing) or `alarmed` (our account is refused: an operator must act).
 */
export async function recordStatus(
  tx: Tx,
  config: Settings,
  event: StatusEvent,
  now: Date,
): Promise<'applied' | 'duplicate' | 'parked' | 'kept' | 'alarmed'> {
  const delivery = await lockDeliveryOfStatus(tx, event.providerMessageId, event.ourId)
  // A refusal that would cause a retry waits for the answer to the call that is still running.
  const mustWait = delivery?.status === 'sending' && (await wouldRetry(tx, config, delivery.id, event, now))
  const deliveryId = mustWait ? null : (delivery?.id ?? null)
  if (!(await insertStatusEvent(tx, event, deliveryId, now))) return 'duplicate'
  if (!deliveryId) return 'parked'
  const applied = await applyStatus(tx, config, deliveryId, event, now)
  if (applied !== 'applied' || delivery!.isKnown) return applied
  // The message's delivery is known only now, so earlier statuses may be parked.
  return (await joinParked(tx, config, event.providerMessageId, deliveryId, now)) ? 'alarmed' : applied
}

/** The guest clicked a link in an e-mail that was already read. */
export const recordClick = markClicked

/** Joins statuses that arrived before we knew the message id. Returns whether one needs an operator. */
export async function joinParked(
  tx: Tx,
  config: Settings,
  providerMessageId: string,
  deliveryId: string,
  now: Date,
): Promise<boolean> {
  const outcomes = []
  for (const event of await listParkedEvents(tx, providerMessageId, deliveryId))
    outcomes.push(await applyStatus(tx, config, deliveryId, event, now))
  return outcomes.includes('alarmed')
}

/** Joins parked statuses of any delivery. Returns whether one needs an operator. */
export async function joinParkedStatuses(tx: Tx, config: Settings, now: Date): Promise<boolean> {
  const outcomes = []
  for (const event of await listJoinableEvents(tx, now))
    outcomes.push(await applyStatus(tx, config, event.deliveryId, event, now))
  return outcomes.includes('alarmed')
}

type Applied = 'applied' | 'kept' | 'alarmed'

async function applyStatus(tx: Tx, config: Settings, id: string, event: StatusEvent, now: Date): Promise<Applied> {
  const applied =
    event.status === 'failed'
      ? await refuse(tx, config, id, event, now)
      : (await advance(tx, id, event, now))
        ? 'applied'
        : 'kept'
  await addEvidence(tx, id, event)
  if (event.status === 'delivered' || event.status === 'read') await markReachable(tx, id)
  return applied
}

/** Applies a refusal of a message that the provider had accepted: it fails, is retried or falls back to e-mail. */
async function refuse(tx: Tx, config: Settings, id: string, event: StatusEvent, now: Date): Promise<Applied> {
  const delivery = await findRefusedDelivery(tx, id, event.providerMessageId, now)
  if (!delivery) return 'kept'
  const plan = planOf(config, delivery, event, now)
  const hasMoved =
    plan.status === 'queued' ? await requeueRefused(tx, id, plan, now) : await advance(tx, id, event, now, plan.status)
  if (!hasMoved) return 'kept'
  await applyConsequences(tx, delivery, plan, {
    now,
    attemptsMax: config.delivery.attemptsMax,
    at: event.occurredAt,
  })
  return plan.needsOperator ? 'alarmed' : 'applied'
}

/** Classifies WhatsApp's error code in the reason of a `failed` status; an e-mail that bounced fails for good. */
function readRefusal({ reason }: StatusEvent): Refusal {
  const code = /^whatsapp_(\d+)$/.exec(reason ?? '')?.[1]
  if (code === undefined) return { verdict: 'fail', reason: reason ?? 'failed' }
  const { verdict, ...more } = classifyWhatsApp({ code: Number(code), httpStatus: null })
  return { ...more, verdict: verdict === 'unknown' ? 'fail' : verdict, reason: `whatsapp_${code}` }
}

const planOf = (config: Settings, delivery: RefusedDelivery, event: StatusEvent, now: Date): Consequences =>
  planRefusal(delivery, readRefusal(event), { now, backoffDelayMs: config.queue.backoffDelayMs, wasAccepted: true })

async function wouldRetry(tx: Tx, config: Settings, id: string, event: StatusEvent, now: Date): Promise<boolean> {
  if (event.status !== 'failed') return false
  const delivery = await findRefusedDelivery(tx, id, event.providerMessageId, now)
  return delivery !== null && planOf(config, delivery, event, now).status === 'queued'
}
