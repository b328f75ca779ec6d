/**
 * Reads a WhatsApp webhook in the Cloud API's shape (`entry[].changes[].value`), the older flat shape
 * (`contacts/messages/statuses`), or `{}`. Items are read separately: one that cannot be read is reported in
 * `malformed` and the others are kept. Unknown fields and types are accepted.
 */
import type { WaIdentity } from '../contacts/contacts.ts'
import type { InboundMessage, Preference } from '../conversations/conversations.ts'
import type { StatusEvent } from '../delivery/delivery.ts'
import { normalizePhone } from '../platform/phone.ts'
import { asId, asList, asObject, type Json } from '../platform/json.ts'
import { asMessageText, asStorable, asWaId, readTimestamp } from './fields.ts'
import { isAboutLimits, readMessagingLimit, type LimitUpdate } from './limits.ts'

export type InboundStatus = StatusEvent & { recipient: WaIdentity }
/** An item with its position in the payload. */
export type Placed<T> = T & { where: string }
export type TemplateUpdate = { name: string; language: string; status: string; at: Date | null }
export type WhatsAppPayload = {
  messages: Placed<InboundMessage>[]
  statuses: Placed<InboundStatus>[]
  templates: Placed<TemplateUpdate>[]
  preferences: Placed<Preference>[]
  limits: Placed<LimitUpdate>[]
  /** Positions of the items that could not be read, without their content. */
  malformed: string[]
  /** How many changes of other kinds were ignored. */
  ignored: number
  /** How many changes were about another phone number. */
  foreign: number
}

export type Reading = {
  isSimulated: boolean
  /** When the webhook arrived, by our clock. */
  receivedAt: Date
  /** Our phone number's id at Meta. When undefined, every change is ours. */
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
  // Sorted, so that two batches about the same messages lock rows in the same order and do not deadlock.
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
    // Changes of other kinds may have any shape.
    if (typeof field === 'string' && !['messages', TEMPLATE_UPDATE, PREFERENCES].includes(field)) read.ignored++
    else read.malformed.push(where)
  } else if (field === TEMPLATE_UPDATE)
    keep(read, read.templates, () => readTemplateUpdate(value, readTimestamp(time, how.receivedAt)), where)
  else if (isAboutLimits(field)) readLimits(read, { field, value, at: readTimestamp(time, how.receivedAt), where })
  else if (isForeign(value, how)) read.foreign++
  else if (field === PREFERENCES) readPreferences(read, value, { ...how, where })
  else if (!readValue(read, value, how, `${where} `)) read.ignored++
}

/** Whether a change is about another phone number, of this account or of another that uses our webhook address. */
function isForeign(value: Json, { isSimulated, phoneNumberId }: Reading): boolean {
  const named = asWaId(asObject(value['metadata'])?.['phone_number_id'])
  if (phoneNumberId === undefined || named === null || named === phoneNumberId) return false
  return !(isSimulated && named === 'simulated')
}

/** Adds the item to the list, or its position to `malformed` when the reader returns null or throws. */
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

/** Returns a list; a value of another type is malformed, not empty. */
function listOf(read: WhatsAppPayload, value: Json, name: string, where = ''): unknown[] {
  const list = value[name]
  if (list !== undefined && list !== null && !Array.isArray(list)) read.malformed.push(`${where}${name}`)
  return asList(list)
}

/** Reads messages and statuses. Returns false when there are none. */
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

/** Adds what the message leaves out from `contacts`: the phone of a user id, or the user id of a phone. */
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

/** Returns null also for a message without a sender, since it can never be matched to a person. */
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

/** Keeps Meta's event names unchanged: APPROVED, REJECTED, PAUSED, DISABLED and others. */
function readTemplateUpdate(value: Json, at: Date | null): TemplateUpdate | null {
  const name = asId(value['message_template_name'])
  const language = asId(value['message_template_language'])
  const status = asId(value['event'])
  return name && language && status ? { name, language, status, at } : null
}

/** Ignores capabilities other than the messaging limit. */
function readLimits(
  read: WhatsAppPayload,
  { field, value, at, where }: { field: unknown; value: Json; at: Date | null; where: string },
): void {
  const recipients = readMessagingLimit(field, value)
  if (recipients === undefined) read.ignored++
  else read.limits.push({ recipients, at, where })
}

/** Reads `user_preferences` (Meta's webhook reference). Ignores categories other than marketing messages. */
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
