/**
 * Webhooks are stored first and processed later by a job. Each item of a WhatsApp webhook commits together with its effect;
 * a payment commits together with the status `done` of its webhook.
 */
import { createHash } from 'node:crypto'
import { batching } from '../platform/batching.ts'
import type { Config } from '../platform/config.ts'
import { newId, withTx, type Db, type Tx } from '../platform/db.ts'
import { rememberMessagingLimit } from '../campaigns/campaigns.ts'
import { takeIdentityChange, takeMessage, takePreference, type Incoming } from '../conversations/conversations.ts'
import { rememberTemplateStatuses } from '../templates/templates.ts'
import { GiveUp } from '../platform/errors.ts'
import { parseJson } from '../platform/json.ts'
import {
  applyUpdate,
  findRefOfUpdate,
  readPaymentEvent,
  reviewUnmatched,
  whyNotOurs,
  type Applied,
} from '../payments/payments.ts'
import { isEmpty, type PaymentEvent, type PaymentProviders, type ProviderName } from '../providers/providers.ts'
import { processEmail } from './email.ts'
import { processItems, type FailedItem, type Processed } from './items.ts'
import {
  claimInbound,
  finishInbound,
  insertInbound,
  killInbound,
  type Inbound,
  type NewInbound,
  type Source,
} from './sql.ts'
import { takeStatus } from './statuses.ts'
import { readWhatsAppPayload, type WhatsAppPayload } from './whatsapp.ts'

export { eraseInbound } from './erasing.ts'
export { reviveInbound, type Revived } from './revive.ts'
export { deleteOldInbound } from './sql.ts'

type Context = { db: Db; now: () => Date; config: Config; providers: PaymentProviders }

/** After this many runs a webhook becomes a dead letter. */
const ATTEMPTS_MAX = 8
const DUE_AGAIN_MS = 5000
/** Retries after 5, 10 and 20 seconds leave time for any commit that is still in progress. */
const UNMATCHED_ATTEMPTS = 4

/** Larger bodies are stored alone, so that a statement stays small. */
const SHARED_BODY_MAX = 64 * 1024

/** Webhooks of the same moment share a statement. */
const insertTogether = batching(({ db }: Pick<Context, 'db'>, events: NewInbound[]) => insertInbound(db, events), {
  max: 64,
  lanes: 2,
})

/** Stores the raw body. A redelivery gets the id of the first one. `dedupeKey` defaults to the SHA-256 of the body. */
export async function storeInbound(
  { db, now }: Pick<Context, 'db' | 'now'>,
  input: { source: Source; dedupeKey?: string; body: Buffer; requestId: string; simulated: boolean },
): Promise<{ id: string; isDuplicate: boolean }> {
  const dedupeKey = input.dedupeKey ?? createHash('sha256').update(input.body).digest('hex')
  const event = { ...input, id: newId('ie'), dedupeKey, receivedAt: now() }
  return input.body.length <= SHARED_BODY_MAX ? insertTogether({ db }, event) : (await insertInbound(db, [event]))[0]!
}

/** Processes one stored webhook. Throws on our own faults; the row is then due again. */
export async function processInbound(context: Context, id: string): Promise<Processed> {
  const { db, now } = context
  const inbound = await claimInbound(db, id, now(), DUE_AGAIN_MS)
  if (!inbound) return { status: 'nothing to do' }
  try {
    if (inbound.source === 'email') return await processEmail(context, inbound)
    return inbound.source === 'whatsapp'
      ? await processWhatsApp(context, inbound)
      : await processPayment(context, inbound)
  } catch (error) {
    const reason = error instanceof GiveUp ? error.reason : inbound.attempts >= ATTEMPTS_MAX ? 'attempts_spent' : null
    if (reason === null) throw error
    await withTx(db, (tx) => killInbound(tx, id, reason, now()))
    return { status: 'dead', reason }
  }
}

/** Statuses per transaction. Messages get one transaction each, so that nobody waits for a lock on another person's row. */
const STATUSES_PER_TX = 100

async function processWhatsApp({ db, now, config }: Context, inbound: Inbound): Promise<Processed> {
  const { id, requestId, simulated } = inbound
  const { phoneNumberId } = config.whatsapp
  const { receivedAt } = inbound
  const payload = readWhatsAppPayload(parseJson(inbound.body, 'unreadable'), {
    isSimulated: simulated,
    phoneNumberId,
    receivedAt,
  })
  const incoming: Incoming = { id, requestId, simulated, receivedAt, now: now(), config }
  const { counts, failed } = await processPayload(db, incoming, payload)
  const summary = { ...counts, malformed: payload.malformed.length, ignored: payload.ignored, foreign: payload.foreign }
  if (failed.length + payload.malformed.length > 0) {
    // The other items are done. A retry recognizes them by their keys and repeats only the failed ones.
    const reason = failed.length > 0 ? 'items_failed' : 'items_malformed'
    await withTx(db, (tx) => killInbound(tx, id, reason, now(), describeFailures(reason, failed, payload.malformed)))
    return { status: 'dead', reason, ...summary, failed: failed.length }
  }
  const { statuses, messages, templates, preferences, identities, limits } = payload
  const isEmpty = [statuses, messages, templates, preferences, identities, limits].every(({ length }) => length === 0)
  const status = isEmpty ? ('ignored' as const) : ('done' as const)
  const reason = payload.foreign > 0 ? `other_number: ${payload.foreign} changes` : null
  await withTx(db, (tx) => finishInbound(tx, id, { status, reason, now: now() }))
  return { status, ...summary }
}

