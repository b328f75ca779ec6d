/**
 * Reads a WhatsApp webhook: Cloud shape (`entry[].changes[].value`), the older flat shape
 * (`contacts/messages/statuses`) and `{}`. Every item stands alone: one that cannot be read is counted
 * and does not hide its neighbours. Unknown fields and types are let through.
 */
import type { StatusEvent } from '../delivery/delivery.ts'
import { normalizePhone } from '../phone.ts'

export type InboundMessage = {
  id: string
  /** E.164; null when WhatsApp shows only its own user id. */
  phone: string | null
  /** The alias as WhatsApp wrote it (52… or 521…): answers go back to it. */
  waId: string | null
  type: string
  text: string | null
  contextMessageId: string | null
  sentAt: Date
}
export type InboundStatus = StatusEvent & { ourId: string | null }
export type WhatsAppPayload = { messages: InboundMessage[]; statuses: InboundStatus[]; malformed: number }

type Json = Record<string, unknown>
const asObject = (value: unknown): Json | null =>
  typeof value === 'object' && value !== null && !Array.isArray(value) ? (value as Json) : null
const asList = (value: unknown): unknown[] => (Array.isArray(value) ? value : [])
/** PostgreSQL stores no NUL, and nothing that WhatsApp means to say is longer. */
const asText = (value: unknown): string | null =>
  typeof value === 'string' && value !== '' ? value.replaceAll('\u0000', '').slice(0, 8000) : null
/** An id is taken whole or not at all. */
const asId = (value: unknown): string | null =>
  typeof value === 'string' && /^[\x20-\x7e]{1,512}$/.test(value) ? value : null

export function readWhatsAppPayload(payload: unknown, isSimulated: boolean): WhatsAppPayload {
  const read: WhatsAppPayload = { messages: [], statuses: [], malformed: 0 }
  const root = asObject(payload) ?? {}
  const nested = asList(root['entry']).flatMap((entry) =>
    asList(asObject(entry)?.['changes']).map((change) => asObject(asObject(change)?.['value'])),
  )
  for (const value of [root, ...nested]) {
    for (const item of asList(value?.['messages'])) keep(read, read.messages, readMessage(item))
    for (const item of asList(value?.['statuses'])) keep(read, read.statuses, readStatus(item, isSimulated))
  }
  // Rows are locked in one order, so that two batches about the same people queue up instead of deadlocking.
  read.statuses.sort((a, b) => compare(a.providerMessageId, b.providerMessageId))
  read.messages.sort((a, b) => compare(a.phone ?? '', b.phone ?? '') || a.sentAt.getTime() - b.sentAt.getTime())
  return read
}

const compare = (a: string, b: string): number => (a < b ? -1 : a > b ? 1 : 0)

function keep<T>(read: WhatsAppPayload, list: T[], item: T | null): void {
  if (item === null) read.malformed++
  else list.push(item)
}

function readMessage(item: unknown): InboundMessage | null {
  const message = asObject(item)
  const id = asId(message?.['id'])
  const sentAt = readTimestamp(message?.['timestamp'])
  if (!message || !id || !sentAt) return null
  const waId = asId(message['from'])
  const type = asId(message['type'])?.slice(0, 50) ?? 'unknown'
  const interactive = asObject(message['interactive'])
  const text =
    asText(asObject(message['text'])?.['body']) ??
    asText(asObject(message['button'])?.['text']) ??
    asText(asObject(interactive?.['button_reply'])?.['title']) ??
    asText(asObject(interactive?.['list_reply'])?.['title'])
  return {
    id,
    phone: waId && normalizePhone(waId),
    waId,
    type,
    text,
    contextMessageId: asId(asObject(message['context'])?.['id']),
    sentAt,
  }
}

function readStatus(item: unknown, isSimulated: boolean): InboundStatus | null {
  const status = asObject(item)
  const providerMessageId = asId(status?.['id'])
  const name = asId(status?.['status'])
  const occurredAt = readTimestamp(status?.['timestamp'])
  if (!status || !providerMessageId || !name || !occurredAt) return null
  const error = asObject(asList(status['errors'])[0])
  const code = error?.['code']
  const isCode = (typeof code === 'number' || typeof code === 'string') && /^\d{1,8}$/.test(`${code}`)
  return {
    providerMessageId,
    status: name,
    occurredAt,
    reason: name === 'failed' ? `whatsapp_${isCode ? code : 'unknown'}` : null,
    pricing: withoutNul(asObject(status['pricing'])),
    simulated: isSimulated,
    ourId: asId(status['biz_opaque_callback_data']),
  }
}

const withoutNul = (object: Json | null): unknown =>
  object && JSON.parse(JSON.stringify(object).replaceAll('\\u0000', ''))

/** Seconds since 1970, as text or number. */
function readTimestamp(value: unknown): Date | null {
  const seconds = typeof value === 'string' || typeof value === 'number' ? Number(value) : Number.NaN
  return Number.isFinite(seconds) && seconds > 0 && seconds < 4_102_444_800 ? new Date(seconds * 1000) : null
}
