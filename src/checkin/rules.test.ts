import assert from 'node:assert/strict'
import { createHash } from 'node:crypto'
import { test } from 'node:test'
import { newId, sql } from '../platform/db.ts'
import { startApp } from '../../test/harness.ts'
import { aGuest, anEvent, anInvitation } from '../../test/make.ts'
import {
  judgeDoor,
  judgeInvitation,
  judgeUnknown,
  type EventFacts,
  type InvitationFacts,
  type Judgment,
  type ScanFacts,
} from './rules.ts'
import { admitScans } from './sql.ts'

const STARTS = Date.parse('2030-05-01T20:00:00Z')
const HOUR = 3_600_000
const EVENT: EventFacts = {
  status: 'active',
  startsAtMs: STARTS,
  endsAtMs: STARTS + 6 * HOUR,
  doorsOpenMinutes: 180,
  doorPolicy: 'invited',
  reentry: 'none',
}
const GUEST: InvitationFacts = { answer: 'pending', places: 4, admitted: 0, outside: 0 }
const CONFIRMED = { doorPolicy: 'confirmed' } as const
const REENTRY = { reentry: 'exit_then_entry' } as const
const OUT = { direction: 'out' } as const

/** What differs from an open event, a party of four and an entry of one. `guest`: a text when the event has no such code. */
type Case = {
  what: string
  event?: Partial<EventFacts>
  guest?: Partial<InvitationFacts> | 'unknown' | 'elsewhere'
  scan?: Partial<ScanFacts>
  is: string
}
const at = (ms: number) => ({ atMs: STARTS + ms })

/** The golden table: what the rules, the statement of the door and the API all say. */
const CASES: Case[] = [
  { what: 'an invited guest', is: 'valid' },
  { what: 'all four', scan: { count: 4 }, is: 'valid' },
  { what: 'five of four', scan: { count: 5 }, is: 'duplicate not_enough_places' },
  { what: 'the last place', guest: { admitted: 3 }, is: 'valid' },
  { what: 'two for the last place', guest: { admitted: 3 }, scan: { count: 2 }, is: 'duplicate not_enough_places' },
  { what: 'nobody more', guest: { admitted: 4 }, is: 'duplicate already_admitted' },
  { what: 'who declined', guest: { answer: 'no' }, is: 'valid' },
  { what: 'who may come', guest: { answer: 'maybe' }, is: 'valid' },
  { what: 'who confirmed', event: CONFIRMED, guest: { answer: 'yes' }, is: 'valid' },
  { what: 'who has not answered', event: CONFIRMED, is: 'invalid not_confirmed' },
  { what: 'who had declined', event: CONFIRMED, guest: { answer: 'no' }, is: 'invalid not_confirmed' },
  { what: 'who is not sure', event: CONFIRMED, guest: { answer: 'maybe' }, is: 'invalid not_confirmed' },
  { what: 'a draft', event: { status: 'draft' }, is: 'invalid not_yet_open' },
  { what: 'a cancelled event', event: { status: 'cancelled' }, is: 'invalid cancelled' },
  { what: 'an archived landing', event: { status: 'archived' }, is: 'valid' },
  { what: 'an expired landing', event: { status: 'expired' }, is: 'valid' },
  { what: 'a moment before the door opens', scan: at(-3 * HOUR - 1), is: 'invalid not_yet_open' },
  { what: 'as the door opens', scan: at(-3 * HOUR), is: 'valid' },
  { what: 'a door that opens at the start', event: { doorsOpenMinutes: 0 }, scan: at(-1), is: 'invalid not_yet_open' },
  { what: 'as the door closes', scan: at(18 * HOUR), is: 'valid' },
  { what: 'a moment after the door closes', scan: at(18 * HOUR + 1), is: 'invalid closed' },
  { what: 'an unknown code', guest: 'unknown', is: 'invalid unknown_code' },
  { what: 'a code of another event', guest: 'elsewhere', is: 'invalid wrong_event' },
  { what: 'an unknown code at a closed door', guest: 'unknown', scan: at(19 * HOUR), is: 'invalid closed' },
  { what: 'a revoked code', guest: { isRevoked: true }, is: 'invalid revoked' },
  { what: 'an exit', event: REENTRY, guest: { admitted: 1 }, scan: OUT, is: 'valid' },
  {
    what: 'an exit of more than are inside',
    event: REENTRY,
    guest: { admitted: 2, outside: 1 },
    scan: { ...OUT, count: 2 },
    is: 'invalid not_inside',
  },
  { what: 'an exit where exits do not count', guest: { admitted: 1 }, scan: OUT, is: 'invalid exit_not_allowed' },
  { what: 'coming back', event: REENTRY, guest: { admitted: 4, outside: 1 }, is: 'valid' },
  {
    what: 'coming back with one too many',
    event: REENTRY,
    guest: { admitted: 4, outside: 1 },
    scan: { count: 2 },
    is: 'duplicate not_enough_places',
  },
  {
    what: 'an exit of who never confirmed',
    event: { ...REENTRY, ...CONFIRMED },
    guest: { admitted: 1 },
    scan: OUT,
    is: 'valid',
  },
]

