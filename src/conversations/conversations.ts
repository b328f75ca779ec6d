/** What guests write on WhatsApp: the 24-hour window it opens, and what an answer means. */
import type { Tx } from '../db.ts'
import { extendWindow, insertMessage, markUnderstood, type NewMessage, type Window } from './sql.ts'

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

/** Reactions are stored, but the provider does not say that they open the window: they do not. */
const OPENS_NO_WINDOW = new Set(['reaction', 'system', 'unsupported', 'unknown'])

/** Stores a guest's message once and opens the window. False: a redelivery, already dealt with. */
export async function receiveMessage(tx: Tx, message: NewMessage, windowMs: number): Promise<boolean> {
  if (!(await insertMessage(tx, message))) return false
  if (message.phone && !OPENS_NO_WINDOW.has(message.type)) {
    // A provider clock ahead of ours must not hold the window open longer than 24 hours from now.
    const at = message.sentAt > message.receivedAt ? message.receivedAt : message.sentAt
    await extendWindow(tx, message.phone, at, windowMs)
  }
  return true
}

export { hasLaterIntent } from './sql.ts'
export const rememberIntent = markUnderstood

export type Intent = 'yes' | 'no' | 'maybe'

const WORDS: Record<Intent, RegExp> = {
  yes: /^(s[ií]|si+|sip|sim[oó]n|claro|confirm[oó]|confirmad[oa]s?|confirmamos|asistir[eé]|asistiremos|ah[ií] estar(e|é|emos)|ah[ií] nos vemos|voy|vamos|cuenten conmigo|yes|yes please|confirmed|i will be there|count me in)$/,
  no: /^(no|nop|no voy|no ir[eé]|no iremos|no podr[eé]( ir| asistir)?|no podremos( ir| asistir)?|no puedo( ir| asistir)?|ya no voy|cancelo|cancelamos|no asistir[eé]|no asistiremos|i can'?t( come| make it)?|i won'?t (come|make it)|not coming)$/,
  maybe: /^(tal vez|talvez|quiz[aá]s?|a lo mejor|no s[eé]|todav[ií]a no s[eé]|maybe|perhaps|not sure)$/,
}

/**
 * What a reply means, or null when it is not plainly an answer. Only a whole message that is one of
 * the known phrases counts: a guess would put a wrong name on the list at the door.
 */
export function readReply(text: string): Intent | null {
  const plain = text
    .normalize('NFC')
    .toLowerCase()
    .replace(/\p{Extended_Pictographic}|\u{fe0f}|\p{Emoji_Modifier}/gu, ' ')
    .replace(/[¡!.,]+/g, ' ')
    .replace(/\s+/g, ' ')
    .trim()
  for (const [intent, pattern] of Object.entries(WORDS) as [Intent, RegExp][]) if (pattern.test(plain)) return intent
  return null
}
