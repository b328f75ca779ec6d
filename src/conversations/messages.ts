/** Handles a message: whose it is, the window it opens, and whether it is a BAJA, an answer or neither. */
import {
  identifyPerson,
  isGuestPhone,
  learnAlias,
  readOptWord,
  rememberAlias,
  wantsOptOut,
  type OptWord,
  type Person,
} from '../contacts/contacts.ts'
import type { Tx } from '../platform/db.ts'
import {
  findInvitedById,
  findInvitedByMessage,
  readButton,
  takeReply,
  wasSentToAnother,
  type Button,
  type Invited,
} from '../rsvp/rsvp.ts'
import { isGroup, kindOf, readPromotion, type Kind } from './kinds.ts'
import { applyOptWord, explainOptOut } from './opt-words.ts'
import { switchMarketing } from './preferences.ts'
import { applyRevisions, findOriginal } from './revisions.ts'
import { saveInterpretation } from './sql.ts'
import { receiveMessage, type InboundMessage, type Incoming } from './storing.ts'
import { linkUserIds, takeIdentityChange } from './user-ids.ts'

/**
 * Handles a message and all its effects in the caller's transaction. A redelivery changes nothing. kinds.ts says what each
 * kind may do. Returns the name of the counter for the webhook's log.
 */
export async function takeMessage(tx: Tx, incoming: Incoming, message: InboundMessage): Promise<string> {
  const kind = kindOf(message)
  const button = readButton(message.payload)
  const before = await identifyPerson(tx, message)
  const quoted = message.contextMessageId ? await findInvitedByMessage(tx, message.contextMessageId) : null
  const tapped = button ? await findTapped(tx, button, before, message) : null
  const isGuests = message.direction === 'in' && message.origin !== 'history'
  const person = isGuests ? await recognize(tx, message, before, quoted ?? tapped) : before
  // Earlier messages from the same user id come first, so that an unbroken conversation has one window.
  if (person.phone && !isGroup(message))
    await linkUserIds(tx, incoming, { userIds: message.userIds, phone: person.phone, at: message.sentAt })
  if (!(await storeMessage(tx, incoming, message, person))) return 'messages_duplicate'
  if (isGuests) await learnIdentity(tx, incoming, message, person)
  await applyRevisions(tx, message)
  if (kind.answer === '-' && kind.optOut === '-') return COUNTERS[kind.thread] ?? 'messages_stored'
  return readWords(tx, incoming, { kind, message, person, button, tapped, quoted })
}

const COUNTERS: Partial<Record<Kind['thread'], string>> = {
  us: 'messages_echoed',
  past: 'messages_imported',
  reaction: 'messages_reaction',
  withdraws: 'messages_withdrawn',
}

const storeMessage = (tx: Tx, incoming: Incoming, { text, ...message }: InboundMessage, { phone, phones }: Person) =>
  receiveMessage(
    tx,
    {
      ...message,
      phone,
      body: kindOf({ ...message, text }).thread === 'notice' ? null : text,
      receivedAt: incoming.now,
      inboundEventId: incoming.id,
      simulated: incoming.simulated,
    },
    incoming.config.whatsapp.windowMs,
    phones,
  )

type Heard = {
  kind: Kind
  message: InboundMessage
  person: Person
  button: Button | null
  tapped: Invited | null
  quoted: Invited | null
}

/** Does what the words or the button say. */
async function readWords(tx: Tx, incoming: Incoming, heard: Heard): Promise<string> {
  const { kind, person, button, tapped, quoted } = heard
  const original = kind.name === 'edit' ? await findOriginal(tx, heard.message) : null
  if (original && !original.isTheirs)
    return storeOutcome(tx, heard.message, 'not_theirs', { outcome: 'not_theirs', invited: null })
  const message = {
    ...heard.message,
    contextMessageId: heard.message.contextMessageId ?? original?.contextMessageId ?? null,
  }
  if (message.origin !== 'live' || (original && original.origin !== 'live')) return 'messages_stored'
  if (kind.optOut === 'promotions') return takePromotionWord(tx, message)
  const word = readOptWord(message.payload ?? '') ?? readOptWord(message.text ?? '')
  if (word) return storeOutcome(tx, message, word, await applyOptWord(tx, incoming, word, message, person.phones))
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

/** WhatsApp's own button. It stops promotions alone, of every organizer. */
async function takePromotionWord(tx: Tx, message: InboundMessage): Promise<string> {
  const rule = readPromotion(message)!
  const wantsMarketing = rule === 'resume_promotions'
  await switchMarketing(tx, message, { wantsMarketing, source: 'message', at: message.sentAt })
  const outcome = wantsMarketing ? 'promotions_resumed' : 'promotions_stopped'
  return storeOutcome(tx, message, rule, { outcome, invited: null })
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
  const isTheirs = phone === null ? message.userIds.length > 0 && named.wasWritten : phones.includes(named.phone)
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

/** Learns the form of the number that WhatsApp uses, or who the person is now after a `system` message about a change. */
async function learnIdentity(tx: Tx, incoming: Incoming, message: InboundMessage, { phone }: Person): Promise<void> {
  if (isGroup(message)) return
  if (message.changed) {
    const { phone: _, waId, userIds, changed, sentAt: at } = message
    await takeIdentityChange(tx, incoming, { before: { phone, waId, userIds }, after: changed, at })
  } else if (phone && message.waId) await rememberAlias(tx, phone, message.waId, message.sentAt)
}

/** Stores the outcome of a message that is not an answer. */
async function storeOutcome(
  tx: Tx,
  message: InboundMessage,
  rule: OptWord | 'stop_promotions' | 'resume_promotions' | 'opt_out_wish' | 'not_theirs',
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
