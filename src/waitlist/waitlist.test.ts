import assert from 'node:assert/strict'
import { test } from 'node:test'
import { sql, withTx } from '../platform/db.ts'
import type { User } from '../http/access.ts'
import { startApp, type TestApp } from '../../test/harness.ts'
import { aGuest, anEvent, anOrganizer, type MadeGuest } from '../../test/make.ts'
import { NOON, rowOf, run } from '../../test/deliveries.ts'
import { givePlaces } from './jobs.ts'

const after = (minutes: number) => new Date(Date.parse(NOON) + minutes * 60_000).toISOString()
const answer = (app: TestApp, { code }: MadeGuest, body: object) => app.post(`/public/invite/${code}/rsvp`, { body })
const join = (app: TestApp, { code }: MadeGuest, body: object = {}) =>
  app.post(`/public/invite/${code}/waitlist`, { body })
const give = (app: TestApp) => app.runJob(givePlaces, {})
const listed = async (app: TestApp, eventId: string): Promise<string[]> =>
  (await app.get(`/events/${eventId}/waitlist`, { as: 'organizer' }))
    .json()
    .data.map(({ guestId }: { guestId: string }) => guestId)
const answerOf = async (app: TestApp, { invitationId }: MadeGuest) => {
  const { rows } = await sql<{ answer: string; answeredPlaces: number | null; answeredBy: string | null }>`
    select answer, answered_places, answered_by from invitations where id = ${invitationId}`.execute(app.db)
  return [rows[0]!.answer, rows[0]!.answeredPlaces, rows[0]!.answeredBy]
}
const told = async (app: TestApp, eventId: string): Promise<string[]> => {
  const { rows } = await sql<{ guestId: string }>`
    select guest_id from deliveries where event_id = ${eventId} and template = 'waitlist_place' order by id`.execute(
    app.db,
  )
  return rows.map(({ guestId }) => guestId)
}
const takenOf = async (app: TestApp, eventId: string) =>
  (
    await sql<{ taken: number }>`
      select coalesce(sum(door_places(answer, answered_places, places)), 0)::integer as taken
        from invitations where event_id = ${eventId} and answer = 'yes'`.execute(app.db)
  ).rows[0]!.taken

/** A full event for `capacity`, its guests who come, and parties who wait in this order. */
async function aFullEvent(app: TestApp, capacity: number, waiting: number[]) {
  const eventId = await anEvent(app.db, { capacity })
  const coming = await Promise.all(Array.from({ length: capacity }, () => aGuest(app.db, eventId, { answer: 'yes' })))
  await sql`update invitations set answered_places = 1 where event_id = ${eventId}`.execute(app.db)
  const line: MadeGuest[] = []
  for (const [n, partySize] of waiting.entries()) {
    const guest = await aGuest(app.db, eventId, { partySize })
    app.setNow(after(n))
    assert.equal((await join(app, guest)).statusCode, 200)
    line.push(guest)
  }
  return { eventId, coming, line }
}

test('the first in line whose party fits is confirmed, and told once', async (t) => {
  const app = await startApp(t, { now: NOON })
  const { eventId, coming, line } = await aFullEvent(app, 3, [2, 1, 1])
  const [family, first, second] = line as [MadeGuest, MadeGuest, MadeGuest]
  await give(app)
  assert.deepEqual(await told(app, eventId), [])
  assert.deepEqual(
    await listed(app, eventId),
    line.map(({ guestId }) => guestId),
  )

  await answer(app, coming[0]!, { answer: 'no' })
  await give(app)
  await give(app)

  assert.deepEqual(await answerOf(app, first), ['yes', 1, 'waitlist'])
  assert.deepEqual(
    [await told(app, eventId), await listed(app, eventId)],
    [[first.guestId], [family.guestId, second.guestId]],
  )
  await answer(app, coming[1]!, { answer: 'no' })
  await answer(app, coming[2]!, { answer: 'no' })
  app.setNow(after(10))
  await give(app)
  assert.deepEqual(await answerOf(app, family), ['yes', 2, 'waitlist'])
  const given = (await app.get(`/events/${eventId}/waitlist/given`, { as: 'viewer' })).json().data
  assert.deepEqual(
    given.map((one: Record<string, unknown>) => [one['guestId'], one['partySize'], one['confirmedAt'], one['message']]),
    [
      [family.guestId, 2, after(10), 'scheduled'],
      [first.guestId, 1, after(2), 'scheduled'],
    ],
  )
  assert.deepEqual([await listed(app, eventId), await takenOf(app, eventId)], [[second.guestId], 3])
  const { rows } = await sql`
    select channel, status, requested_by from deliveries where event_id = ${eventId}`.execute(app.db)
  assert.deepEqual(rows[0], { channel: 'whatsapp', status: 'scheduled', requestedBy: 'waitlist' })
})

