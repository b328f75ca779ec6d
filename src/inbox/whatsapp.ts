/**
 * Reads a WhatsApp webhook: Cloud shape (`entry[].changes[].value`), the older flat shape
 * (`contacts/messages/statuses`) and `{}`. Every item stands alone: one that cannot be read is counted
 * and does not hide its neighbours. Unknown fields and types are let through.
 */
import type { WaIdentity } from '../contacts/contacts.ts'
import type { InboundMessage, Preference } from '../conversations/conversations.ts'
import type { StatusEvent } from '../delivery/delivery.ts'
import { normalizePhone } from '../platform/phone.ts'
import { asId, asList, asObject, type Json } from '../platform/json.ts'
import { asMessageText, asStorable, asWaId, readTimestamp } from './fields.ts'
import { isAboutLimits, readMessagingLimit, type LimitUpdate } from './limits.ts'

export type InboundStatus = StatusEvent & { recipient: WaIdentity }
/** `where` in the payload a person finds it again. */
export type Placed<T> = T & { where: string }
export type TemplateUpdate = { name: string; language: string; status: string; at: Date | null }
export type WhatsAppPayload = {
  messages: Placed<InboundMessage>[]
  statuses: Placed<InboundStatus>[]
  templates: Placed<TemplateUpdate>[]
  preferences: Placed<Preference>[]
  limits: Placed<LimitUpdate>[]
  /** Items that could not be read: what and where, nothing of their content. */
  malformed: string[]
  /** Changes of kinds that are nothing to us. */
  ignored: number
  /** Changes about another number than ours. */
  foreign: number
}

export type Reading = {
  isSimulated: boolean
  /** By our clock. */
  receivedAt: Date
  /** Ours, at Meta. Undefined: whatever comes is ours. */
  phoneNumberId: string | undefined
}

export function readWhatsAppPayload(payload: unknown, how: Reading): WhatsAppPayload {
  const read: WhatsAppPayload = {
    messages: [],
    statuses: [],
    templates: [],
    preferences: [],
    limits: [],
    malformed: [],
    ignored: 0,
    foreign: 0,
  }
  const root = asObject(payload) ?? {}
  if (isForeign(root, how)) read.foreign++
  else readValue(read, root, how)
  for (const [position, item] of listOf(read, root, 'entry').entries()) {
    const entry = asObject(item)
    if (!Array.isArray(entry?.['changes'])) read.malformed.push(`entry ${position}`)
    for (const [at, change] of asList(entry?.['changes']).entries())
      readChange(read, asObject(change), { ...how, time: entry?.['time'], where: `entry ${position} change ${at}` })
  }
  // Statuses lock their rows in one order, so that two batches about the same messages queue up instead of deadlocking.
  read.statuses.sort((a, b) => compare(a.providerMessageId, b.providerMessageId))
  read.messages.sort((a, b) => a.sentAt.getTime() - b.sentAt.getTime())
  return read
}

const compare = (a: string, b: string): number => (a < b ? -1 : a > b ? 1 : 0)

const TEMPLATE_UPDATE = 'message_template_status_update'
const PREFERENCES = 'user_preferences'

function readChange(
  read: WhatsAppPayload,
  change: Json | null,
  { time, where, ...how }: Reading & { time: unknown; where: string },
): void {
  const [field, value] = [change?.['field'], asObject(change?.['value'])]
  if (!value) {
    // A kind that is nothing to us may look as it likes.
    if (typeof field === 'string' && !['messages', TEMPLATE_UPDATE, PREFERENCES].includes(field)) read.ignored++
    else read.malformed.push(where)
  } else if (field === TEMPLATE_UPDATE)
    keep(read, read.templates, () => readTemplateUpdate(value, readTimestamp(time, how.receivedAt)), where)
  else if (isAboutLimits(field)) readLimits(read, { field, value, at: readTimestamp(time, how.receivedAt), where })
  else if (isForeign(value, how)) read.foreign++
  else if (field === PREFERENCES) readPreferences(read, value, { ...how, where })
  else if (!readValue(read, value, how, `${where} `)) read.ignored++
}

/** About another number of the same account, or of another one whose webhook has our address. */
function isForeign(value: Json, { isSimulated, phoneNumberId }: Reading): boolean {
  const named = asWaId(asObject(value['metadata'])?.['phone_number_id'])
  if (phoneNumberId === undefined || named === null || named === phoneNumberId) return false
  return !(isSimulated && named === 'simulated')
}

/** What trips its reader up is as unreadable as what the reader finds wanting. */
function keep<T extends object>(
  read: WhatsAppPayload,
  list: Placed<T>[],
  readItem: () => T | null,
  where: string,
): void {
  let item: T | null
  try {
    item = readItem()
  } catch {
    item = null
  }
  if (item === null) read.malformed.push(where)
  else list.push({ ...item, where })
}

/** What should be a list and is none is malformed, not empty. */
function listOf(read: WhatsAppPayload, value: Json, name: string, where = ''): unknown[] {
  const list = value[name]
  if (list !== undefined && list !== null && !Array.isArray(list)) read.malformed.push(`${where}${name}`)
  return asList(list)
}

/** False: nothing in it is a message or a status. */
function readValue(read: WhatsAppPayload, value: Json, how: Reading, where = ''): boolean {
  const before = read.malformed.length
  const [messages, statuses] = [listOf(read, value, 'messages', where), listOf(read, value, 'statuses', where)]
  const contacts = asList(value['contacts']).map((contact) => readIdentity(asObject(contact), 'wa_id', 'user_id'))
  for (const [at, item] of messages.entries())
    keep(read, read.messages, () => readMessage(item, contacts, messages.length === 1, how), `${where}message ${at}`)
  for (const [at, item] of statuses.entries())
    keep(read, read.statuses, () => readStatus(item, how), `${where}status ${at}`)
  return messages.length + statuses.length + read.malformed.length > before
}

