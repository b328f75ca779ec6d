import assert from 'node:assert/strict'
import { test, type TestContext } from 'node:test'
import { newId, sql } from '../platform/db.ts'
import type { User } from '../http/access.ts'
import { ORGANIZER_ID, startApp, type AppOptions } from '../../test/harness.ts'
import { assignStaff, aGuest, anEvent, anInvitation, anOrganizer } from '../../test/make.ts'
import { watchDoor, type DoorView } from './door.ts'

const NOW = '2030-01-01T01:00:00.000Z'
type Answer = { status: string; reason?: string; scanId: string; guest?: { admitted: number; remaining: number } }

async function aDoor(t: TestContext, options: AppOptions = { now: NOW }) {
  const app = await startApp(t, options)
  const scan = async (body: object) => (await app.post('/scan/validate', { as: 'staff', body })).json<Answer>()
  const undo = (eventId: string, scanId: string, as: User | 'organizer' | 'director' | 'staff' | null = 'organizer') =>
    app.post(`/events/${eventId}/scans/${scanId}/undo`, { as, body: { reason: 'Se escaneó dos veces' } })
  const door = async (eventId: string) => (await app.get(`/events/${eventId}/door`, { as: 'staff' })).json<DoorView>()
  return { ...app, scan, undo, door }
}

test('an undone scan frees its places, stays in the list with its reason, and is no first admission any more', async (t) => {
  const { db, get, scan, undo } = await aDoor(t)
  const { eventId, code, invitationId } = await anInvitation(db, { partySize: 3 })
  const wrong = await scan({ eventId, code, admit: 3, gate: 'Norte' })

  const undone = await undo(eventId, wrong.scanId)
  const right = await scan({ eventId, code, admit: 2, gate: 'Sur' })
  const refused = await scan({ eventId, code, admit: 2 })

  assert.equal(undone.statusCode, 200, undone.body)
  assert.deepEqual([undone.json().guest.admitted, undone.json().guest.remaining], [0, 3])
  assert.equal(right.status, 'valid')
  assert.equal((refused as unknown as { first: { gate: string } }).first.gate, 'Sur')
  const { data } = (await get(`/events/${eventId}/scans`, { as: 'staff' })).json()
  const listed = data.find(({ scanId }: Answer) => scanId === wrong.scanId)
  assert.deepEqual(
    [listed.result, listed.undoneAt, listed.undoneBy, listed.undoReason],
    ['valid', NOW, 'usr_test_organizer', 'Se escaneó dos veces'],
  )
  const { rows } = await sql<{ admitted: number }>`select admitted from invitations where id = ${invitationId}`.execute(
    db,
  )
  assert.equal(rows[0]!.admitted, 2)
})

test('of the staff, only a supervisor undoes a scan', async (t) => {
  const { db, scan, undo, door } = await aDoor(t)
  const { eventId, code } = await anInvitation(db)
  const { scanId } = await scan({ eventId, code })
  const supervisor = { id: 'usr_sup', role: 'staff' as const, organizerId: ORGANIZER_ID, isSupervisor: true }
  await assignStaff(db, eventId, 'usr_sup')

  const refused = await undo(eventId, scanId, 'staff')
  const inside = (await door(eventId)).persons.inside
  const undone = await undo(eventId, scanId, supervisor)

  assert.deepEqual([refused.statusCode, refused.json().code, inside], [403, 'supervisor_required', 1])
  assert.equal(undone.statusCode, 200, undone.body)
  assert.equal(undone.json().scan.undoneBy, 'usr_sup')
})

test('twenty concurrent undos of one scan free its places once', async (t) => {
  const { db, scan, undo, door } = await aDoor(t)
  const { eventId, code } = await anInvitation(db, { partySize: 4 })
  await scan({ eventId, code, admit: 2 })
  const { scanId } = await scan({ eventId, code, admit: 2 })

  const replies = await Promise.all(Array.from({ length: 20 }, () => undo(eventId, scanId)))

  const codes = replies.map((reply) => (reply.statusCode === 200 ? 'undone' : reply.json().code)).sort()
  assert.deepEqual(codes, [...Array<string>(19).fill('scan_undone'), 'undone'])
  assert.equal((await door(eventId)).persons.inside, 2)
})

