/**
 * Who came first when devices were offline. Scans are ranked by the time at which they took place: an upload that arrives late but
 * happened earlier takes the place of a later admission, which becomes a duplicate. When the two were made at different gates, both
 * let people in, and the later scan names the earlier one as its conflict.
 */
import { passDoor } from '../events/events.ts'
import type { Tx } from '../platform/db.ts'
import type { EventFacts, InvitationFacts, Judgment } from './rules.ts'
import { listLaterAdmissions, supersede } from './ranking-sql.ts'
import type { NewScan } from './sql.ts'

export { findAdmissionElsewhere } from './ranking-sql.ts'

type Ranked = { row: NewScan; event: EventFacts; invitation: InvitationFacts & { id: string }; judgment: Judgment }

/**
 * Frees the places of admissions that took place after this offline scan. Returns whether there is room for it now; if not,
 * nothing is changed. Where guests may come and go, a later entry is no mistake, so nothing is ranked again there.
 */
export async function takeLaterPlaces(tx: Tx, { row, event, invitation, judgment }: Ranked): Promise<boolean> {
  if (!row.offlineAt || judgment.status !== 'duplicate' || event.reentry !== 'none') return false
  const { id: invitationId, places, admitted, outside } = invitation
  const needed = row.requested - (places - (admitted - outside))
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
  if (!(await passDoor(tx, { invitationId, passage: 'undo_in', count, at, now }))) return false // some of them have left
  await supersede(tx, taken, row)
  return true
}
