/** Webhooks: stored first, understood later; an item of WhatsApp and its effect commit together, a payment and the 'done' mark. */
import { createHash } from 'node:crypto'
import type { Config } from '../platform/config.ts'
import { newId, withTx, type Db, type Tx } from '../platform/db.ts'
import { rememberMessagingLimit } from '../campaigns/campaigns.ts'
import { takeMessage, takePreference, type Incoming } from '../conversations/conversations.ts'
import { rememberTemplateStatuses } from '../templates/templates.ts'
import { GiveUp } from '../platform/errors.ts'
import { parseJson } from '../platform/json.ts'
import { forgetInvitation } from '../landing/landing.ts'
import type { Kv } from '../platform/kv.ts'
import { applyPaymentEvent, readPaymentEvent, type PaymentProviders } from '../payments/payments.ts'
import { processEmail } from './email.ts'
import { processItems, type FailedItem, type Processed } from './items.ts'
import { claimInbound, finishInbound, insertInbound, killInbound, type Inbound, type Source } from './sql.ts'
import { takeStatus } from './statuses.ts'
import { readWhatsAppPayload, type WhatsAppPayload } from './whatsapp.ts'

export { reviveInbound, type Revived } from './revive.ts'
export { deleteOldInbound } from './sql.ts'

type Context = { db: Db; kv: Kv; now: () => Date; config: Config; providers: PaymentProviders }

/** After this many runs an event waits in the dead letters. */
const ATTEMPTS_MAX = 8
const DUE_AGAIN_MS = 5000
/** 5, 10 and 20 seconds: long enough for any commit that is still under way. */
const UNMATCHED_ATTEMPTS = 4

/** Commits the exact bytes. A provider that sends the same again gets the same id back. */
export function storeInbound(
  { db, now }: Pick<Context, 'db' | 'now'>,
  input: { source: Source; dedupeKey?: string; body: Buffer; requestId: string; simulated: boolean },
): Promise<{ id: string; isDuplicate: boolean }> {
  const dedupeKey = input.dedupeKey ?? createHash('sha256').update(input.body).digest('hex')
  return insertInbound(db, { ...input, id: newId('ie'), dedupeKey, receivedAt: now() })
}

/** Works one stored webhook. Throws on our own faults: the row is due again then. */
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

/** In one commit. Messages have one each, so that one person's row is never held for another's sake. */
const STATUSES_TOGETHER = 100

async function processWhatsApp({ db, kv, now, config }: Context, inbound: Inbound): Promise<Processed> {
  const { id, requestId, simulated } = inbound
  const { phoneNumberId } = config.whatsapp
  const { receivedAt } = inbound
  const payload = readWhatsAppPayload(parseJson(inbound.body, 'unreadable'), {
    isSimulated: simulated,
    phoneNumberId,
    receivedAt,
  })
  const incoming: Incoming = { id, requestId, simulated, receivedAt, now: now(), config, answered: [] }
  const { counts, failed } = await workThenForget({ db, kv }, incoming, payload)
  const told = { ...counts, malformed: payload.malformed.length, ignored: payload.ignored, foreign: payload.foreign }
  if (failed.length + payload.malformed.length > 0) {
    // The others are done; replayed by a person, they are recognized, and only these are tried again.
    const reason = failed.length > 0 ? 'items_failed' : 'items_malformed'
    await withTx(db, (tx) => killInbound(tx, id, reason, now(), describeLost(reason, failed, payload.malformed)))
    return { status: 'dead', reason, ...told, failed: failed.length }
  }
  const { statuses, messages, templates, preferences, limits } = payload
  const isEmpty = [statuses, messages, templates, preferences, limits].every(({ length }) => length === 0)
  const status = isEmpty ? ('ignored' as const) : ('done' as const)
  const reason = payload.foreign > 0 ? `other_number: ${payload.foreign} changes` : null
  await withTx(db, (tx) => finishInbound(tx, id, { status, reason, now: now() }))
  return { status, ...told }
}

/** For a person: which items, and why. Nothing of their content. */
function describeLost(reason: string, failed: FailedItem[], malformed: string[]): string {
  const items = [
    ...failed.map(({ where, reason: why }) => `${where}: ${why}`),
    ...malformed.map((where) => `${where}: unreadable`),
  ]
  return `${reason}: ${items.join('; ')}`.slice(0, 1000)
}

/** After the commits, also of a webhook that breaks off: the page shows the answer at once. */
async function workThenForget({ db, kv }: Pick<Context, 'db' | 'kv'>, incoming: Incoming, payload: WhatsAppPayload) {
  try {
    return await workWhatsApp(db, incoming, payload)
  } finally {
    for (const code of incoming.answered) await forgetInvitation(kv, code)
  }
}

/** Every item in a transaction of its own effect: the key of the item, not of the webhook, makes it happen once. */
async function workWhatsApp(
  db: Db,
  incoming: Incoming,
  payload: WhatsAppPayload,
): Promise<{ counts: Record<string, number>; failed: FailedItem[] }> {
  const outcomes = new Map<object, string>()
  const statuses = await processItems(db, payload.statuses, {
    batchSize: STATUSES_TOGETHER,
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
  const failed = [...statuses, ...messages, ...templates, ...limits, ...preferences]
  const counts: Record<string, number> = {}
  for (const outcome of outcomes.values()) counts[outcome] = (counts[outcome] ?? 0) + 1
  return { counts, failed }
}

async function processPayment({ db, now, providers }: Context, inbound: Inbound): Promise<Processed> {
  const provider = inbound.source as 'stripe' | 'conekta' | 'mock'
  const event = readPaymentEvent(providers, provider, inbound.body)
  return withTx(db, async (tx) => {
    const outcome = event.kind === 'ignored' ? 'ignored' : await applyPaymentEvent(tx, { provider, event, now: now() })
    if (outcome === 'mismatch') throw new GiveUp('amount_mismatch')
    if (outcome === 'unmatched') {
      // The webhook may be faster than our own commit of the provider's reference: the row comes due again.
      if (inbound.attempts < UNMATCHED_ATTEMPTS) return { status: 'waiting' as const, outcome }
      throw new GiveUp('payment_unknown')
    }
    const status = outcome === 'ignored' ? ('ignored' as const) : ('done' as const)
    await endOrRollBack(tx, inbound.id, { status, reason: outcome, now: now() })
    return { status, outcome }
  })
}

/** Two runs of one event may race: whoever ends it first wins, and the other's effect is rolled back. */
async function endOrRollBack(tx: Tx, id: string, end: Parameters<typeof finishInbound>[2]): Promise<void> {
  if (!(await finishInbound(tx, id, end))) throw new Error('another run has ended this event')
}