test('whoever has been out and came back is scanned out, not undone', async (t) => {
  const { db, scan, undo, door } = await aDoor(t)
  const { eventId, code } = await anInvitation(db, { partySize: 2, event: { reentry: 'exit_then_entry' } })
  const entry = await scan({ eventId, code, admit: 2 })
  await scan({ eventId, code, admit: 2, direction: 'out' })
  const back = await scan({ eventId, code, admit: 2 })

  const replies = [await undo(eventId, entry.scanId), await undo(eventId, back.scanId)]

  assert.deepEqual(
    replies.map((reply) => reply.json().code),
    ['scan_not_undoable', 'scan_not_undoable'],
  )
  assert.equal((await door(eventId)).persons.inside, 2)
})

test('a scan that let nobody pass, or whose people have left since, cannot be undone', async (t) => {
  const { db, scan, undo } = await aDoor(t)
  const { eventId, code } = await anInvitation(db, { event: { reentry: 'exit_then_entry' } })
  const entry = await scan({ eventId, code })
  const refused = await scan({ eventId, code })
  const exit = await scan({ eventId, code, direction: 'out' })

  const replies = [
    await undo(eventId, refused.scanId),
    await undo(eventId, entry.scanId),
    await undo(eventId, exit.scanId),
    await undo(eventId, entry.scanId),
    await undo(eventId, entry.scanId),
  ]

  assert.deepEqual(
    replies.map((reply) => reply.json().code ?? reply.json().guest.admitted),
    ['scan_not_undoable', 'scan_not_undoable', 1, 0, 'scan_undone'],
  )
})

test("an undo is for those who organize the event: staff without the flag 403, another organizer's scan 404", async (t) => {
  const { db, post, scan, undo, door } = await aDoor(t)
  const { eventId, code } = await anInvitation(db)
  const { scanId } = await scan({ eventId, code })
  const stranger: User = { id: 'usr_x', role: 'organizer', organizerId: await anOrganizer(db) }

  const replies = [
    await undo(eventId, scanId, null),
    await undo(eventId, scanId, 'staff'),
    await undo(eventId, scanId, stranger),
    await undo(eventId, 'scn_none'),
    await post(`/events/${eventId}/scans/${scanId}/undo`, { as: 'organizer', body: { reason: ' ' } }),
  ]

  assert.deepEqual(
    replies.map((reply) => reply.json().code),
    ['unauthorized', 'supervisor_required', 'scan_not_found', 'scan_not_found', 'invalid_request'],
  )
  assert.equal((await door(eventId)).persons.inside, 1)
})

test('the door counts people and scans by gate, and tells a gate that is silent', async (t) => {
  const { db, scan, undo, door, setNow } = await aDoor(t)
  const eventId = await anEvent(db, { startsAt: NOW, doorsOpenMinutes: 60, reentry: 'exit_then_entry' })
  const [ana, eva] = [await aGuest(db, eventId, { partySize: 3 }), await aGuest(db, eventId)]
  setNow('2030-01-01T00:55:00Z')
  await scan({ eventId, code: ana.code, admit: 2, gate: 'Norte' })
  await scan({ eventId, code: 'NOBODY', gate: 'Norte' })
  setNow(NOW)
  await scan({ eventId, code: eva.code, gate: 'Sur', lastTookMs: 40 })
  await scan({ eventId, code: eva.code, gate: 'Sur', lastTookMs: 900 })
  const wrong = await scan({ eventId, code: ana.code, gate: 'Sur' })
  await undo(eventId, wrong.scanId)
  await scan({ eventId, code: ana.code, gate: 'Sur', direction: 'out' })

  const seen = await door(eventId)

  const none = {
    left: 0,
    duplicates: 0,
    refused: 0,
    undone: 0,
    scansLastMinute: 0,
    offlineLagSeconds: null,
    p95Ms: null,
  }
  assert.deepEqual(seen.persons, { invited: 2, places: 4, admitted: 3, inside: 2 })
  assert.deepEqual([seen.scansLastMinute, seen.duplicates, seen.conflicts], [4, 1, 0])
  assert.deepEqual([seen.opensAt, seen.closesAt], ['2030-01-01T00:00:00.000Z', '2030-01-01T19:00:00.000Z'])
  assert.deepEqual(seen.gates, [
    { ...none, gate: 'Norte', admitted: 2, refused: 1, lastSeenAt: '2030-01-01T00:55:00.000Z', isSilent: true },
    {
      ...none,
      ...{ gate: 'Sur', admitted: 1, left: 1, duplicates: 1, undone: 1, scansLastMinute: 4 },
      ...{ lastSeenAt: NOW, isSilent: false, p95Ms: 900 },
    },
  ])
})

