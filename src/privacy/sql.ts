/** Who was anonymised. */
import { sql, type Db, type Tx } from '../platform/db.ts'

/** How many rows of each table changed. */
export type Erased = Record<string, number>
export type Anonymization = { eventId: string; guestId: string; erased: Erased; anonymizedAt: Date }

export async function insertAnonymization(
  tx: Tx,
  a: Anonymization & { reason: string | null; requestedBy: string; requestId: string },
): Promise<Anonymization> {
  await sql`
    insert into guest_anonymizations (event_id, guest_id, reason, erased, requested_by, request_id, anonymized_at)
    values (${a.eventId}, ${a.guestId}, ${a.reason}, ${JSON.stringify(a.erased)}, ${a.requestedBy}, ${a.requestId},
            ${a.anonymizedAt})`.execute(tx)
  const { eventId, guestId, erased, anonymizedAt } = a
  return { eventId, guestId, erased, anonymizedAt }
}

export async function findAnonymization(db: Db, eventId: string, guestId: string): Promise<Anonymization | null> {
  const { rows } = await sql<Anonymization>`
    select event_id, guest_id, erased, anonymized_at
      from guest_anonymizations
     where event_id = ${eventId}
       and guest_id = ${guestId}`.execute(db)
  return rows[0] ?? null
}

const DAY_MS = 86_400_000

/** Whether a worker does something about a guest at this moment, or is about to. `words` name the guest in a webhook. */
export async function findWork(
  db: Db,
  { eventId, guestId, words, now }: { eventId: string; guestId: string; words: string[]; now: Date },
): Promise<{ isSending: boolean; isUnread: boolean; isImporting: boolean }> {
  const { rows } = await sql<{ isSending: boolean; isUnread: boolean; isImporting: boolean }>`
    select exists (
             select from deliveries
              where event_id = ${eventId}
                and guest_id = ${guestId}
                and status = 'sending') as is_sending,
           exists (
             select from inbound_events
              where source in ('whatsapp', 'email')
                and received_at > ${new Date(now.getTime() - DAY_MS)}
                and status = 'received'
                and exists (
                      select from unnest(${words}::text[]) word
                       where position(convert_to(word, 'UTF8') in body) > 0)) as is_unread,
           exists (
             select from guest_imports
              where event_id = ${eventId}
                and status in ('queued', 'running')) as is_importing`.execute(db)
  return rows[0]!
}
