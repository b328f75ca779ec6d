/** Whether WhatsApp reaches a number, learned from refusals and deliveries. */
import { sql, type Tx } from '../platform/db.ts'

/** Marks a number that WhatsApp could not reach, so that later messages start with e-mail. */
export async function markUnreachable(tx: Tx, phone: string, reason: string, now: Date): Promise<void> {
  await sql`
    insert into wa_unreachable (phone, reason, since)
    values (${phone}, ${reason}, ${now})
    on conflict (phone) do update
      set reason = excluded.reason, since = excluded.since`.execute(tx)
}

/** Unmarks numbers that received or sent a message. */
export async function markReachable(tx: Tx, phones: string[]): Promise<void> {
  await sql`delete from wa_unreachable where phone = any(${phones}::text[])`.execute(tx)
}