test('arrivals count people by five minutes and gate, without scans that were undone or led out', async (t) => {
  const { db, get, scan, undo, setNow } = await aDoor(t)
  const eventId = await anEvent(db, { startsAt: NOW, doorsOpenMinutes: 60, reentry: 'exit_then_entry' })
  const [ana, eva] = [await aGuest(db, eventId, { partySize: 4 }), await aGuest(db, eventId)]
  setNow('2030-01-01T00:51:00Z')
  await scan({ eventId, code: ana.code, gate: 'Norte' })
  setNow('2030-01-01T00:54:59Z')
  await scan({ eventId, code: ana.code, admit: 2, gate: 'Norte' })
  await scan({ eventId, code: eva.code, gate: 'Sur' })
  await scan({ eventId, code: eva.code, gate: 'Sur' })
  setNow('2030-01-01T00:55:00Z')
  const wrong = await scan({ eventId, code: ana.code, gate: 'Sur' })
  await undo(eventId, wrong.scanId)
  await scan({ eventId, code: ana.code, gate: 'Sur', direction: 'out' })

  const { data } = (await get(`/events/${eventId}/door/arrivals`, { as: 'organizer' })).json()

  assert.deepEqual(data, [
    { at: '2030-01-01T00:50:00.000Z', gate: 'Norte', persons: 3 },
    { at: '2030-01-01T00:50:00.000Z', gate: 'Sur', persons: 1 },
  ])
})

test("the door of another organizer's event is 404, for a viewer 403", async (t) => {
  const { db, get } = await aDoor(t)
  const eventId = await anEvent(db)
  const stranger: User = { id: 'usr_x', role: 'staff', organizerId: await anOrganizer(db) }

  for (const path of ['door', 'door/stream', 'door/conflicts', 'door/arrivals']) {
    const replies = [
      await get(`/events/${eventId}/${path}`, { as: stranger }),
      await get(`/events/${eventId}/${path}`, { as: 'viewer' }),
      await get(`/events/${eventId}/${path}`),
    ]
    assert.deepEqual(
      replies.map(({ statusCode }) => statusCode),
      [404, 403, 401],
    )
  }
})

test('the stream tells the door at once, and a scan within two seconds', async (t) => {
  const { db, deps, scan } = await aDoor(t, {})
  const { eventId, code } = await anInvitation(db)
  const hasLeft = new AbortController()
  const watched = { reach: { scope: null, staffId: null }, eventId, requestId: newId('req'), signal: hasLeft.signal }
  const events = watchDoor(deps, watched)
  const next = async () => {
    const { value } = await events.next()
    return JSON.parse(/data: (.*)/.exec(value ?? '')![1]!) as DoorView
  }

  const before = await next()
  await scan({ eventId, code })
  const startedMs = performance.now()
  const after = await next()
  const tookMs = performance.now() - startedMs
  hasLeft.abort()

  assert.deepEqual([before.persons.inside, after.persons.inside], [0, 1])
  assert.ok(tookMs < 2000, `${tookMs} ms`)
  assert.equal((await events.next()).done, true)
})
