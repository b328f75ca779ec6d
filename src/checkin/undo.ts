/** Taking back a scan that was a mistake. The scan stays in the list, with who took it back and why. */
import { passDoor, type Admission } from '../events/events.ts'
import type { Reach } from '../http/access.ts'
import { withTx, type Db } from '../platform/db.ts'
import { Failure } from '../platform/errors.ts'
import { cleanLine } from '../platform/values/text.ts'
import { findScan, isEntwined, markUndone, type ScanView } from './scans-sql.ts'

type Undo = { reach: Reach; eventId: string; scanId: string; reason: string; by: string }

/**
 * Undoes a scan that let people pass: their places are free again, or they count as inside again. Tickets that were booked as
 * used stay booked, for whoever takes the place. Throws `event_not_found` or `scan_not_found`, `scan_undone`, and
 * `scan_not_undoable` when it let nobody pass, its people have been out since, or it took the place of another admission.
 */
export async function undoScan(
  { db, now }: { db: Db; now: () => Date },
  { reach, eventId, scanId, reason, by }: Undo,
): Promise<{ scan: ScanView; admission: Admission }> {
  const admission = await withTx(db, async (tx) => {
    const scan = await findScan(tx, reach, eventId, scanId)
    if (!scan) throw new Failure('scan_not_found')
    if (scan.undoneAt) throw new Failure('scan_undone')
    const { id, invitationId, direction, requested: count } = scan
    if (scan.result !== 'valid' || invitationId === null)
      throw new Failure('scan_not_undoable', { detail: 'This scan let nobody pass.' })
    const at = scan.offlineAt ?? scan.receivedAt
    const passage = direction === 'in' ? 'undo_in' : 'undo_out'
    // The invitation first, as every other scan does, so that two of them do not wait for each other.
    const passed = await passDoor(tx, { invitationId, passage, count, at, now: now() })
    if (!passed && (await findScan(tx, reach, eventId, scanId))?.undoneAt) throw new Failure('scan_undone')
    if (!passed) throw new Failure('scan_not_undoable', { detail: 'Its people have passed once more since.' })
    if (direction === 'in' && (await isEntwined(tx, id, invitationId)))
      throw new Failure('scan_not_undoable', {
        detail: 'Others passed on it, or its people have been out: scan them out instead.',
      })
    if (!(await markUndone(tx, id, { by, reason: cleanLine(reason), now: now() }))) throw new Failure('scan_undone')
    return passed
  })
  const scan = await findScan(db, reach, eventId, scanId)
  if (!scan) throw new Failure('scan_not_found')
  return { scan, admission }
}