test('five who decline at once pass their places to the first five in line, exactly once', async (t) => {
  const app = await startApp(t, { now: NOON })
  const { eventId, coming, line } = await aFullEvent(
    app,
    6,
    Array.from({ length: 8 }, () => 1),
  )
  const others = await Promise.all(Array.from({ length: 4 }, () => aGuest(app.db, eventId)))

  await Promise.all([
    ...coming.slice(0, 5).map((guest) => answer(app, guest, { answer: 'no' })),
    ...others.map((guest) => answer(app, guest, { answer: 'yes' })),
    give(app),
    give(app),
  ])
  await Promise.all([give(app), give(app), give(app)])

  const firstFive = line.slice(0, 5).map(({ guestId }) => guestId)
  assert.deepEqual((await told(app, eventId)).toSorted(), firstFive.toSorted())
  assert.equal(await takenOf(app, eventId), 6)
  for (const guest of line.slice(0, 5)) assert.deepEqual(await answerOf(app, guest), ['yes', 1, 'waitlist'])
  for (const guest of others) assert.equal((await answerOf(app, guest))[0], 'pending')
})

test('who waits and says no at the moment of getting a place is not coming, and the next one is', async (t) => {
  const app = await startApp(t, { now: NOON })
  const { eventId, coming, line } = await aFullEvent(app, 1, [1, 1])
  const [first, second] = line as [MadeGuest, MadeGuest]
  await answer(app, coming[0]!, { answer: 'no' })

  const [, no] = await Promise.all([give(app), answer(app, first, { answer: 'no' }), give(app)])
  await give(app)

  assert.equal(no.statusCode, 200)
  assert.equal((await answerOf(app, first))[0], 'no')
  assert.deepEqual(await answerOf(app, second), ['yes', 1, 'waitlist'])
  assert.deepEqual([await listed(app, eventId), await takenOf(app, eventId)], [[], 1])
})

test('places come from a smaller party, a deleted guest and more capacity, too', async (t) => {
  const app = await startApp(t, { now: NOON })
  const { eventId, coming, line } = await aFullEvent(app, 2, [1, 1, 1, 2])
  const both = await aGuest(app.db, eventId, { partySize: 2, answer: 'yes' })
  await sql`update invitations set answered_places = 2 where id = ${both.invitationId}`.execute(app.db)
  await app.patch(`/events/${eventId}`, { as: 'organizer', body: { capacity: 4 } })

  await answer(app, both, { answer: 'yes', partySize: 1 })
  await give(app)
  assert.deepEqual(await told(app, eventId), [line[0]!.guestId])

  await app.delete(`/events/${eventId}/guests/${coming[0]!.guestId}`, { as: 'organizer' })
  await give(app)
  assert.deepEqual(await told(app, eventId), [line[0]!.guestId, line[1]!.guestId])

  await app.patch(`/events/${eventId}`, { as: 'organizer', body: { capacity: null } })
  await give(app)
  assert.deepEqual(await listed(app, eventId), [])
})

