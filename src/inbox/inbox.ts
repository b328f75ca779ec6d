/** Webhooks: stored first, understood later; the effect and the 'done' mark commit together. */
import { createHash } from 'node:crypto'
import type { Config } from '../config.ts'
import { hasLaterIntent, readReply, receiveMessage, rememberIntent } from '../conversations/conversations.ts'
import { newId, withSavepoint, withTx, type Db, type Tx } from '../db.ts'
import { findInvitedByMessage, findInvitedByPhone, recordStatus, rememberAlias } from '../delivery/delivery.ts'
import { Failure, GiveUp } from '../errors.ts'
import { answerInvitation, forgetInvitation, type InvitationAnswer } from '../landing/landing.ts'
import type { Kv } from '../kv.ts'
import { applyPaymentEvent, readPaymentEvent, type PaymentProviders } from '../payments/payments.ts'
import { claimInbound, finishInbound, insertInbound, killInbound, type Inbound, type Source } from './sql.ts'
import { readWhatsAppPayload, type InboundMessage, type InboundStatus } from './whatsapp.ts'

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

export type Processed = { status: 'done' | 'ignored' | 'waiting' | 'dead' | 'nothing to do'; [count: string]: unknown }

/** Works one stored webhook. Throws on our own faults: the row is due again then. */
export async function processInbound(context: Context, id: string): Promise<Processed> {
  const { db, now } = context
  const inbound = await claimInbound(db, id, now(), DUE_AGAIN_MS)
  if (!inbound) return { status: 'nothing to do' }
  try {
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

async function processWhatsApp({ db, kv, now, config }: Context, inbound: Inbound): Promise<Processed> {
  const at = now()
  const payload = readWhatsAppPayload(parseJson(inbound.body), inbound.simulated)
  const answered: string[] = []
  const processed = await withTx(db, async (tx) => {
    const counts: Record<string, number> = {}
    const count = (what: string) => (counts[what] = (counts[what] ?? 0) + 1)
    for (const status of payload.statuses) count(await takeStatus(tx, status, at))
    for (const message of payload.messages)
      count(await takeMessage(tx, message, inbound, at, config.whatsapp.windowMs, answered))
    const isEmpty = payload.statuses.length + payload.messages.length === 0
    const status = isEmpty ? ('ignored' as const) : ('done' as const)
    const reason = payload.malformed > 0 ? `${payload.malformed} malformed` : null
    await endOrRollBack(tx, inbound.id, { status, reason, now: at })
    return { status, ...counts, malformed: payload.malformed }
  })
  for (const code of answered) await forgetInvitation(kv, code) // after the commit: the page shows the answer at once
  return processed
}

const KNOWN_STATUSES = new Set(['sent', 'delivered', 'read', 'failed'])

/** `played` means that a voice message was heard: it was read. Others say nothing about delivery. */
async function takeStatus(tx: Tx, status: InboundStatus, now: Date): Promise<string> {
  const name = status.status === 'played' ? 'read' : status.status
  if (!KNOWN_STATUSES.has(name)) return 'statuses_ignored'
  return `statuses_${await recordStatus(tx, { ...status, status: name }, now)}`
}

async function takeMessage(
  tx: Tx,
  message: InboundMessage,
  inbound: Inbound,
  now: Date,
  windowMs: number,
  answered: string[],
): Promise<string> {
  const stored = {
    id: message.id,
    phone: message.phone,
    type: message.type,
    body: message.text,
    contextMessageId: message.contextMessageId,
    sentAt: message.sentAt,
    receivedAt: now,
    inboundEventId: inbound.id,
    simulated: inbound.simulated,
  }
  if (!(await receiveMessage(tx, stored, windowMs))) return 'messages_duplicate'
  if (message.phone && message.waId) await rememberAlias(tx, message.phone, message.waId)
  const intent = message.text === null ? null : readReply(message.text)
  if (!intent) return 'messages_stored'
  const invited = message.contextMessageId
    ? await findInvitedByMessage(tx, message.contextMessageId)
    : message.phone && (await findInvitedByPhone(tx, message.phone, now))
  await rememberIntent(tx, message.id, {
    intent,
    eventId: invited ? invited.eventId : null,
    guestId: invited ? invited.guestId : null,
  })
  if (!invited) return 'messages_unmatched'
  if (await hasLaterIntent(tx, invited, message.sentAt)) return 'answers_outdated'
  const { invitationId } = invited
  return answerSafely(tx, { invitationId, answer: intent, source: 'whatsapp', sourceRef: message.id, now }, answered)
}

/** A full or closed event refuses an answer; the message is kept and its neighbours are not harmed. */
async function answerSafely(tx: Tx, answer: InvitationAnswer, answered: string[]): Promise<string> {
  try {
    const { code } = await withSavepoint(tx, () => answerInvitation(tx, answer))
    answered.push(code)
    return 'answers'
  } catch (error) {
    if (error instanceof Failure) return `answers_refused_${error.code}`
    throw error
  }
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

function parseJson(body: Buffer): unknown {
  try {
    return JSON.parse(body.toString('utf8'))
  } catch (cause) {
    throw new GiveUp('unreadable', cause)
  }
}
