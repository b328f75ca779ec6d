/** What the provider tells us afterwards: statuses move a delivery forward, and a refusal has consequences. */
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
 * Takes a provider's status inside the caller's transaction. Returns what became of it: applied,
 * duplicate, parked (we do not know the message yet), kept (it says nothing new), or alarmed (our account is refused).
 */
export async function recordStatus(
  tx: Tx,
  config: Settings,
  event: StatusEvent,
  now: Date,
): Promise<'applied' | 'duplicate' | 'parked' | 'kept' | 'alarmed'> {
  const delivery = await lockDeliveryOfStatus(tx, event.providerMessageId, event.ourId)
  // A refusal after which it would go again, faster than the answer to the call, waits for that answer.
  const mustWait = delivery?.status === 'sending' && (await goesAgain(tx, config, delivery.id, event, now))
  const deliveryId = mustWait ? null : (delivery?.id ?? null)
  if (!(await insertStatusEvent(tx, event, deliveryId, now))) return 'duplicate'
  if (!deliveryId) return 'parked'
  const applied = await applyStatus(tx, config, deliveryId, event, now)
  if (applied !== 'applied' || delivery!.isKnown) return applied
  // Now we know whose message it is. What was parked of it would wait for the sweep, which looks back an hour only.
  return (await joinParked(tx, config, event.providerMessageId, deliveryId, now)) ? 'alarmed' : applied
}

/** A guest clicked a link in an e-mail whose opening was told before. */
export const recordClick = markClicked

/** Statuses that came before we knew the message id join their delivery now, oldest rank first. True: one is an alarm. */
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

/** Joins parked statuses that nobody joined. The sweep calls it. True: one is an alarm. */
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

/** A message that was accepted, and refused afterwards: it fails, goes again, or another channel takes its place. */
async function refuse(tx: Tx, config: Settings, id: string, event: StatusEvent, now: Date): Promise<Applied> {
  const delivery = await findRefusedDelivery(tx, id, event.providerMessageId, now)
  if (!delivery) return 'kept' // an earlier attempt's, or nothing that could fail any more
  const plan = planOf(config, delivery, event, now)
  const hasMoved =
    plan.status === 'queued' ? await requeueRefused(tx, id, plan, now) : await advance(tx, id, event, now, plan.status)
  if (!hasMoved) return 'kept'
  await applyConsequences(tx, delivery, plan, {
    now,
    attemptsMax: config.delivery.attemptsMax,
    at: event.occurredAt,
  })
  return plan.isAlarm ? 'alarmed' : 'applied'
}

/** The reason of a `failed` status carries WhatsApp's code; an e-mail that bounced does not go again. */
function readRefusal({ reason }: StatusEvent): Refusal {
  const code = /^whatsapp_(\d+)$/.exec(reason ?? '')?.[1]
  if (code === undefined) return { verdict: 'fail', reason: reason ?? 'failed' }
  const { verdict, ...more } = classifyWhatsApp({ code: Number(code), httpStatus: null })
  return { ...more, verdict: verdict === 'unknown' ? 'fail' : verdict, reason: `whatsapp_${code}` }
}

const planOf = (config: Settings, delivery: RefusedDelivery, event: StatusEvent, now: Date): Consequences =>
  planRefusal(delivery, readRefusal(event), { now, backoffDelayMs: config.queue.backoffDelayMs, wasAccepted: true })

async function goesAgain(tx: Tx, config: Settings, id: string, event: StatusEvent, now: Date): Promise<boolean> {
  if (event.status !== 'failed') return false
  const delivery = await findRefusedDelivery(tx, id, event.providerMessageId, now)
  return delivery !== null && planOf(config, delivery, event, now).status === 'queued'
}
