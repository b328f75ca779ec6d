/**
 * Reads a WhatsApp webhook in the Cloud API's shape (`entry[].changes[].value`), the older flat shape
 * (`contacts/messages/statuses`), or `{}`. Items are read separately: one that cannot be read is reported in
 * `malformed` and the others are kept. Unknown fields and types are accepted.
 */
import type { WaIdentity } from '../contacts/contacts.ts'
import type { IdentityChange, InboundMessage, Preference } from '../conversations/conversations.ts'
import type { StatusEvent } from '../delivery/delivery.ts'
import { asId, asList, asObject, type Json } from '../platform/json.ts'
import { asNumberId, asStorable, readTimestamp } from './fields.ts'
import { complete, CONTACT, isNobody, readContacts, readIdentity, readUserIdUpdate, RECIPIENT } from './identities.ts'
import { isAboutLimits, readMessagingLimit, type LimitUpdate } from './limits.ts'
import { listHistory, readAround, readCall, readMessage, type Around } from './messages.ts'

export type InboundStatus = StatusEvent & { recipient: WaIdentity }
/** An item with its position in the payload. */
export type Placed<T> = T & { where: string }
export type TemplateUpdate = { name: string; language: string; status: string; at: Date | null }
export type WhatsAppPayload = {
  messages: Placed<InboundMessage>[]
  statuses: Placed<InboundStatus>[]
  templates: Placed<TemplateUpdate>[]
  preferences: Placed<Preference>[]
  identities: Placed<IdentityChange>[]
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
    identities: [],
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
const USER_ID_UPDATE = 'user_id_update'
const ECHOES = 'smb_message_echoes'
/** Fields whose changes have a shape that we know. Changes of other kinds may have any shape. */
const KNOWN_FIELDS = ['messages', TEMPLATE_UPDATE, PREFERENCES]

function readChange(
  read: WhatsAppPayload,
  change: Json | null,
  { time, where, ...how }: Reading & { time: unknown; where: string },
): void {
  const [field, value] = [change?.['field'], asObject(change?.['value'])]
  const at = readTimestamp(time, how.receivedAt)
  if (!value) {
    if (typeof field === 'string' && !KNOWN_FIELDS.includes(field)) read.ignored++
    else read.malformed.push(where)
  } else if (field === TEMPLATE_UPDATE) keep(read, read.templates, () => readTemplateUpdate(value, at), where)
  else if (isAboutLimits(field)) readLimits(read, { field, value, at, where })
  else if (isForeign(value, how)) read.foreign++
  else if (field === PREFERENCES) readPreferences(read, value, { ...how, where })
  else if (field === USER_ID_UPDATE) readUserIdUpdates(read, value, { ...how, time, where })
  else if (field === 'history') readHistory(read, value, { ...how, where })
  else if (!readValue(read, value, { ...how, isEcho: field === ECHOES }, `${where} `)) read.ignored++
}

/** Whether a change is about another phone number, of this account or of another that uses our webhook address. */
function isForeign(value: Json, { isSimulated, phoneNumberId }: Reading): boolean {
  const named = asNumberId(asObject(value['metadata'])?.['phone_number_id'])
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

/** Reads messages, echoes, calls and statuses. `isEcho`: the messages are ours. Returns false when there are none. */
function readValue(read: WhatsAppPayload, value: Json, how: Reading & { isEcho?: boolean }, where = ''): boolean {
  const before = read.malformed.length
  const around = { ...readAround(value, how.receivedAt), isEcho: how.isEcho }
  const [messages, statuses] = [listOf(read, value, 'messages', where), listOf(read, value, 'statuses', where)]
  const [echoes, calls] = [asList(value['message_echoes']), asList(value['calls'])]
  const amid = (list: unknown[]): Around => ({ ...around, isAlone: list.length === 1 })
  for (const [at, item] of messages.entries())
    keep(read, read.messages, () => readMessage(item, amid(messages)), `${where}message ${at}`)
  for (const [at, item] of statuses.entries())
    keep(read, read.statuses, () => readStatus(item, amid(statuses), how), `${where}status ${at}`)
  for (const [at, item] of echoes.entries())
    keepIfReadable(read, () => readMessage(item, { ...amid(echoes), isEcho: true }), `${where}echo ${at}`)
  for (const [at, item] of calls.entries())
    keepIfReadable(read, () => readCall(item, amid(calls)), `${where}call ${at}`)
  return messages.length + statuses.length + echoes.length + calls.length + read.malformed.length > before
}

/** Adds a message of ours or of the past. Nobody waits for one that cannot be read, so it is only counted. */
function keepIfReadable(read: WhatsAppPayload, readItem: () => InboundMessage | null, where: string): void {
  const attempt = { ...read, malformed: [] }
  keep(attempt, read.messages, readItem, where)
  read.ignored += attempt.malformed.length
}

function readHistory(read: WhatsAppPayload, value: Json, { where, ...how }: Reading & { where: string }): void {
  const list = listHistory(value, readAround(value, how.receivedAt))
  for (const [place, item, around] of list) keepIfReadable(read, () => readMessage(item, around), `${where} ${place}`)
  if (list.length === 0) read.ignored++ // only errors: the business does not share its history
}

function readStatus(item: unknown, { contacts, isAlone }: Around, how: Reading): InboundStatus | null {
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
    recipient: complete(readIdentity(status, RECIPIENT), contacts, isAlone),
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
  const contacts = readContacts(asList(value['contacts']))
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
  const person = complete(readIdentity(preference, CONTACT), contacts, isAlone)
  return { ...person, wantsMarketing: wants === 'resume', at }
}

/** Reads `user_id_update`: a list of changes, or one. An unreadable one is ignored, as the next message tells the same. */
function readUserIdUpdates(
  read: WhatsAppPayload,
  value: Json,
  { time, where, receivedAt }: Reading & { time: unknown; where: string },
): void {
  const given = value[USER_ID_UPDATE] ?? value
  const contacts = readContacts(asList(value['contacts']))
  for (const [at, item] of (Array.isArray(given) ? given : [given]).entries()) {
    const update = asObject(item)
    const change = readUserIdUpdate(update, contacts)
    if (!change || isNobody(change.after)) read.ignored++
    else {
      const changedAt = readTimestamp(update?.['timestamp'] ?? time, receivedAt) ?? receivedAt
      read.identities.push({ ...change, at: changedAt, where: `${where} user id ${at}` })
    }
  }
}
