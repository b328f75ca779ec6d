import assert from 'node:assert/strict'
import test from 'node:test'
import { sql, type Db } from '../platform/db.ts'
import { aMessage, hear } from '../../test/conversations.ts'
import { rowOf, run } from '../../test/deliveries.ts'
import { startApp, type TestApp } from '../../test/harness.ts'
import { aGuest, anEvent, anInvitation, anOrganizer, type MadeGuest } from '../../test/make.ts'

const NOW = '2029-06-01T18:00:00.000Z'
const WROTE = '2029-06-01T17:00:00.000Z'
const CLOSES = '2029-06-02T17:00:00.000Z'

async function aConversation(app: TestApp, facts: Parameters<typeof anInvitation>[1] = {}): Promise<MadeGuest> {
  const guest = await anInvitation(app.db, facts)
  await hear(app, aMessage(guest.phone, WROTE, 'gracias'))
  return guest
}
const pathOf = ({ eventId, guestId }: MadeGuest) => `/events/${eventId}/conversations/${guestId}`
const reply = (app: TestApp, guest: MadeGuest, text: string, headers: Record<string, string> = {}) =>
  app.post(`${pathOf(guest)}/messages`, { as: 'organizer', body: { text }, headers })
const repliesTo = async (db: Db, { eventId, guestId }: MadeGuest) =>
  (
    await sql<{ id: string; variables: { reply_text: string }; requestedBy: string; isUrgent: boolean }>`
      select id, variables, requested_by, is_urgent from deliveries
       where event_id = ${eventId} and guest_id = ${guestId} and template = 'personal_reply' order by id`.execute(db)
  ).rows
async function aUser(db: Db, organizerId: string): Promise<string> {
  const id = `usr_${Math.random().toString(36).slice(2)}`
  await sql`insert into users (id, organizer_id, email, name, role, password_hash)
    values (${id}, ${organizerId}, ${`${id}@example.com`}, 'Lucía', 'organizer', '')`.execute(db)
  return id
}

test('a reply is sent as free-form text, says who wrote it, and is in the thread with its status', async (t) => {
  const app = await startApp(t, { now: NOW })
  const guest = await aConversation(app)

  const queued = await reply(app, guest, '  Con gusto.\r\nTe esperamos {{guest_name}} a las 6.\u0007 ')
  const { deliveryId, windowOpenUntil } = queued.json()
  await run(app, deliveryId)

  assert.deepEqual([queued.statusCode, windowOpenUntil], [202, CLOSES])
  const [row] = await repliesTo(app.db, guest)
  const text = 'Con gusto.\nTe esperamos {{guest_name}} a las 6.'
  assert.deepEqual(
    [row!.variables, row!.requestedBy, row!.isUrgent],
    [{ reply_text: text }, 'usr_test_organizer', true],
  )
  const { status, messageReason } = await rowOf(app.db, deliveryId)
  assert.deepEqual([status, messageReason], ['sent', 'window_open'])
  const { data, conversation } = (await app.get(pathOf(guest), { as: 'viewer' })).json()
  const shown = data.find(({ id }: { id: string }) => id === deliveryId)
  assert.deepEqual(
    [shown.text, shown.source, shown.status, shown.sentBy],
    [text, 'person', 'sent', { id: 'usr_test_organizer', name: null }],
  )
  assert.deepEqual([conversation.lastMessage.id, conversation.lastMessage.text], [deliveryId, text])
})

test('people may reply more than once to one message', async (t) => {
  const app = await startApp(t, { now: NOW })
  const guest = await aConversation(app)

  const replies = await Promise.all(['Uno', 'Dos', 'Dos'].map((text) => reply(app, guest, text)))

  assert.deepEqual(
    replies.map(({ statusCode }) => statusCode),
    [202, 202, 202],
  )
  assert.equal((await repliesTo(app.db, guest)).length, 3)
})

