/** What is decided when a job runs, and not when the message was asked for. */
import assert from 'node:assert/strict'
import test from 'node:test'
import { sql, type Db } from '../platform/db.ts'
import { startApp, type TestApp } from '../../test/harness.ts'
import { aGuest, anEvent } from '../../test/make.ts'
import { deliverInvitation } from './jobs.ts'

const NOON = '2029-06-01T18:00:00.000Z' // in Mexico City
const NIGHT = '2029-06-02T05:30:00.000Z' // 23:30 there
const env = { DELIVERY_QUIET_HOURS: '22:00-09:00' }

const run = (app: TestApp, deliveryId: string) => app.runJob(deliverInvitation, { deliveryId })
async function requested(app: TestApp, eventId: string, body: object = {}): Promise<string> {
  const { guestId } = await aGuest(app.db, eventId)
  const reply = await app.post(`/events/${eventId}/guests/${guestId}/send`, { as: 'organizer', body })
  assert.equal(reply.statusCode, 202)
  return reply.json().deliveryId
}
const rowOf = async (db: Db, id: string) =>
  (
    await sql<{
      status: string
      reason: string | null
      waitingFor: string | null
      attempts: number
      nextAttemptAt: Date | null
    }>`
      select status, reason, waiting_for, attempts, next_attempt_at from deliveries where id = ${id}`.execute(db)
  ).rows[0]!

test('a campaign that is still queued at night waits for the morning of the event; one that is asked for at night rings', async (t) => {
  const app = await startApp(t, { now: NOON, env })
  const eventId = await anEvent(app.db)
  await aGuest(app.db, eventId)
  const body = { template: 'event_invitation', channel: 'auto', filter: {} }
  const path = `/events/${eventId}/campaigns`
  const { preflightId } = (await app.post(path, { as: 'organizer', body: { ...body, dryRun: true } })).json()
  const launch = await app.post(path, { as: 'organizer', body: { ...body, preflightId } })
  const { rows } = await sql<{ id: string }>`select id from deliveries where campaign_id = ${preflightId}`.execute(
    app.db,
  )

  app.setNow(NIGHT)
  const single = await requested(app, eventId)
  const atNight = [await run(app, rows[0]!.id), await run(app, single)]
  const { waitingFor, attempts, nextAttemptAt } = await rowOf(app.db, rows[0]!.id)
  app.setNow('2029-06-02T15:00:00.000Z')
  const inTheMorning = await run(app, rows[0]!.id)

  assert.equal(launch.statusCode, 202)
  assert.deepEqual([atNight, inTheMorning], [['quiet_hours', 'sent'], 'sent'])
  assert.deepEqual([waitingFor, attempts, nextAttemptAt?.toISOString()], ['quiet_hours', 0, '2029-06-02T15:00:00.000Z'])
})

for (const [template, variables, expected] of [
  ['event_invitation', {}, 'event_over'],
  ['event_reminder', {}, 'event_over'],
  ['event_thanks', {}, 'sent'],
  ['event_update', { update_text: 'Se quedó una bufanda.' }, 'sent'],
] as const) {
  test(`${template} whose turn comes after the end of the event: ${expected}`, async (t) => {
    const app = await startApp(t, { now: NOON, env })
    const eventId = await anEvent(app.db, { startsAt: '2029-06-01T19:00:00Z', endsAt: '2029-06-01T20:00:00Z' })
    const deliveryId = await requested(app, eventId, { template, variables })

    app.setNow('2029-06-01T20:00:00.000Z')
    const outcome = await run(app, deliveryId)

    const { status, reason, attempts } = await rowOf(app.db, deliveryId)
    assert.equal(outcome, expected)
    assert.deepEqual([status, reason, attempts], expected === 'sent' ? ['sent', null, 1] : ['skipped', 'event_over', 0])
  })
}

test('a message whose turn comes in the last moment of the event is sent', async (t) => {
  const app = await startApp(t, { now: NOON, env })
  const eventId = await anEvent(app.db, { startsAt: '2029-06-01T19:00:00Z', endsAt: '2029-06-01T20:00:00Z' })
  const deliveryId = await requested(app, eventId)

  app.setNow('2029-06-01T19:59:59.999Z')

  assert.equal(await run(app, deliveryId), 'sent')
})
