/**
 * What a device needs to judge scans without a network, by the same rules as the server (rules.ts): the door's times and
 * policies, and for each code a hash with its places. A code cannot be read back from its hash.
 */
import { hash } from 'node:crypto'
import { findDoor, keyOf, listRevokedCodes } from '../events/events.ts'
import type { Reach } from '../http/access.ts'
import type { Db } from '../platform/db.ts'
import { Failure } from '../platform/errors.ts'
import { writeCursor, type Position } from '../http/page.ts'
import type { Keyring } from './keyring.ts'
import type { KeyRow } from './keyring-sql.ts'
import { countGuests, listChanged, type ManifestRow } from './manifest-sql.ts'

/** Half of SHA-256 is enough to tell the codes of an event apart, and keeps the list small. */
const HASH_BYTES = 16

/** A change may be committed that much later than its own time; what is listed twice does no harm. */
const OVERLAP_MS = 30_000

type Wanted = Reach & { eventId: string; since: Position | null; hasNames: boolean; limit: number }

type Context = { db: Db; now: () => Date; keyring: Keyring }

/** Throws `event_not_found`. */
export async function viewManifest({ db, now, keyring }: Context, wanted: Wanted) {
  const { eventId, since, hasNames, limit } = wanted
  const event = await findDoor(db, wanted, eventId)
  if (!event) throw new Failure('event_not_found')
  const generatedAt = now()
  const rows = await listChanged(db, { eventId, since, limit: limit + 1 })
  const listed = rows.slice(0, limit)
  const last = rows.length > limit ? listed.at(-1) : undefined
  const { status, startsAt, endsAt, doorsOpenMinutes, doorPolicy, reentry } = event
  return {
    eventId,
    generatedAt,
    event: { status, startsAt, endsAt, doorsOpenMinutes, doorPolicy, reentry },
    keys: (await keyring.list()).map(describeKey),
    guests: await countGuests(db, eventId),
    revoked: (await listRevokedCodes(db, eventId, since?.at ?? null)).map((code) => hashCode(eventId, code)),
    entries: listed.map((row) => describeEntry(row, eventId, hasNames)),
    hasMore: last !== undefined,
    cursor: last
      ? writeCursor(last.changedAt.toISOString(), last.id)
      : writeCursor(new Date(generatedAt.getTime() - OVERLAP_MS).toISOString(), ''),
  }
}

const hashCode = (eventId: string, code: string): string =>
  hash('sha256', `${eventId}:${keyOf(code)}`, 'buffer')
    .subarray(0, HASH_BYTES)
    .toString('base64url')

export const describeKey = ({ kid, publicKey, createdAt }: KeyRow) => ({
  ...{ kid, publicKey: publicKey.toString('base64url'), createdAt },
})

const describeEntry = (
  { code, guestId, name, notes, places, answer, inside, passVersion, isRevoked, changedAt }: ManifestRow,
  eventId: string,
  hasNames: boolean,
) => ({
  hash: hashCode(eventId, code),
  ...{ places, answer, inside, version: changedAt.getTime(), passVersion },
  ...(isRevoked ? { isRevoked } : {}),
  ...(hasNames ? { guestId, name, ...(notes ? { notes } : {}) } : {}),
})
