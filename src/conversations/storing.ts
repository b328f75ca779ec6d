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

/** The webhook that is being worked. */
export type Incoming = ReplyContext & {
  id: string
  simulated: boolean
  /** When the webhook came; it may be worked, and worked again, much later. */
  receivedAt: Date
}

/** A guest's message, as the inbox reads it from the vendor's shape. */
export type InboundMessage = WaIdentity & {
  id: string
  /** `group_…` when it was written in a group. */
  type: string
  /** What the guest wrote, the title of the button, or the caption. */
  text: string | null
  /** What we put behind the button that was tapped. */
  payload: string | null
  contextMessageId: string | null
  /** Of a `system` message: the sender's new number. */
  newWaId: string | null
  sentAt: Date
}

/**
 * Stores a guest's message once and opens the window. False: a redelivery that was worked before. `phones`: all numbers
 * that the sender goes by, when there are more than message.phone.
 */
export async function receiveMessage(
  tx: Tx,
  message: NewMessage,
  windowMs: number,
  phones: string[] = message.phone ? [message.phone] : [],
): Promise<boolean> {
  if (!(await insertMessage(tx, message))) return false
  if (opensWindow(message.type)) {
    // A provider's clock ahead of ours must not keep the window open for more than 24 hours from now.
    const at = message.sentAt > message.receivedAt ? message.receivedAt : message.sentAt
    for (const phone of phones.toSorted()) await extendWindow(tx, phone, at, windowMs)
  }
  await markReachable(tx, phones)
  return true
}

/**
 * Learns whose user id this is, and returns the messages that came under it before anybody knew. They open the window
 * now, by their own time. A message that comes under it at this moment is waited for.
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
