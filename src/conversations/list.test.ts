import assert from 'node:assert/strict'
import test from 'node:test'
import { sql } from '../platform/db.ts'
import { aMessage, hear } from '../../test/conversations.ts'
import { requested, run } from '../../test/deliveries.ts'
import { startApp, type TestApp } from '../../test/harness.ts'
import { aGuest, anEvent, anInvitation, anOrganizer, aPhone } from '../../test/make.ts'

const NOW = '2029-06-01T18:00:00.000Z'
const minutesAgo = (minutes: number) => new Date(Date.parse(NOW) - minutes * 60_000).toISOString()
const listOf = async (app: TestApp, eventId: string, query = '') =>
  (await app.get(`/events/${eventId}/conversations${query}`, { as: 'organizer' })).json()
const guestsIn = async (app: TestApp, eventId: string, query: string): Promise<string[]> =>
  (await listOf(app, eventId, query)).data.map(({ guestId }: { guestId: string }) => guestId)
const threadOf = async (app: TestApp, { eventId, guestId }: { eventId: string; guestId: string }, query = '') =>
  (await app.get(`/events/${eventId}/conversations/${guestId}${query}`, { as: 'viewer' })).json()

test('the list has one row per guest who wrote or was written to, the last written first', async (t) => {
  const app = await startApp(t, { now: NOW })
  const eventId = await anEvent(app.db)
  const [wrote, invited, silent] = [
    await aGuest(app.db, eventId),
    await aGuest(app.db, eventId),
    await aGuest(app.db, eventId),
  ]
  await run(app, await requested(app, invited))
  await hear(app, aMessage(wrote.phone, minutesAgo(9), 'hola'), aMessage(wrote.phone, minutesAgo(5), 'sí voy'))

  const { data } = await listOf(app, eventId)

  const ids = data.map(({ guestId }: { guestId: string }) => guestId)
  assert.deepEqual(
    ids,
    [wrote, invited].map(({ guestId }) => guestId).toSorted((a) => (a === invited.guestId ? -1 : 1)),
  )
  assert.ok(!ids.includes(silent.guestId))
  const [first] = data.filter(({ guestId }: { guestId: string }) => guestId === wrote.guestId)
  const { lastMessage, unread, windowOpenUntil, assignee } = first
  // The yes was answered with the pass, which is the last message of this conversation.
  assert.deepEqual([lastMessage.source, lastMessage.direction, lastMessage.status], ['automatic', 'out', 'queued'])
  assert.match(lastMessage.text, /quedó confirmada/)
  assert.deepEqual([unread, assignee], [2, null])
  assert.equal(windowOpenUntil, new Date(Date.parse(minutesAgo(5)) + 86_400_000).toISOString())
})

test("the last message of a guest shows its words and what they were understood as, an edited one's last words", async (t) => {
  const app = await startApp(t, { now: NOW })
  const guest = await anInvitation(app.db)
  const message = aMessage(guest.phone, minutesAgo(5), 'sí')
  await hear(
    app,
    message,
    aMessage(guest.phone, minutesAgo(3), '', {
      type: 'edit',
      edit: { original_message_id: message.id, message: { type: 'text', text: { body: 'no podré ir' } } },
    }),
  )
  await sql`delete from deliveries where event_id = ${guest.eventId}`.execute(app.db)

  const { data } = await listOf(app, guest.eventId)

  const { id, text, intent, outcome, at, source } = data[0].lastMessage
  assert.deepEqual(
    [id, text, intent, outcome, at, source],
    [message.id, 'no podré ir', 'no', 'answered', minutesAgo(5), 'guest'],
  )
  assert.equal(data[0].unread, 1)
})

test('unread=true lists what the team has not read, and reading it is for all', async (t) => {
  const app = await startApp(t, { now: NOW })
  const eventId = await anEvent(app.db)
  const [one, two] = [await aGuest(app.db, eventId), await aGuest(app.db, eventId)]
  await hear(app, aMessage(one.phone, minutesAgo(9), 'gracias'), aMessage(two.phone, minutesAgo(9), 'gracias'))
  const read = `/events/${eventId}/conversations/${one.guestId}/read`

  app.setNow(new Date(Date.parse(NOW) + 1000).toISOString())
  const reply = await app.post(read, { as: 'organizer' })
  const unread = await guestsIn(app, eventId, '?unread=true')
  const isRead = await guestsIn(app, eventId, '?unread=false')
  const late = await app.post(read, { as: 'organizer', body: { until: minutesAgo(60) } })
  const { conversation } = await threadOf(app, one)
  app.setNow(new Date(Date.parse(NOW) + 2000).toISOString())
  await hear(app, aMessage(one.phone, NOW, 'una cosa más'))
  const after = await threadOf(app, one)

  assert.deepEqual([reply.statusCode, reply.json().readBy], [200, 'usr_test_organizer'])
  assert.deepEqual([unread, isRead], [[two.guestId], [one.guestId]])
  // An older page that is still open takes nothing back.
  assert.deepEqual([late.statusCode, conversation.unread, conversation.readBy], [200, 0, 'usr_test_organizer'])
  assert.equal(after.conversation.unread, 1)
})

