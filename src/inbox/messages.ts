/**
 * Reads messages from WhatsApp's webhooks: those of guests, those of our own number (echoes), calls, and imported old ones.
 * Sources: Meta's references of the webhooks `messages`, `smb_message_echoes`, `history` and `calls`.
 */
import type { WaIdentity } from '../contacts/contacts.ts'
import type { InboundMessage } from '../conversations/conversations.ts'
import { normalizePhone } from '../platform/values/phone.ts'
import { cleanLine } from '../platform/values/text.ts'
import { asId, asList, asObject, type Json } from '../platform/json.ts'
import { asMessageText, asWaId, readTimestamp } from './fields.ts'
import { ADDRESSEE, complete, isNobody, readContacts, readIdentity, readSystemChange, SENDER } from './identities.ts'

/** What the change says beside the message. */
export type Around = {
  contacts: WaIdentity[]
  /** The message is the only one of its list. */
  isAlone: boolean
  /** Our own number: a message from it is ours. */
  ownPhone: string | null
  receivedAt: Date
  /** Every message of the list is ours, or imported. */
  isEcho?: boolean | undefined
  isHistory?: boolean
}

export function readAround(value: Json, receivedAt: Date): Around {
  const own = asWaId(asObject(value['metadata'])?.['display_phone_number'])
  const ownPhone = own && normalizePhone(own)
  const contacts = readContacts(asList(value['contacts'])).filter(({ phone }) => phone === null || phone !== ownPhone)
  return { contacts, isAlone: false, ownPhone, receivedAt }
}

/** Returns null also for a guest's message without a sender, since it can never be matched to a person. */
export function readMessage(item: unknown, around: Around): InboundMessage | null {
  const message = asObject(item)
  const id = asId(message?.['id'])
  const sentAt = readTimestamp(message?.['timestamp'], around.receivedAt)
  if (!message || !id || !sentAt) return null
  const type = asId(message['type'])?.slice(0, 50) ?? 'unknown'
  const { person, direction, changed } = readPeople(message, type, around)
  if (direction === 'in' && type !== 'system' && isNobody(person)) return null
  const edited = type === 'edit' ? asObject(asObject(message['edit'])?.['message']) : null
  const context = asObject(edited?.['context']) ?? asObject(message['context'])
  const interactive = asObject(message['interactive'])
  const choice = asObject(interactive?.['button_reply']) ?? asObject(interactive?.['list_reply'])
  return {
    ...person,
    id,
    type: isPresent(message['group_id']) ? `group_${type}` : type,
    direction,
    origin: around.isHistory ? 'history' : isForwarded(context) || isForwarded(message) ? 'forwarded' : 'live',
    text: readText(edited ?? message, edited ? (asId(edited['type']) ?? '') : type),
    attachment: readAttachment(edited ?? message, edited ? (asId(edited['type']) ?? '') : type),
    payload: asId(asObject(message['button'])?.['payload']) ?? asId(choice?.['id']),
    contextMessageId: asId(context?.['id']),
    targetMessageId: ABOUT_ANOTHER.has(type) ? readTarget(asObject(message[type])) : null,
    changed,
    sentAt,
  }
}

const WITH_FILE = new Set(['image', 'video', 'document', 'audio', 'voice', 'sticker'])

/** The file of a message: its id, its media type and, of a document, its name. The file itself stays at WhatsApp. */
function readAttachment(message: Json, type: string): InboundMessage['attachment'] {
  if (!WITH_FILE.has(type)) return null
  const content = asObject(message[type])
  const mediaType = asMessageText(content?.['mime_type'])?.slice(0, 100) ?? type
  return {
    id: asId(content?.['id']),
    mediaType,
    name: cleanLine(asMessageText(content?.['filename']) ?? '').slice(0, 200) || null,
  }
}

const isPresent = (value: unknown): boolean => value !== undefined && value !== null
const isTrue = (value: unknown): boolean => [true, 'true', 1, '1'].includes(value as string)
const isForwarded = (context: Json | null): boolean =>
  isTrue(context?.['forwarded']) || isTrue(context?.['frequently_forwarded'])

