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
