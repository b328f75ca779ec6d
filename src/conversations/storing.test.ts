import assert from 'node:assert/strict'
import test from 'node:test'
import { withTx } from '../platform/db.ts'
import { startApp } from '../../test/harness.ts'
import { anInvitation, anOrganizer, aPhone } from '../../test/make.ts'
import { receiveMessage } from './storing.ts'

const DAY_MS = 86_400_000

function aMessage(phone: string, sentAt: string, receivedAt = sentAt, type = 'text') {
  const id = `wamid.test_${Math.random()}`
  return {
    id,
    phone,
    userIds: [],
    type,
    direction: 'in' as const,
    origin: 'live' as const,
    body: 'hola',
    attachment: null,
    contextMessageId: null,
    targetMessageId: null,
    sentAt: new Date(sentAt),
    receivedAt: new Date(receivedAt),
    inboundEventId: 'ie_test',
    simulated: false,
  }
}

test('the window of an unknown number is closed, in any form of the number', async (t) => {
  const { get } = await startApp(t)

  for (const path of ['5215550000', '+52 1 55 1234 0001', '4915112345678', '5550000']) {
    const reply = await get(`/wa/session/${encodeURIComponent(path)}`, { as: 'director' })

    assert.equal(reply.statusCode, 200)
    const { status, lastInboundAt, expiresAt, secondsRemaining } = reply.json()
    assert.deepEqual(
      { status, lastInboundAt, expiresAt, secondsRemaining },
      { status: 'closed', lastInboundAt: null, expiresAt: null, secondsRemaining: 0 },
    )
  }
})

for (const path of [
  ...['123456', '1234567890123456', 'hola', '%00', '..%2f..%2fetc', '55-1234-abcd'],
  ...['MX.5512345678', 'MX.13491208655302741918', 'MX.ENT.5512345678', 'mx.5512345678', 'MX%2E5512345678'],
]) {
  test(`${path} is not a phone number`, async (t) => {
    const { get } = await startApp(t)

    const reply = await get(`/wa/session/${path}`, { as: 'director' })

    assert.deepEqual([reply.statusCode, reply.json().code], [400, 'invalid_phone'])
  })
}

test('the window is open until 23:59:59 after the message and closed at 24:00:00', async (t) => {
  const { get, db, setNow } = await startApp(t, { now: '2029-06-01T12:00:00.000Z' })
  const phone = aPhone()
  await withTx(db, (tx) => receiveMessage(tx, aMessage(phone, '2029-06-01T12:00:00.000Z'), DAY_MS))

  setNow('2029-06-02T11:59:59.000Z')
  const open = (await get(`/wa/session/${phone}`, { as: 'director' })).json()
  setNow('2029-06-02T12:00:00.000Z')
  const closed = (await get(`/wa/session/${phone}`, { as: 'director' })).json()

  assert.deepEqual([open.status, open.secondsRemaining, open.expiresAt], ['open', 1, '2029-06-02T12:00:00.000Z'])
  assert.deepEqual([closed.status, closed.secondsRemaining], ['closed', 0])
})

test('521… and 52… are one person', async (t) => {
  const { get, db } = await startApp(t, { now: '2029-06-01T12:00:00.000Z' })
  const phone = aPhone()
  await withTx(db, (tx) => receiveMessage(tx, aMessage(phone, '2029-06-01T12:00:00.000Z'), DAY_MS))

  for (const form of [phone, phone.slice(1), `521${phone.slice(3)}`, phone.slice(3)]) {
    assert.equal((await get(`/wa/session/${form}`, { as: 'director' })).json().status, 'open', form)
  }
})

test('an older message that arrives later does not shorten the window, and a redelivery changes nothing', async (t) => {
  const { get, db } = await startApp(t, { now: '2029-06-01T15:00:00.000Z' })
  const phone = aPhone()
  const newer = aMessage(phone, '2029-06-01T14:00:00.000Z')

  const results = []
  for (const message of [newer, aMessage(phone, '2029-06-01T13:00:00.000Z'), newer]) {
    results.push(await withTx(db, (tx) => receiveMessage(tx, message, DAY_MS)))
  }

  assert.deepEqual(results, [true, true, false])
  assert.equal((await get(`/wa/session/${phone}`, { as: 'director' })).json().lastInboundAt, '2029-06-01T14:00:00.000Z')
})

test('openedAt stays during an unbroken conversation and changes after the window has closed', async (t) => {
  const { get, db } = await startApp(t, { now: '2029-06-05T00:00:00.000Z' })
  const phone = aPhone()
  const receive = (at: string) => withTx(db, (tx) => receiveMessage(tx, aMessage(phone, at), DAY_MS))
  const openedAt = async () => (await get(`/wa/session/${phone}`, { as: 'director' })).json().openedAt

  await receive('2029-06-01T00:00:00.000Z')
  await receive('2029-06-01T20:00:00.000Z')
  const unbroken = await openedAt()
  await receive('2029-06-03T00:00:00.000Z')

  assert.deepEqual([unbroken, await openedAt()], ['2029-06-01T00:00:00.000Z', '2029-06-03T00:00:00.000Z'])
})

test("a provider's clock ahead of ours does not keep the window open longer", async (t) => {
  const { get, db } = await startApp(t, { now: '2029-06-01T12:00:00.000Z' })
  const phone = aPhone()
  await withTx(db, (tx) =>
    receiveMessage(tx, aMessage(phone, '2029-06-01T18:00:00.000Z', '2029-06-01T12:00:00.000Z'), DAY_MS),
  )

  assert.equal((await get(`/wa/session/${phone}`, { as: 'director' })).json().secondsRemaining, 86_400)
})

test('a reaction is stored but opens no window', async (t) => {
  const { get, db } = await startApp(t, { now: '2029-06-01T12:00:00.000Z' })
  const phone = aPhone()
  await withTx(db, (tx) =>
    receiveMessage(tx, aMessage(phone, '2029-06-01T12:00:00.000Z', undefined, 'reaction'), DAY_MS),
  )

  assert.equal((await get(`/wa/session/${phone}`, { as: 'director' })).json().status, 'closed')
})

test('an organizer sees the windows of its own guests only, and a viewer sees none', async (t) => {
  const { get, db } = await startApp(t, { now: '2029-06-01T12:00:00.000Z' })
  const own = await anInvitation(db)
  const other = await anInvitation(db, { event: { organizerId: await anOrganizer(db) } })
  for (const { phone } of [own, other])
    await withTx(db, (tx) => receiveMessage(tx, aMessage(phone!, '2029-06-01T12:00:00.000Z'), DAY_MS))

  const statuses = [
    (await get(`/wa/session/${own.phone}`, { as: 'organizer' })).json().status,
    (await get(`/wa/session/${other.phone}`, { as: 'staff' })).json().status,
    (await get(`/wa/session/${own.phone}`, { as: 'viewer' })).json().code,
    (await get(`/wa/session/${own.phone}`)).json().code,
  ]

  assert.deepEqual(statuses, ['open', 'closed', 'forbidden', 'unauthorized'])
})