/** Whose conversation it is: the sender of a guest's message, the addressee of ours. */
function readPeople(message: Json, type: string, around: Around) {
  const { contacts, isAlone, ownPhone } = around
  const from = readIdentity(message, SENDER)
  const isFromUs = from.phone !== null && from.phone === ownPhone
  if (around.isEcho || isFromUs || (around.isHistory && wasOurs(message, ownPhone))) {
    const person = complete(readIdentity(message, ADDRESSEE), contacts, isAlone)
    return { person, direction: 'out' as const, changed: null }
  }
  const sender = complete(from, contacts, isAlone)
  if (type !== 'system') return { person: sender, direction: 'in' as const, changed: null }
  const { before, after } = readSystemChange(sender, asObject(message['system']))
  return { person: before, direction: 'in' as const, changed: after }
}

/** Whether an imported message was ours: it says so, or it names an addressee other than our number. */
const wasOurs = (message: Json, ownPhone: string | null): boolean => {
  const isToUs = ownPhone !== null && readIdentity(message, ADDRESSEE).phone === ownPhone
  return (isPresent(message['to']) && !isToUs) || isTrue(asObject(message['history_context'])?.['from_me'])
}

/** Types that are about another message: they name it. */
const ABOUT_ANOTHER = new Set(['reaction', 'edit', 'revoke'])
const readTarget = (content: Json | null): string | null =>
  asId(content?.['original_message_id']) ?? asId(content?.['message_id'])

/** What the message shows: its text, the title of the tapped button, a caption, an emoji, a place, names. */
function readText(message: Json, type: string): string | null {
  const content = asObject(message[type])
  const interactive = asObject(message['interactive'])
  const choice = asObject(interactive?.['button_reply']) ?? asObject(interactive?.['list_reply'])
  return (
    asMessageText(asObject(message['text'])?.['body']) ??
    asMessageText(asObject(message['button'])?.['text']) ??
    asMessageText(choice?.['title']) ??
    asMessageText(content?.['caption']) ??
    asMessageText(type === 'reaction' ? content?.['emoji'] : undefined) ??
    asMessageText(type === 'order' ? content?.['text'] : undefined) ??
    asMessageText(type === 'location' ? joinTexts([content?.['name'], content?.['address']]) : undefined) ??
    asMessageText(type === 'contacts' ? joinTexts(asList(message['contacts']).map(readContactName)) : undefined)
  )
}

const readContactName = (contact: unknown): unknown => asObject(asObject(contact)?.['name'])?.['formatted_name']
const joinTexts = (parts: unknown[]): string =>
  parts.filter((part) => typeof part === 'string' && part !== '').join(', ')

/** A call. One that the guest makes opens the window like a message. */
export function readCall(item: unknown, around: Around): InboundMessage | null {
  const call = asObject(item)
  const isEcho = call?.['direction'] === 'BUSINESS_INITIATED'
  return readMessage(call && { ...call, type: 'call' }, { ...around, isEcho })
}

/** The messages of a `history` change with the conversation they are from, as lists of `[position, item, around]`. */
export function listHistory(value: Json, around: Around): [string, unknown, Around][] {
  const list: [string, unknown, Around][] = []
  for (const [chunk, part] of asList(value['history']).entries())
    for (const [at, item] of asList(asObject(part)?.['threads']).entries()) {
      const thread = asObject(item)
      const who = { wa_id: thread?.['id'], ...asObject(thread?.['context']) }
      const there = { ...around, contacts: readContacts([who]), isAlone: true, isHistory: true }
      for (const [n, message] of asList(thread?.['messages']).entries())
        list.push([`history ${chunk} thread ${at} message ${n}`, message, there])
    }
  // Pictures of an imported conversation come later, in the shape of live messages.
  for (const [n, message] of asList(value['messages']).entries())
    list.push([`message ${n}`, message, { ...around, isHistory: true }])
  return list
}
