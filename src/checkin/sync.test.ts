import assert from 'node:assert/strict'
import { test, type TestContext } from 'node:test'
import { newId, sql, type Db } from '../platform/db.ts'
import type { User } from '../http/access.ts'
import { startApp } from '../../test/harness.ts'
import { aGuest, anEvent, anInvitation, anOrganizer, type EventFacts, type GuestFacts } from '../../test/make.ts'
import type { Synced } from './sync.ts'

const NOW = '2030-01-01T03:00:00.000Z'
/** An instant of the evening: `at('20:05')`. */
const at = (time: string) => `2030-01-01T0${Number(time.slice(0, 2)) - 18}${time.slice(2)}:00.000Z`

type Result = {
  scanId: string
  status: string
  reason?: string
  code?: string
  at?: string
  guest?: { admitted: number }
  first?: { at: string; gate: string }
  isRetry?: boolean
  isConflict?: boolean
  isClockOff?: boolean
}

async function aDoor(t: TestContext) {
  const app = await startApp(t, { now: NOW })
  const upload = (
    eventId: string,
    scans: unknown[],
    more: object = {},
    as: User | 'staff' | 'viewer' | null = 'staff',
  ) => app.post('/scan/sync', { as, body: { eventId, scans, ...more } })
  const sync = async (eventId: string, scans: unknown[], more: object = {}) => {
    const response = await upload(eventId, scans, more)
    assert.equal(response.statusCode, 200, response.body)
    return response.json<{ clock: Synced['clock']; results: Result[] }>()
  }
  const invite = (facts: GuestFacts & { event?: EventFacts } = {}) => anInvitation(app.db, facts)
  const listConflicts = async (eventId: string) =>
    (await app.get(`/events/${eventId}/door/conflicts`, { as: 'organizer' })).json().data
  return { ...app, upload, sync, invite, listConflicts }
}

const scanOf = (code: string, time: string, more: object = {}) => ({
  ...{ scanId: newId('dev'), code, scannedAt: at(time) },
  ...more,
})
const countsOf = async (db: Db, eventId: string) =>
  (
    await sql<{ admitted: number; valid: number; scans: number }>`
      select (select sum(admitted)::integer from invitations where event_id = ${eventId}) as admitted,
             (select count(*)::integer from scans where event_id = ${eventId} and result = 'valid') as valid,
             (select count(*)::integer from scans where event_id = ${eventId}) as scans`.execute(db)
  ).rows[0]!

test('two thousand queued scans, cut at 900 and sent again, admit two thousand once', async (t) => {
  const { db, sync } = await aDoor(t)
  const eventId = await anEvent(db)
  await sql`insert into guests (event_id, id, name) select ${eventId}, 'g' || n, 'Ana' from generate_series(1, 2000) n`.execute(
    db,
  )
  await sql`insert into invitations (id, event_id, guest_id, code, places)
    select ${eventId} || n, ${eventId}, 'g' || n, ${`${eventId}-`} || n, 1 from generate_series(1, 2000) n`.execute(db)
  const scans = Array.from({ length: 2000 }, (_, n) =>
    scanOf(`${eventId}-${n + 1}`.toUpperCase(), '20:00', { gate: 'Sur' }),
  )
  await sql`update invitations set code = upper(code) where event_id = ${eventId}`.execute(db)
  const parts = [0, 500, 1000, 1500].map((from) => scans.slice(from, from + 500))

  await sync(eventId, scans.slice(0, 500))
  await sync(eventId, scans.slice(500, 900)) // its answer is lost
  const results: Result[] = []
  for (const part of parts) results.push(...(await sync(eventId, part)).results)

  assert.deepEqual(await countsOf(db, eventId), { admitted: 2000, valid: 2000, scans: 2000 })
  assert.ok(results.every(({ status }) => status === 'valid'))
  assert.deepEqual(
    results.map(({ scanId }) => scanId),
    scans.map(({ scanId }) => scanId),
  )
  assert.equal(results.filter(({ isRetry }) => isRetry).length, 900)
})

test('an upload beside its own retry stores each scan once', async (t) => {
  const { db, sync } = await aDoor(t)
  const eventId = await anEvent(db)
  const guests = await Promise.all(Array.from({ length: 30 }, () => aGuest(db, eventId)))
  const scans = guests.map(({ code }) => scanOf(code, '20:00'))

  const uploads = await Promise.all([sync(eventId, scans), sync(eventId, scans.toReversed()), sync(eventId, scans)])

  for (const { results } of uploads) assert.ok(results.every(({ status }) => status === 'valid'))
  assert.deepEqual(await countsOf(db, eventId), { admitted: 30, valid: 30, scans: 30 })
})

