import assert from 'node:assert/strict'
import { test } from 'node:test'
import { sql } from '../platform/db.ts'
import { revokeCode } from '../events/events.ts'
import type { User } from '../http/access.ts'
import { startApp, type TestApp } from '../../test/harness.ts'
import { aGuest, anEvent, anInvitation } from '../../test/make.ts'
import {
  judgeDoor,
  judgeInvitation,
  judgePass,
  judgeUnknown,
  type EventFacts,
  type InvitationFacts,
  type Judgment,
  type PassFacts,
  type ScanFacts,
} from './rules.ts'
import { askFor, describeScan, mayEnterAtOnce } from './checkin.ts'
import { readScanned } from './passes.ts'
import { nameEvent, writeBody, writePass } from './signed-pass.ts'
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
  /** The signed pass; absent: a plain code. */
  pass?: keyof typeof PASSES
  is: string
}
const at = (ms: number) => ({ atMs: STARTS + ms })
const DAYS_LATER = STARTS + 90 * 24 * HOUR
const PASS: PassFacts = { isGenuine: true, isOfEvent: true, expiresAtMs: DAYS_LATER, version: 1 }
const PASSES = {
  genuine: PASS,
  tampered: { ...PASS, isGenuine: false },
  'of an unknown key': { ...PASS, isGenuine: false },
  'of another event': { ...PASS, isOfEvent: false },
  'that has expired': { ...PASS, expiresAtMs: STARTS - HOUR },
  'of a version before': { ...PASS, version: 0 },
} satisfies Record<string, PassFacts>

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
  { what: 'a signed pass', pass: 'genuine', is: 'valid' },
  { what: 'a pass with another code in it', pass: 'tampered', is: 'invalid not_genuine' },
  { what: 'a pass of a key that nobody knows', pass: 'of an unknown key', is: 'invalid not_genuine' },
  { what: 'a pass of another event', pass: 'of another event', is: 'invalid wrong_event' },
  { what: 'a pass that has expired', pass: 'that has expired', is: 'invalid expired' },
  { what: 'a pass that was revoked', pass: 'of a version before', is: 'invalid revoked' },
  {
    what: 'a forged pass of a guest who is inside',
    pass: 'tampered',
    guest: { admitted: 4 },
    is: 'invalid not_genuine',
  },
  {
    what: 'a pass of a guest who is inside',
    pass: 'genuine',
    guest: { admitted: 4 },
    is: 'duplicate already_admitted',
  },
  { what: 'a forged pass at a closed door', pass: 'tampered', scan: at(19 * HOUR), is: 'invalid closed' },
  {
    what: 'a pass of who has not answered',
    pass: 'genuine',
    event: CONFIRMED,
    is: 'invalid not_confirmed',
  },
  {
    what: 'an exit with a pass that was revoked',
    pass: 'of a version before',
    event: REENTRY,
    guest: { admitted: 1 },
    scan: OUT,
    is: 'invalid revoked',
  },
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

const SCAN: ScanFacts = { ...at(0), count: 1, direction: 'in' }
const factsOf = ({ event, guest, scan, pass }: Case) => ({
  event: { ...EVENT, ...event },
  pass: pass ? PASSES[pass] : null,
  guest: typeof guest === 'string' ? null : { ...GUEST, isRevoked: pass === 'of a version before', ...guest },
  scan: { ...SCAN, ...scan },
})
const show = (judgment: Judgment) => (judgment.status === 'valid' ? 'valid' : `${judgment.status} ${judgment.reason}`)

for (const one of CASES) {
  test(`the rules on ${one.what}: ${one.is}`, () => {
    const { event, guest, scan, pass } = factsOf(one)

    const judgment =
      judgeDoor(event, scan) ??
      (pass && judgePass(pass, scan)) ??
      (guest ? judgeInvitation(event, guest, scan) : judgeUnknown(one.guest === 'elsewhere'))

    assert.equal(show(judgment), one.is)
  })
}

/** The text of a QR, as an earlier or a false server could have made it. */
async function aPass({ deps }: TestApp, eventId: string, code: string, kind: keyof typeof PASSES): Promise<string> {
  const { kid, sign } = await deps.keyring.signer()
  const { version, expiresAtMs } = PASSES[kind]
  const event = await nameEvent(kind === 'of another event' ? 'ev_other' : eventId)
  const claims = { kid: kind === 'of an unknown key' ? 999 : kid, version, expiresAtMs, event, code }
  const body = writeBody(claims)
  assert.ok(body)
  return writePass(kind === 'tampered' ? body.replace(code, 'ANOTHER-CODE') : body, sign(body))
}

for (const one of CASES) {
  test(`the door on ${one.what}: ${one.is}`, async (t) => {
    const { event, guest, scan, pass } = factsOf(one)
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
      const { answer, places, admitted, outside, isRevoked } = guest
      const { code, invitationId, guestId } = await aGuest(app.db, eventId, { partySize: places, answer })
      await sql`update invitations set admitted = ${admitted}, outside = ${outside} where id = ${invitationId}`.execute(
        app.db,
      )
      if (isRevoked && !one.pass)
        await revokeCode(app.db, { scope: null, eventId, guestId, by: 'usr_x', reason: null, now })
      return { eventId, code: one.pass ? await aPass(app, eventId, code, one.pass) : code }
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
    const user: User = { id: 'usr_x', role: 'director', organizerId: null }
    const reading = await readScanned(app.deps.keyring, code, eventId)
    assert.deepEqual(reading.pass, pass, 'what the QR says')
    const row = describeScan({ eventId, code, admit: count, direction, user, requestId: 'r' }, reading, now)
    const [admission] = mayEnterAtOnce(row, reading) ? await admitScans(app.db, [askFor(row, reading, user)]) : [null]
    assert.equal(admission !== null, one.is === 'valid', 'the statement of the fast path')
  })
}
