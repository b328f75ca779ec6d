import assert from 'node:assert/strict'
import { sweep } from '../../test/deliveries.ts'
import test from 'node:test'
import { newId, sql, type Db } from '../platform/db.ts'
import { ORGANIZER_ID, startApp, type TestApp } from '../../test/harness.ts'
import { aGuest, anEvent, anInvitation, anOrganizer } from '../../test/make.ts'
import { deliverInvitation } from './jobs.ts'
import { switchSending } from './pauses.ts'

const NOW = '2029-06-01T18:00:00.000Z'

type Row = { status: string; waitingFor: string | null; attempts: number; nextAttemptAt: Date | null }
const rowOf = async (db: Db, id: string) =>
  (await sql<Row>`select status, waiting_for, attempts, next_attempt_at from deliveries where id = ${id}`.execute(db))
    .rows[0]!

/** Requests an invitation and returns its delivery id. */
async function asked({ post }: TestApp, { eventId, guestId }: { eventId: string; guestId: string }, body = {}) {
  const reply = await post(`/events/${eventId}/guests/${guestId}/send`, { as: 'director', body })
  assert.equal(reply.statusCode, 202, reply.body)
  return reply.json().deliveryId as string
}
const pause = ({ post }: TestApp, eventId: string, as: 'organizer' | 'director' = 'organizer') =>
  post(`/events/${eventId}/deliveries/pause`, { as })
const resume = ({ post }: TestApp, eventId: string) => post(`/events/${eventId}/deliveries/resume`, { as: 'organizer' })

/** Makes its own organizer, so that pausing it does not affect other tests. */
async function anOwnInvitation(db: Db) {
  const organizerId = await anOrganizer(db, newId('org'))
  return { organizerId, ...(await anInvitation(db, { event: { organizerId } })) }
}

test('a paused event sends nothing, not even queued messages; after resuming each is sent once', async (t) => {
  const app = await startApp(t, { now: NOW })
  const guest = await anInvitation(app.db)
  const other = await anInvitation(app.db)
  const [id, elsewhere] = [await asked(app, guest), await asked(app, other)]
  const send = t.mock.method(app.deps.channels.whatsapp, 'send')

  const paused = await pause(app, guest.eventId)
  const outcomes = [
    await app.runJob(deliverInvitation, { deliveryId: id }),
    await app.runJob(deliverInvitation, { deliveryId: id }),
    await app.runJob(deliverInvitation, { deliveryId: elsewhere }),
  ]
  const parked = await rowOf(app.db, id)
  const resumed = await resume(app, guest.eventId)
  const due = await rowOf(app.db, id)
  await Promise.all([1, 2, 3].map(() => app.runJob(deliverInvitation, { deliveryId: id })))

  assert.deepEqual([paused.statusCode, paused.json().sendingPausedAt, paused.json().waiting], [200, NOW, 0])
  assert.deepEqual(outcomes, ['event_paused', 'nothing to do', 'sent'])
  assert.deepEqual(parked, { status: 'queued', waitingFor: 'event_paused', attempts: 0, nextAttemptAt: null })
  assert.deepEqual([resumed.statusCode, resumed.json().sendingPausedAt, resumed.json().waiting], [200, null, 0])
  assert.deepEqual(due, { status: 'queued', waitingFor: null, attempts: 0, nextAttemptAt: new Date(NOW) })
  assert.deepEqual([(await rowOf(app.db, id)).status, send.mock.callCount()], ['sent', 2])
})

test('resumed messages are enqueued by the next release', async (t) => {
  const app = await startApp(t, { now: NOW })
  const guest = await anInvitation(app.db)
  await pause(app, guest.eventId)
  const id = await asked(app, guest)
  await app.runJob(deliverInvitation, { deliveryId: id })
  await resume(app, guest.eventId)

  await sweep(app)

  const { rows } = await sql`select 1 from deliveries where id = ${id} and enqueued_at = ${new Date(NOW)}`.execute(
    app.db,
  )
  assert.equal(rows.length, 1)
})

test('an answer to a guest waits during a pause, too', async (t) => {
  const app = await startApp(t, { now: NOW })
  const guest = await anInvitation(app.db)
  const id = await asked(app, guest)
  await sql`update deliveries set answers_message = ${newId('wamid')} where id = ${id}`.execute(app.db)
  await pause(app, guest.eventId)

  assert.equal(await app.runJob(deliverInvitation, { deliveryId: id }), 'event_paused')
})

