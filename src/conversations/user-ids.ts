/** What a webhook teaches about the names a person goes by, and what they wrote under one that nobody knew. */
import { learnUserId, type Adopted } from './conversations.ts'
import type { Tx } from '../platform/db.ts'
import { isInWindow, obeyOptWord, type Inbox } from './opt-words.ts'
import { takeReply } from '../rsvp/replies.ts'

/** Remembers whose user id this is; a BAJA or an answer that came under it before anybody knew counts now. */
export async function learnName(tx: Tx, inbox: Inbox, userId: string, phone: string, at: Date): Promise<void> {
  const { windowMs } = inbox.config.whatsapp
  for (const message of await learnUserId(tx, userId, phone, { at, windowMs }))
    await takeAdopted(tx, inbox, message, phone)
}

/** What is older than a window may have been about something else. */
async function takeAdopted(tx: Tx, inbox: Inbox, message: Adopted, phone: string): Promise<void> {
  const { rule, outcome } = message
  if (rule === 'opt_out' || rule === 'opt_in') await obeyOptWord(tx, inbox, rule, message, [phone])
  else if (outcome === 'no_open_invitation' && isInWindow(inbox, message.sentAt))
    await takeReply(
      tx,
      inbox,
      { ...message, payload: null },
      { phones: [phone], button: null, tapped: null, quoted: null },
    )
}
