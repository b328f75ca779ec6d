import assert from 'node:assert/strict'
import test from 'node:test'
import { sql } from '../platform/db.ts'
import { aMessage, hear } from '../../test/conversations.ts'
import { startApp, tokenFor, type TestApp } from '../../test/harness.ts'
import { aGuest, anEvent, anInvitation, anOrganizer } from '../../test/make.ts'
import { watchConversations } from './stream.ts'

const NOW = '2029-06-01T18:00:00.000Z'
const PACE = { pollMs: 5, heartbeatMs: 60_000, lifeMs: 60_000, overlapMs: 30_000 }
type Told = {
  eventId: string
  id: string
  text: string
  intent: string | null
  outcome: string | null
  guestId: string
}

function watch({ deps }: TestApp, eventId: string, lastEventId: string | null, pace = PACE) {
  const leaving = new AbortController()
  const watched = { scope: 'org_test', eventId, requestId: 'req_1', lastEventId, signal: leaving.signal }
  const events = watchConversations(deps, watched, pace)
  return {
    async next(): Promise<Told> {
      for (;;) {
        const { value, done } = await events.next()
        assert.ok(!done, 'the stream has ended')
        const found = /^id: (.*)\nevent: message\ndata: (.*)\n\n$/.exec(value)
        if (found) return { ...JSON.parse(found[2]!), eventId: found[1]! }
      }
    },
    events,
    leave: () => leaving.abort(),
  }
}

test('a stream tells each new message once, with what it was understood as', async (t) => {
  const app = await startApp(t, { now: NOW })
  const eventId = await anEvent(app.db)
  const [guest, other] = [await aGuest(app.db, eventId), await anInvitation(app.db)]
  const stream = watch(app, eventId, null)
  await hear(app, aMessage(other.phone, NOW, 'de otro evento'), aMessage(guest.phone, NOW, 'sí voy'))

  const first = await stream.next()
  app.setNow('2029-06-01T18:00:02.000Z')
  await hear(app, aMessage(guest.phone, NOW, 'gracias'))
  const second = await stream.next()
  stream.leave()
  const end = await stream.events.next()

  assert.deepEqual(
    [first.text, first.intent, first.outcome, first.guestId],
    ['sí voy', 'yes', 'answered', guest.guestId],
  )
  assert.deepEqual([second.text, second.eventId, end.done], ['gracias', '2029-06-01T18:00:02.000Z', true])
})

test('a client that reconnects with the id of its last event misses nothing, not even what was committed late', async (t) => {
  const app = await startApp(t, { now: NOW })
  const guest = await anInvitation(app.db)
  const stream = watch(app, guest.eventId, null)
  await hear(app, aMessage(guest.phone, NOW, 'uno'))
  const { eventId: lastId, id: lastMessage } = await stream.next()
  stream.leave()

  // It was received before the last one, by a transaction that ended after it.
  app.setNow('2029-06-01T17:59:55.000Z')
  await hear(app, aMessage(guest.phone, NOW, 'tarde'))
  app.setNow('2029-06-01T21:00:00.000Z')
  await hear(app, aMessage(guest.phone, NOW, 'dos'), aMessage(guest.phone, NOW, 'tres'))
  const again = watch(app, guest.eventId, lastId)
  const told = [await again.next(), await again.next(), await again.next(), await again.next()]
  again.leave()

  assert.deepEqual(told.map(({ text }) => text).toSorted(), ['dos', 'tarde', 'tres', 'uno'])
  // What is told again says so by its id.
  assert.equal(told.find(({ text }) => text === 'uno')!.id, lastMessage)
})

test('a long absence is caught up in batches', async (t) => {
  const app = await startApp(t, { now: NOW })
  const guest = await anInvitation(app.db)
  // Of one instant, as a large webhook is.
  await sql`
    insert into wa_messages (id, inbound_event_id, phone, type, body, sent_at, received_at)
    select ${`wamid.${guest.guestId}.`} || n, 'in', ${guest.phone}, 'text', n::text, ${NOW}, ${NOW}
      from generate_series(1, 1203) n`.execute(app.db)
  const stream = watch(app, guest.eventId, NOW)

  const seen = new Set<string>()
  while (seen.size < 1203) seen.add((await stream.next()).id)
  stream.leave()

  assert.equal((await stream.events.next()).done, true)
})

test('a quiet stream sends heartbeats, and ends with its token', async (t) => {
  const app = await startApp(t, { now: NOW })
  const { eventId } = await anInvitation(app.db)
  const { signal } = new AbortController()
  const events = watchConversations(
    app.deps,
    { scope: null, eventId, requestId: 'req_1', lastEventId: 'nonsense', signal, tokenMs: 500 },
    { ...PACE, heartbeatMs: 10 },
  )

  const said: string[] = []
  for await (const event of events) said.push(event)

  assert.equal(said[0], ': watching\n\n')
  assert.ok(said.includes(': still here\n\n'))
})

test('the stream is 404 for another organizer, and text/event-stream for its own until the token expires', async (t) => {
  const app = await startApp(t)
  const own = await anInvitation(app.db)
  const foreign = await anInvitation(app.db, { event: { organizerId: await anOrganizer(app.db) } })
  const expiring = { ...app.deps, now: () => new Date(app.deps.now().getTime() - 898_000) }
  const authorization = `Bearer ${await tokenFor(expiring, 'viewer')}`
  const look = ({ eventId }: { eventId: string }) =>
    app.get(`/events/${eventId}/conversations/stream`, { headers: { authorization } })

  const [refused, stream] = await Promise.all([look(foreign), look(own)])

  assert.deepEqual([refused.statusCode, refused.json().code], [404, 'event_not_found'])
  assert.equal(stream.statusCode, 200)
  assert.match(String(stream.headers['content-type']), /^text\/event-stream/)
  assert.match(stream.body, /^: watching\n\n/)
})