/** States that no row can have yet: they wait for the part of the program that makes them. */
const ONLY_RULES = new Set(['a cancelled event'])

const SCAN: ScanFacts = { ...at(0), count: 1, direction: 'in' }
const factsOf = ({ event, guest, scan }: Case) => ({
  event: { ...EVENT, ...event },
  guest: typeof guest === 'string' ? null : { ...GUEST, ...guest },
  scan: { ...SCAN, ...scan },
})
const show = (judgment: Judgment) => (judgment.status === 'valid' ? 'valid' : `${judgment.status} ${judgment.reason}`)

for (const one of CASES) {
  test(`the rules on ${one.what}: ${one.is}`, () => {
    const { event, guest, scan } = factsOf(one)

    const judgment =
      judgeDoor(event, scan) ?? (guest ? judgeInvitation(event, guest, scan) : judgeUnknown(one.guest === 'elsewhere'))

    assert.equal(show(judgment), one.is)
  })
}

for (const one of CASES.filter(({ what }) => !ONLY_RULES.has(what))) {
  test(`the door on ${one.what}: ${one.is}`, async (t) => {
    const { event, guest, scan } = factsOf(one)
    const now = new Date(scan.atMs)
    const app = await startApp(t, { now: now.toISOString() })
    const make = async () => {
      const { status, doorsOpenMinutes, doorPolicy, reentry } = event
      const eventId = await anEvent(app.db, {
        ...{ doorsOpenMinutes, doorPolicy, reentry, status: status as 'active' },
        ...{ startsAt: new Date(event.startsAtMs).toISOString(), endsAt: new Date(event.endsAtMs).toISOString() },
      })
      if (one.guest === 'elsewhere') return { eventId, code: (await anInvitation(app.db)).code }
      if (!guest) return { eventId, code: 'NO-SUCH-CODE' }
      const { answer, places, admitted, outside } = guest
      const { code, invitationId } = await aGuest(app.db, eventId, { partySize: places, answer })
      await sql`
        update invitations
           set admitted = ${admitted}, outside = ${outside}, revoked_at = ${guest.isRevoked ? now : null}
         where id = ${invitationId}`.execute(app.db)
      return { eventId, code }
    }

    const { count, direction } = scan
    const response = await app.post('/scan/validate', {
      as: 'staff',
      body: { ...(await make()), admit: count, direction },
    })
    const { status, reason } = response.json<{ status: string; reason?: string }>()
    assert.equal([status, reason].filter(Boolean).join(' '), one.is)

    if (direction === 'out') return
    const { eventId, code } = await make()
    const asked = {
      ...{ id: newId('scn'), scanId: newId('dev'), eventId, codes: [code], scope: null, requested: count },
      ...{ codeHash: createHash('sha256').update(code).digest(), direction, gate: null, device: null },
      ...{ scannedBy: 'usr_x', scannedAt: now, receivedAt: now, offlineAt: null, clockSkewMs: null, requestId: 'r' },
    }
    const [admission] = await admitScans(app.db, [asked])
    assert.equal(admission !== null, one.is === 'valid', 'the statement of the fast path')
  })
}
