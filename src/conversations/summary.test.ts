import assert from 'node:assert/strict'
import test from 'node:test'
import { sql } from '../platform/db.ts'
import { requested, run } from '../../test/deliveries.ts'
import { startApp } from '../../test/harness.ts'
import { aGuest, anEvent, anInvitation, anOrganizer } from '../../test/make.ts'

const NOW = '2029-06-01T18:00:00.000Z'

test('every number of a summary is the length of the list that it links to', async (t) => {
  const app = await startApp(t, { now: NOW })
  const eventId = await anEvent(app.db)
  const facts = [
    { answer: 'yes', partySize: 4, status: 'read' },
    { answer: 'yes', partySize: 2, status: 'read' },
    { answer: 'no', status: 'delivered' },
    { answer: 'maybe', partySize: 3, status: 'failed' },
    { answer: 'pending', partySize: 5, status: null },
  ] as const
  const guests = []
  for (const { status, ...made } of facts) {
    const guest = await aGuest(app.db, eventId, made)
    guests.push(guest)
    if (status === null) continue
    await run(app, await requested(app, guest))
    await sql`update deliveries set status = ${status} where guest_id = ${guest.guestId}`.execute(app.db)
  }
  await sql`update invitations set answered_places = 3 where id = ${guests[0]!.invitationId}`.execute(app.db)
  await sql`update invitations set admitted = 1 where id = ${guests[1]!.invitationId}`.execute(app.db)

  const {
    requestId: _,
    answered,
    places,
    waiting,
    ...rest
  } = (await app.get(`/events/${eventId}/summary`, { as: 'viewer' })).json()

  assert.deepEqual(
    [places, waiting],
    [
      { capacity: null, taken: 5, free: null },
      { guests: 0, persons: 0 },
    ],
  )
  const steps: Record<string, { guests: number; persons: number; url: string }> = { ...rest, ...answered }
  const numbers = Object.entries(steps).map(([name, step]) => [name, step.guests, step.persons])
  assert.deepEqual(numbers, [
    ['guests', 5, 15],
    ['delivered', 1, 1],
    ['read', 2, 6],
    ['admitted', 1, 1],
    ['yes', 2, 5],
    ['no', 1, 1],
    ['maybe', 1, 3],
    ['pending', 1, 5],
  ])
  for (const [name, step] of Object.entries(steps)) {
    const list = await app.get(step.url, { as: 'viewer' })
    assert.equal(list.json().data.length, step.guests, name)
  }
})

test('free places are those that an answer could take, and who waits takes none', async (t) => {
  const app = await startApp(t, { now: NOW })
  const eventId = await anEvent(app.db, { capacity: 6 })
  await aGuest(app.db, eventId, { answer: 'yes', partySize: 3 })
  const revoked = await aGuest(app.db, eventId, { answer: 'yes', partySize: 2 })
  await sql`update invitations set admitted = 1, revoked_at = now() where id = ${revoked.invitationId}`.execute(app.db)
  const { guestId } = await aGuest(app.db, eventId, { partySize: 4 })
  await app.post(`/events/${eventId}/waitlist`, { as: 'organizer', body: { guestId, partySize: 3 } })

  const { places, waiting } = (await app.get(`/events/${eventId}/summary`, { as: 'organizer' })).json()

  assert.deepEqual(
    [places, waiting],
    [
      { capacity: 6, taken: 4, free: 2 },
      { guests: 1, persons: 3 },
    ],
  )
})

test('an event without guests has zeros, and another organizer gets 404', async (t) => {
  const app = await startApp(t, { now: NOW })
  const eventId = await anEvent(app.db)
  const foreign = await anInvitation(app.db, { event: { organizerId: await anOrganizer(app.db) } })

  const empty = await app.get(`/events/${eventId}/summary`, { as: 'organizer' })
  const refused = await app.get(`/events/${foreign.eventId}/summary`, { as: 'organizer' })

  assert.deepEqual([empty.json().guests.guests, empty.json().answered.yes.persons], [0, 0])
  assert.deepEqual([refused.statusCode, refused.json().code], [404, 'event_not_found'])
})