test('of two gates that admitted one code offline, the earlier scan is first, whoever uploads first', async (t) => {
  const { db, get, sync, invite, listConflicts } = await aDoor(t)
  const { eventId, code, guestId } = await invite()
  const a = scanOf(code, '20:00', { gate: 'Norte', device: 'A' })
  const b = scanOf(code, '20:05', { gate: 'Sur', device: 'B' })

  const [ofB] = (await sync(eventId, [b])).results
  const [ofA] = (await sync(eventId, [a])).results
  const [again] = (await sync(eventId, [b])).results

  assert.deepEqual([ofB!.status, ofA!.status, ofA!.guest!.admitted], ['valid', 'valid', 1])
  assert.deepEqual(
    [again!.status, again!.first!.gate, again!.first!.at, again!.isConflict],
    ['duplicate', 'Norte', at('20:00'), true],
  )
  const [conflict, ...others] = await listConflicts(eventId)
  assert.deepEqual(others, [])
  assert.deepEqual(
    [
      conflict.guestId,
      conflict.first.scanId,
      conflict.first.gate,
      conflict.first.at,
      conflict.second.gate,
      conflict.second.at,
    ],
    [guestId, a.scanId, 'Norte', at('20:00'), 'Sur', at('20:05')],
  )
  assert.deepEqual(await countsOf(db, eventId), { admitted: 1, valid: 1, scans: 2 })
  const door = (await get(`/events/${eventId}/door`, { as: 'staff' })).json()
  assert.deepEqual([door.conflicts, door.persons.inside, door.offlineLagSeconds], [1, 1, 3600])
})

test('a later offline scan of an admitted code is a duplicate, and a conflict unless its own gate had scanned it', async (t) => {
  const { sync, invite, listConflicts } = await aDoor(t)
  const { eventId, code } = await invite()
  const norte = { gate: 'Norte', device: 'A' }

  const { results } = await sync(eventId, [
    scanOf(code, '20:10', { gate: 'Sur', device: 'B' }),
    scanOf(code, '20:00', norte),
    scanOf(code, '20:01', norte),
  ])

  assert.deepEqual(
    results.map(({ status, isConflict }) => [status, isConflict]),
    [
      ['duplicate', true],
      ['valid', false],
      ['duplicate', false],
    ],
  )
  assert.equal((await listConflicts(eventId)).length, 1)
})

test('whoever was turned away offline is not inside, takes nobody’s place, and is no double entry', async (t) => {
  const { db, get, sync, invite, listConflicts } = await aDoor(t)
  const { eventId, code } = await invite()
  const other = await aGuest(db, eventId)
  const norte = { gate: 'Norte', device: 'A' }
  const copy = scanOf(code, '20:00', { ...norte, shown: 'duplicate' })
  await sync(eventId, [scanOf(code, '20:30', { gate: 'Sur', device: 'B', shown: 'valid' })])

  const uploads = [
    copy,
    scanOf(code, '20:40', { ...norte, shown: 'duplicate' }),
    scanOf(other.code, '20:10', { shown: 'invalid' }),
  ]
  const { results } = await sync(eventId, [...uploads, scanOf('NADIE', '20:11', { shown: 'invalid' })])
  const [again] = (await sync(eventId, [copy])).results

  assert.deepEqual(
    results.map(({ status, reason, isConflict, guest }) => [status, reason, isConflict, guest?.admitted]),
    [
      ['duplicate', 'already_admitted', false, 1],
      ['duplicate', 'already_admitted', false, 1],
      ['invalid', undefined, false, 0],
      ['invalid', 'unknown_code', false, undefined],
    ],
  )
  assert.deepEqual([again!.status, again!.isRetry], ['duplicate', true])
  assert.deepEqual(await listConflicts(eventId), [])
  assert.deepEqual(await countsOf(db, eventId), { admitted: 1, valid: 1, scans: 5 })
  assert.equal((await get(`/events/${eventId}/door`, { as: 'staff' })).json().persons.inside, 1)
})

test('a party that came in parts keeps the parts that came first, and nobody else enters on the places of those inside', async (t) => {
  const { db, sync, invite } = await aDoor(t)
  const { eventId, code } = await invite({ partySize: 4 })
  await sync(eventId, [scanOf(code, '20:00', { admit: 2 }), scanOf(code, '20:20', { admit: 2, gate: 'Sur' })])

  const { results } = await sync(eventId, [scanOf(code, '20:10', { admit: 1 }), scanOf(code, '20:30')])

  assert.deepEqual(
    results.map(({ status, guest }) => [status, guest!.admitted]),
    [
      ['valid', 4],
      ['duplicate', 4],
    ],
  )
  assert.equal((await countsOf(db, eventId)).admitted, 4)
})

