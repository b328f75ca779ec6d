/** Cancelling an event, everywhere it shows. */
import assert from 'node:assert/strict'
import { test } from 'node:test'
import { sql } from '../platform/db.ts'
import { runLandingTtlJob } from './jobs.ts'
import { startApp, type TestApp } from '../../test/harness.ts'
import { aGuest, anEvent, anInvitation, anOrganizer } from '../../test/make.ts'
import { aCampaign, NOON, requested, rowOf, run, sweep } from '../../test/deliveries.ts'
import { BOTH, coded, withProvider } from '../../test/provider.ts'
import { aMessage, hear } from '../../test/conversations.ts'

const cancel = (app: TestApp, eventId: string, body: object = {}) =>
  app.post(`/events/${eventId}/cancel`, { as: 'organizer', body })

test('a draft or active event is cancelled once and for good; an archived or expired one is not', async (t) => {
  const app = await startApp(t, { now: NOON })
  const [draft, active] = [await anEvent(app.db, { status: 'draft' }), await anEvent(app.db)]
  const closed = [await anEvent(app.db, { status: 'archived' }), await anEvent(app.db, { status: 'expired' })]

  const first = await cancel(app, active, { reason: ' Falleció la abuela ' })
  app.setNow('2029-06-02T00:00:00Z')
  const second = await cancel(app, active, { reason: 'Otra' })

  const { status, cancelledAt, cancelReason } = first.json()
  assert.deepEqual([status, cancelledAt, cancelReason], ['cancelled', NOON, 'Falleció la abuela'])
  assert.deepEqual([second.json().cancelledAt, second.json().cancelReason], [NOON, 'Falleció la abuela'])
  assert.equal((await app.post(`/events/${draft}/cancel`, { as: 'director' })).json().status, 'cancelled')
  for (const eventId of closed) assert.equal((await cancel(app, eventId)).json().code, 'event_closed')
  const revived = await app.patch(`/events/${active}`, { as: 'organizer', body: { status: 'active' } })
  assert.equal(revived.json().code, 'event_closed')
  const listed = (await app.get('/events?status=cancelled', { as: 'organizer' })).json().data
  assert.deepEqual(listed.map(({ id }: { id: string }) => id).toSorted(), [draft, active].toSorted())
})

test('an event of another organizer is 404 and stays as it is; a viewer may not cancel', async (t) => {
  const app = await startApp(t, { now: NOON })
  const eventId = await anEvent(app.db, { organizerId: await anOrganizer(app.db) })

  assert.equal((await cancel(app, eventId)).json().code, 'event_not_found')
  assert.equal((await cancel(app, 'ev_none')).json().code, 'event_not_found')
  assert.equal((await app.post(`/events/${eventId}/cancel`, { as: 'viewer' })).json().code, 'forbidden')
  assert.equal((await cancel(app, eventId, { reason: 'x'.repeat(1001) })).json().code, 'invalid_request')
  assert.equal((await app.get(`/events/${eventId}`, { as: 'director' })).json().status, 'active')
})

test('what waits is skipped, campaigns end, and only the cancellation is still sent', async (t) => {
  const app = await startApp(t, { now: NOON })
  const { calls } = withProvider(t, [app.deps], () => undefined, BOTH)
  const eventId = await anEvent(app.db)
  const guest = await aGuest(app.db, eventId)
  const { campaignId, ids } = await aCampaign(app, eventId)
  const reminder = { template: 'event_reminder', scheduledAt: '2029-07-01T00:00:00Z' }
  const scheduled = await requested(app, guest, reminder)
  const early = await app.post(`/events/${eventId}/guests/${guest.guestId}/send`, {
    as: 'organizer',
    body: { template: 'event_cancelled' },
  })

  await cancel(app, eventId)
  for (const id of [...ids, scheduled]) await run(app, id)
  await sweep(app)

  assert.equal(early.json().code, 'event_not_cancelled')
  for (const id of [...ids, scheduled]) {
    const { status, reason } = await rowOf(app.db, id)
    assert.deepEqual([status, reason], ['skipped', 'event_cancelled'])
  }
  assert.equal((await app.get(`/campaigns/${campaignId}`, { as: 'organizer' })).json().status, 'cancelled')
  assert.equal(calls.length, 0)
  const path = `/events/${eventId}/guests/${guest.guestId}/send`
  assert.equal((await app.post(path, { as: 'organizer', body: {} })).json().code, 'event_cancelled')
  const plan = { template: 'event_invitation', channel: 'auto', filter: {}, dryRun: true }
  assert.equal(
    (await app.post(`/events/${eventId}/campaigns`, { as: 'organizer', body: plan })).json().code,
    'event_cancelled',
  )

  assert.equal(await run(app, await requested(app, guest, { template: 'event_cancelled' })), 'sent')
  assert.equal(calls.length, 1)
})

