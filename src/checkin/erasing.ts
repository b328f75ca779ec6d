/** Erasing what the door wrote about a guest. The scans stay. */
import { sql, type Tx } from '../platform/db.ts'

/** Returns the scan ids of the invitation, which name it in stored answers. */
export async function eraseScanNotes(tx: Tx, invitationId: string): Promise<string[]> {
  const { rows } = await sql<{ scanId: string }>`
    update scans
       set undo_reason = null
     where invitation_id = ${invitationId}
    returning scan_id`.execute(tx)
  return rows.map(({ scanId }) => scanId)
}
