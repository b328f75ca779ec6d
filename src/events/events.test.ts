import assert from 'node:assert/strict'
import test from 'node:test'
import { sql } from '../platform/db.ts'
import { ORGANIZER_ID, startApp } from '../../test/harness.ts'
import { aGuest, anEvent, anInvitation, anOrganizer } from '../../test/make.ts'

const EVENT = { name: 'Boda', startsAt: '2031-05-01T00:00:00Z', endsAt: '2031-05-01T06:00:00Z' }

test('an organizer creates an event of its own and finds it in the list', async (t) => {
  const { post, get, db } = await startApp(t)
  await anOrganizer(db, ORGANIZER_ID)

  const created = await post('/events', { as: 'organizer', body: EVENT })

  assert.equal(created.statusCode, 201)
  assert.equal(created.json().organizerId, ORGANIZER_ID)
  const list = await get('/events', { as: 'viewer' })
  assert.ok(list.json().data.some(({ id }: { id: string }) => id === created.json().id))
})

test('an event has the rules of its door, which can be changed', async (t) => {
  const { post, patch, db } = await startApp(t)
  await anOrganizer(db, ORGANIZER_ID)
  type Door = { id: string; doorPolicy: string; doorsOpenMinutes: number; reentry: string }
  const read = ({ doorPolicy, doorsOpenMinutes, reentry }: Door) => [doorPolicy, doorsOpenMinutes, reentry]
  const confirmed = { doorPolicy: 'confirmed', doorsOpenMinutes: 0, reentry: 'exit_then_entry' }

  const plain = (await post('/events', { as: 'organizer', body: EVENT })).json<Door>()
  const strict = (await post('/events', { as: 'organizer', body: { ...EVENT, ...confirmed } })).json<Door>()
  const changed = await patch(`/events/${plain.id}`, { as: 'organizer', body: { doorsOpenMinutes: 45 } })
  const wrong = await patch(`/events/${plain.id}`, { as: 'organizer', body: { doorsOpenMinutes: -1, reentry: 'x' } })

  assert.deepEqual(read(plain), ['invited', 180, 'none'])
  assert.deepEqual(read(strict), ['confirmed', 0, 'exit_then_entry'])
  assert.deepEqual(read(changed.json<Door>()), ['invited', 45, 'none'])
  assert.equal(wrong.statusCode, 400)
})

test('a director must name the organizer of an event', async (t) => {
  const { post, db } = await startApp(t)
  const organizerId = await anOrganizer(db)

  const without = await post('/events', { as: 'director', body: EVENT })
  const unknown = await post('/events', { as: 'director', body: { ...EVENT, organizerId: 'org_nobody' } })
  const right = await post('/events', { as: 'director', body: { ...EVENT, organizerId } })

  assert.deepEqual([without.statusCode, without.json().code], [400, 'invalid_request'])
  assert.deepEqual([unknown.statusCode, unknown.json().code], [404, 'organizer_not_found'])
  assert.equal(right.statusCode, 201)
})

test('an organizer cannot create an event for another organizer', async (t) => {
  const { post, db } = await startApp(t)
  const other = await anOrganizer(db)

  const reply = await post('/events', { as: 'organizer', body: { ...EVENT, organizerId: other } })

  assert.deepEqual([reply.statusCode, reply.json().code], [404, 'organizer_not_found'])
})

test('an existing event id is rejected, and one of several concurrent creations succeeds', async (t) => {
  const { post, db } = await startApp(t)
  await anOrganizer(db, ORGANIZER_ID)
  const create = () => post('/events', { as: 'organizer', body: { ...EVENT, id: 'ev_race' } })

  const replies = await Promise.all([create(), create(), create()])

  assert.deepEqual(replies.map(({ statusCode }) => statusCode).sort(), [201, 409, 409])
})

