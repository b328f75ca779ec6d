/** What the events of e-mails leave behind beside the status: addresses that get no more, and a proof of reading. */
import { sql, type Tx } from '../platform/db.ts'

export type StopReason = 'bounced' | 'complained' | 'suppressed'

/** Nobody writes to these addresses any more. The first reason stays. */
export async function stopAddresses(tx: Tx, emails: string[], reason: StopReason, now: Date): Promise<void> {
  await sql`insert into email_stops (email, organizer_id, reason, stopped_at)
    select e, '*', ${reason}, ${now} from unnest(${emails.toSorted()}::text[]) e
    on conflict (email, organizer_id) do nothing`.execute(tx)
}

/** They may be written to again, if they were stopped before `at`; who unsubscribed from an organizer stays so. */
export async function freeAddresses(tx: Tx, emails: string[], at: Date): Promise<'freed' | 'kept'> {
  const { rows } = await sql`
    delete from email_stops where email = any(${emails}::text[]) and organizer_id = '*' and stopped_at <= ${at}
    returning email`.execute(tx)
  return rows.length > 0 ? 'freed' : 'kept'
}

/** A click after an open: read by a person, and not only by a machine that loads images. */
export async function markClicked(tx: Tx, providerMessageId: string, now: Date): Promise<void> {
  await sql`
    with event as (
      update delivery_events set reason = 'clicked'
       where provider_message_id = ${providerMessageId} and status = 'read' and reason = 'opened' returning delivery_id)
    update deliveries d set reason = 'clicked', updated_at = ${now}
      from event where d.id = event.delivery_id and d.status = 'read' and d.reason = 'opened'`.execute(tx)
}
