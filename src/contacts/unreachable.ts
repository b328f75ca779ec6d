/**
 * Numbers that WhatsApp could not reach (131026). That may also mean an old app, or terms that were not accepted yet, so a
 * number is tried again after some months; what arrives or is written from it counts at once.
 */
import { sql } from '../platform/db.ts'

const BELIEVED_MS = 90 * 86_400_000

const floorOf = (now: Date): Date => new Date(now.getTime() - BELIEVED_MS)

/** Of the row of guests that is called `g`. */
export const isUnreachable = (now: Date) =>
  sql`exists (select 1 from wa_unreachable u where u.phone = g.phone and u.since > ${floorOf(now)})`

export const staysUnreachable = (since: Date | null, now: Date): boolean => since !== null && since > floorOf(now)
