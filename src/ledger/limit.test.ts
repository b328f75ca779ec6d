import assert from 'node:assert/strict'
import { test, type TestContext } from 'node:test'
import { startApp } from '../../test/harness.ts'
import { anAssignment } from '../../test/ledger.ts'
import { aGuest, anEvent, anOrganizer } from '../../test/make.ts'

async function openDoor(t: TestContext, limit: 'warn' | 'block') {
  const app = await startApp(t, { now: '2030-06-03T18:00:00.000Z', env: { TICKET_LIMIT: limit } })
  const organizerId = await anOrganizer(app.db)
  const eventId = await anEvent(app.db, {
    organizerId,
    startsAt: '2030-06-10T18:00:00Z',
    endsAt: '2030-06-11T02:00:00Z',
  })
  const invite = async (body: object = {}) => {
    const { guestId } = await aGuest(app.db, eventId)
    const reply = await app.post(`/events/${eventId}/guests/${guestId}/send`, { as: 'director', body })
    return [reply.statusCode, reply.json().code ?? null, reply.headers['x-tickets-left'] ?? null]
  }
  const launch = async () => {
    const body = { template: 'event_invitation', dryRun: true }
    const reply = await app.post(`/events/${eventId}/campaigns`, { as: 'director', body })
    return [reply.statusCode, reply.json().code ?? null]
  }
  return { app, organizerId, eventId, invite, launch }
}

test('TICKET_LIMIT=warn sends without tickets, and says so', async (t) => {
  const { app, organizerId, invite } = await openDoor(t, 'warn')

  assert.deepEqual(await invite(), [202, null, '0'])
  assert.ok(app.lines.some(({ level, msg }) => level === 'warn' && msg.includes('without tickets left')))
  await anAssignment(app.db, organizerId, { kind: 'loan', tickets: 5, cents: 0 })
  app.setNow('2030-06-03T18:00:06.000Z')
  assert.deepEqual(await invite(), [202, null, null])
})

test('TICKET_LIMIT=block refuses invitations without tickets, and nothing else', async (t) => {
  const { app, organizerId, eventId, invite, launch } = await openDoor(t, 'block')
  const { guestId } = await aGuest(app.db, eventId)
  const key = { 'idempotency-key': 'limit-1' }
  const send = () => app.post(`/events/${eventId}/guests/${guestId}/send`, { as: 'director', body: {}, headers: key })

  assert.deepEqual(await invite(), [409, 'no_tickets_left', null])
  assert.deepEqual(await launch(), [409, 'no_tickets_left'])
  assert.equal((await send()).statusCode, 409)
  assert.deepEqual((await invite({ template: 'event_reminder' }))[0], 202)
  const foreign = await app.post(`/events/${eventId}/guests/${guestId}/send`, { as: 'organizer', body: {} })
  assert.deepEqual([foreign.statusCode, foreign.json().code], [404, 'event_not_found'], 'says nothing about others')

  await anAssignment(app.db, organizerId, { kind: 'prepaid', tickets: 5, cents: 0 })
  app.setNow('2030-06-03T18:00:06.000Z')
  assert.deepEqual(await invite(), [202, null, null])
  assert.equal((await send()).statusCode, 202, 'the same key passes once there are tickets')
  assert.equal((await launch())[0], 200)
})
