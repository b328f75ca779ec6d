/** Counts free-form messages per calendar month, because WhatsApp does not charge for the first ones. */
import { sql, type Db } from '../platform/db.ts'

/** The start of the month of `now` in Mexico City. */
const monthOf = (now: Date) => sql`date_trunc('month', ${now}::timestamptz at time zone 'America/Mexico_City')`

/** Free-form messages of this month, as last counted. */
export const messagesThisMonth = (now: Date) => sql`
  coalesce((select m.messages from wa_service_months m where m.month = ${monthOf(now)}::date), 0)`

/** Counts this month's free-form messages. Prices are predicted from the last count. */
export async function countServiceMessages(db: Db, now: Date): Promise<void> {
  await sql`
    with month as (select ${monthOf(now)} as began)
    insert into wa_service_months as m (month, messages, counted_at)
    select began::date,
           (select count(*) from deliveries
             where sent_at >= began at time zone 'America/Mexico_City'
               and channel = 'whatsapp' and session_message and not simulated),
           ${now}
      from month
    on conflict (month) do update set messages = excluded.messages, counted_at = excluded.counted_at
     where m.counted_at <= excluded.counted_at`.execute(db)
}