/** Says which items failed and why, without their content. */
function describeFailures(reason: string, failed: FailedItem[], malformed: string[]): string {
  const items = [
    ...failed.map(({ where, reason: why }) => `${where}: ${why}`),
    ...malformed.map((where) => `${where}: unreadable`),
  ]
  return `${reason}: ${items.join('; ')}`.slice(0, 1000)
}

/** Each item commits with its effect. The key of the item, not of the webhook, makes it happen once. */
async function processPayload(
  db: Db,
  incoming: Incoming,
  payload: WhatsAppPayload,
): Promise<{ counts: Record<string, number>; failed: FailedItem[] }> {
  const outcomes = new Map<object, string>()
  const statuses = await processItems(db, payload.statuses, {
    batchSize: STATUSES_PER_TX,
    work: async (tx, status) => void outcomes.set(status, await takeStatus(tx, incoming, status)),
  })
  const messages = await processItems(db, payload.messages, {
    batchSize: 1,
    work: async (tx, message) => void outcomes.set(message, await takeMessage(tx, incoming, message)),
  })
  const templates = await processItems(db, payload.templates, {
    batchSize: 1,
    work: (tx, update) => rememberTemplateStatuses(tx, [update], update.at ?? incoming.receivedAt),
  })
  const limits = await processItems(db, payload.limits, {
    batchSize: 1,
    work: (tx, { recipients, at }) => rememberMessagingLimit(tx, { recipients, toldAt: at ?? incoming.receivedAt }),
  })
  const preferences = await processItems(db, payload.preferences, {
    batchSize: 1,
    work: async (tx, preference) => void outcomes.set(preference, await takePreference(tx, preference)),
  })
  const identities = await processItems(db, payload.identities, {
    batchSize: 1,
    work: async (tx, change) => void outcomes.set(change, await takeIdentityChange(tx, incoming, change)),
  })
  const failed = [...statuses, ...messages, ...templates, ...limits, ...preferences, ...identities]
  const counts: Record<string, number> = {}
  for (const outcome of outcomes.values()) counts[outcome] = (counts[outcome] ?? 0) + 1
  return { counts, failed }
}

async function processPayment(context: Context, inbound: Inbound): Promise<Processed> {
  const { db, now, providers, config } = context
  const provider = inbound.source as ProviderName
  const event = readPaymentEvent(providers, provider, inbound.body)
  const isLast = inbound.attempts >= UNMATCHED_ATTEMPTS
  const update = isEmpty(event) ? event : await complete(context, provider, event, isLast)
  const cause = { by: provider, requestId: inbound.id, at: now() }
  return withTx(db, async (tx) => {
    let outcome: Applied | 'ignored' | 'other_account' = 'ignored'
    if (!isEmpty(event)) {
      const { latePolicy } = config.payments
      outcome = (await applyUpdate(tx, { provider, update, cause, latePolicy })).outcome
      if (outcome === 'unmatched') outcome = whyNotOurs(providers, provider, update) ?? outcome
      // The webhook can arrive before we commit the provider's reference, so it is tried again.
      if (outcome === 'unmatched' && !isLast) return { status: 'waiting' as const, outcome }
      if (outcome === 'unmatched' && update.facts.length > 0) {
        if (!(await reviewUnmatched(tx, provider, update, cause))) throw new GiveUp('payment_unknown')
        outcome = 'review'
      }
    }
    const status = outcome === 'ignored' || outcome.startsWith('other_') || outcome === 'unmatched' ? 'ignored' : 'done'
    await finishOrThrow(tx, inbound.id, { status, reason: outcome, now: cause.at })
    return { status, outcome } as const
  })
}

/**
 * Reads the intent at the provider when the event tells less than it names, and when nobody knows its payment: a charge does
 * not carry our id, and its order does. Throws ProviderUnreachable; the webhook is then tried again.
 */
async function complete(
  { db, providers }: Context,
  provider: ProviderName,
  event: PaymentEvent,
  isLast: boolean,
): Promise<PaymentEvent> {
  if (!event.isIncomplete && !isLast) return event
  const known = await findRefOfUpdate(db, provider, event.providerRef, event.paymentId)
  const ref = known?.providerRef ?? event.providerRef
  const mustRead = event.isIncomplete ? known !== null : known === null && isLast && !event.isOtherAccount
  const read = mustRead && ref !== null ? await providers[provider].read(ref) : null
  if (!read && event.isIncomplete && (known !== null || isLast)) throw new GiveUp('payment_unknown')
  if (!read) return event
  // What the event says of the intent counts too: it has a time, which a reading has not.
  const { status, reason, isOver, occurredAt, dedupeKey } = event
  return { ...read, ...(status === null ? {} : { status, reason, isOver }), occurredAt, dedupeKey }
}

/** Ends the webhook. When two runs race, the second one throws, so that its effect is rolled back. */
async function finishOrThrow(tx: Tx, id: string, end: Parameters<typeof finishInbound>[2]): Promise<void> {
  if (!(await finishInbound(tx, id, end))) throw new Error('another run has finished this webhook')
}