test('a later admission whose people have left in part keeps its place', async (t) => {
  const { db, patch, sync, invite } = await aDoor(t)
  const { eventId, code } = await invite({ partySize: 2, event: { reentry: 'exit_then_entry' } })
  await sync(eventId, [scanOf(code, '20:05', { admit: 2 }), scanOf(code, '20:10', { direction: 'out' })])
  await patch(`/events/${eventId}`, { as: 'organizer', body: { reentry: 'none' } })

  const { results } = await sync(eventId, [scanOf(code, '20:00', { admit: 2, gate: 'Sur' })])

  assert.deepEqual([results[0]!.reason, results[0]!.guest!.admitted], ['not_enough_places', 1])
  assert.deepEqual(await countsOf(db, eventId), { admitted: 2, valid: 2, scans: 3 })
})

test('exits and entries of one upload count in the order in which they took place', async (t) => {
  const { sync, invite } = await aDoor(t)
  const { eventId, code } = await invite({ event: { reentry: 'exit_then_entry' } })

  const { results } = await sync(eventId, [
    scanOf(code, '20:40'),
    scanOf(code, '20:20', { direction: 'out' }),
    scanOf(code, '20:00'),
  ])

  assert.deepEqual(
    results.map(({ status }) => status),
    ['valid', 'valid', 'valid'],
  )
})

test('an exit that arrives after the return of its guest leaves them inside, and takes the double entry back', async (t) => {
  const { get, sync, invite } = await aDoor(t)
  const { eventId, code } = await invite({ event: { reentry: 'exit_then_entry' } })
  await sync(eventId, [scanOf(code, '20:00', { gate: 'Norte' })])

  const early = await sync(eventId, [scanOf(code, '20:40', { gate: 'Sur' })])
  const late = await sync(eventId, [scanOf(code, '20:20', { gate: 'Norte', direction: 'out' })])

  assert.deepEqual([early.results[0]!.status, early.results[0]!.isConflict], ['duplicate', true])
  assert.deepEqual([late.results[0]!.status, late.results[0]!.guest!.admitted], ['valid', 1])
  const door = (await get(`/events/${eventId}/door`, { as: 'staff' })).json()
  assert.deepEqual([door.persons.inside, door.conflicts], [1, 0])
})

test('whoever a device would not let out has left all the same', async (t) => {
  const { get, sync, invite } = await aDoor(t)
  const { eventId, code } = await invite({ event: { reentry: 'exit_then_entry' } })
  await sync(eventId, [scanOf(code, '20:00')])

  const { results } = await sync(eventId, [scanOf(code, '20:20', { direction: 'out', shown: 'invalid' })])

  assert.equal(results[0]!.status, 'valid')
  assert.equal((await get(`/events/${eventId}/door`, { as: 'staff' })).json().persons.inside, 0)
})

test('a clock that is two hours ahead is found by sentAt, flagged and corrected', async (t) => {
  const { get, sync, invite } = await aDoor(t)
  const { eventId, code } = await invite()
  const scan = { ...scanOf(code, '20:00'), scannedAt: '2030-01-01T04:00:00Z' }

  const { clock, results } = await sync(eventId, [scan], { sentAt: '2030-01-01T05:00:00Z' })

  assert.deepEqual(clock, { skewMs: -7_200_000, isOff: true })
  assert.deepEqual([results[0]!.status, results[0]!.isClockOff, results[0]!.at], ['valid', true, at('20:00')])
  const [listed] = (await get(`/events/${eventId}/scans`, { as: 'staff' })).json().data
  assert.deepEqual(
    [listed.scannedAt, listed.offlineAt, listed.clockSkewMs],
    ['2030-01-01T04:00:00.000Z', at('20:00'), -7_200_000],
  )
})

test('a scan is judged by its own time: before the door opened it admits nobody', async (t) => {
  const { sync, invite } = await aDoor(t)
  const { eventId, code } = await invite({ event: { startsAt: at('20:30'), doorsOpenMinutes: 30 } })

  const { results } = await sync(eventId, [scanOf(code, '19:59'), scanOf(code, '20:00')])

  assert.deepEqual(
    results.map(({ status, reason }) => reason ?? status),
    ['not_yet_open', 'valid'],
  )
})

