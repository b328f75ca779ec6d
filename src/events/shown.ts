/** An invitation as its guest sees it, found by a code. Concurrent guests share a statement. */
import { batching } from '../platform/batching.ts'
import { sql, type Db } from '../platform/db.ts'
import type { Locale } from '../platform/values/languages.ts'
import { findCode, type CodeReading } from './codes.ts'
import type { AnswerKind } from './invitations.ts'

export type ShownInvitation = {
  code: string
  eventId: string
  eventStatus: 'draft' | 'active' | 'archived' | 'expired'
  eventName: string
  startsAt: Date
  endsAt: Date
  timeZone: string
  location: string | null
  guestName: string
  locale: Locale
  answer: 'pending' | AnswerKind
  answeredPlaces: number | null
  places: number
  admitted: number
  isRevoked: boolean
}

/** The columns of a ShownInvitation, of an invitation `i`, its event `e` and its guest `g`. */
export const SHOWN = sql`i.code, i.event_id, e.status as event_status, e.name as event_name, e.starts_at, e.ends_at,
  e.time_zone, e.location, g.name as guest_name, g.locale, i.answer, i.answered_places, i.places, i.admitted,
  i.revoked_at is not null as is_revoked`

/** Returns the invitation that a text means (see codes.ts), of any event; null when there is none, or more than one. */
export async function showInvitation(db: Db, reading: CodeReading): Promise<ShownInvitation | null> {
  const exact = await showExact({ db }, reading.exact)
  if (exact) return exact
  const corrected = await findCode(db, reading, null)
  return corrected === null ? null : showExact({ db }, [corrected])
}

/** Finds the first of some codes that an invitation has. */
const showExact = batching(
  async ({ db }: { db: Db }, readings: string[][]): Promise<(ShownInvitation | null)[]> => {
    const { rows } = await sql<ShownInvitation>`/* prepared show_invitations */
      select ${SHOWN}
        from invitations i
        join events e on e.id = i.event_id
        join guests g on g.event_id = i.event_id and g.id = i.guest_id
       where i.code = any(${[...new Set(readings.flat())]}::text[])`.execute(db)
    const found = new Map(rows.map((row) => [row.code, row]))
    return readings.map((codes) => codes.map((code) => found.get(code)).find(Boolean) ?? null)
  },
  { max: 100, lanes: 2 },
)
