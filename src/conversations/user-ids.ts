/** Linking WhatsApp's user ids to guests, and handling what guests wrote under a user id before it was linked. */
import { findPerson, identifyPerson, learnAlias, rememberAlias, type WaIdentity } from '../contacts/contacts.ts'
import type { Tx } from '../platform/db.ts'
import { findInvitedByMessage, takeReply } from '../rsvp/rsvp.ts'
import { kindOf } from './kinds.ts'
import { applyOptWord } from './opt-words.ts'
import { renameSender, saveInterpretation, type Adopted } from './sql.ts'
import { learnUserId, type Incoming } from './storing.ts'

/** A person whose number or user ids changed: who they were, and who they are now. */
export type IdentityChange = { before: WaIdentity; after: WaIdentity; at: Date }

/** Links user ids to a phone. A BAJA or an answer that came from them before counts now. */
export async function linkUserIds(
  tx: Tx,
  incoming: Incoming,
  { userIds, phone, at }: { userIds: string[]; phone: string; at: Date },
): Promise<void> {
  const { now, config } = incoming
  for (const userId of userIds.toSorted())
    for (const message of await learnUserId(tx, userId, phone, { at, now, windowMs: config.whatsapp.windowMs }))
      await handleAdopted(tx, incoming, message, phone)
}

async function handleAdopted(tx: Tx, incoming: Incoming, message: Adopted, phone: string): Promise<void> {
  const { rule, outcome } = message
  if (rule === 'opt_out' || rule === 'opt_in') await applyOptWord(tx, incoming, rule, message, [phone])
  else if (outcome === 'no_open_invitation' && kindOf(message).answer !== '-') {
    const clues = { phones: [phone], button: null, tapped: null, quoted: null, mustHaveHeardBy: message.sentAt }
    const { invited, countAs: _, ...understood } = await takeReply(tx, incoming, { ...message, payload: null }, clues)
    const about = { eventId: invited?.eventId ?? null, guestId: invited?.guestId ?? null }
    await saveInterpretation(tx, message.id, { ...understood, ...about })
  }
}

/** Stores what a status says about its recipient: the user ids, and the form of the number that WhatsApp uses. */
export async function learnRecipient(
  tx: Tx,
  incoming: Incoming,
  status: { recipient: WaIdentity; providerMessageId: string; occurredAt: Date; hasArrived: boolean },
): Promise<void> {
  const { phone, waId, userIds } = status.recipient
  if (phone && waId && status.hasArrived) await rememberAlias(tx, phone, waId, status.occurredAt)
  if (userIds.length === 0) return
  const known = await findPerson(tx, { phone, userIds: [] })
  const ourPhone = known.phone ?? (await findInvitedByMessage(tx, status.providerMessageId))?.phone
  if (ourPhone) await linkUserIds(tx, incoming, { userIds, phone: ourPhone, at: status.occurredAt })
}

/**
 * Stores that a person's number or user ids changed; the earlier ones stay known. When we know no number of theirs, what they
 * wrote before gets the new user id, so that it is found once the number is known. Returns the counter for the webhook's log.
 */
export async function takeIdentityChange(tx: Tx, incoming: Incoming, change: IdentityChange): Promise<string> {
  const { before, after, at } = change
  const phone = (await identifyPerson(tx, before)).phone ?? (await findPerson(tx, after)).phone
  if (phone === null) {
    const [userId] = after.userIds
    if (userId !== undefined) await renameSender(tx, before.userIds, userId)
    return 'identities_unmatched'
  }
  if (after.phone && after.waId) {
    await learnAlias(tx, after.phone, phone, at)
    await rememberAlias(tx, phone, after.waId, at)
  }
  await linkUserIds(tx, incoming, { userIds: [...new Set([...before.userIds, ...after.userIds])], phone, at })
  return 'identities_learned'
}