for (const [what, body, code] of [
  ['an end before the start', { ...EVENT, endsAt: '2031-04-30T00:00:00Z' }, 'invalid_date'],
  ['a time zone that does not exist', { ...EVENT, timeZone: 'Mexico/Nowhere' }, 'invalid_time_zone'],
  ['a name of spaces', { ...EVENT, name: '   ' }, 'invalid_request'],
  ['an unknown field', { ...EVENT, status2: 'x' }, 'invalid_request'],
  ['a status that only the nightly job sets', { ...EVENT, status: 'expired' }, 'invalid_request'],
  ['a day that does not exist', { ...EVENT, startsAt: '2031-02-30T00:00:00Z' }, 'invalid_request'],
  ['a TTL of zero days', { ...EVENT, landingTtlDays: 0 }, 'invalid_request'],
] as const) {
  test(`an event with ${what} is rejected and not stored`, async (t) => {
    const { post, db } = await startApp(t)
    const organizerId = await anOrganizer(db)
    const user = { id: 'usr_x', role: 'organizer' as const, organizerId }

    const reply = await post('/events', { as: user, body })

    assert.deepEqual([reply.statusCode, reply.json().code], [400, code])
    const { rows } = await sql`select 1 from events where organizer_id = ${organizerId}`.execute(db)
    assert.equal(rows.length, 0)
  })
}

for (const timeZone of [
  'CST',
  'EST',
  'CST6CDT',
  'MST7MDT',
  'GMT',
  'Z',
  '-06:00',
  '+0530',
  'GMT-6',
  'UTC-6',
  'Etc/GMT+6',
  'SystemV/CST6CDT',
  '',
])
  test(`the time zone «${timeZone}» is refused`, async (t) => {
    const { post } = await startApp(t)

    const reply = await post('/events', { as: 'organizer', body: { ...EVENT, timeZone } })

    assert.deepEqual([reply.statusCode, reply.json().code], [400, 'invalid_time_zone'])
  })

for (const timeZone of ['America/Mexico_City', 'Mexico/General', 'America/Tijuana', 'America/Argentina/Ushuaia', 'UTC'])
  test(`an event in ${timeZone} is accepted`, async (t) => {
    const { post } = await startApp(t)

    const reply = await post('/events', { as: 'organizer', body: { ...EVENT, timeZone } })

    assert.deepEqual([reply.statusCode, reply.json().timeZone], [201, timeZone])
  })

test('a draft can become active; an archived event cannot be reopened', async (t) => {
  const { patch, db } = await startApp(t)
  const draft = await anEvent(db, { status: 'draft' })
  const archived = await anEvent(db, { status: 'archived' })

  const opened = await patch(`/events/${draft}`, { as: 'organizer', body: { status: 'active' } })
  const rejected = await patch(`/events/${archived}`, { as: 'organizer', body: { status: 'active' } })

  assert.deepEqual([opened.statusCode, opened.json().status], [200, 'active'])
  assert.deepEqual([rejected.statusCode, rejected.json().code], [409, 'event_closed'])
})

test('pages of a list have no gaps and no repeats', async (t) => {
  const { get, post, db } = await startApp(t)
  const organizerId = await anOrganizer(db)
  const user = { id: 'usr_y', role: 'organizer' as const, organizerId }
  const made: string[] = []
  for (let n = 0; n < 5; n++) made.push((await post('/events', { as: user, body: EVENT })).json().id)

  const seen: string[] = []
  let cursor: string | null = ''
  while (cursor !== null) {
    const page: { data: { id: string }[]; page: { nextCursor: string | null } } = (
      await get(`/events?limit=2${cursor ? `&cursor=${cursor}` : ''}`, { as: user })
    ).json()
    seen.push(...page.data.map(({ id }) => id))
    cursor = page.page.nextCursor
  }

  assert.deepEqual(seen, made.toReversed())
})

test('a tampered cursor is rejected', async (t) => {
  const { get } = await startApp(t)

  const reply = await get('/events?cursor=bm9wZQ', { as: 'organizer' })

  assert.deepEqual([reply.statusCode, reply.json().code], [400, 'invalid_cursor'])
})

test('a guest is stored with a phone in E.164, a lower-case e-mail and an invitation code', async (t) => {
  const { post, db } = await startApp(t)
  const eventId = await anEvent(db)

  const reply = await post(`/events/${eventId}/guests`, {
    as: 'organizer',
    body: { id: 'g1', name: ' José Ñúñez ', phone: '044 55 1234 5678', email: 'Jose@Example.COM', partySize: 3 },
  })

  assert.equal(reply.statusCode, 201)
  const { phone, email, name, status, code } = reply.json()
  assert.deepEqual(
    { phone, email, name, status },
    { phone: '+525512345678', email: 'jose@example.com', name: 'José Ñúñez', status: 'pending' },
  )
  assert.match(code, /^[0-9A-Z]{26}$/)
})

