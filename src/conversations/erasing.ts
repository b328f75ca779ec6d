/** Erasing what a guest wrote. The rows stay: their ids recognize a redelivery, and what they meant is counted. */
import { sql, type Tx } from '../platform/db.ts'

type Author = {
  eventId: string
  guestId: string
  phone: string | null
  /** The number and WhatsApp's other names for it, if nobody else has them; else none. */
  names: string[]
}

/**
 * Of a number that other guests have too, only what is about this guest. Returns the messages, and the webhooks that brought
 * them.
 */
export async function eraseMessages(tx: Tx, a: Author): Promise<{ id: string; inboundEventId: string }[]> {
  const { rows } = await sql<{ id: string; inboundEventId: string }>`
    update wa_messages
       set body = null, attachment_name = null, attachment_id = null, phone = null, user_id = null, parent_user_id = null,
           is_unmatched = false
     where id in (
             select id
               from wa_messages
              where event_id = ${a.eventId}
                and guest_id = ${a.guestId}
             union all
             select id
               from wa_messages
              where phone = any(${a.names}::text[])
             union all
             select id
               from wa_messages
              where phone is null
                and (user_id = any(${a.names}::text[]) or parent_user_id = any(${a.names}::text[]))
             union all
             select m.id
               from wa_messages m
               join deliveries quoted on quoted.provider_message_id in (m.context_message_id, m.target_message_id)
              where m.phone = ${a.phone}
                and quoted.event_id = ${a.eventId}
                and quoted.guest_id = ${a.guestId})
    returning id, inbound_event_id`.execute(tx)
  return rows
}
