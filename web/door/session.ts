/** What becomes of the data of this device when it is set up again. */
import type { Session } from './records.ts'

/**
 * `kept`: another way into the same event; what waits is uploaded by it. `emptied`: the data of another event go. `refused`: they
 * cannot, because scans wait.
 */
export function whatBecomes(before: Session | null, next: Session, waiting: number): 'kept' | 'emptied' | 'refused' {
  if (before?.eventId === next.eventId) return 'kept'
  return waiting > 0 ? 'refused' : 'emptied'
}