test('broken items are rejected alone, each with what is wrong', async (t) => {
  const { db, sync, invite } = await aDoor(t)
  const { eventId, code } = await invite({ partySize: 5 })
  const good = scanOf(code, '20:00')
  const other = await aGuest(db, eventId)
  const broken: [unknown, string, string][] = [
    [null, 'invalid_request', 'body.scans.1'],
    ['text', 'invalid_request', 'body.scans.2'],
    [{ ...scanOf(code, '20:00'), scanId: 'a b' }, 'invalid_request', 'body.scans.3.scanId'],
    [{ ...scanOf(code, '20:00'), scannedAt: 'gestern' }, 'invalid_date', 'body.scans.4.scannedAt'],
    [{ ...scanOf(code, '20:00'), admit: 0 }, 'invalid_request', 'body.scans.5.admit'],
    [{ ...scanOf(code, '20:00'), gate: 'a\u0000b' }, 'invalid_request', 'body.scans.6.gate'],
    [{ ...scanOf(code, '20:00'), code: 'A'.repeat(4096) }, 'invalid_request', 'body.scans.7.code'],
    [{ ...scanOf(other.code, '20:00'), scanId: good.scanId }, 'scan_id_reused', 'body.scans.8'],
  ]

  const { results } = await sync(eventId, [good, ...broken.map(([scan]) => scan), scanOf('a\u0000b', '20:00')])

  assert.deepEqual(
    results
      .slice(1, -1)
      .map((one) => [one.status, one.code, (one as { errors?: { path: string }[] }).errors?.[0]!.path]),
    broken.map(([, reason, path]) => ['rejected', reason, path]),
  )
  assert.equal(results[0]!.status, 'valid')
  assert.equal(results.at(-1)!.reason, 'unknown_code')
  assert.deepEqual(await countsOf(db, eventId), { admitted: 1, valid: 1, scans: 2 })
})

test('an upload of more than 500, of another organizer or of a viewer stores nothing', async (t) => {
  const { db, upload, invite } = await aDoor(t)
  const { eventId, code } = await invite()
  const scan = scanOf(code, '20:00')
  const stranger: User = { id: 'usr_x', role: 'staff', organizerId: await anOrganizer(db) }

  const replies = [
    await upload(
      eventId,
      Array.from({ length: 501 }, () => scan),
    ),
    await upload(eventId, []),
    await upload(eventId, [scan], { sentAt: '2016-12-31T23:59:60Z' }),
    await upload(eventId, [scan], {}, stranger),
    await upload('ev_none', [scan]),
    await upload(eventId, [scan], {}, 'viewer'),
    await upload(eventId, [scan], {}, null),
  ]

  assert.deepEqual(
    replies.map((reply) => reply.json().code),
    [
      'invalid_request',
      'invalid_request',
      'invalid_date',
      'event_not_found',
      'event_not_found',
      'forbidden',
      'unauthorized',
    ],
  )
  assert.deepEqual(await countsOf(db, eventId), { admitted: 0, valid: 0, scans: 0 })
})

test('an admission that took the place of another cannot be undone, because the other guest is inside', async (t) => {
  const { db, post, sync, invite } = await aDoor(t)
  const { eventId, code } = await invite()
  await sync(eventId, [scanOf(code, '20:05', { gate: 'Norte' })])
  const { results } = await sync(eventId, [scanOf(code, '20:00', { gate: 'Sur' })])

  const path = `/events/${eventId}/scans/${results[0]!.scanId}/undo`
  const undone = await post(path, { as: 'organizer', body: { reason: 'Código equivocado' } })

  assert.deepEqual([undone.statusCode, undone.json().code], [409, 'scan_not_undoable'])
  assert.equal((await countsOf(db, eventId)).admitted, 1)
})

test('a scan that was undone is not valid when its device sends it again', async (t) => {
  const { post, sync, invite } = await aDoor(t)
  const { eventId, code } = await invite()
  const scan = scanOf(code, '20:00')
  await sync(eventId, [scan])
  await post(`/events/${eventId}/scans/${scan.scanId}/undo`, { as: 'organizer', body: { reason: 'Error' } })

  const again = await post('/scan/validate', { as: 'staff', body: { eventId, code, scanId: scan.scanId } })
  const { results } = await sync(eventId, [scan])

  assert.deepEqual([again.statusCode, again.json().code], [409, 'scan_undone'])
  assert.deepEqual([results[0]!.status, results[0]!.code], ['rejected', 'scan_undone'])
})