test('while somebody waits, a free place is not for another guest, unless the organizer says so', async (t) => {
  const app = await startApp(t, { now: NOON })
  const { eventId, coming, line } = await aFullEvent(app, 2, [2])
  const other = await aGuest(app.db, eventId)
  await answer(app, coming[0]!, { answer: 'no' })

  const refused = await answer(app, other, { answer: 'yes' })
  const own = await answer(app, line[0]!, { answer: 'yes', partySize: 1 })
  await app.post(`/events/${eventId}/guests/${coming[1]!.guestId}/rsvp`, { as: 'organizer', body: { answer: 'no' } })
  await join(app, coming[0]!)
  const written = await app.post(`/events/${eventId}/guests/${other.guestId}/rsvp`, {
    as: 'organizer',
    body: { answer: 'yes' },
  })

  assert.deepEqual([refused.statusCode, refused.json().code], [409, 'capacity_reached'])
  assert.deepEqual([own.statusCode, own.json().waitlist], [200, null])
  assert.equal(written.statusCode, 200)
  assert.deepEqual(await listed(app, eventId), [coming[0]!.guestId])
})

test('a guest joins in the form after a full answer, and the page says what they wait for', async (t) => {
  const app = await startApp(t, { now: NOON })
  const { eventId } = await aFullEvent(app, 1, [])
  const guest = await aGuest(app.db, eventId, { partySize: 3 })
  const form = (path: string, payload: string) =>
    app.post(`/public/invite/${guest.code}/${path}`, {
      headers: { 'content-type': 'application/x-www-form-urlencoded', accept: 'text/html' },
      payload,
    })

  const full = await form('rsvp', 'answer=yes&partySize=2')
  const joined = await form('waitlist', 'partySize=2')
  const page = (await app.get(`/i/${guest.code}`)).body
  const view = (await app.get(`/public/invite/${guest.code}`, { headers: { accept: 'application/json' } })).json()
  app.setNow(after(5))
  const again = (await join(app, guest, { partySize: 1 })).json()

  app.setNow('2030-01-01T00:00:00Z') // it starts
  await answer(app, guest, { answer: 'no' })
  const late = await form('rsvp', 'answer=yes&partySize=2')

  assert.deepEqual([full.statusCode, late.statusCode], [409, 409])
  assert.ok(full.body.includes(`action="/public/invite/${guest.code}/waitlist"`))
  assert.ok(!late.body.includes('/waitlist"'))
  assert.equal(joined.statusCode, 303)
  assert.ok(page.includes('Estás en la lista de espera (2 lugares)') && !page.includes('/waitlist"'))
  assert.deepEqual(view.waitlist, { partySize: 2, joinedAt: NOON })
  assert.deepEqual(again.waitlist, { partySize: 1, joinedAt: NOON })
})

test('the organizer sees the line by pages, adds a guest and takes one off', async (t) => {
  const app = await startApp(t, { now: NOON })
  const { eventId, line } = await aFullEvent(app, 1, [1, 1])
  const guest = await aGuest(app.db, eventId, { partySize: 2 })
  app.setNow(after(9))
  const path = `/events/${eventId}/waitlist`

  const added = await app.post(path, { as: 'organizer', body: { guestId: guest.guestId, partySize: 1 } })
  const first = (await app.get(`${path}?limit=2`, { as: 'viewer' })).json()
  const second = (await app.get(`${path}?limit=2&cursor=${first.page.nextCursor}`, { as: 'director' })).json()
  const removed = await app.delete(`${path}/${line[0]!.guestId}`, { as: 'organizer' })
  const twice = await app.delete(`${path}/${line[0]!.guestId}`, { as: 'organizer' })

  const { requestId: _, ...entry } = added.json()
  assert.equal(added.statusCode, 201)
  assert.deepEqual(entry, {
    ...{ guestId: guest.guestId, name: 'Ana Prueba', partySize: 1, joinedAt: after(9) },
    addedBy: 'usr_test_organizer',
  })
  assert.deepEqual(
    [...first.data, ...second.data].map(({ guestId }: { guestId: string }) => guestId),
    [...line, guest].map(({ guestId }) => guestId),
  )
  assert.deepEqual([removed.json().status, twice.json().code], ['deleted', 'not_waiting'])
  assert.deepEqual(await listed(app, eventId), [line[1]!.guestId, guest.guestId])
})

