import assert from 'node:assert/strict'
import test from 'node:test'
import { sql, type Db } from '../platform/db.ts'
import { deliverInvitation, sweepDeliveries } from '../delivery/jobs.ts'
import { startApp, type TestApp } from '../../test/harness.ts'
import { anInvitation } from '../../test/make.ts'

const NOW = '2029-06-01T18:00:00.000Z'
const UNTIL = '2029-06-01T18:30:00.000Z'

const hold = ({ post }: TestApp, body: object, channel = 'whatsapp') =>
  post(`/ops/channels/${channel}/hold`, { as: 'director', body })
const release = ({ post }: TestApp, channel = 'whatsapp') =>
  post(`/ops/channels/${channel}/release`, { as: 'director' })
const rowOf = async (db: Db, id: string) =>
  (
    await sql<{ status: string; reason: string | null; nextAttemptAt: Date | null }>`
      select status, reason, next_attempt_at from deliveries where id = ${id}`.execute(db)
  ).rows[0]!

/** A message that is queued, by this channel. */
async function queued({ post, db }: TestApp, channel: 'whatsapp' | 'email'): Promise<string> {
  const { eventId, guestId } = await anInvitation(db)
  const reply = await post(`/events/${eventId}/guests/${guestId}/send`, { as: 'organizer', body: { channel } })
  return reply.json().deliveryId
}

test('a held channel sends nothing that is queued already, the other goes on, and a release sends it once', async (t) => {
  const app = await startApp(t, { now: NOW })
  t.after(() => release(app))
  const [id, email] = [await queued(app, 'whatsapp'), await queued(app, 'email')]
  const send = t.mock.method(app.deps.channels.whatsapp, 'send')

  const held = await hold(app, { reason: 'The number is under review' })
  const outcomes = [
    await app.runJob(deliverInvitation, { deliveryId: id }),
    await app.runJob(deliverInvitation, { deliveryId: email }),
  ]
  const waiting = await rowOf(app.db, id)
  const [whatsapp] = (await app.get('/ops/channels', { as: 'director' })).json().channels
  await release(app)
  await Promise.all([1, 2].map(() => app.runJob(deliverInvitation, { deliveryId: id })))

  assert.equal(held.statusCode, 200)
  assert.deepEqual(outcomes, ['whatsapp_held', 'sent'])
  assert.deepEqual(waiting, { status: 'queued', reason: 'whatsapp_held', nextAttemptAt: null })
  assert.deepEqual(
    [whatsapp.hold.reason, whatsapp.hold.by, whatsapp.hold.until, whatsapp.stopped],
    ['The number is under review', 'usr_test_director', null, 1],
  )
  assert.deepEqual([(await rowOf(app.db, id)).status, send.mock.callCount()], ['sent', 1])
})

test('a hold with an end is over by itself, and the sweep makes due what it stopped', async (t) => {
  const app = await startApp(t, { now: NOW })
  t.after(() => release(app))
  const id = await queued(app, 'whatsapp')
  await hold(app, { reason: 'Half an hour', until: UNTIL })
  await app.runJob(deliverInvitation, { deliveryId: id })

  app.setNow('2029-06-01T18:29:59.999Z')
  await app.runJob(sweepDeliveries, {})
  const before = await rowOf(app.db, id)
  app.setNow(UNTIL)
  await app.runJob(sweepDeliveries, {})
  const after = await rowOf(app.db, id)

  assert.deepEqual([before.nextAttemptAt, after.nextAttemptAt], [null, new Date(UNTIL)])
  assert.equal(await app.runJob(deliverInvitation, { deliveryId: id }), 'sent')
  assert.equal((await app.get('/ops/channels', { as: 'director' })).json().channels[0].hold, null)
})

test('a second hold takes the place of the first, also when it ends earlier', async (t) => {
  const app = await startApp(t, { now: NOW })
  t.after(() => release(app))
  const id = await queued(app, 'whatsapp')
  await hold(app, { reason: 'For good' })
  await app.runJob(deliverInvitation, { deliveryId: id })
  await hold(app, { reason: 'Half an hour', until: UNTIL })

  app.setNow(UNTIL)
  await app.runJob(sweepDeliveries, {})

  assert.equal(await app.runJob(deliverInvitation, { deliveryId: id }), 'sent')
})

test('a release that comes while a message is claimed leaves none behind', async (t) => {
  const app = await startApp(t)
  t.after(() => release(app))
  const ids = await Promise.all(Array.from({ length: 10 }, () => queued(app, 'whatsapp')))

  for (let round = 0; round < 4; round++) {
    await hold(app, { reason: 'Round' })
    await Promise.all([...ids.map((deliveryId) => app.runJob(deliverInvitation, { deliveryId })), release(app)])
  }

  const { rows } = await sql`
    select 1 from deliveries where id = any(${ids}::text[]) and status = 'queued' and next_attempt_at is null`.execute(
    app.db,
  )
  assert.equal(rows.length, 0)
})

test('a held channel does not make the system unready, and readiness, preflight and metrics name it', async (t) => {
  const app = await startApp(t, { now: NOW })
  t.after(() => release(app))
  const { eventId } = await anInvitation(app.db)
  const look = async () => {
    const { checks } = (await app.get('/ready')).json()
    const body = { template: 'event_invitation', dryRun: true }
    const preflight = await app.post(`/events/${eventId}/campaigns`, { as: 'organizer', body })
    const metrics = (await app.get('/metrics')).body
    const gauge = /monotickets_channel_held\{channel="whatsapp"\} (\d)/.exec(metrics)![1]
    return [checks.channels, preflight.json().heldChannels, gauge]
  }

  const free = await look()
  await hold(app, { reason: 'Secret of the house', until: UNTIL })
  const held = await look()

  assert.deepEqual(free, [{ ok: true }, [], '0'])
  assert.deepEqual(held.slice(1), [['whatsapp'], '1'])
  assert.deepEqual(held[0], {
    ok: true,
    detail: `whatsapp is held by an operator until ${UNTIL}: GET /ops/channels says why`,
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
  test(`a hold ${what} is ${status} ${code}`, async (t) => {
    const app = await startApp(t, { now: NOW })

    const reply = await app.post(`/ops/channels/${channel}/hold`, { as, body })

    assert.deepEqual([reply.statusCode, reply.json().code], [status, code])
    const { rows } = await sql`select 1 from channel_holds`.execute(app.db)
    assert.equal(rows.length, 0)
  })
}
