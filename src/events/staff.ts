/** Who of the staff works at an event: only they see it and scan there. */
import type { Db } from '../platform/db.ts'
import { Failure } from '../platform/errors.ts'
import { cleanLine } from '../platform/values/text.ts'
import { findEvent } from './sql.ts'
import { assignStaff, findCandidate, removeStaff, type Assignment, type StaffRow } from './staff-sql.ts'

/**
 * Assigns a user to an event, or changes the gate. Throws `event_not_found`, `user_not_found`, and `invalid_request` when the
 * user is not staff.
 */
export async function addStaff(
  db: Db,
  scope: string | null,
  assignment: Assignment,
): Promise<{ staff: StaffRow; isNew: boolean }> {
  const gate = cleanLine(assignment.gate ?? '') || null
  const assigned = await assignStaff(db, scope, { ...assignment, gate })
  if (assigned) {
    const { isNew, ...staff } = assigned
    return { staff, isNew }
  }
  if (!(await findEvent(db, scope, assignment.eventId))) throw new Failure('event_not_found')
  if (!(await findCandidate(db, scope, assignment))) throw new Failure('user_not_found')
  const message = 'is not of the role staff: others need no assignment'
  throw new Failure('invalid_request', { detail: `The user ${message}.`, errors: [{ path: 'body.userId', message }] })
}

/** Ends an assignment: its scans and streams are refused at once. Throws `event_not_found`, `staff_not_found`. */
export async function endStaff(
  db: Db,
  scope: string | null,
  which: { eventId: string; userId: string },
): Promise<void> {
  if (await removeStaff(db, scope, which)) return
  throw new Failure((await findEvent(db, scope, which.eventId)) ? 'staff_not_found' : 'event_not_found')
}