test('a scheduled message that was parked is sent at its time, not when sending resumes', async (t) => {
  const app = await startApp(t, { now: NOW })
  const guest = await anInvitation(app.db)
  const scheduledAt = '2029-06-02T18:00:00.000Z'
  const id = await asked(app, guest, { scheduledAt })
  await pause(app, guest.eventId)

  await resume(app, guest.eventId)

  assert.deepEqual((await rowOf(app.db, id)).nextAttemptAt, new Date(scheduledAt))
})

test('a paused organizer sends nothing although its events are resumed, until both are resumed', async (t) => {
  const app = await startApp(t, { now: NOW })
  const guest = await anOwnInvitation(app.db)
  const id = await asked(app, guest)
  const step = (url: string) => app.post(url, { as: 'director' })

  const paused = await step(`/organizers/${guest.organizerId}/deliveries/pause`)
  await pause(app, guest.eventId, 'director')
  const first = await app.runJob(deliverInvitation, { deliveryId: id })
  await step(`/organizers/${guest.organizerId}/deliveries/resume`)
  const second = await app.runJob(deliverInvitation, { deliveryId: id })
  await step(`/events/${guest.eventId}/deliveries/resume`)
  const third = await app.runJob(deliverInvitation, { deliveryId: id })

  assert.deepEqual([paused.statusCode, paused.json().id], [200, guest.organizerId])
  assert.deepEqual([first, second, third], ['organizer_paused', 'event_paused', 'sent'])
})

test('the event, the list and the preflight say that sending is paused', async (t) => {
  const app = await startApp(t, { now: NOW })
  const guest = await anOwnInvitation(app.db)
  const as = { id: 'usr_own', role: 'organizer' as const, organizerId: guest.organizerId }
  const look = async () => {
    const body = { template: 'event_invitation', dryRun: true }
    const preflight = (await app.post(`/events/${guest.eventId}/campaigns`, { as, body })).json()
    const event = (await app.get(`/events/${guest.eventId}`, { as })).json()
    const [listed] = (await app.get('/events', { as })).json().data
    return [event.sendingPaused, listed.sendingPaused, preflight.sendingPaused]
  }

  const before = await look()
  await pause(app, guest.eventId, 'director')
  const one = await look()
  await app.post(`/organizers/${guest.organizerId}/deliveries/pause`, { as: 'director' })
  const both = await look()

  assert.deepEqual(before, [null, null, null])
  assert.deepEqual(one, Array(3).fill('event_paused'))
  assert.deepEqual(both, Array(3).fill('organizer_paused'))
  const { data } = (await app.get('/organizers', { as: 'director' })).json()
  assert.equal(data.find(({ id }: { id: string }) => id === guest.organizerId).sendingPausedAt, NOW)
})

test('pausing or resuming twice changes nothing and keeps the first time', async (t) => {
  const app = await startApp(t, { now: NOW })
  const eventId = await anEvent(app.db)

  const first = await pause(app, eventId)
  app.setNow('2029-06-01T19:00:00.000Z')
  const second = await pause(app, eventId)
  const resumes = [await resume(app, eventId), await resume(app, eventId)]

  assert.deepEqual([first.json().sendingPausedAt, second.json().sendingPausedAt], [NOW, NOW])
  assert.deepEqual(
    resumes.map((reply) => [reply.statusCode, reply.json().sendingPausedAt]),
    [
      [200, null],
      [200, null],
    ],
  )
})

test('resuming an event does not resume its campaign, and resuming a campaign does not resume its event', async (t) => {
  const app = await startApp(t, { now: NOW })
  const guest = await anInvitation(app.db)
  const body = { template: 'event_invitation' }
  const { preflightId } = (
    await app.post(`/events/${guest.eventId}/campaigns`, { as: 'organizer', body: { ...body, dryRun: true } })
  ).json()
  await app.post(`/events/${guest.eventId}/campaigns`, { as: 'organizer', body: { ...body, preflightId } })
  const { rows } = await sql<{ id: string }>`select id from deliveries where campaign_id = ${preflightId}`.execute(
    app.db,
  )
  const run = () => app.runJob(deliverInvitation, { deliveryId: rows[0]!.id })
  const steer = (step: string) => app.post(`/campaigns/${preflightId}/${step}`, { as: 'organizer' })

  await pause(app, guest.eventId)
  const first = await run()
  await steer('pause')
  await resume(app, guest.eventId)
  const second = await run()
  await pause(app, guest.eventId)
  await steer('resume')
  const third = await run()
  await resume(app, guest.eventId)
  const fourth = await run()

  assert.deepEqual([first, second, third, fourth], ['event_paused', 'campaign_paused', 'event_paused', 'sent'])
})

