/** What a webhook teaches about the user ids that people go by, and what they wrote under one that nobody knew. */
import { findPerson, rememberAlias, type WaIdentity } from '../contacts/contacts.ts'
import type { Tx } from '../platform/db.ts'
import { findInvitedByMessage, takeReply } from '../rsvp/rsvp.ts'
import { isRecent, obeyOptWord } from './opt-words.ts'
import { markUnderstood, type Adopted } from './sql.ts'
import { learnUserId, type Incoming } from './storing.ts'

/** Remembers whose user id this is; a BAJA or an answer that came under it before anybody knew counts now. */
export async function learnName(tx: Tx, incoming: Incoming, userId: string, phone: string, at: Date): Promise<void> {
  const { windowMs } = incoming.config.whatsapp
  for (const message of await learnUserId(tx, userId, phone, { at, windowMs }))
    await takeAdopted(tx, incoming, message, phone)
}

async function takeAdopted(tx: Tx, incoming: Incoming, message: Adopted, phone: string): Promise<void> {
  const { rule, outcome } = message
  if (rule === 'opt_out' || rule === 'opt_in') await obeyOptWord(tx, incoming, rule, message, [phone])
  else if (outcome === 'no_open_invitation' && isRecent(incoming, message.sentAt)) {
    const clues = { phones: [phone], button: null, tapped: null, quoted: null }
    const { invited, ...understood } = await takeReply(tx, incoming, { ...message, payload: null }, clues)
    const about = { eventId: invited?.eventId ?? null, guestId: invited?.guestId ?? null }
    await markUnderstood(tx, message.id, { ...understood, ...about })
  }
}

/** A status tells which user id our guest goes by, and under which alias a message arrived. */
export async function learnRecipient(
  tx: Tx,
  incoming: Incoming,
  status: { recipient: WaIdentity; providerMessageId: string; occurredAt: Date; hasArrived: boolean },
): Promise<void> {
  const { phone, waId, userId } = status.recipient
  if (phone && waId && status.hasArrived) await rememberAlias(tx, phone, waId, status.occurredAt)
  if (!userId) return
  const known = await findPerson(tx, { phone, userId: null })
  const ours = known.phone ?? (await findInvitedByMessage(tx, status.providerMessageId))?.phone
  if (ours) await learnName(tx, incoming, userId, ours, status.occurredAt)
}
