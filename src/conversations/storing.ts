/** Storing a message, and the 24-hour window that a guest's message opens. */
import {
  adoptMarketing,
  extendWindow,
  findPerson,
  isInWindow,
  learnAlias,
  lockPerson,
  markReachable,
  type WaIdentity,
} from '../contacts/contacts.ts'
import type { Tx } from '../platform/db.ts'
import type { ReplyContext } from '../rsvp/rsvp.ts'
import { kindOf } from './kinds.ts'
import { adoptMessages, insertMessage, type Adopted, type Attachment, type NewMessage } from './sql.ts'

/** The webhook that is being processed. */
export type Incoming = ReplyContext & {
  id: string
  simulated: boolean
  /** When the webhook arrived. It may be processed much later, and again. */
  receivedAt: Date
}

/** A message, as the inbox reads it from the webhook. The identity is the guest's, also when we wrote. */
export type InboundMessage = WaIdentity & {
  id: string
  /** `group_…` when it was written in a group. */
  type: string
  /** `out`: written by us in WhatsApp itself. */
  direction: 'in' | 'out'
  origin: 'live' | 'forwarded' | 'history'
  /** The text, the title of the tapped button, the caption, or the emoji of a reaction. */
  text: string | null
  /** The file that comes with it. It is named and typed, not stored. */
  attachment: Attachment | null
  /** The payload of the tapped button. */
  payload: string | null
  contextMessageId: string | null
  /** The message that a reaction, an edit or a withdrawal is about. */
  targetMessageId: string | null
  /** Who the sender is now, in a `system` message about a change. */
  changed: WaIdentity | null
  sentAt: Date
}

/**
 * Stores a message and opens the 24-hour window if it is a guest's. False: a redelivery, nothing was done. `phones`: all
 * numbers of the guest.
 */
export async function receiveMessage(
  tx: Tx,
  message: NewMessage,
  windowMs: number,
  phones: string[] = message.phone ? [message.phone] : [],
): Promise<boolean> {
  if (!(await insertMessage(tx, message))) return false
  // A provider's clock ahead of ours must not keep the window open for more than 24 hours after receipt.
  const at = message.sentAt > message.receivedAt ? message.receivedAt : message.sentAt
  if (opensWindow(message, at, { now: message.receivedAt, windowMs }))
    for (const phone of phones.toSorted()) await extendWindow(tx, phone, at, windowMs)
  if (message.direction === 'in' && message.origin !== 'history') await markReachable(tx, phones)
  return true
}

/** Whether a message opens the window. An imported one does only while that window would still be open. */
function opensWindow(
  { body, ...message }: Pick<NewMessage, 'type' | 'direction' | 'origin' | 'body'>,
  at: Date,
  moment: { now: Date; windowMs: number },
): boolean {
  if (kindOf({ ...message, text: body }).window !== 'opens') return false
  return message.origin !== 'history' || isInWindow(at, moment)
}

/**
 * Links a user id to a phone and returns the messages that came from this user id before. They open the window, counted
 * from their own time, and a stop of promotions counts. The lock makes this wait for a message from the same user id that is
 * being stored.
 */
export async function learnUserId(
  tx: Tx,
  userId: string,
  phone: string,
  { at, now, windowMs }: { at: Date; now: Date; windowMs: number },
): Promise<Adopted[]> {
  if ((await findPerson(tx, { phone: null, userIds: [userId] })).phone === phone) return []
  await lockPerson(tx, userId)
  if (!(await learnAlias(tx, userId, phone, at))) return []
  await adoptMarketing(tx, userId, phone)
  const adopted = await adoptMessages(tx, userId, phone)
  for (const message of adopted)
    if (opensWindow({ ...message, body: message.text }, message.at, { now, windowMs }))
      await extendWindow(tx, phone, message.at, windowMs)
  return adopted
}