test('concurrent pauses, resumes and claims lose no message and send none twice', async (t) => {
  const app = await startApp(t)
  const eventId = await anEvent(app.db)
  const ids: string[] = []
  for (let n = 0; n < 30; n++) ids.push(await asked(app, await aGuest(app.db, eventId)))
  const send = t.mock.method(app.deps.channels.whatsapp, 'send')
  const flip = (isPaused: boolean) =>
    switchSending(app.deps, { what: 'event', id: eventId, scope: null, by: 'usr_test', isPaused })

  for (let round = 0; round < 6; round++)
    await Promise.all([
      flip(round % 2 === 0),
      ...ids.map((deliveryId) => app.runJob(deliverInvitation, { deliveryId })),
      flip(round % 2 === 1),
    ])
  await flip(false)
  const { rows: lost } = await sql`
    select 1 from deliveries where event_id = ${eventId} and status = 'queued' and next_attempt_at is null`.execute(
    app.db,
  )
  await Promise.all(ids.map((deliveryId) => app.runJob(deliverInvitation, { deliveryId })))

  const { rows } =
    await sql`select status, count(*) as n from deliveries where event_id = ${eventId} group by 1`.execute(app.db)
  assert.equal(lost.length, 0)
  assert.deepEqual(rows, [{ status: 'sent', n: 30 }])
  assert.equal(send.mock.callCount(), 30)
})

test('a claim during an uncommitted resume leaves its message due', async (t) => {
  const app = await startApp(t, { now: NOW })
  const guest = await anInvitation(app.db)
  const id = await asked(app, guest)
  await pause(app, guest.eventId)

  // The pause is deleted but not committed: the claim still sees it and must not wait for its lock.
  const resuming = app.db.transaction().execute(async (tx) => {
    await sql`delete from pauses where scope = 'event' and scope_id = ${guest.eventId}`.execute(tx)
    return app.runJob(deliverInvitation, { deliveryId: id })
  })

  assert.equal(await resuming, 'resumed')
  assert.deepEqual((await rowOf(app.db, id)).nextAttemptAt, new Date(NOW))
  assert.equal(await app.runJob(deliverInvitation, { deliveryId: id }), 'sent')
})

for (const step of ['pause', 'resume']) {
  test(`${step}: an organizer may ${step} its own event, a director everything, nobody else anything`, async (t) => {
    const app = await startApp(t, { now: NOW })
    const own = await anEvent(app.db)
    const foreign = await anOwnInvitation(app.db)
    const status = async (url: string, as: 'organizer' | 'director' | 'staff' | 'viewer' | null) => {
      const reply = await app.post(`${url}/deliveries/${step}`, { as })
      return [reply.statusCode, reply.json().code ?? null]
    }

    assert.deepEqual(await status(`/events/${own}`, null), [401, 'unauthorized'])
    for (const as of ['staff', 'viewer'] as const)
      assert.deepEqual(await status(`/events/${own}`, as), [403, 'forbidden'])
    assert.deepEqual(await status(`/events/${foreign.eventId}`, 'organizer'), [404, 'event_not_found'])
    assert.deepEqual(await status('/events/ev_nobody', 'director'), [404, 'event_not_found'])
    assert.deepEqual(await status(`/organizers/${ORGANIZER_ID}`, 'organizer'), [403, 'forbidden'])
    assert.deepEqual(await status('/organizers/org_nobody', 'director'), [404, 'organizer_not_found'])
    assert.deepEqual(await status('/events/%20', 'director'), [400, 'invalid_request'])
    const body = await app.post(`/events/${own}/deliveries/${step}`, { as: 'organizer', body: { why: 'x' } })
    assert.deepEqual([body.statusCode, body.json().code], [400, 'invalid_request'])
    const { rows } = await sql`select 1 from pauses where scope_id = ${foreign.eventId}`.execute(app.db)
    assert.equal(rows.length, 0)
  })
}
