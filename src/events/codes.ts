/**
 * The code of an invitation: how it is made, and which invitation a text means (code-reading.ts says how it is read).
 *
 * A code that is spelled exactly always wins. Only when none is, the text is corrected: separators do not count, and letters
 * that look alike are one. A correction that could mean two invitations means none.
 */
import { randomBytes } from 'node:crypto'
import { sql, type Db } from '../platform/db.ts'
import { CODE_ALPHABET, CODE_LENGTH, type CodeReading } from './code-reading.ts'

/** 130 random bits. */
export const newCode = (): string => Array.from(randomBytes(CODE_LENGTH), (byte) => CODE_ALPHABET[byte % 32]).join('')

/** Returns the stored code that a reading means, of one event or of all; null when there is none, or more than one. */
export async function findCode(db: Db, { exact, keys }: CodeReading, eventId: string | null): Promise<string | null> {
  const { rows } = await sql<{ code: string }>`
    select code
      from invitations
     where (code = any(${exact}::text[]) or code_key(code) = any(${keys}::text[]))
       and (${eventId}::text is null or event_id = ${eventId})
     order by array_position(${exact}::text[], code) nulls last
     limit 2`.execute(db)
  const [first, second] = rows
  if (!first) return null
  return second === undefined || exact.includes(first.code) ? first.code : null
}

/**
 * Returns the code that an invitation has now, by one that was revoked, of one event or of all, and when that one was revoked;
 * null when a reading means no revoked code, or those of two invitations.
 */
export async function findRenewedCode(
  db: Db,
  { exact, keys }: CodeReading,
  eventId: string | null,
): Promise<{ code: string; revokedAt: Date } | null> {
  const { rows } = await sql<{ code: string; revokedAt: Date }>`
    select i.code, max(r.revoked_at) as revoked_at
      from revoked_codes r
      join invitations i on i.id = r.invitation_id
     where (r.code = any(${exact}::text[]) or code_key(r.code) = any(${keys}::text[]))
       and (${eventId}::text is null or r.event_id = ${eventId})
     group by i.code
     limit 2`.execute(db)
  const [first, second] = rows
  return first && !second ? first : null
}

/** Returns the codes of guests of an event, by their ids: of those who were found by name at the door. */
export async function findCodesOfGuests(db: Db, eventId: string, guestIds: string[]): Promise<Map<string, string>> {
  const { rows } = await sql<{ guestId: string; code: string }>`
    select guest_id, code
      from invitations
     where event_id = ${eventId}
       and guest_id = any(${guestIds}::text[])`.execute(db)
  return new Map(rows.map(({ guestId, code }) => [guestId, code]))
}

/** Lists codes of an event that were revoked after `since`. */
export async function listRevokedCodes(db: Db, eventId: string, since: Date | null): Promise<string[]> {
  const { rows } = await sql<{ code: string }>`
    select code
      from revoked_codes
     where event_id = ${eventId}
       and (${since}::timestamptz is null or revoked_at > ${since})
     order by revoked_at, code`.execute(db)
  return rows.map(({ code }) => code)
}

type Revocation = {
  scope: string | null
  eventId: string
  guestId: string
  by: string
  reason: string | null
  now: Date
}

/** Gives a guest a new code and the pass another version. The old ones open nothing any more. Null: there is no such guest. */
export async function revokeCode(db: Db, r: Revocation): Promise<{ code: string; passVersion: number } | null> {
  const { rows } = await sql<{ code: string; passVersion: number }>`
    with former as (
      select i.id, i.event_id, i.code, i.pass_version
        from invitations i
        join events e on e.id = i.event_id
       where i.event_id = ${r.eventId}
         and i.guest_id = ${r.guestId}
         and (${r.scope}::text is null or e.organizer_id = ${r.scope})
         for update of i),
    noted as (
      insert into revoked_codes (code, event_id, invitation_id, version, revoked_by, reason, revoked_at)
      select code, event_id, id, pass_version, ${r.by}, ${r.reason}::text, ${r.now}::timestamptz
        from former)
    update invitations i
       set code = ${newCode()},
           pass_version = i.pass_version + 1,
           updated_at = ${r.now}
      from former
     where i.id = former.id
    returning i.code, i.pass_version`.execute(db)
  return rows[0] ?? null
}