test('a message that came after what the reader saw stays unread', async (t) => {
  const app = await startApp(t, { now: NOW })
  const guest = await anInvitation(app.db)
  await hear(app, aMessage(guest.phone, minutesAgo(1), 'hola'))
  app.setNow('2029-06-01T18:05:00.000Z')
  await hear(app, aMessage(guest.phone, '2029-06-01T18:05:00.000Z', '¿dónde es?'))

  const path = `/events/${guest.eventId}/conversations/${guest.guestId}/read`
  await app.post(path, { as: 'director', body: { until: NOW } })

  assert.equal((await threadOf(app, guest)).conversation.unread, 1)
})

for (const [q, expected] of [
  ['ZUÑIGA', 'name'],
  ['zuniga maria', 'name'],
  ['estacionamiento', 'text'],
  ['HAY ESTACIÓNAMIENTO', 'text'],
  ['100%', 'text'],
  ['100_', 'nobody'],
  ['reply words', 'nobody'],
  ['...', 'nobody'],
] as const) {
  test(`q=${q} finds ${expected}`, async (t) => {
    const app = await startApp(t, { now: NOW })
    const eventId = await anEvent(app.db)
    const [named, other] = [await aGuest(app.db, eventId), await aGuest(app.db, eventId)]
    await sql`update guests set name = 'María Zúñiga' where id = ${named.guestId}`.execute(app.db)
    await hear(
      app,
      aMessage(named.phone, minutesAgo(9), 'hola'),
      aMessage(other.phone, minutesAgo(9), '¿Hay estacionamiento? 100% seguro'),
    )

    const found = await guestsIn(app, eventId, `?q=${encodeURIComponent(q)}`)

    assert.deepEqual(found, { name: [named.guestId], text: [other.guestId], nobody: [] }[expected])
  })
}

test('q finds a phone in any way it is written, and what a person replied', async (t) => {
  const app = await startApp(t, { now: NOW })
  const guest = await anInvitation(app.db)
  await hear(app, aMessage(guest.phone, minutesAgo(9), 'hola'))
  const path = `/events/${guest.eventId}/conversations/${guest.guestId}/messages`
  await app.post(path, { as: 'organizer', body: { text: 'Claro, con valet.' } })

  for (const q of [guest.phone!, guest.phone!.replace('+52', '+52 1 '), guest.phone!.slice(-4), 'VÁLET'])
    assert.deepEqual(await guestsIn(app, guest.eventId, `?q=${encodeURIComponent(q)}`), [guest.guestId], q)
})

test('pages of conversations and of a thread follow each other without loss', async (t) => {
  const app = await startApp(t, { now: NOW })
  const eventId = await anEvent(app.db)
  const guests = await Promise.all([1, 2, 3].map(() => aGuest(app.db, eventId)))
  // Of one second, as WhatsApp's times are.
  await hear(app, ...guests.map(({ phone }) => aMessage(phone, minutesAgo(9), 'hola')))
  await hear(app, ...[1, 2, 3, 4].map((n) => aMessage(guests[0]!.phone, minutesAgo(8), `mensaje ${n}`)))
  const pagesOf = async (path: string) => {
    const seen: string[] = []
    for (let cursor = ''; ;) {
      const page = (await app.get(`${path}?limit=2${cursor}`, { as: 'organizer' })).json()
      assert.ok(page.data.length <= 2)
      seen.push(...page.data.map((one: { id?: string; guestId?: string }) => one.id ?? one.guestId))
      if (page.page.nextCursor === null) return seen
      cursor = `&cursor=${page.page.nextCursor}`
    }
  }

  const list = await pagesOf(`/events/${eventId}/conversations`)
  const thread = await pagesOf(`/events/${eventId}/conversations/${guests[0]!.guestId}`)
  const broken = await app.get(`/events/${eventId}/conversations/${guests[0]!.guestId}?cursor=x`, { as: 'organizer' })

  assert.deepEqual([list.length, new Set(list).size, list[0]], [3, 3, guests[0]!.guestId])
  const whole = (await threadOf(app, guests[0]!)).data.map(({ id }: { id: string }) => id)
  assert.ok(whole.length >= 5)
  assert.deepEqual(thread, whole)
  assert.deepEqual([broken.statusCode, broken.json().code], [400, 'invalid_cursor'])
})