test('an Idempotency-Key sends one reply, also when its first answer was lost', async (t) => {
  const app = await startApp(t, { now: NOW })
  const guest = await aConversation(app)
  const key = { 'idempotency-key': `reply-${guest.guestId}` }

  const first = await reply(app, guest, 'Hola', key)
  const again = await reply(app, guest, 'Hola', key)
  const other = await reply(app, guest, 'Otra cosa', key)
  await sql`delete from idempotency_keys where key = ${key['idempotency-key']}`.execute(app.db)
  const lost = await reply(app, guest, 'Hola', key)

  assert.equal(again.headers['idempotent-replayed'], 'true')
  assert.deepEqual([other.statusCode, other.json().code], [422, 'idempotency_key_reused'])
  assert.deepEqual(
    [again, lost].map((one) => one.json().deliveryId),
    [first.json().deliveryId, first.json().deliveryId],
  )
  assert.equal((await repliesTo(app.db, guest)).length, 1)
})

for (const [status, template] of [
  ['active', 'event_update'],
  ['archived', 'event_thanks'],
  ['cancelled', 'event_cancelled'],
] as const)
  test(`outside the window a reply to a guest of an ${status} event is refused, with its end and ${template} instead`, async (t) => {
    const app = await startApp(t, { now: NOW })
    const guest = await aConversation(app)
    const silent = await aGuest(app.db, guest.eventId)
    const cancelledAt = status === 'cancelled' ? NOW : null
    await sql`
      update events set status = ${status}, cancelled_at = ${cancelledAt} where id = ${guest.eventId}`.execute(app.db)
    app.setNow('2029-06-02T16:59:59.999Z')
    const inTime = await reply(app, guest, 'Hola')
    app.setNow(CLOSES)

    const late = await reply(app, guest, 'Hola')
    const never = await reply(app, silent, 'Hola')

    assert.equal(inTime.statusCode, 202)
    assert.deepEqual([late.statusCode, late.json().code], [409, 'window_closed'])
    assert.match(late.json().detail, new RegExp(`closed at ${CLOSES}.*${template}`))
    assert.deepEqual([never.statusCode, never.json().code], [409, 'window_closed'])
    assert.equal((await repliesTo(app.db, guest)).length, 1)
  })

test('a reply whose window closed while it was queued is skipped and says so', async (t) => {
  const app = await startApp(t, { now: NOW })
  const guest = await aConversation(app)
  const { deliveryId } = (await reply(app, guest, 'Hola')).json()

  app.setNow(CLOSES)
  await run(app, deliveryId)

  const { status, reason } = await rowOf(app.db, deliveryId)
  assert.deepEqual([status, reason], ['skipped', 'window_closed'])
  const { data } = (await app.get(pathOf(guest), { as: 'organizer' })).json()
  assert.deepEqual([data[0].id, data[0].status, data[0].reason], [deliveryId, 'skipped', 'window_closed'])
  assert.match(data[0].explanation['es-MX'], /24 h/)
  const shown = (await app.get(`/deliveries/${deliveryId}`, { as: 'organizer' })).json()
  assert.match(shown.explanation['es-MX'], /ventana de 24 horas/)
})

test('a reply waits for a pause, and one to an archived event leaves', async (t) => {
  const app = await startApp(t, { now: NOW })
  const [paused, archived] = [await aConversation(app), await aConversation(app)]
  const pause = await app.post(`/events/${paused.eventId}/deliveries/pause`, { as: 'organizer' })
  assert.equal(pause.statusCode, 200)
  await sql`update events set status = 'archived' where id = ${archived.eventId}`.execute(app.db)

  const ids = []
  for (const guest of [paused, archived]) ids.push((await reply(app, guest, 'Hola')).json().deliveryId)
  for (const id of ids) await run(app, id)

  const rows = await Promise.all(ids.map((id) => rowOf(app.db, id)))
  assert.deepEqual(
    rows.map(({ status, waitingFor }) => [status, waitingFor]),
    [
      ['queued', 'event_paused'],
      ['sent', null],
    ],
  )
})

test('a guest who opted out gets no reply, also when BAJA came while it was queued', async (t) => {
  const app = await startApp(t, { now: NOW })
  const guest = await aConversation(app)
  const { deliveryId } = (await reply(app, guest, 'Hola')).json()
  await hear(app, aMessage(guest.phone, NOW, 'BAJA'))

  await run(app, deliveryId)
  const refused = await reply(app, guest, 'Hola')

  const { status, reason } = await rowOf(app.db, deliveryId)
  assert.deepEqual([status, reason], ['skipped', 'guest_opted_out'])
  assert.deepEqual([refused.statusCode, refused.json().code], [409, 'guest_opted_out'])
})

