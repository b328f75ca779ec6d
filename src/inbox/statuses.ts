/** Handles WhatsApp's statuses of our messages. */
import { learnRecipient, type Incoming } from '../conversations/conversations.ts'
import { recordStatus } from '../delivery/delivery.ts'
import type { Tx } from '../platform/db.ts'
import type { InboundStatus } from './whatsapp.ts'

const KNOWN_STATUSES = new Set(['sent', 'delivered', 'read', 'failed'])
/** WhatsApp may omit `delivered` when the message was read. */
const ARRIVED = new Set(['delivered', 'read'])

/** Records a status; `played` (a voice message) counts as read, unknown ones are ignored. Returns the counter for the log. */
export async function takeStatus(tx: Tx, incoming: Incoming, status: InboundStatus): Promise<string> {
  const name = status.status === 'played' ? 'read' : status.status
  if (!KNOWN_STATUSES.has(name)) return 'statuses_ignored'
  const outcome = await recordStatus(tx, incoming.config, { ...status, status: name }, incoming.now)
  await learnRecipient(tx, incoming, { ...status, hasArrived: ARRIVED.has(name) })
  return `statuses_${outcome}`
}
