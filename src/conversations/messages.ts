/** Handles a guest's message: who wrote it, the window it opens, and whether it is a BAJA, an answer or neither. */
import {
  identifyPerson,
  isGuestPhone,
  learnAlias,
  opensWindow,
  readOptWord,
  rememberAlias,
  wantsOptOut,
  type OptWord,
  type Person,
} from '../contacts/contacts.ts'
import type { Tx } from '../platform/db.ts'
import { normalizePhone } from '../platform/phone.ts'
import {
  findInvitedById,
  findInvitedByMessage,
  readButton,
  takeReply,
  wasSentToAnother,
  type Button,
  type Invited,
} from '../rsvp/rsvp.ts'
import { applyOptWord, explainOptOut } from './opt-words.ts'
import { saveInterpretation } from './sql.ts'
import { receiveMessage, type InboundMessage, type Incoming } from './storing.ts'
import { linkUserId } from './user-ids.ts'

/**
 * Handles a message and all its effects in the caller's transaction. A redelivery changes nothing. Returns the name of the
 * counter for the webhook's log.
 */
export async function takeMessage(tx: Tx, incoming: Incoming, message: InboundMessage): Promise<string> {
  const button = readButton(message.payload)
  const before = await identifyPerson(tx, message)
  const quoted = message.contextMessageId ? await findInvitedByMessage(tx, message.contextMessageId) : null
  const tapped = button ? await findTapped(tx, button, before, message) : null
  const person = await recognize(tx, message, before, quoted ?? tapped)
  // Earlier messages from the same user id come first, so that an unbroken conversation has one window.
  if (message.userId && person.phone && !isGroup(message))
    await linkUserId(tx, incoming, message.userId, person.phone, message.sentAt)
  const isNew = await receiveMessage(
    tx,
    {
      id: message.id,
      phone: person.phone,
      userId: message.userId,
      type: message.type,
      body: message.text,
      contextMessageId: message.contextMessageId,
      sentAt: message.sentAt,
      receivedAt: incoming.now,
      inboundEventId: incoming.id,
      simulated: incoming.simulated,
    },
    incoming.config.whatsapp.windowMs,
    person.phones,
  )
  if (!isNew) return 'messages_duplicate'
  await updateAlias(tx, message, person)
  if (!opensWindow(message.type)) return 'messages_stored'
  const word = readOptWord(message.payload ?? '') ?? readOptWord(message.text ?? '')
  if (word) return takeOptWord(tx, incoming, word, message, person)
  if (!message.payload && wantsOptOut(message.text ?? ''))
    return storeOutcome(tx, message, 'opt_out_wish', await explainOptOut(tx, incoming, message, person.phones))
  if ((button && !tapped) || (!quoted && (await quotesAnotherGuest(tx, message))))
    return storeOutcome(tx, message, 'not_theirs', { outcome: 'not_theirs', invited: null })
  const clues = { phones: person.phones, button: tapped && button, tapped, quoted }
  const { invited, countAs, ...understood } = await takeReply(tx, incoming, message, clues)
  const about = { eventId: invited?.eventId ?? null, guestId: invited?.guestId ?? null }
  await saveInterpretation(tx, message.id, { ...understood, ...about })
  return countAs
}

/**
 * The invitation that a button names, if it is the sender's: its guest has the sender's number or, when WhatsApp hides the
 * number, we wrote to its guest, because only they can have the button.
 */
async function findTapped(
  tx: Tx,
  button: Button,
  { phone, phones }: Person,
  message: InboundMessage,
): Promise<Invited | null> {
  const named = await findInvitedById(tx, button.invitationId)
  if (!named?.phone) return null
  const isTheirs = phone === null ? message.userId !== null && named.wasWritten : phones.includes(named.phone)
  if (isTheirs) return named
  const quoted = message.contextMessageId ? await findInvitedByMessage(tx, message.contextMessageId) : null
  return quoted?.phone === named.phone ? named : null
}

/** Whether the message quotes one that was sent to somebody else. Such a message answers no invitation of the sender. */
const quotesAnotherGuest = async (tx: Tx, { contextMessageId }: InboundMessage): Promise<boolean> =>
  contextMessageId !== null && wasSentToAnother(tx, contextMessageId)

/**
 * Whoever replies to our message is the guest it was sent to, even under a user id or from a number that we see for the
 * first time. A number that belongs to a guest stays that guest's, because the organizer may have corrected a wrong one.
 */
async function recognize(tx: Tx, message: InboundMessage, person: Person, named: Invited | null): Promise<Person> {
  if (!named?.phone || person.phones.includes(named.phone)) return person
  if (message.phone && (person.phone !== message.phone || (await isGuestPhone(tx, message.phone)))) return person
  if (!message.phone && person.phone !== null) return person
  if (message.phone) await learnAlias(tx, message.phone, named.phone, message.sentAt)
  return { phone: named.phone, phones: [named.phone, ...person.phones] }
}

const isGroup = ({ type }: InboundMessage): boolean => type.startsWith('group_')

/** Stores the form of the number that WhatsApp uses, or the new number after a `system` message about a change. */
async function updateAlias(tx: Tx, message: InboundMessage, { phone }: Person): Promise<void> {
  if (!phone || isGroup(message)) return
  if (message.type !== 'system') {
    if (message.waId) await rememberAlias(tx, phone, message.waId, message.sentAt)
    return
  }
  const newPhone = message.newWaId && normalizePhone(message.newWaId)
  if (!newPhone || !message.newWaId) return
  await learnAlias(tx, newPhone, phone, message.sentAt)
  await rememberAlias(tx, phone, message.newWaId, message.sentAt)
}

async function takeOptWord(
  tx: Tx,
  incoming: Incoming,
  word: OptWord,
  message: InboundMessage,
  { phones }: Person,
): Promise<string> {
  return storeOutcome(tx, message, word, await applyOptWord(tx, incoming, word, message, phones))
}

/** Stores the outcome of a message that is not an answer. */
async function storeOutcome(
  tx: Tx,
  message: InboundMessage,
  rule: OptWord | 'opt_out_wish' | 'not_theirs',
  { outcome, invited }: { outcome: string; invited: Invited | null },
): Promise<string> {
  await saveInterpretation(tx, message.id, {
    intent: null,
    eventId: invited?.eventId ?? null,
    guestId: invited?.guestId ?? null,
    partySize: null,
    confidence: 1,
    rule,
    outcome,
  })
  return `messages_${outcome}`
}
