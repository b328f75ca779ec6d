/** Erasing what the channels keep of a recipient. */
import { sql, type Tx } from '../platform/db.ts'

/** `addresses`: that nobody else has. Returns how many messages the simulated provider has forgotten. */
export async function eraseRecipient(tx: Tx, deliveryIds: string[], addresses: string[]): Promise<number> {
  const { rows } = await sql<{ count: number }>`
    with paced as (
      delete from recipient_limits where address = any(${addresses}::text[])),
    gone as (
      delete from simulated_messages
       where callback_data = any(${deliveryIds}::text[])
          or recipient = any(${addresses}::text[])
      returning id)
    select count(*) from gone`.execute(tx)
  return rows[0]!.count
}
