import assert from 'node:assert/strict'
import { test, type TestContext } from 'node:test'
import type { User } from '../http/access.ts'
import { newId, sql } from '../platform/db.ts'
import { ORGANIZER_ID, startApp } from '../../test/harness.ts'
import { aGuest, anEvent, anOrganizer } from '../../test/make.ts'
import { watchDoor } from '../checkin/door.ts'
import { reachOf } from '../http/access.ts'
import { sha256 } from './auth.ts'

const NOW = '2029-12-31T23:30:00.000Z'
const MINUTE_MS = 60_000

async function aGate(t: TestContext) {
  const app = await startApp(t, { now: NOW })
  await app.deps.kv.deleteByPrefix('limit:device:') // the tests share an address
  const eventId = await anEvent(app.db)
  const add = (body: object = {}, as: User | 'organizer' | 'director' | 'viewer' = 'organizer', headers = {}) =>
    app.post('/devices', { as, body: { eventId, gate: 'Norte', name: 'Celular 1', ...body }, headers })
  const claim = (code: string) => app.post('/devices/claim', { body: { code } })
  const set = async (body: object = {}) => {
    const made = await add(body)
    assert.equal(made.statusCode, 201, made.body)
    const claimed = await claim(made.json().code)
    assert.equal(claimed.statusCode, 200, claimed.body)
    return { id: claimed.json().device.id as string, token: claimed.json().token as string, claimed: claimed.json() }
  }
  const wait = (ms: number) => app.setNow(new Date(app.deps.now().getTime() + ms).toISOString())
  const seesDoor = async (token: string) => (await app.get(`/events/${eventId}/door`, bearer(token))).statusCode
  return { ...app, eventId, add, claim, set, wait, seesDoor }
}

const bearer = (token: string) => ({ headers: { authorization: `Bearer ${token}` } })

test('a device is set up by a code that is shown once, also as a QR', async (t) => {
  const { db, get, add, claim, eventId } = await aGate(t)

  const made = await add({ gate: ' Puerta\u200b Norte ' })
  const { code, qr, device } = made.json()
  const claimed = await claim(qr.text)
  const { token, event, ...answer } = claimed.json()
  const listed = await get(`/devices?eventId=${eventId}`, { as: 'organizer' })

  assert.equal(made.statusCode, 201, made.body)
  assert.match(code, /^[0-9A-HJKMNP-TV-Z]{4}(-[0-9A-HJKMNP-TV-Z]{4}){2}$/)
  assert.ok(qr.text.endsWith(`/door#${code}`) && qr.svg.startsWith('<svg'))
  assert.deepEqual(
    [device.gate, device.claimedAt, device.codeExpiresAt],
    ['Puerta Norte', null, '2029-12-31T23:45:00.000Z'],
  )
  assert.equal(claimed.statusCode, 200, claimed.body)
  assert.match(token, /^md_live_[\w-]{43}$/)
  assert.deepEqual([event.id, event.timeZone, answer.device.claimedAt], [eventId, 'America/Mexico_City', NOW])
  assert.deepEqual(listed.json().data, [answer.device])
  const { rows } = await sql<{ row: string }>`
    select d::text as row from devices d where event_id = ${eventId}`.execute(db)
  assert.ok(rows.every(({ row }) => !row.includes(token) && !row.includes(code)))
})

test('a repeated request with its Idempotency-Key adds one device and does not show the code again', async (t) => {
  const { add } = await aGate(t)
  const headers = { 'idempotency-key': newId('k') }
  const first = await add({}, 'organizer', headers)

  const again = await add({}, 'organizer', headers)

  assert.deepEqual([again.statusCode, again.json().code, again.json().qr], [201, null, null])
  assert.equal(again.json().device.id, first.json().device.id)
})

