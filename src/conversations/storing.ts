/** Storing a guest's message, and the 24-hour window that it opens. */
import {
  extendWindow,
  findPerson,
  learnAlias,
  lockPerson,
  markReachable,
  opensWindow,
  type WaIdentity,
} from '../contacts/contacts.ts'
import type { Tx } from '../platform/db.ts'
import type { ReplyContext } from '../rsvp/rsvp.ts'
import { adoptMessages, insertMessage, type Adopted, type NewMessage } from './sql.ts'

/** The webhook that is being processed. */
export type Incoming = ReplyContext & {
  id: string
  simulated: boolean
  /** When the webhook arrived. It may be processed much later, and again. */
  receivedAt: Date
}

/** A guest's message, as the inbox reads it from the webhook. */
export type InboundMessage = WaIdentity & {
  id: string
  /** `group_…` when it was written in a group. */
  type: string
  /** The text, the title of the tapped button, or the caption. */
  text: string | null
  /** The payload of the tapped button. */
  payload: string | null
  contextMessageId: string | null
  /** The sender's new number, in a `system` message about a change. */
  newWaId: string | null
  sentAt: Date
}

/**
 * Stores a guest's message and opens the 24-hour window. False: a redelivery, nothing was done. `phones`: all numbers of
 * the sender.
 */
export async function receiveMessage(
  tx: Tx,
  message: NewMessage,
  windowMs: number,
  phones: string[] = message.phone ? [message.phone] : [],
): Promise<boolean> {
  if (!(await insertMessage(tx, message))) return false
  if (opensWindow(message.type)) {
    // A provider's clock ahead of ours must not keep the window open for more than 24 hours after receipt.
    const at = message.sentAt > message.receivedAt ? message.receivedAt : message.sentAt
    for (const phone of phones.toSorted()) await extendWindow(tx, phone, at, windowMs)
  }
  await markReachable(tx, phones)
  return true
}

/**
 * Links a user id to a phone and returns the messages that came from this user id before. They open the window, counted
 * from their own time. The lock makes this wait for a message from the same user id that is being stored.
 */
export async function learnUserId(
  tx: Tx,
  userId: string,
  phone: string,
  { at, windowMs }: { at: Date; windowMs: number },
): Promise<Adopted[]> {
  if ((await findPerson(tx, { phone: null, userId })).phone === phone) return []
  await lockPerson(tx, userId)
  if (!(await learnAlias(tx, userId, phone, at))) return []
  const adopted = await adoptMessages(tx, userId, phone)
  for (const message of adopted) if (opensWindow(message.type)) await extendWindow(tx, phone, message.at, windowMs)
  return adopted
}