for (const [what, text] of [
  ['nothing visible', ' \n\u200b\u0000 '],
  ['4097 characters', 'a'.repeat(4097)],
  ['3000 emoji, which WhatsApp counts twice', '🎉'.repeat(3000)],
] as const)
  test(`a reply of ${what} is 400 and changes nothing`, async (t) => {
    const app = await startApp(t, { now: NOW })
    const guest = await aConversation(app)

    const refused = await reply(app, guest, text)

    assert.equal(refused.statusCode, 400)
    assert.match(JSON.stringify(refused.json().errors ?? refused.json().code), /text/)
    assert.equal((await repliesTo(app.db, guest)).length, 0)
  })

test('a reply of 4096 characters arrives whole, and a guest without a phone gets none', async (t) => {
  const app = await startApp(t, { now: NOW })
  const guest = await aConversation(app)
  const phoneless = await aGuest(app.db, guest.eventId, { phone: null })

  const { deliveryId } = (await reply(app, guest, 'ñ'.repeat(4096))).json()
  await run(app, deliveryId)
  const refused = await reply(app, phoneless, 'Hola')

  assert.equal((await rowOf(app.db, deliveryId)).status, 'sent')
  assert.deepEqual([refused.statusCode, refused.json().code], [422, 'no_address_for_channel'])
})

test('a viewer reads, and neither replies, marks as read, assigns nor answers', async (t) => {
  const app = await startApp(t, { now: NOW })
  const guest = await aConversation(app)

  for (const [path, body] of [
    [`${pathOf(guest)}/messages`, { text: 'Hola' }],
    [`${pathOf(guest)}/read`, {}],
    [`${pathOf(guest)}/assign`, { userId: null }],
    [`/events/${guest.eventId}/guests/${guest.guestId}/rsvp`, { answer: 'yes' }],
  ] as const)
    assert.equal((await app.post(path, { as: 'viewer', body })).statusCode, 403, path)
})

test('a conversation is assigned to a user of the same organizer, and to nobody', async (t) => {
  const app = await startApp(t, { now: NOW })
  const guest = await aConversation(app)
  const colleague = await aUser(app.db, 'org_test')
  const stranger = await aUser(app.db, await anOrganizer(app.db))
  const left = await aUser(app.db, 'org_test')
  await sql`update users set disabled_at = ${NOW} where id = ${left}`.execute(app.db)
  const assign = (userId: string | null) => app.post(`${pathOf(guest)}/assign`, { as: 'organizer', body: { userId } })
  const assignee = async () => (await app.get(pathOf(guest), { as: 'organizer' })).json().conversation.assignee

  assert.equal((await assign(colleague)).json().assigneeId, colleague)
  assert.deepEqual(await assignee(), { id: colleague, name: 'Lucía' })
  for (const id of [stranger, left, 'usr_nobody']) {
    const refused = await assign(id)
    assert.deepEqual([refused.statusCode, refused.json().code], [404, 'user_not_found'])
  }
  assert.deepEqual(await assignee(), { id: colleague, name: 'Lucía' })
  assert.equal((await assign(null)).json().assigneeId, null)
  assert.equal(await assignee(), null)
})

const writeDown = (
  app: TestApp,
  { eventId, guestId }: MadeGuest,
  body: object,
  as: 'organizer' | 'director' = 'organizer',
) => app.post(`/events/${eventId}/guests/${guestId}/rsvp`, { as, body })
const historyOf = async (app: TestApp, { eventId, guestId }: MadeGuest) =>
  (await app.get(`/events/${eventId}/guests/${guestId}/rsvp`, { as: 'viewer' })).json()

