/** Linking WhatsApp's user ids to guests, and handling what guests wrote under a user id before it was linked. */
import { findPerson, rememberAlias, type WaIdentity } from '../contacts/contacts.ts'
import type { Tx } from '../platform/db.ts'
import { findInvitedByMessage, takeReply } from '../rsvp/rsvp.ts'
import { isRecent, applyOptWord } from './opt-words.ts'
import { saveInterpretation, type Adopted } from './sql.ts'
import { learnUserId, type Incoming } from './storing.ts'

/** Links a user id to a phone. A BAJA or an answer that came from this user id before counts now. */
export async function linkUserId(tx: Tx, incoming: Incoming, userId: string, phone: string, at: Date): Promise<void> {
  const { windowMs } = incoming.config.whatsapp
  for (const message of await learnUserId(tx, userId, phone, { at, windowMs }))
    await handleAdopted(tx, incoming, message, phone)
}

async function handleAdopted(tx: Tx, incoming: Incoming, message: Adopted, phone: string): Promise<void> {
  const { rule, outcome } = message
  if (rule === 'opt_out' || rule === 'opt_in') await applyOptWord(tx, incoming, rule, message, [phone])
  else if (outcome === 'no_open_invitation' && isRecent(incoming, message.sentAt)) {
    const clues = { phones: [phone], button: null, tapped: null, quoted: null }
    const { invited, ...understood } = await takeReply(tx, incoming, { ...message, payload: null }, clues)
    const about = { eventId: invited?.eventId ?? null, guestId: invited?.guestId ?? null }
    await saveInterpretation(tx, message.id, { ...understood, ...about })
  }
}

/** Stores what a status says about its recipient: the user id, and the form of the number that WhatsApp uses. */
export async function learnRecipient(
  tx: Tx,
  incoming: Incoming,
  status: { recipient: WaIdentity; providerMessageId: string; occurredAt: Date; hasArrived: boolean },
): Promise<void> {
  const { phone, waId, userId } = status.recipient
  if (phone && waId && status.hasArrived) await rememberAlias(tx, phone, waId, status.occurredAt)
  if (!userId) return
  const known = await findPerson(tx, { phone, userId: null })
  const ourPhone = known.phone ?? (await findInvitedByMessage(tx, status.providerMessageId))?.phone
  if (ourPhone) await linkUserId(tx, incoming, userId, ourPhone, status.occurredAt)
}
