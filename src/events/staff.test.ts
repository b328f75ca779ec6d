import assert from 'node:assert/strict'
import { test, type TestContext } from 'node:test'
import type { User } from '../http/access.ts'
import { newId, sql } from '../platform/db.ts'
import { extendWindow } from '../contacts/contacts.ts'
import { ORGANIZER_ID, startApp } from '../../test/harness.ts'
import { aGuest, anEvent, anOrganizer } from '../../test/make.ts'

/** An event with a guest, and one of the staff who is assigned to nothing yet. */
async function aTeam(t: TestContext) {
  const app = await startApp(t)
  const eventId = await anEvent(app.db)
  const guest = await aGuest(app.db, eventId)
  const user = await aUser(app.db, ORGANIZER_ID)
  const as: User = { id: user, role: 'staff', organizerId: ORGANIZER_ID, isSupervisor: true }
  const assign = (body: object = {}, by: User | 'organizer' | 'director' = 'organizer', to = eventId) =>
    app.post(`/events/${to}/staff`, { as: by, body: { userId: user, ...body } })
  const remove = (by: User | 'organizer' = 'organizer') => app.delete(`/events/${eventId}/staff/${user}`, { as: by })
  return { ...app, eventId, guest, user, as, assign, remove }
}

async function aUser(db: Parameters<typeof anEvent>[0], organizerId: string, role = 'staff') {
  const id = newId('usr')
  await sql`insert into users (id, organizer_id, email, name, role) values (${id}, ${organizerId}, ${`${id}@example.com`}, 'Puerta', ${role})`.execute(
    db,
  )
  return id
}

test('staff find the events that they are assigned to and no other', async (t) => {
  const { get, as, assign, eventId } = await aTeam(t)
  const before = await get('/events', { as })

  const added = await assign({ gate: ' Puerta  Norte ' })
  const list = await get('/events?limit=1', { as })
  const one = await get(`/events/${eventId}`, { as })

  assert.deepEqual(before.json().data, [])
  assert.deepEqual(
    [added.statusCode, added.json().gate, added.json().addedBy],
    [201, 'Puerta Norte', 'usr_test_organizer'],
  )
  assert.deepEqual(
    list.json().data.map((event: { id: string; gate: string }) => [event.id, event.gate]),
    [[eventId, 'Puerta Norte']],
  )
  assert.deepEqual([list.json().page.nextCursor, one.json().gate], [null, 'Puerta Norte'])
  assert.equal('gate' in (await get(`/events/${eventId}`, { as: 'organizer' })).json(), false)
})

test('every route of the door is 404 without the assignment, works with it, and is 404 again once it ended', async (t) => {
  const { db, get, post, as, assign, remove, eventId, guest } = await aTeam(t)
  const scan = await post('/scan/validate', { as: 'organizer', body: { eventId, code: guest.code } })
  const { scanId } = scan.json()
  const second = await aGuest(db, eventId)
  let n = 0
  const offline = () => ({ eventId, scans: [{ scanId: `s${n++}`, code: 'x', scannedAt: '2029-01-01T00:00:00Z' }] })
  const calls: [string, () => Promise<{ statusCode: number; body: string }>][] = [
    ['the event', () => get(`/events/${eventId}`, { as })],
    ['a scan', () => post('/scan/validate', { as, body: { eventId, code: second.code } })],
    ['an unknown code', () => post('/scan/validate', { as, body: { eventId, code: 'unknown' } })],
    ['an upload', () => post('/scan/sync', { as, body: offline() })],
    ['the manifest', () => get(`/scan/manifest/${eventId}?names=true`, { as })],
    ['the scans', () => get(`/events/${eventId}/scans`, { as })],
    ['the door', () => get(`/events/${eventId}/door`, { as })],
    ['the conflicts', () => get(`/events/${eventId}/door/conflicts`, { as })],
  ]
  const undo = () => post(`/events/${eventId}/scans/${scanId}/undo`, { as, body: { reason: 'Error' } })

  for (const [what, call] of calls) assert.equal((await call()).statusCode, 404, what)
  assert.equal((await get(`/events/${eventId}/door/stream`, { as })).statusCode, 404)
  assert.equal((await undo()).statusCode, 404)
  await assign()
  for (const [what, call] of calls) assert.equal((await call()).statusCode, 200, what)
  assert.equal((await undo()).statusCode, 200)
  assert.equal((await remove()).statusCode, 200)
  for (const [what, call] of calls) assert.equal((await call()).statusCode, 404, what)
  const { rows } = await sql<{ by: string }>`
    select scanned_by as by from scans where event_id = ${eventId} order by by`.execute(db)
  assert.equal(rows.length, 4) // of the organizer, and three while the assignment lasted
})

