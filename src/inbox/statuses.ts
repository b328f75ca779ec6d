/** WhatsApp's statuses of our messages. */
import { findPerson } from '../conversations/conversations.ts'
import type { Tx } from '../platform/db.ts'
import { findInvitedByMessage, recordStatus, rememberAlias } from '../delivery/delivery.ts'
import { learnName } from '../conversations/user-ids.ts'
import type { Inbox } from '../conversations/opt-words.ts'
import type { InboundStatus } from './whatsapp.ts'

const KNOWN_STATUSES = new Set(['sent', 'delivered', 'read', 'failed'])

/** `played` means that a voice message was heard: it was read. Others say nothing about delivery. Returns what to count. */
export async function takeStatus(tx: Tx, inbox: Inbox, status: InboundStatus): Promise<string> {
  const name = status.status === 'played' ? 'read' : status.status
  if (!KNOWN_STATUSES.has(name)) return 'statuses_ignored'
  const outcome = await recordStatus(tx, inbox.config, { ...status, status: name }, inbox.now)
  if (outcome !== 'duplicate') await learnRecipient(tx, inbox, status)
  return `statuses_${outcome}`
}

/** WhatsApp may leave `delivered` out when the message was read. */
const ARRIVED = new Set(['delivered', 'read', 'played'])

/** A status may tell which user id our guest goes by, and under which alias messages arrive. */
async function learnRecipient(tx: Tx, inbox: Inbox, status: InboundStatus): Promise<void> {
  const { phone, waId, userId } = status.recipient
  if (phone && waId && ARRIVED.has(status.status)) await rememberAlias(tx, phone, waId, status.occurredAt)
  if (!userId) return
  const known = await findPerson(tx, { phone, userId: null })
  const ours = known.phone ?? (await findInvitedByMessage(tx, status.providerMessageId))?.phone
  if (ours) await learnName(tx, inbox, userId, ours, status.occurredAt)
}