test('of another organizer everything is 404, and a viewer changes nothing', async (t) => {
  const app = await startApp(t, { now: NOON })
  const { eventId, line } = await aFullEvent(app, 1, [1])
  const stranger: User = { id: 'usr_x', role: 'organizer', organizerId: await anOrganizer(app.db) }
  const [{ guestId }] = line as [MadeGuest]
  const path = `/events/${eventId}/waitlist`

  const codes = [
    await app.get(path, { as: stranger }),
    await app.get(`${path}/given`, { as: stranger }),
    await app.post(path, { as: stranger, body: { guestId } }),
    await app.delete(`${path}/${guestId}`, { as: stranger }),
    await app.post(path, { as: 'viewer', body: { guestId } }),
    await app.post(path, { as: 'organizer', body: { guestId: 'g_none' } }),
    await app.post(path, { as: 'organizer', body: {} }),
    await app.post('/public/invite/NO-SUCH-CODE/waitlist', { body: {} }),
  ].map((reply) => reply.json().code)

  assert.deepEqual(codes, [
    ...['event_not_found', 'event_not_found', 'guest_not_found', 'event_not_found', 'forbidden', 'guest_not_found'],
    ...['invalid_request', 'invitation_not_found'],
  ])
  assert.deepEqual(await listed(app, eventId), [guestId])
})

test('nobody joins for more people than are invited, nor who comes already, nor once it is too late', async (t) => {
  const app = await startApp(t, { now: NOON })
  const { eventId, coming, line } = await aFullEvent(app, 1, [1])
  const guest = await aGuest(app.db, eventId)
  const put = () => app.post(`/events/${eventId}/waitlist`, { as: 'organizer', body: { guestId: guest.guestId } })
  const codeOf = async (reply: ReturnType<typeof put>) => (await reply).json().code

  assert.equal(await codeOf(join(app, guest, { partySize: 2 })), 'places_exceeded')
  assert.equal(await codeOf(join(app, coming[0]!)), 'already_confirmed')
  await app.patch(`/events/${eventId}`, { as: 'organizer', body: { rsvpUntil: NOON } })
  assert.equal(await codeOf(join(app, guest)), 'rsvp_closed')
  assert.equal((await put()).statusCode, 201)
  // A place that becomes free after the cutoff is still given.
  await app.post(`/events/${eventId}/guests/${coming[0]!.guestId}/rsvp`, { as: 'organizer', body: { answer: 'no' } })
  await give(app)
  assert.deepEqual(await answerOf(app, line[0]!), ['yes', 1, 'waitlist'])

  app.setNow('2030-01-01T00:00:00Z') // it starts
  assert.equal(await codeOf(put()), 'event_not_open')
  await app.patch(`/events/${eventId}`, { as: 'organizer', body: { capacity: 5 } })
  await give(app)
  assert.deepEqual(await listed(app, eventId), [guest.guestId])
  app.setNow(NOON)
  await app.post(`/events/${eventId}/cancel`, { as: 'organizer' })
  assert.equal(await codeOf(put()), 'event_cancelled')
  await give(app)
  assert.equal((await answerOf(app, guest))[0], 'pending')
})

const anonymize = (app: TestApp, { eventId, guestId }: MadeGuest) =>
  app.post(`/events/${eventId}/guests/${guestId}/anonymize`, { as: 'organizer' })

test('an anonymised guest cannot wait and holds up nobody', async (t) => {
  const app = await startApp(t, { now: NOON })
  const { eventId, coming, line } = await aFullEvent(app, 1, [1])
  const [gone, other] = [await aGuest(app.db, eventId), await aGuest(app.db, eventId)]
  await anonymize(app, gone)

  const body = { guestId: gone.guestId }
  for (const reply of [await join(app, gone), await app.post(`/events/${eventId}/waitlist`, { as: 'organizer', body })])
    assert.deepEqual([reply.statusCode, reply.json().code], [410, 'invitation_revoked'])
  assert.deepEqual(await listed(app, eventId), [line[0]!.guestId])

  // Even an entry that was left behind is not in the way.
  await app.delete(`/events/${eventId}/waitlist/${line[0]!.guestId}`, { as: 'organizer' })
  await sql`
    insert into waitlist_entries (event_id, guest_id, party_size, joined_at)
    values (${eventId}, ${gone.guestId}, 1, ${NOON})`.execute(app.db)
  await answer(app, coming[0]!, { answer: 'no' })
  await give(app)
  assert.equal((await answer(app, other, { answer: 'yes' })).statusCode, 200)
  assert.equal((await answerOf(app, gone))[0], 'pending')
})