test('the code of another event stays good for whoever wants only theirs', async (t) => {
  const { db, add, post, eventId } = await aGate(t)
  const { code } = (await add()).json()
  const claimFor = (id: string) => post('/devices/claim', { body: { code, eventId: id } })

  const refused = await claimFor(await anEvent(db))
  const claimed = await claimFor(eventId)
  const again = await claimFor(eventId)

  assert.deepEqual([refused.statusCode, refused.json().code], [409, 'device_code_of_other_event'])
  assert.deepEqual([claimed.statusCode, claimed.json().event.id], [200, eventId])
  assert.equal(again.json().code, 'device_code_not_valid')
})

test('of ten phones that use one code at once, one is set up', async (t) => {
  const { add, claim } = await aGate(t)
  const { code } = (await add()).json()

  const replies = await Promise.all(Array.from({ length: 10 }, () => claim(code)))

  assert.deepEqual(replies.map((reply) => reply.json().code ?? reply.statusCode).toSorted(), [
    200,
    ...Array<string>(9).fill('device_code_not_valid'),
  ])
})

test('a code is read as people type it, for fifteen minutes', async (t) => {
  const { add, claim, wait } = await aGate(t)
  const { code: first } = (await add()).json()
  const { code: second } = (await add({ name: 'Celular 2' })).json()
  const sloppy = first.toLowerCase().replaceAll('-', ' ').replaceAll('0', 'o').replaceAll('1', 'l')

  wait(15 * MINUTE_MS - 1)
  const typed = await claim(` ${sloppy} `)
  wait(1)
  const late = await claim(second)

  assert.equal(typed.statusCode, 200, typed.body)
  assert.deepEqual([late.statusCode, late.json().code], [410, 'device_code_not_valid'])
})

test('after thirty wrong codes of one network the next is 429, while a right one works', async (t) => {
  const { add, claim } = await aGate(t)
  const { code } = (await add()).json()

  const statuses = []
  for (let n = 0; n < 31; n++) statuses.push((await claim(`wrong ${n}`)).statusCode)

  assert.deepEqual(statuses, [...Array<number>(30).fill(410), 429])
  assert.equal((await claim(code)).statusCode, 200)
})

test('a device scans, uploads and watches its door, and its scans name its gate and its name', async (t) => {
  const { db, get, post, set, eventId } = await aGate(t)
  const { id, token } = await set()
  const [guest, late] = [await aGuest(db, eventId), await aGuest(db, eventId)]

  const scan = await post('/scan/validate', {
    ...bearer(token),
    body: { eventId, code: guest.code, gate: 'Sur', device: 'Otro' },
  })
  const scans = [{ scanId: 's1', code: late.code, scannedAt: NOW, gate: 'Sur', device: 'Otro' }]
  const upload = await post('/scan/sync', { ...bearer(token), body: { eventId, scans } })
  const manifest = await get(`/scan/manifest/${eventId}?names=true`, bearer(token))
  const door = await get(`/events/${eventId}/door`, bearer(token))
  const { data } = (await get(`/events/${eventId}/scans`, { as: 'organizer' })).json()

  assert.deepEqual([scan.json().status, upload.json().results[0].status], ['valid', 'valid'])
  assert.deepEqual([manifest.statusCode, door.json().gates[0].gate], [200, 'Norte'])
  assert.deepEqual(
    data.map((one: Record<string, string>) => [one['gate'], one['device'], one['scannedBy']]),
    [
      ['Norte', 'Celular 1', id],
      ['Norte', 'Celular 1', id],
    ],
  )
})

test('to a device another event does not exist, not even one of its organizer', async (t) => {
  const { db, get, post, set } = await aGate(t)
  const { token } = await set()
  const eventId = await anEvent(db)
  const { code } = await aGuest(db, eventId)

  const replies = [
    await post('/scan/validate', { ...bearer(token), body: { eventId, code } }),
    await post('/scan/sync', { ...bearer(token), body: { eventId, scans: [{ scanId: 's', code, scannedAt: NOW }] } }),
    await get(`/scan/manifest/${eventId}`, bearer(token)),
    await get(`/events/${eventId}/door`, bearer(token)),
    await get(`/events/${eventId}/door/stream`, bearer(token)),
  ]

  assert.deepEqual(
    replies.map((reply) => `${reply.statusCode} ${reply.json().code}`),
    Array<string>(5).fill('404 event_not_found'),
  )
  const { rows } = await sql`select id from scans where event_id = ${eventId}`.execute(db)
  assert.equal(rows.length, 0)
})