test('a thread has both sides, statuses, what was understood and what it changed, and names files', async (t) => {
  const app = await startApp(t, { now: NOW })
  const guest = await anInvitation(app.db, { partySize: 4 })
  await run(app, await requested(app, guest))
  app.setNow('2029-06-01T18:10:00.000Z')
  const yes = aMessage(guest.phone, '2029-06-01T18:05:00.000Z', 'sí, vamos 3')
  const file = { mime_type: 'application/pdf', filename: 'menú\u202e.pdf', id: '1', caption: 'alergias' }
  await hear(
    app,
    yes,
    aMessage(guest.phone, '2029-06-01T18:06:00.000Z', '', { type: 'document', text: undefined, document: file }),
  )

  const { data } = await threadOf(app, guest)

  const shown = data.map((m: Record<string, unknown>) => [m['source'], m['template'], m['intent'], m['outcome']])
  assert.deepEqual(shown.toSorted(), [
    ['automatic', 'rsvp_confirmed', null, null],
    ['guest', null, null, 'not_understood'],
    ['guest', null, 'yes', 'answered'],
    ['requested', 'event_invitation', null, null],
  ])
  const said = data.find(({ id }: { id: string }) => id === yes.id)
  assert.deepEqual([said.changed, said.partySize], [{ answer: 'yes', places: 3 }, 3])
  const document = data.find(({ type }: { type: string }) => type === 'document')
  assert.deepEqual(
    [document.attachment, document.text],
    [{ mediaType: 'application/pdf', name: 'menú.pdf' }, 'alergias'],
  )
  const invitation = data.find(({ template }: { template: string }) => template === 'event_invitation')
  assert.deepEqual([invitation.status, invitation.sentBy.id], ['sent', 'usr_test_organizer'])
  assert.match(invitation.text, /te invita a Boda de prueba/)
})

test('the name of a file goes with the text of a withdrawn message', async (t) => {
  const app = await startApp(t, { now: NOW })
  const guest = await anInvitation(app.db)
  const file = { mime_type: 'application/pdf', filename: 'acta.pdf', id: '1' }
  const message = aMessage(guest.phone, minutesAgo(5), '', { type: 'document', document: file })
  await hear(app, message)
  await hear(
    app,
    aMessage(guest.phone, minutesAgo(4), '', { type: 'revoke', revoke: { original_message_id: message.id } }),
  )

  const { data } = await threadOf(app, guest)

  assert.deepEqual([data.length, data[0].attachment], [1, { mediaType: 'application/pdf', name: null }])
})

test('conversations of another organizer are 404 for everything', async (t) => {
  const app = await startApp(t, { now: NOW })
  const guest = await anInvitation(app.db, { event: { organizerId: await anOrganizer(app.db) } })
  await hear(app, aMessage(guest.phone, minutesAgo(5), 'hola'))
  const event = `/events/${guest.eventId}`
  const one = `${event}/conversations/${guest.guestId}`

  for (const [code, reply] of [
    ['event_not_found', app.get(`${event}/conversations`, { as: 'organizer' })],
    ['event_not_found', app.get(`${event}/conversations/stream`, { as: 'organizer' })],
    ['guest_not_found', app.get(one, { as: 'organizer' })],
    ['guest_not_found', app.post(`${one}/read`, { as: 'organizer' })],
    ['guest_not_found', app.post(`${one}/messages`, { as: 'organizer', body: { text: 'hola' } })],
    ['guest_not_found', app.post(`${one}/assign`, { as: 'organizer', body: { userId: null } })],
    [
      'guest_not_found',
      app.post(`${event}/guests/${guest.guestId}/rsvp`, { as: 'organizer', body: { answer: 'yes' } }),
    ],
    ['guest_not_found', app.get(`${event}/guests/${guest.guestId}/rsvp`, { as: 'organizer' })],
  ] as const) {
    const { statusCode, body } = await reply
    assert.deepEqual([statusCode, JSON.parse(body).code], [404, code])
    assert.ok(!body.includes('hola'))
  }
  const rows = await sql`select 1 from conversations where event_id = ${guest.eventId}`.execute(app.db)
  assert.equal(rows.rows.length, 0)
})

test('messages from numbers that no guest has are listed for the director, until a guest gets the number', async (t) => {
  const app = await startApp(t, { now: NOW })
  const guest = await anInvitation(app.db)
  const stranger = aPhone()
  const message = aMessage(stranger, minutesAgo(5), '¿esto es un banco?')
  await hear(app, message, aMessage(guest.phone, minutesAgo(5), 'hola'))
  const unmatched = async () => (await app.get('/conversations/unmatched', { as: 'director' })).json().data

  const before = await unmatched()
  const byOrganizer = await app.get('/conversations/unmatched', { as: 'organizer' })
  await aGuest(app.db, guest.eventId, { phone: stranger })
  const after = await unmatched()

  const shown = before.filter(({ phone }: { phone: string }) => [stranger, guest.phone].includes(phone))
  assert.deepEqual(
    shown.map(({ id, text }: { id: string; text: string }) => [id, text]),
    [[message.id, '¿esto es un banco?']],
  )
  assert.deepEqual([byOrganizer.statusCode, byOrganizer.json().code], [403, 'forbidden'])
  assert.ok(!after.some(({ id }: { id: string }) => id === message.id))
})
