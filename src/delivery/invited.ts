/** Who answered: the invitation behind a quoted message or a phone number. */
import { sql, type Tx } from '../db.ts'

export type Invited = { invitationId: string; eventId: string; guestId: string }

/** Whose message was answered: the outbound message that the reply quotes. */
export async function findInvitedByMessage(tx: Tx, providerMessageId: string): Promise<Invited | null> {
  const { rows } = await sql<Invited>`
    select i.id as invitation_id, i.event_id, i.guest_id from deliveries d
      join invitations i on i.event_id = d.event_id and i.guest_id = d.guest_id
     where d.provider_message_id = ${providerMessageId}`.execute(tx)
  return rows[0] ?? null
}

/** The one open invitation of this number; null when there is none, or more than one to choose from. */
export async function findInvitedByPhone(tx: Tx, phone: string, now: Date): Promise<Invited | null> {
  const { rows } = await sql<Invited>`
    select i.id as invitation_id, i.event_id, i.guest_id from guests g
      join events e on e.id = g.event_id and e.status = 'active' and e.ends_at > ${now}
      join invitations i on i.event_id = g.event_id and i.guest_id = g.id
     where g.phone = ${phone} limit 2`.execute(tx)
  return rows.length === 1 ? rows[0]! : null
}

/** WhatsApp names many Mexicans 521…: answers go to the name it used last. */
export async function rememberAlias(tx: Tx, phone: string, waId: string): Promise<void> {
  await sql`update guests set wa_id = ${waId} where phone = ${phone} and wa_id is distinct from ${waId}`.execute(tx)
}