test('staff see the WhatsApp window of guests of their events alone', async (t) => {
  const { db, get, as, assign, guest } = await aTeam(t)
  await db.transaction().execute((tx) => extendWindow(tx, guest.phone!, new Date(), 86_400_000))
  const status = async () => (await get(`/wa/session/${encodeURIComponent(guest.phone!)}`, { as })).json().status

  const before = await status()
  await assign()

  assert.deepEqual([before, await status()], ['closed', 'open'])
})

test('twenty concurrent assignments make one, and once more changes the gate alone', async (t) => {
  const { get, assign, eventId, user } = await aTeam(t)

  const replies = await Promise.all(Array.from({ length: 20 }, () => assign({ gate: 'A' })))
  const again = await assign({ gate: 'B' }, 'director')
  const list = await get(`/events/${eventId}/staff`, { as: 'organizer' })

  assert.equal(replies.filter(({ statusCode }) => statusCode === 201).length, 1)
  assert.equal(replies.filter(({ statusCode }) => statusCode === 200).length, 19)
  assert.deepEqual([again.statusCode, again.json().addedBy], [200, 'usr_test_organizer'])
  const members = list.json().data.filter(({ userId }: { userId: string }) => userId === user)
  assert.deepEqual(
    members.map(({ gate }: { gate: string }) => gate),
    ['B'],
  )
})

test('the staff of an event are listed page by page', async (t) => {
  const { db, get, assign, eventId } = await aTeam(t)
  for (let n = 0; n < 2; n++) await assign({ userId: await aUser(db, ORGANIZER_ID) })
  const found: string[] = []

  let cursor = ''
  do {
    const { data, page } = (await get(`/events/${eventId}/staff?limit=1${cursor}`, { as: 'organizer' })).json()
    found.push(...data.map(({ userId }: { userId: string }) => userId))
    cursor = page.nextCursor && `&cursor=${encodeURIComponent(page.nextCursor)}`
  } while (cursor)

  assert.equal(new Set(found).size, 3) // with the one whom the harness assigns
})

test('users who are not staff, or not of the organizer of the event, are not assigned', async (t) => {
  const { db, get, assign, remove, eventId } = await aTeam(t)
  const other = await anOrganizer(db)
  const stranger: User = { id: 'usr_x', role: 'organizer', organizerId: other }
  const disabled = await aUser(db, ORGANIZER_ID)
  await sql`update users set disabled_at = now() where id = ${disabled}`.execute(db)
  const before = (await get(`/events/${eventId}/staff`, { as: 'organizer' })).json().data

  const replies = [
    await assign({ userId: await aUser(db, ORGANIZER_ID, 'viewer') }),
    await assign({ userId: await aUser(db, other) }, 'director'),
    await assign({ userId: disabled }),
    await assign({}, stranger),
    await remove(stranger),
    await remove(),
    await get(`/events/${eventId}/staff`, { as: stranger }),
    await assign({ role: 'organizer' }),
    await assign({}, 'director', 'ev_none'),
  ]

  assert.deepEqual(
    replies.map((reply) => [reply.statusCode, reply.json().code]),
    [
      [400, 'invalid_request'],
      [404, 'user_not_found'],
      [404, 'user_not_found'],
      [404, 'event_not_found'],
      [404, 'event_not_found'],
      [404, 'staff_not_found'],
      [404, 'event_not_found'],
      [400, 'invalid_request'],
      [404, 'event_not_found'],
    ],
  )
  assert.deepEqual((await get(`/events/${eventId}/staff`, { as: 'organizer' })).json().data, before)
})