test('an answer that staff wrote down keeps who and why, and corrects what the guest wrote before', async (t) => {
  const app = await startApp(t, { now: NOW })
  const guest = await anInvitation(app.db, { partySize: 4 })
  await hear(app, aMessage(guest.phone, WROTE, 'no podré ir'))

  const written = await writeDown(app, guest, { answer: 'yes', partySize: 2, note: ' Llamó\u0007 su mamá ' })
  const again = await writeDown(app, guest, { answer: 'yes', partySize: 2 }, 'director')
  // What the guest wrote before the call, and WhatsApp told late, changes nothing.
  await hear(app, aMessage(guest.phone, '2029-06-01T17:30:00.000Z', 'no voy'))
  const corrected = await writeDown(app, guest, { answer: 'maybe' }, 'director')
  const { data } = await historyOf(app, guest)

  assert.deepEqual([written.statusCode, written.json().answeredPlaces, written.json().isNew], [200, 2, true])
  assert.deepEqual([again.json().isNew, corrected.json().answer], [false, 'maybe'])
  const shown = data.map((one: Record<string, unknown>) => [one['answer'], one['places'], one['source'], one['note']])
  assert.deepEqual(shown, [
    ['maybe', null, 'staff', null],
    ['yes', 2, 'staff', 'Llamó su mamá'],
    ['no', null, 'whatsapp', null],
  ])
  assert.deepEqual(
    data.map(({ by }: { by: { id: string } | null }) => by?.id ?? null),
    ['usr_test_director', 'usr_test_organizer', null],
  )
})

test('an answer that staff write down obeys places, capacity, admissions and the end of the event', async (t) => {
  const app = await startApp(t, { now: NOW })
  const eventId = await anEvent(app.db, { capacity: 2 })
  const [guest, other] = [
    await aGuest(app.db, eventId, { partySize: 2 }),
    await aGuest(app.db, eventId, { answer: 'yes' }),
  ]
  const over = await anInvitation(app.db, { event: { status: 'archived' } })
  await sql`update invitations set admitted = 1 where id = ${other.invitationId}`.execute(app.db)

  for (const [code, refused] of [
    ['places_exceeded', await writeDown(app, guest, { answer: 'yes', partySize: 3 })],
    ['capacity_reached', await writeDown(app, guest, { answer: 'yes' })],
    ['guest_already_admitted', await writeDown(app, other, { answer: 'no' })],
    ['event_not_open', await writeDown(app, over, { answer: 'yes' })],
  ] as const)
    assert.deepEqual([refused.statusCode, refused.json().code], [409, code])
  assert.equal((await writeDown(app, guest, { answer: 'perhaps' })).statusCode, 400)
  assert.deepEqual((await historyOf(app, guest)).data, [])
})

test('of many answers by staff and guests at once, no more are confirmed than there are places', async (t) => {
  const app = await startApp(t, { now: NOW })
  const eventId = await anEvent(app.db, { capacity: 5 })
  const guests = await Promise.all(Array.from({ length: 20 }, () => aGuest(app.db, eventId)))

  const replies = await Promise.all(
    guests.map((guest, n) =>
      n % 2 === 0
        ? writeDown(app, guest, { answer: 'yes' })
        : app.post(`/public/invite/${guest.code}/rsvp`, { body: { answer: 'yes' } }),
    ),
  )

  assert.equal(replies.filter(({ statusCode }) => statusCode === 200).length, 5)
  const { rows } = await sql<{ n: number }>`
    select count(*)::integer as n from invitations where event_id = ${eventId} and answer = 'yes'`.execute(app.db)
  assert.equal(rows[0]!.n, 5)
})

test('a reply whose answer was lost is the same reply after the window has closed', async (t) => {
  const app = await startApp(t, { now: NOW })
  const guest = await aConversation(app)
  const key = { 'idempotency-key': `late-${guest.guestId}` }
  const first = await reply(app, guest, 'Con gusto.', key)
  await sql`delete from idempotency_keys where key = ${key['idempotency-key']}`.execute(app.db)
  app.setNow('2029-06-02T17:30:00.000Z')

  const again = await reply(app, guest, 'Con gusto.', key)
  const another = await reply(app, guest, 'Con gusto.')

  assert.deepEqual([again.statusCode, again.json().deliveryId], [202, first.json().deliveryId])
  assert.equal(again.json().windowOpenUntil, CLOSES)
  assert.deepEqual([another.statusCode, another.json().code], [409, 'window_closed'])
  assert.equal((await repliesTo(app.db, guest)).length, 1)
})