test('whatever else there is, is 403 to a device', async (t) => {
  const { app, set, eventId } = await aGate(t)
  const { token } = await set()
  const rules = app.accessTable.filter(
    ({ access, method }) => access !== 'public' && method !== 'HEAD' && !access.includes('device'),
  )
  assert.ok(rules.length > 60)

  for (const { method, url } of rules) {
    const hasBody = !['GET', 'DELETE'].includes(method)
    const reply = await app.inject({
      method: method as 'GET',
      url: url.replace(':eventId', eventId).replace(/:\w+/g, 'x').replaceAll('*', 'x'),
      headers: { ...bearer(token).headers, ...(hasBody ? { 'content-type': 'application/json' } : {}) },
      ...(hasBody ? { payload: '{}' } : {}),
    })
    assert.deepEqual([reply.statusCode, reply.json<{ code: string }>().code], [403, 'forbidden'], `${method} ${url}`)
  }
})

test('the token of a device ends at once when the device is deleted, and so does its stream', async (t) => {
  const { db, deps, delete: del, set, seesDoor, eventId } = await aGate(t)
  const { id, token } = await set()
  const tokenHash = sha256(token).toString('hex')
  const user = await deps.credentials.find(tokenHash)
  assert.ok(user)
  const events = watchDoor(deps, {
    ...{ reach: reachOf(user), eventId, requestId: 'req_test', signal: new AbortController().signal },
    isRevoked: () => deps.revocations.include(user),
  })
  const first = await events.next()
  const before = await seesDoor(token)

  const gone = await del(`/devices/${id}`, { as: 'organizer' })

  assert.deepEqual([before, gone.statusCode, await seesDoor(token)], [200, 200, 401])
  assert.deepEqual([first.done, (await events.next()).done], [false, true])
  assert.equal((await del(`/devices/${id}`, { as: 'organizer' })).json().code, 'device_not_found')
  const { rows } = await sql`select id from devices where event_id = ${eventId}`.execute(db)
  assert.equal(rows.length, 0)
})

test('the token of a device ends with its event, which then takes no device any more', async (t) => {
  const { db, deps, add, claim, set, seesDoor, eventId } = await aGate(t)
  const { token } = await set()
  const { code } = (await add({ name: 'Celular 2' })).json()
  await sql`update events set status = 'expired' where id = ${eventId}`.execute(db)
  deps.credentials.expire() // as after a second

  const refused = await add({ name: 'Celular 3' })

  assert.equal(await seesDoor(token), 401)
  assert.deepEqual([refused.statusCode, refused.json().code], [409, 'event_closed'])
  assert.equal((await claim(code)).statusCode, 410)
})

test('devices belong to their organizer, and two of one event have two names', async (t) => {
  const { db, get, delete: del, add, set, eventId } = await aGate(t)
  const { id } = await set()
  const stranger: User = { id: 'usr_x', role: 'organizer', organizerId: await anOrganizer(db) }

  const replies = [
    await add({ name: 'Celular 9' }, stranger),
    await del(`/devices/${id}`, { as: stranger }),
    await add({ eventId: 'ev_none' }, 'director'),
    await add(),
    await add({ name: '\u200b' }),
    await add({ name: 'Celular 9', organizerId: ORGANIZER_ID }),
    await add({ name: 'Celular 9' }, 'viewer'),
  ]

  assert.deepEqual(
    replies.map((reply) => [reply.statusCode, reply.json().code]),
    [
      [404, 'event_not_found'],
      [404, 'device_not_found'],
      [404, 'event_not_found'],
      [409, 'device_exists'],
      [400, 'invalid_request'],
      [400, 'invalid_request'],
      [403, 'forbidden'],
    ],
  )
  assert.deepEqual((await get(`/devices?eventId=${eventId}`, { as: stranger })).json().data, [])
  assert.equal((await get(`/devices?eventId=${eventId}`, { as: 'director' })).json().data.length, 1)
})
