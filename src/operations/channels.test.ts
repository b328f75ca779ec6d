import assert from 'node:assert/strict'
import { sweep } from '../../test/deliveries.ts'
import test from 'node:test'
import { sql, type Db } from '../platform/db.ts'
import { deliverInvitation } from '../delivery/jobs.ts'
import { startApp, type TestApp } from '../../test/harness.ts'
import { anInvitation } from '../../test/make.ts'

const NOW = '2029-06-01T18:00:00.000Z'
const UNTIL = '2029-06-01T18:30:00.000Z'

const pause = ({ post }: TestApp, body: object, channel = 'whatsapp') =>
  post(`/ops/channels/${channel}/pause`, { as: 'director', body })
const resume = ({ post }: TestApp, channel = 'whatsapp') => post(`/ops/channels/${channel}/resume`, { as: 'director' })
const rowOf = async (db: Db, id: string) =>
  (
    await sql<{ status: string; waitingFor: string | null; nextAttemptAt: Date | null }>`
      select status, waiting_for, next_attempt_at from deliveries where id = ${id}`.execute(db)
  ).rows[0]!

const enqueuedAt = async ({ db }: TestApp, id: string) =>
  (await sql<{ enqueuedAt: Date | null }>`select enqueued_at from deliveries where id = ${id}`.execute(db)).rows[0]!
    .enqueuedAt

/** Queues a message by this channel and returns its id. */
async function queued({ post, db }: TestApp, channel: 'whatsapp' | 'email'): Promise<string> {
  const { eventId, guestId } = await anInvitation(db)
  const reply = await post(`/events/${eventId}/guests/${guestId}/send`, { as: 'organizer', body: { channel } })
  return reply.json().deliveryId
}

test('a paused channel sends nothing while the other does, and resuming sends what was queued once', async (t) => {
  const app = await startApp(t, { now: NOW })
  t.after(() => resume(app))
  const [id, email] = [await queued(app, 'whatsapp'), await queued(app, 'email')]
  const send = t.mock.method(app.deps.channels.whatsapp, 'send')

  const paused = await pause(app, { reason: 'The number is under review' })
  const outcomes = [
    await app.runJob(deliverInvitation, { deliveryId: id }),
    await app.runJob(deliverInvitation, { deliveryId: email }),
  ]
  const waiting = await rowOf(app.db, id)
  const [whatsapp] = (await app.get('/ops/channels', { as: 'director' })).json().channels
  await resume(app)
  await Promise.all([1, 2].map(() => app.runJob(deliverInvitation, { deliveryId: id })))

  assert.equal(paused.statusCode, 200)
  assert.deepEqual(outcomes, ['channel_paused', 'sent'])
  assert.deepEqual(waiting, { status: 'queued', waitingFor: 'channel_paused', nextAttemptAt: new Date(NOW) })
  assert.deepEqual(
    [whatsapp.pause.reason, whatsapp.pause.by, whatsapp.pause.until, whatsapp.due],
    ['The number is under review', 'usr_test_director', null, 1],
  )
  assert.deepEqual([(await rowOf(app.db, id)).status, send.mock.callCount()], ['sent', 1])
})

test('a pause with an end ends by itself, and the sweep releases what waited', async (t) => {
  const app = await startApp(t, { now: NOW })
  t.after(() => resume(app))
  const id = await queued(app, 'whatsapp')
  await pause(app, { reason: 'Half an hour', until: UNTIL })
  await app.runJob(deliverInvitation, { deliveryId: id })

  app.setNow('2029-06-01T18:29:59.999Z')
  await sweep(app)
  const before = await enqueuedAt(app, id)
  app.setNow(UNTIL)
  await sweep(app)
  const after = await enqueuedAt(app, id)

  assert.deepEqual([before, after], [null, new Date(UNTIL)])
  assert.equal(await app.runJob(deliverInvitation, { deliveryId: id }), 'sent')
  assert.equal((await app.get('/ops/channels', { as: 'director' })).json().channels[0].pause, null)
})

test('a second pause replaces the first even when it ends earlier', async (t) => {
  const app = await startApp(t, { now: NOW })
  t.after(() => resume(app))
  const id = await queued(app, 'whatsapp')
  await pause(app, { reason: 'For good' })
  await app.runJob(deliverInvitation, { deliveryId: id })
  await pause(app, { reason: 'Half an hour', until: UNTIL })

  app.setNow(UNTIL)
  await sweep(app)

  assert.equal(await app.runJob(deliverInvitation, { deliveryId: id }), 'sent')
})

test('resuming while messages are being claimed leaves none parked', async (t) => {
  const app = await startApp(t)
  t.after(() => resume(app))
  const ids = await Promise.all(Array.from({ length: 10 }, () => queued(app, 'whatsapp')))

  for (let round = 0; round < 4; round++) {
    await pause(app, { reason: 'Round' })
    await Promise.all([...ids.map((deliveryId) => app.runJob(deliverInvitation, { deliveryId })), resume(app)])
  }

  const { rows } = await sql`
    select 1 from deliveries where id = any(${ids}::text[]) and status = 'queued' and next_attempt_at is null`.execute(
    app.db,
  )
  assert.equal(rows.length, 0)
})

test('readiness, preflight and metrics report a paused channel, and the system stays ready', async (t) => {
  const app = await startApp(t, { now: NOW })
  t.after(() => resume(app))
  const { eventId } = await anInvitation(app.db)
  const look = async () => {
    const { checks } = (await app.get('/ready')).json()
    const body = { template: 'event_invitation', dryRun: true }
    const preflight = await app.post(`/events/${eventId}/campaigns`, { as: 'organizer', body })
    const metrics = (await app.get('/metrics')).body
    const gauge = /monotickets_channel_paused\{channel="whatsapp"\} (\d)/.exec(metrics)![1]
    return [checks.channels, preflight.json().pausedChannels, gauge]
  }

  const free = await look()
  await pause(app, { reason: 'Under review', until: UNTIL })
  const paused = await look()

  assert.deepEqual(free, [{ ok: true }, [], '0'])
  assert.deepEqual(paused.slice(1), [['whatsapp'], '1'])
  assert.deepEqual(paused[0], {
    ok: true,
    detail: `whatsapp is paused by an operator until ${UNTIL}: GET /ops/channels says why`,
  })
})

for (const [what, as, channel, body, status, code] of [
  ['without a login', null, 'whatsapp', { reason: 'x' }, 401, 'unauthorized'],
  ['by an organizer', 'organizer', 'whatsapp', { reason: 'x' }, 403, 'forbidden'],
  ['by staff', 'staff', 'whatsapp', { reason: 'x' }, 403, 'forbidden'],
  ['of no channel', 'director', 'sms', { reason: 'x' }, 400, 'invalid_request'],
  ['without a reason', 'director', 'whatsapp', {}, 400, 'invalid_request'],
  ['with a blank reason', 'director', 'whatsapp', { reason: '  ' }, 400, 'invalid_request'],
  ['that has ended', 'director', 'whatsapp', { reason: 'x', until: NOW }, 400, 'invalid_date'],
] as const) {
  test(`a pause ${what} is ${status} ${code}`, async (t) => {
    const app = await startApp(t, { now: NOW })

    const reply = await app.post(`/ops/channels/${channel}/pause`, { as, body })

    assert.deepEqual([reply.statusCode, reply.json().code], [status, code])
    const { rows } = await sql`select 1 from pauses`.execute(app.db)
    assert.equal(rows.length, 0)
  })
}
