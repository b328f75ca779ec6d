/**
 * Who came first when devices were offline. Scans are ranked by the time at which they took place: an upload that arrives late
 * but happened earlier takes the place of a later admission, which becomes a duplicate. When the two were made at different
 * gates, both let people in, and the later scan names the earlier one as its conflict.
 */
import { passDoor, type Admission } from '../events/events.ts'
import type { Tx } from '../platform/db.ts'
import type { EventFacts, InvitationFacts, Judgment } from './rules.ts'
import { listLaterAdmissions, listLaterConflicts, supersede, uphold } from './ranking-sql.ts'
import type { NewScan } from './sql.ts'

export { findAdmissionElsewhere } from './ranking-sql.ts'

type Ranked = { row: NewScan; event: EventFacts; invitation: InvitationFacts & { id: string }; judgment: Judgment }

/**
 * Takes the places that this offline scan needs from admissions that took place after it. Returns whether there is room for it
 * now; if not, nothing is changed. Where guests may come and go or somebody has left, a later entry may be no mistake, so
 * nothing is ranked again.
 */
export async function takeLaterPlaces(tx: Tx, { row, event, invitation, judgment }: Ranked): Promise<boolean> {
  const { id: invitationId, places, admitted, outside } = invitation
  if (!row.offlineAt || judgment.status !== 'duplicate' || event.reentry !== 'none' || outside > 0) return false
  const needed = row.requested - (places - admitted)
  const later = await listLaterAdmissions(tx, invitationId, row.offlineAt)
  const taken: string[] = []
  let count = 0
  for (const one of later) {
    if (count >= needed) break
    taken.push(one.id)
    count += one.requested
  }
  if (count < needed) return false
  const { offlineAt: at, receivedAt: now } = row
  // No more than the upload needs: the people of the later admission are inside, and what is left of their places is taken.
  if (!(await passDoor(tx, { invitationId, passage: 'undo_in', count: needed, at, now }))) return false
  await supersede(tx, taken, row)
  return true
}

/**
 * After an exit that was uploaded late: whoever came back after it, and was taken for a double entry because it was not known, is in.
 * Only those whom their gate let in have such a conflict. Returns the invitation as it is then; null when nothing has changed.
 */
export async function admitWhoCameBack(
  tx: Tx,
  { invitationId, at, now }: { invitationId: string; at: Date; now: Date },
): Promise<Admission | null> {
  let admission: Admission | null = null
  for (const one of await listLaterConflicts(tx, invitationId, at)) {
    const passed = await passDoor(tx, { invitationId, passage: 'in', count: one.requested, at: one.at, now })
    if (!passed) continue
    await uphold(tx, one.id)
    admission = passed
  }
  return admission
}
