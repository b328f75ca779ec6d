/**
 * Who wants no promotions by WhatsApp: said in WhatsApp itself, and told us by a refusal (131050) or by the webhook
 * `user_preferences`. By the provider's clock, so that words which come late or in another order change nothing. A
 * message from the person, or one that arrives, says nothing about it. `delivery` decides what it means for a message.
 */
import { sql, type Tx } from '../platform/db.ts'

export type StopSource = 'refusal' | 'preference'

export async function stopMarketing(
  tx: Tx,
  phones: string[],
  { source, at }: { source: StopSource; at: Date },
): Promise<void> {
  await sql`
    insert into wa_marketing_stops as s (phone, stopped_at, source)
    select phone, ${at}, ${source} from unnest(${phones.toSorted()}::text[]) phone
    on conflict (phone) do update set stopped_at = excluded.stopped_at, source = excluded.source
      where s.stopped_at is null or s.stopped_at < excluded.stopped_at`.execute(tx)
}

export async function resumeMarketing(tx: Tx, phones: string[], at: Date): Promise<void> {
  await sql`
    insert into wa_marketing_stops as s (phone, resumed_at)
    select phone, ${at} from unnest(${phones.toSorted()}::text[]) phone
    on conflict (phone) do update set resumed_at = greatest(s.resumed_at, excluded.resumed_at)`.execute(tx)
}
