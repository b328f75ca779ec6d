/** Addresses that get no e-mail: bounces and complaints stop all organizers, an unsubscription stops one. */
import { sql, type Db, type Tx } from '../platform/db.ts'

export type StopReason = 'bounced' | 'complained' | 'suppressed'

/** Stops e-mail from every organizer. The first reason stays. */
export async function stopAddresses(tx: Tx, emails: string[], reason: StopReason, now: Date): Promise<void> {
  await sql`
    insert into email_stops (email, organizer_id, reason, stopped_at)
    select e, '*', ${reason}, ${now} from unnest(${emails.toSorted()}::text[]) e
    on conflict (email, organizer_id) do nothing`.execute(tx)
}

/** Lifts stops for all organizers up to `at`; an unsubscription from one organizer stays. */
export async function freeAddresses(tx: Tx, emails: string[], at: Date): Promise<'freed' | 'kept'> {
  const { rows } = await sql`
    delete from email_stops
     where email = any(${emails}::text[])
       and organizer_id = '*'
       and stopped_at <= ${at}
    returning email`.execute(tx)
  return rows.length > 0 ? 'freed' : 'kept'
}

/** Stops e-mail from this organizer. A bounce or complaint keeps its own row. */
export async function unsubscribeAddress(db: Db, email: string, organizerId: string, now: Date): Promise<void> {
  await sql`
    insert into email_stops (email, organizer_id, reason, stopped_at)
    values (${email}, ${organizerId}, 'unsubscribed', ${now})
    on conflict (email, organizer_id) do nothing`.execute(db)
}
