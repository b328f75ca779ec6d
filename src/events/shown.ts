/** An invitation as its guest sees it, found by a code. Concurrent guests share a statement. */
import { batching } from '../platform/batching.ts'
import { sql, type Db } from '../platform/db.ts'
import type { Locale } from '../platform/values/languages.ts'
import type { CodeReading } from './code-reading.ts'
import { findCode } from './codes.ts'
import type { Companion } from './guest-fields.ts'
import type { AnswerKind } from './invitations.ts'
import { textsByLocale, type TextsByLocale } from './texts-sql.ts'
import type { EventStatus } from './sql.ts'
import type { Venue } from './venue.ts'

export type ShownInvitation = {
  code: string
  eventId: string
  eventStatus: EventStatus
  eventName: string
  startsAt: Date
  endsAt: Date
  timeZone: string
  location: string | null
  venue: Venue | null
  rsvpUntil: Date | null
  capacity: number | null
  guestName: string
  companions: Companion[]
  locale: Locale
  answer: 'pending' | AnswerKind
  answeredPlaces: number | null
  places: number
  admitted: number
  /** What the organizer wrote on the page; null: nothing. */
  texts: TextsByLocale | null
  passVersion: number
  isRevoked: boolean
  mayDecline: boolean
}

/**
 * Whether the guest of invitation `i` may still say no after the cutoff: they wait for places, or got them from the waiting list
 * without being asked again.
 */
export const mayDecline = sql`(i.answered_by is not distinct from 'waitlist' or exists (
  select from waitlist_entries w where w.event_id = i.event_id and w.guest_id = i.guest_id))`

/** The columns of a ShownInvitation, of an invitation `i`, its event `e` and its guest `g`. */
export const SHOWN = sql`i.code, i.event_id, e.status as event_status, e.name as event_name, e.starts_at, e.ends_at,
  e.time_zone, e.location, e.venue, e.rsvp_until, e.capacity, g.name as guest_name, g.companions, g.locale, i.answer,
  i.answered_places, i.places, i.admitted, i.pass_version, i.revoked_at is not null as is_revoked, ${textsByLocale} as texts,
  e.rsvp_until is not null and ${mayDecline} as may_decline`

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