test('texts are stored as they are shown, without invisible marks', async (t) => {
  const { post, patch, db } = await startApp(t)
  const eventId = await anEvent(db)
  const sent = {
    name: '\u202aJosé\u200b\nÑúñez\u0000 👩\u200d👧\u202c',
    email: ' Ana <Ana@ESPAÑA.com>\r\n',
    phone: '\u202a+52 1 55 1234 5678\u202c',
    tags: ['familia\u200b', 'familia', '\u2060'],
    notes: 'Alérgica a nueces\u0007\r\nMesa 4\u200e',
  }

  const added = await post(`/events/${eventId}/guests`, { as: 'organizer', body: sent })
  const { name, email, phone, tags, notes, id } = added.json()
  const changed = await patch(`/events/${eventId}/guests/${id}`, { as: 'organizer', body: { notes: '\u200b' } })

  assert.deepEqual(
    { name, email, phone, tags, notes },
    {
      name: 'José Ñúñez 👩\u200d👧',
      email: 'ana@xn--espaa-rta.com',
      phone: '+525512345678',
      tags: ['familia'],
      notes: 'Alérgica a nueces\nMesa 4',
    },
  )
  assert.deepEqual([changed.json().name, changed.json().email], [name, email])
  assert.equal(changed.json().notes, null)
})

test('a refusal lists every field that cannot be read', async (t) => {
  const { post, db } = await startApp(t)
  const eventId = await anEvent(db)

  const guest = await post(`/events/${eventId}/guests`, {
    as: 'organizer',
    body: { name: '\u200b', phone: '12', email: 'ana' },
  })
  const event = await post('/events', {
    as: 'organizer',
    body: { ...EVENT, name: '\u2060', timeZone: 'CST', endsAt: EVENT.startsAt },
  })

  const pathsOf = (reply: typeof guest) => reply.json().errors.map(({ path }: { path: string }) => path)
  assert.deepEqual([guest.statusCode, pathsOf(guest)], [400, ['body.name', 'body.phone', 'body.email']])
  assert.deepEqual([event.statusCode, pathsOf(event)], [400, ['body.name', 'body.timeZone', 'body.endsAt']])
})

test('guest ids are unique within one event only', async (t) => {
  const { post, db } = await startApp(t)
  const [one, two] = [await anEvent(db), await anEvent(db)]
  const add = (eventId: string) =>
    post(`/events/${eventId}/guests`, { as: 'organizer', body: { id: 'g1', name: 'Ana' } })

  const statuses = [(await add(one)).statusCode, (await add(two)).statusCode, (await add(one)).statusCode]

  assert.deepEqual(statuses, [201, 201, 409])
})

for (const [what, body, code] of [
  ['a phone of three digits', { name: 'Ana', phone: '123' }, 'invalid_phone'],
  ['letters in the phone', { name: 'Ana', phone: 'no tengo' }, 'invalid_phone'],
  ['two phones in one field', { name: 'Ana', phone: '5512345678 / 5598765432' }, 'invalid_phone'],
  ['a malformed e-mail', { name: 'Ana', email: 'ana@' }, 'invalid_email'],
  ['an e-mail with a line break', { name: 'Ana', email: 'a@b.mx\r\nBcc: c@d.mx' }, 'invalid_email'],
  ['an e-mail that cannot be delivered', { name: 'Ana', email: 'josé@example.com' }, 'invalid_email'],
  ['a name of invisible marks', { name: '\u200b\u2060' }, 'invalid_request'],
  ['a name of an accent alone', { name: '\u0301' }, 'invalid_request'],
  ['a party of 21', { name: 'Ana', partySize: 21 }, 'invalid_request'],
  ['a party size as text', { name: 'Ana', partySize: '2' }, 'invalid_request'],
  ['half an emoji in the name', { name: 'Ana \ud83d' }, 'invalid_text'],
] as const) {
  test(`a guest with ${what} is rejected`, async (t) => {
    const { post, db } = await startApp(t)
    const eventId = await anEvent(db)

    const reply = await post(`/events/${eventId}/guests`, { as: 'organizer', body })

    assert.deepEqual([reply.statusCode, reply.json().code], [400, code])
  })
}