function readIdentity(object: Json | null, phoneField: string, userField: string): WaIdentity {
  const waId = asWaId(object?.[phoneField])
  return { waId, phone: waId && normalizePhone(waId), userId: asId(object?.[userField])?.slice(0, 200) ?? null }
}

/** `contacts` tell what the message leaves out: the phone beside the user id, or the other way round. */
function complete(sender: WaIdentity, contacts: WaIdentity[], isAlone: boolean): WaIdentity {
  const isNameless = sender.waId === null && sender.userId === null
  const contact = contacts.find(
    ({ phone, waId, userId }) =>
      (phone !== null && phone === sender.phone) ||
      (waId !== null && waId === sender.waId) ||
      (userId !== null && userId === sender.userId) ||
      (isNameless && isAlone && contacts.length === 1),
  )
  if (!contact) return sender
  return {
    waId: sender.waId ?? contact.waId,
    phone: sender.waId ? sender.phone : contact.phone,
    userId: sender.userId ?? contact.userId,
  }
}

/** Null also for what nobody sent: it could not be joined to a person later either. */
function readMessage(item: unknown, contacts: WaIdentity[], isAlone: boolean, how: Reading): InboundMessage | null {
  const message = asObject(item)
  const id = asId(message?.['id'])
  const sentAt = readTimestamp(message?.['timestamp'], how.receivedAt)
  const sender = complete(readIdentity(message, 'from', 'from_user_id'), contacts, isAlone)
  if (!message || !id || !sentAt || (sender.phone === null && sender.userId === null)) return null
  const type = asId(message['type'])?.slice(0, 50) ?? 'unknown'
  const button = asObject(message['button'])
  const interactive = asObject(message['interactive'])
  const choice = asObject(interactive?.['button_reply']) ?? asObject(interactive?.['list_reply'])
  const system = asObject(message['system'])
  return {
    ...sender,
    id,
    type: message['group_id'] === undefined ? type : `group_${type}`,
    text:
      asMessageText(asObject(message['text'])?.['body']) ??
      asMessageText(button?.['text']) ??
      asMessageText(choice?.['title']) ??
      asMessageText(asObject(message[type])?.['caption']),
    payload: asId(button?.['payload']) ?? asId(choice?.['id']),
    contextMessageId: asId(asObject(message['context'])?.['id']),
    newWaId: asWaId(system?.['wa_id']) ?? asWaId(system?.['new_wa_id']),
    sentAt,
  }
}

function readStatus(item: unknown, how: Reading): InboundStatus | null {
  const status = asObject(item)
  const providerMessageId = asId(status?.['id'])
  const name = asId(status?.['status'])
  const occurredAt = readTimestamp(status?.['timestamp'], how.receivedAt)
  if (!status || !providerMessageId || !name || !occurredAt) return null
  const code = name === 'failed' ? readCode(asObject(asList(status['errors'])[0])?.['code']) : null
  return {
    providerMessageId,
    status: name,
    occurredAt,
    reason: name === 'failed' ? `whatsapp_${code ?? 'unknown'}` : null,
    pricing: asStorable(asObject(status['pricing'])),
    simulated: how.isSimulated,
    ourId: asId(status['biz_opaque_callback_data']),
    recipient: readIdentity(status, 'recipient_id', 'recipient_user_id'),
  }
}

function readCode(code: unknown): number | null {
  const isCode = (typeof code === 'number' || typeof code === 'string') && /^\d{1,8}$/.test(`${code}`)
  return isCode ? Number(code) : null
}

/** Meta's names of the events: APPROVED, REJECTED, PAUSED, DISABLED and others, kept as they come. */
function readTemplateUpdate(value: Json, at: Date | null): TemplateUpdate | null {
  const name = asId(value['message_template_name'])
  const language = asId(value['message_template_language'])
  const status = asId(value['event'])
  return name && language && status ? { name, language, status, at } : null
}

/** Other capabilities than the messaging limit are nothing to us. */
function readLimits(
  read: WhatsAppPayload,
  { field, value, at, where }: { field: unknown; value: Json; at: Date | null; where: string },
): void {
  const recipients = readMessagingLimit(field, value)
  if (recipients === undefined) read.ignored++
  else read.limits.push({ recipients, at, where })
}

/** `user_preferences` of Meta's webhook reference. Other categories than promotions are nothing to us. */
function readPreferences(read: WhatsAppPayload, value: Json, { where, ...how }: Reading & { where: string }): void {
  const contacts = asList(value['contacts']).map((contact) => readIdentity(asObject(contact), 'wa_id', 'user_id'))
  const items = listOf(read, value, PREFERENCES, `${where} `)
  for (const [at, item] of items.entries()) {
    const preference = asObject(item)
    if (preference && preference['category'] !== 'marketing_messages') read.ignored++
    else {
      const readItem = () => readPreference(preference, contacts, items.length === 1, how)
      keep(read, read.preferences, readItem, `${where} preference ${at}`)
    }
  }
}

function readPreference(
  preference: Json | null,
  contacts: WaIdentity[],
  isAlone: boolean,
  how: Reading,
): Preference | null {
  const at = readTimestamp(preference?.['timestamp'], how.receivedAt)
  const wants = asId(preference?.['value'])
  if (!at || (wants !== 'stop' && wants !== 'resume')) return null
  const person = complete(readIdentity(preference, 'wa_id', 'user_id'), contacts, isAlone)
  return { ...person, wantsMarketing: wants === 'resume', at }
}
