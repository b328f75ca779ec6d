import { sql, type Tx } from '../platform/db.ts'
import type { NewScan } from './sql.ts'

/** Admissions of an invitation that took place after `at`, the latest first. */
export async function listLaterAdmissions(
  tx: Tx,
  invitationId: string,
  at: Date,
): Promise<{ id: string; requested: number }[]> {
  const { rows } = await sql<{ id: string; requested: number }>`
    select id, requested
      from scans
     where invitation_id = ${invitationId}
       and result = 'valid'
       and direction = 'in'
       and undone_at is null
       and coalesce(offline_at, received_at) > ${at}
     order by coalesce(offline_at, received_at) desc, id desc`.execute(tx)
  return rows
}

/** Turns admissions into duplicates of an earlier one. It is a conflict when another gate, device or person made them. */
export async function supersede(tx: Tx, ids: string[], { id, gate, device, scannedBy }: NewScan): Promise<void> {
  await sql`
    update scans
       set result = 'duplicate',
           reason = 'already_admitted',
           conflicts_with = case
             when (gate, device, scanned_by) is distinct from (${gate}::text, ${device}::text, ${scannedBy}::text)
             then ${id} end
     where id = any(${ids}::text[])`.execute(tx)
}

/** Entries of an invitation after `at` that were found to be double, and that their gate had let in, the earliest first. */
export async function listLaterConflicts(
  tx: Tx,
  invitationId: string,
  at: Date,
): Promise<{ id: string; requested: number; at: Date }[]> {
  const { rows } = await sql<{ id: string; requested: number; at: Date }>`
    select id, requested, coalesce(offline_at, received_at) as at
      from scans
     where invitation_id = ${invitationId}
       and result = 'duplicate'
       and direction = 'in'
       and conflicts_with is not null
       and undone_at is null
       and coalesce(offline_at, received_at) > ${at}
     order by coalesce(offline_at, received_at), id`.execute(tx)
  return rows
}

/** Turns a double entry into an admission. */
export async function uphold(tx: Tx, id: string): Promise<void> {
  await sql`
    update scans
       set result = 'valid',
           reason = null,
           conflicts_with = null
     where id = ${id}`.execute(tx)
}

/** The first admission of an invitation that another gate, device or person made than a scan; null when there is none. */
export async function findAdmissionElsewhere(
  tx: Tx,
  invitationId: string,
  { gate, device, scannedBy }: NewScan,
): Promise<string | null> {
  const { rows } = await sql<{ id: string }>`
    select id
      from scans
     where invitation_id = ${invitationId}
       and result = 'valid'
       and direction = 'in'
       and undone_at is null
       and (gate, device, scanned_by) is distinct from (${gate}::text, ${device}::text, ${scannedBy}::text)
     order by coalesce(offline_at, received_at), id
     limit 1`.execute(tx)
  return rows[0]?.id ?? null
}