test("another organizer's event and guests are 404", async (t) => {
  const { get, post, patch, delete: remove, db } = await startApp(t)
  const { eventId, guestId } = await anInvitation(db, { event: { organizerId: await anOrganizer(db) } })

  const replies = await Promise.all([
    get(`/events/${eventId}`, { as: 'organizer' }),
    patch(`/events/${eventId}`, { as: 'organizer', body: { name: 'Mía' } }),
    get(`/events/${eventId}/guests`, { as: 'organizer' }),
    post(`/events/${eventId}/guests`, { as: 'organizer', body: { name: 'Intruso' } }),
    get(`/events/${eventId}/guests/${guestId}`, { as: 'organizer' }),
    patch(`/events/${eventId}/guests/${guestId}`, { as: 'organizer', body: { name: 'Otra' } }),
    remove(`/events/${eventId}/guests/${guestId}`, { as: 'organizer' }),
  ])

  assert.deepEqual(
    replies.map(({ statusCode }) => statusCode),
    [404, 404, 404, 404, 404, 404, 404],
  )
})

test('a party cannot shrink below the number already admitted', async (t) => {
  const { patch, db } = await startApp(t)
  const { eventId, guestId } = await anInvitation(db, { partySize: 4 })
  await sql`update invitations set admitted = 3 where event_id = ${eventId}`.execute(db)

  const rejected = await patch(`/events/${eventId}/guests/${guestId}`, { as: 'organizer', body: { partySize: 2 } })
  const taken = await patch(`/events/${eventId}/guests/${guestId}`, { as: 'organizer', body: { partySize: 3 } })

  assert.deepEqual([rejected.statusCode, rejected.json().code], [409, 'places_exceeded'])
  assert.deepEqual([taken.statusCode, taken.json().partySize, taken.json().status], [200, 3, 'scanned'])
})

test('a guest without history can be removed; a guest with history cannot', async (t) => {
  const { post, delete: remove, db } = await startApp(t)
  const eventId = await anEvent(db)
  const fresh = await aGuest(db, eventId)
  const written = await aGuest(db, eventId)
  await post(`/events/${eventId}/guests/${written.guestId}/send`, { as: 'organizer' })

  const deleted = await remove(`/events/${eventId}/guests/${fresh.guestId}`, { as: 'organizer' })
  const rejected = await remove(`/events/${eventId}/guests/${written.guestId}`, { as: 'organizer' })

  assert.equal(deleted.statusCode, 200)
  assert.deepEqual([rejected.statusCode, rejected.json().code], [409, 'guest_has_history'])
})

test('staff and viewers cannot change anything', async (t) => {
  const { post, db } = await startApp(t)
  const eventId = await anEvent(db)

  for (const as of ['staff', 'viewer'] as const) {
    const reply = await post(`/events/${eventId}/guests`, { as, body: { name: 'Ana' } })

    assert.deepEqual([reply.statusCode, reply.json().code], [403, 'forbidden'])
  }
})

test('a director can add an organizer, and its id is unique', async (t) => {
  const { post, get } = await startApp(t)

  const first = await post('/organizers', { as: 'director', body: { id: 'org_once', name: 'Una' } })
  const second = await post('/organizers', { as: 'director', body: { id: 'org_once', name: 'Otra' } })

  assert.deepEqual([first.statusCode, second.statusCode, second.json().code], [201, 409, 'organizer_exists'])
  assert.ok((await get('/organizers', { as: 'director' })).json().data.length > 0)
})

test('a cursor with an impossible year is 400', async (t) => {
  const { get } = await startApp(t)
  const cursor = Buffer.from('["-200000-01-01T00:00:00.000Z","x"]').toString('base64url')

  assert.equal((await get(`/events?cursor=${cursor}`, { as: 'organizer' })).statusCode, 400)
})
