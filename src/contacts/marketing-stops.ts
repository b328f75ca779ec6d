/**
 * Who stopped promotions on WhatsApp. Guests stop them in WhatsApp, which reports it by a refusal (131050) or by the webhook
 * `user_preferences`, or with the button that WhatsApp adds to promotions. The provider's time decides, so late reports
 * change nothing.
 */
import { sql, type Tx } from '../platform/db.ts'

export type StopSource = 'refusal' | 'preference' | 'message'

export async function stopMarketing(
  tx: Tx,
  phones: string[],
  { source, at }: { source: StopSource; at: Date },
): Promise<void> {
  await sql`
    insert into wa_marketing_stops as s (phone, stopped_at, source)
    select phone, ${at}, ${source} from unnest(${phones.toSorted()}::text[]) phone
    on conflict (phone) do update
      set stopped_at = excluded.stopped_at, source = excluded.source
     where s.stopped_at is null or s.stopped_at < excluded.stopped_at`.execute(tx)
}

export async function resumeMarketing(tx: Tx, phones: string[], at: Date): Promise<void> {
  await sql`
    insert into wa_marketing_stops as s (phone, resumed_at)
    select phone, ${at} from unnest(${phones.toSorted()}::text[]) phone
    on conflict (phone) do update
      set resumed_at = greatest(s.resumed_at, excluded.resumed_at)`.execute(tx)
}

/** WhatsApp withholds promotions to this number until then, whoever sends them (131049). */
export async function withholdMarketing(tx: Tx, phone: string, until: Date): Promise<void> {
  await sql`
    insert into wa_marketing_stops as s (phone, withheld_until)
    values (${phone}, ${until})
    on conflict (phone) do update
      set withheld_until = greatest(s.withheld_until, excluded.withheld_until)`.execute(tx)
}

/** Moves what was stored under a user id to the number that it belongs to, once that is known. */
export async function adoptMarketing(tx: Tx, userId: string, phone: string): Promise<void> {
  await sql`
    with known as (
      delete from wa_marketing_stops
       where phone = ${userId}
      returning stopped_at, source, resumed_at)
    insert into wa_marketing_stops as s (phone, stopped_at, source, resumed_at)
    select ${phone}, stopped_at, source, resumed_at from known
    on conflict (phone) do update
      set stopped_at = greatest(s.stopped_at, excluded.stopped_at),
          source = case when excluded.stopped_at > coalesce(s.stopped_at, '-infinity')
                        then excluded.source
                        else s.source end,
          resumed_at = greatest(s.resumed_at, excluded.resumed_at)`.execute(tx)
}
