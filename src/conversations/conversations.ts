/** What guests write on WhatsApp: who they are, the 24-hour window it opens, and what an answer means. */
import type { Tx } from '../platform/db.ts'
import {
  adoptMessages,
  clearUnreachable,
  findPerson,
  learnAlias,
  lockPerson,
  type Adopted,
  type Person,
  type Sender,
} from '../contacts/aliases.ts'
import { extendWindow, insertMessage, type NewMessage, type Window } from './sql.ts'

export { findPerson, learnAlias, type Adopted, type Person, type Sender } from '../contacts/aliases.ts'
export { resumeMarketing, stopMarketing } from '../contacts/marketing-stops.ts'
export {
  findLatestOptOut,
  listLaterOptWords,
  optIn,
  optOut,
  readOptWord,
  wantsOptOut,
  type OptMessage,
  type OptWord,
} from '../contacts/opt-outs.ts'
export { CONFIDENCE_NEEDED, readReply, type Intent, type Reply } from '../rsvp/parser/parser.ts'
export { hasLaterIntent, markUnderstood as rememberMeaning, type Meaning } from './sql.ts'

export type SessionState = {
  status: 'open' | 'closed'
  lastInboundAt: Date | null
  openedAt: Date | null
  expiresAt: Date | null
  secondsRemaining: number
}

/** Open until exactly 24 hours after the guest's last message, by the provider's clock. */
export function describeWindow(window: Window | null, now: Date, windowMs: number): SessionState {
  if (!window) return { status: 'closed', lastInboundAt: null, openedAt: null, expiresAt: null, secondsRemaining: 0 }
  const expiresAt = new Date(window.lastInboundAt.getTime() + windowMs)
  const remainingMs = expiresAt.getTime() - now.getTime()
  const isOpen = remainingMs > 0
  return {
    status: isOpen ? 'open' : 'closed',
    ...window,
    expiresAt,
    secondsRemaining: isOpen ? Math.ceil(remainingMs / 1000) : 0,
  }
}

/** Finds who wrote, and holds every other message of the same person until this transaction ends. */
export async function identifyPerson(tx: Tx, sender: Sender): Promise<Person> {
  const before = await findPerson(tx, sender)
  const name = before.phone ?? sender.userId
  if (name === null) return before
  await lockPerson(tx, name)
  return findPerson(tx, sender) // whoever held the lock may have learned more
}

/** Reactions are stored, but the provider does not say that they open the window: they do not. Groups are not ours. */
const OPENS_NO_WINDOW = /^(reaction|system|unsupported|unknown|group_.*)$/
export const opensWindow = (type: string): boolean => !OPENS_NO_WINDOW.test(type)

/**
 * Stores a guest's message once and opens the window. False: a redelivery, already dealt with. `phones`: all that the
 * sender goes by, when there are more than message.phone.
 */
export async function receiveMessage(
  tx: Tx,
  message: NewMessage,
  windowMs: number,
  phones: string[] = message.phone ? [message.phone] : [],
): Promise<boolean> {
  if (!(await insertMessage(tx, message))) return false
  if (opensWindow(message.type)) {
    // A provider clock ahead of ours must not hold the window open longer than 24 hours from now.
    const at = message.sentAt > message.receivedAt ? message.receivedAt : message.sentAt
    for (const phone of phones.toSorted()) await extendWindow(tx, phone, at, windowMs)
  }
  await clearUnreachable(tx, phones)
  return true
}

/**
 * Learns whose user id this is, and returns the messages that came under it before anybody knew: they open the
 * window now, by their own time, and a BAJA or an answer among them is still to be taken. A message that comes under
 * it at this moment is waited for.
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