for (const way of ['guest', 'organizer'])
  test(`who is anonymised at the moment of joining (by ${way}) does not wait`, async (t) => {
    const app = await startApp(t, { now: NOON })
    const eventId = await anEvent(app.db, { capacity: 1 })
    const guest = await aGuest(app.db, eventId)
    const { guestId, invitationId } = guest
    const [joining] = await withTx(app.db, async (tx) => {
      // As anonymising does: it locks the guest, and then revokes the invitation.
      await sql`select from guests where event_id = ${eventId} and id = ${guestId} for update`.execute(tx)
      const body = { guestId }
      const sent =
        way === 'guest' ? join(app, guest) : app.post(`/events/${eventId}/waitlist`, { as: 'organizer', body })
      await Promise.race([sent, untilBlocked(app)])
      await sql`update invitations set revoked_at = ${NOON} where id = ${invitationId}`.execute(tx)
      return [sent]
    })
    const reply = await joining
    assert.deepEqual([reply.statusCode, reply.json().code], [410, 'invitation_revoked'])
    assert.deepEqual(await listed(app, eventId), [])
  })

/** Waits until a statement of this database waits for a lock. */
async function untilBlocked({ db }: TestApp): Promise<void> {
  for (;;) {
    const { rows } = await sql`
      select 1 from pg_stat_activity where datname = current_database() and wait_event_type = 'Lock'`.execute(db)
    if (rows.length > 0) return
  }
}

test('the places of an anonymised guest who did not come are given to others, and those inside keep theirs', async (t) => {
  const app = await startApp(t, { now: NOON })
  const { eventId, line } = await aFullEvent(app, 1, [])
  await app.patch(`/events/${eventId}`, { as: 'organizer', body: { capacity: 4 } })
  const family = await aGuest(app.db, eventId, { partySize: 3, answer: 'yes' })
  const [first, second] = [await aGuest(app.db, eventId), await aGuest(app.db, eventId, { partySize: 2 })]
  await sql`update invitations set admitted = 1 where id = ${family.invitationId}`.execute(app.db)
  await anonymize(app, family)

  assert.equal((await answer(app, second, { answer: 'yes' })).statusCode, 200)
  assert.equal((await answer(app, first, { answer: 'yes' })).json().code, 'capacity_reached')
  await answer(app, second, { answer: 'yes', partySize: 1 })
  await join(app, first)
  await give(app)
  assert.deepEqual([await answerOf(app, first), line], [['yes', 1, 'waitlist'], []])
  assert.deepEqual((await answerOf(app, family)).slice(0, 2), ['yes', 3])
})

test('who says no before the message leaves is not told that they are confirmed', async (t) => {
  const app = await startApp(t, { now: NOON })
  const { eventId, coming, line } = await aFullEvent(app, 1, [1, 1])
  await answer(app, coming[0]!, { answer: 'no' })
  await give(app)
  await answer(app, line[0]!, { answer: 'no' })
  await give(app)

  const { rows } = await sql<{ id: string }>`
    select id from deliveries where event_id = ${eventId} order by id`.execute(app.db)
  for (const { id } of rows) await run(app, id)
  const [ofFirst, ofSecond] = [await rowOf(app.db, rows[0]!.id), await rowOf(app.db, rows[1]!.id)]
  assert.deepEqual([ofFirst.status, ofFirst.reason], ['skipped', 'not_confirmed'])
  assert.deepEqual([ofSecond.status, ofSecond.reason], ['sent', null])
})
