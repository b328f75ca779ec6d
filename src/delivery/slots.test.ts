/** Requests and deliveries that compete for one slot. */
import assert from 'node:assert/strict'
import test from 'node:test'
import { sql } from '../platform/db.ts'
import { startApp } from '../../test/harness.ts'
import { aGuest, anEvent } from '../../test/make.ts'
import { deleteOldRows } from '../operations/housekeeping.ts'
import { NOON, requested, rowOf, run } from '../../test/deliveries.ts'
import { BOTH, withProvider } from '../../test/provider.ts'

test('a request that loses a deadlock gets 503 with Retry-After', async (t) => {
  const app = await startApp(t, { now: NOON })
  const guest = await aGuest(app.db, await anEvent(app.db))
  await sql
    .raw(
      `create function lose_deadlock() returns trigger language plpgsql as $$ begin
        raise exception 'deadlock detected' using errcode = '40P01'; end $$;
      create trigger lose_deadlock before insert on delivery_slots for each row execute function lose_deadlock()`,
    )
    .execute(app.db)
  t.after(() => sql`drop trigger lose_deadlock on delivery_slots`.execute(app.db).then(() => undefined))

  const reply = await app.post(`/events/${guest.eventId}/guests/${guest.guestId}/send`, { as: 'organizer' })

  assert.deepEqual([reply.statusCode, reply.json().code, reply.headers['retry-after']], [503, 'unavailable', '1'])
})

test('a message that was requested again after the dedupe window is skipped as superseded', async (t) => {
  const app = await startApp(t, { now: NOON })
  const provider = withProvider(t, [app.deps])
  const guest = await aGuest(app.db, await anEvent(app.db))
  const old = await requested(app, guest)
  app.setNow('2029-06-02T18:00:01.000Z')
  const young = await requested(app, guest)

  const first = await run(app, young)
  app.setNow('2029-06-02T18:00:10.000Z')
  const second = await run(app, old)

  assert.deepEqual([first, second, provider.calls.length], ['sent', 'superseded', 1])
  assert.equal((await rowOf(app.db, old)).status, 'skipped')
})

test('of two messages parked by a long pause only the later request is sent', async (t) => {
  const app = await startApp(t, { now: NOON })
  const provider = withProvider(t, [app.deps])
  const eventId = await anEvent(app.db)
  const guest = await aGuest(app.db, eventId)
  await app.post(`/events/${eventId}/deliveries/pause`, { as: 'organizer' })
  const old = await requested(app, guest)
  await run(app, old)
  app.setNow('2029-06-02T18:00:01.000Z')
  const young = await requested(app, guest)
  await run(app, young)
  app.setNow('2029-06-13T18:00:00.000Z')
  await app.runJob(deleteOldRows, {})
  await app.post(`/events/${eventId}/deliveries/resume`, { as: 'organizer' })

  const outcomes = [await run(app, old), await run(app, young)]

  assert.deepEqual([outcomes, provider.calls.length], [['superseded', 'sent'], 1])
})

test('a message of a paused channel is superseded by a later request that was sent, even days later', async (t) => {
  const app = await startApp(t, { now: NOON })
  const provider = withProvider(t, [app.deps], () => undefined, BOTH)
  t.after(() => app.post('/ops/channels/whatsapp/resume', { as: 'director' }).then(() => undefined))
  const guest = await aGuest(app.db, await anEvent(app.db))
  await app.post('/ops/channels/whatsapp/pause', { as: 'director', body: { reason: 'x' } })
  const old = await requested(app, guest)
  await run(app, old)
  app.setNow('2029-06-02T18:00:01.000Z')
  const young = await requested(app, guest, { channel: 'email' })
  const second = await run(app, young)
  app.setNow('2029-06-05T18:00:00.000Z')
  await app.post('/ops/channels/whatsapp/resume', { as: 'director' })

  const first = await run(app, old)

  assert.deepEqual([second, first, provider.channels()], ['sent', 'superseded', ['email']])
})

test('without a window nothing is superseded', async (t) => {
  const app = await startApp(t, { now: NOON, env: { DELIVERY_DEDUPE_WINDOW_MIN: '0' } })
  const guest = await aGuest(app.db, await anEvent(app.db))
  const old = await requested(app, guest)
  app.setNow('2029-06-01T18:00:10.000Z')
  const young = await requested(app, guest)
  app.setNow('2029-06-01T18:00:20.000Z')

  assert.deepEqual([await run(app, old), await run(app, young)], ['sent', 'sent'])
})

test('a scheduled reminder is sent although the same reminder was sent weeks before its time', async (t) => {
  const app = await startApp(t, { now: NOON })
  const guest = await aGuest(app.db, await anEvent(app.db))
  const scheduled = await requested(app, guest, { template: 'event_reminder', scheduledAt: '2029-07-01T18:00:00Z' })
  app.setNow('2029-06-03T18:00:00.000Z')
  const now = await requested(app, guest, { template: 'event_reminder' })

  const first = await run(app, now)
  app.setNow('2029-07-01T18:00:00.000Z')
  const second = await run(app, scheduled)

  assert.deepEqual([first, second], ['sent', 'sent'])
})