test('no message is taken after the event was cancelled, whenever its job runs', async (t) => {
  const app = await startApp(t, { now: NOON })
  const { calls } = withProvider(t, [app.deps], () => undefined, BOTH)
  const eventId = await anEvent(app.db)
  for (let n = 0; n < 24; n++) await aGuest(app.db, eventId)
  const { ids } = await aCampaign(app, eventId)
  const running = ids.map((id) => run(app, id))

  assert.equal((await cancel(app, eventId)).statusCode, 200)
  await Promise.all(running)
  const soFar = calls.length
  await sweep(app)
  for (const id of ids) await run(app, id)

  assert.equal(calls.length, soFar)
  const { rows } = await sql<{ status: string; count: number }>`
    select status, count(*)::integer as count
      from deliveries
     where event_id = ${eventId}
     group by status`.execute(app.db)
  const counts = Object.fromEntries(rows.map(({ status, count }) => [status, count]))
  assert.deepEqual([counts['sent'] ?? 0, counts['skipped'] ?? 0], [soFar, ids.length - soFar])
})

test('a message that was taken before is not tried again', async (t) => {
  const app = await startApp(t, { now: NOON })
  const guest = await anInvitation(app.db)
  const { calls } = withProvider(t, [app.deps], () => coded(null, 500), BOTH)
  const id = await requested(app, guest)
  await run(app, id)

  await cancel(app, guest.eventId)
  app.setNow('2029-06-01T19:00:00Z')
  await sweep(app)
  await run(app, id)

  assert.equal(calls.length, 1)
  assert.deepEqual([(await rowOf(app.db, id)).status, (await rowOf(app.db, id)).reason], ['skipped', 'event_cancelled'])
})

for (const [locale, words] of [
  ['es-MX', 'El evento se canceló'],
  ['en', 'The event is cancelled'],
] as const) {
  test(`the page says it (${locale}), takes no answer, and the calendar entry is withdrawn`, async (t) => {
    const app = await startApp(t, { now: NOON })
    const eventId = await anEvent(app.db)
    const { code, guestId } = await aGuest(app.db, eventId, { locale })
    const before = (await app.get(`/public/invite/${code}/event.ics`)).body
    await cancel(app, eventId)

    const page = await app.get(`/i/${code}`)
    const view = (await app.get(`/public/invite/${code}`, { headers: { accept: 'application/json' } })).json()
    const answer = await app.post(`/public/invite/${code}/rsvp`, { body: { answer: 'yes' } })
    const written = await app.post(`/events/${eventId}/guests/${guestId}/rsvp`, {
      as: 'organizer',
      body: { answer: 'yes' },
    })
    const calendar = (await app.get(`/public/invite/${code}/event.ics`)).body

    assert.ok(page.body.includes(words) && !page.body.includes('<form'))
    assert.deepEqual([view.status, view.isOpen], ['cancelled', false])
    assert.deepEqual([answer.statusCode, answer.json().code], [409, 'event_cancelled'])
    assert.deepEqual([written.statusCode, written.json().code], [409, 'event_cancelled'])
    assert.ok(before.includes('SEQUENCE:0\r\n') && before.includes('STATUS:CONFIRMED'))
    assert.ok(calendar.includes('SEQUENCE:1\r\n') && calendar.includes('STATUS:CANCELLED'))
  })
}

test('a yes by WhatsApp changes nothing and is told that the event is cancelled', async (t) => {
  const app = await startApp(t, { now: NOON })
  const { calls } = withProvider(t, [app.deps], () => undefined, BOTH)
  const guest = await anInvitation(app.db)
  await cancel(app, guest.eventId)

  await hear(app, aMessage(guest.phone, NOON, 'sí, ahí estaremos'))
  await sweep(app)

  const { rows } = await sql<{ id: string; template: string; answer: string }>`
    select d.id, d.template, i.answer
      from deliveries d
      join invitations i on i.event_id = d.event_id and i.guest_id = d.guest_id
     where d.event_id = ${guest.eventId}`.execute(app.db)
  assert.deepEqual([rows[0]?.template, rows[0]?.answer], ['event_cancelled', 'pending'])
  assert.equal(await run(app, rows[0]!.id), 'sent')
  assert.equal(calls.length, 1)
})

test('the nights leave a cancelled event as it is, and its guests count in no rate', async (t) => {
  const app = await startApp(t, { now: NOON })
  const organizerId = await anOrganizer(app.db)
  const eventId = await anEvent(app.db, { organizerId, startsAt: '2029-06-10T00:00:00Z' })
  await aGuest(app.db, eventId, { answer: 'yes' })
  await app.post(`/events/${eventId}/cancel`, { as: 'director' })
  app.setNow('2031-01-01T00:00:00Z')

  await app.runJob(runLandingTtlJob, {})
  await sql`select refresh_kpis(${new Date('2031-01-01')}::timestamptz)`.execute(app.db)
  const overview = (await app.get(`/director/overview?organizerId=${organizerId}`, { as: 'director' })).json()

  const { events, guests } = overview
  assert.deepEqual([events.total, events.byStatus.cancelled, events.byStatus.expired], [1, 1, 0])
  assert.deepEqual([guests.total, guests.confirmationRate], [0, null])
})
