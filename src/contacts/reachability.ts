/** What refusals and arrivals teach about a number: whether WhatsApp reaches it at all. */
import { sql, type Tx } from '../platform/db.ts'

/** WhatsApp could not reach this number, so the next message to its owner begins with e-mail. */
export async function markUnreachable(tx: Tx, phone: string, reason: string, now: Date): Promise<void> {
  await sql`
    insert into wa_unreachable (phone, reason, since)
    values (${phone}, ${reason}, ${now})
    on conflict (phone) do update set reason = excluded.reason, since = excluded.since`.execute(tx)
}

/** A message arrived at these numbers, or came from them. */
export async function markReachable(tx: Tx, phones: string[]): Promise<void> {
  await sql`delete from wa_unreachable where phone = any(${phones}::text[])`.execute(tx)
}
