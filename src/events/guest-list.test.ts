import assert from 'node:assert/strict'
import test from 'node:test'
import { sql, type Db } from '../platform/db.ts'
import { startApp, type TestApp } from '../../test/harness.ts'
import { anEvent, anOrganizer } from '../../test/make.ts'

const GUESTS = [
  {
    id: 'ana',
    name: 'Ana María Pérez-Núñez',
    phone: '+525512345678',
    email: 'ana.perez@example.com',
    tags: ['Familia'],
  },
  { id: 'jose', name: 'José O’Brien Ñuñez', phone: '+523387654321', email: 'jose_100%@example.mx' },
  { id: 'us', name: 'Peter Pan', phone: '+13055551234', tags: ['Familia', 'USA'] },
  { id: 'mesa', name: 'Tía Lucía (mesa 12)', email: 'lucia@müller.example.com' },
]

async function anEventOf(app: TestApp, organizerId?: string): Promise<string> {
  const eventId = await anEvent(app.db, organizerId === undefined ? {} : { organizerId })
  for (const body of GUESTS) {
    const { statusCode } = await app.post(`/events/${eventId}/guests`, { as: 'director', body })
    assert.equal(statusCode, 201)
  }
  return eventId
}

async function listIds(app: TestApp, eventId: string, query: Record<string, string>): Promise<string[]> {
  const reply = await app.get(`/events/${eventId}/guests?${new URLSearchParams(query).toString()}`, { as: 'organizer' })
  assert.equal(reply.statusCode, 200, reply.body)
  return reply
    .json<{ data: { id: string }[] }>()
    .data.map(({ id }) => id)
    .toSorted()
}

for (const [q, expected] of [
  ['ana', ['ana']],
  ['ANA', ['ana']],
  ['maria perez', ['ana']],
  ['Pérez Ana', ['ana']],
  ['perez nuñez', ['ana']],
  ['Pérez-Núñez', ['ana']],
  ['𝗔𝗻𝗮 𝗣𝗲́𝗿𝗲𝘇', ['ana']],
  ['Ａｎａ', ['ana']],
  ['a\u200bna', ['ana']],
  ['  ana   maria  ', ['ana']],
  ['ana jose', []],
  ['nunez', ['ana', 'jose']],
  ["o'brien", ['jose']],
  ['obrien', ['jose']],
  ['ana.perez@example.com', ['ana']],
  ['EXAMPLE.MX', ['jose']],
  ['jose_100%', ['jose']],
  ['example mx jose', ['jose']],
  ['mesa 12', ['mesa']],
  ['(mesa', ['mesa']],
  ['55 1234 5678', ['ana']],
  ['+52 55 1234 5678', ['ana']],
  ['+52 1 55 1234 5678', ['ana']],
  ['5215512345678', ['ana']],
  ['044 55 1234-5678', ['ana']],
  ['(55) 1234.5678', ['ana']],
  ['５５１２３４５６７８', ['ana']],
  ['\u202a+52 55 1234 5678\u202c', ['ana']],
  ['5678', ['ana']],
  ['34 5678', ['ana']],
  ['ana 5678', ['ana']],
  ['ana 4321', []],
  ['305 555 1234', ['us']],
  ['+1 305-555-1234', ['us']],
  ['lucia@müller.example.com', ['mesa']],
  ['@MÜLLER.example.com', ['mesa']],
  ['521 55 1234', ['ana']],
  ['%', ['jose']],
  ['_', ['jose']],
  ['a%a', []],
  ['a_a', []],
  ['\\', []],
  ["' or true --", []],
  ["'", []],
  ['. , ;', []],
  ['nadie', []],
  ['', ['ana', 'jose', 'mesa', 'us']],
  [' ', ['ana', 'jose', 'mesa', 'us']],
] as const) {
  test(`a search for ${JSON.stringify(q)} finds ${expected.join(', ') || 'nobody'}`, async (t) => {
    const app = await startApp(t)
    const eventId = await sharedEvent(app)

    assert.deepEqual(await listIds(app, eventId, { q }), expected)
  })
}

let shared: Promise<string> | undefined
const sharedEvent = (app: TestApp): Promise<string> => (shared ??= anEventOf(app))

test('a search follows the guest: a new name is found and the old one is not', async (t) => {
  const app = await startApp(t)
  const eventId = await anEventOf(app)

  await app.patch(`/events/${eventId}/guests/us`, { as: 'organizer', body: { name: 'Campanita', phone: null } })

  assert.deepEqual(await listIds(app, eventId, { q: 'campanita' }), ['us'])
  assert.deepEqual(
    [await listIds(app, eventId, { q: 'peter' }), await listIds(app, eventId, { q: '3055551234' })],
    [[], []],
  )
})

const deliver = (db: Db, eventId: string, guestId: string, status: string, minute: number) =>
  sql`
  insert into deliveries (
    id, organizer_id, event_id, guest_id, channel, template, locale, status, attempts_max,
    request_id, requested_by, requested_at, updated_at)
  values ('dl_' || ${eventId} || ${guestId} || ${minute}, 'org_test', ${eventId}, ${guestId}, 'email',
          'event_invitation', 'es-MX', ${status}, 3, 'req_1', 'usr_1',
          '2029-06-01T18:00:00Z'::timestamptz + make_interval(mins => ${minute}), now())`.execute(db)

test('guests are filtered by status, tag and the status of their latest message, and by all at once', async (t) => {
  const app = await startApp(t)
  const eventId = await anEventOf(app)
  await sql`update invitations set answer = 'yes' where event_id = ${eventId} and guest_id = 'ana'`.execute(app.db)
  await deliver(app.db, eventId, 'ana', 'failed', 1)
  await deliver(app.db, eventId, 'ana', 'read', 2)
  await deliver(app.db, eventId, 'jose', 'failed', 1)

  for (const [query, expected] of [
    [{ status: 'confirmed' }, ['ana']],
    [{ tag: 'Familia' }, ['ana', 'us']],
    [{ tag: 'Fam' }, []],
    [{ deliveryStatus: 'read' }, ['ana']],
    [{ deliveryStatus: 'failed' }, ['jose']],
    [{ deliveryStatus: 'sent' }, []],
    [{ deliveryStatus: 'none' }, ['mesa', 'us']],
    [{ q: 'example.com', deliveryStatus: 'none' }, ['mesa']],
    [{ q: 'pe', tag: 'Familia', status: 'pending', deliveryStatus: 'none' }, ['us']],
  ] as [Record<string, string>, string[]][])
    assert.deepEqual(await listIds(app, eventId, query), expected, JSON.stringify(query))
})

test('each guest in a list has what they were last sent by each channel, and since when it has its status', async (t) => {
  const app = await startApp(t)
  const eventId = await anEventOf(app)
  await deliver(app.db, eventId, 'ana', 'failed', 1)
  await deliver(app.db, eventId, 'ana', 'read', 2)
  await deliver(app.db, eventId, 'jose', 'queued', 1)
  await sql`
    update deliveries
       set channel = case status when 'read' then 'whatsapp' else 'email' end,
           read_at = case status when 'read' then '2029-06-09T00:00:00Z'::timestamptz end,
           ended_at = case status when 'failed' then '2029-06-08T00:00:00Z'::timestamptz end
     where event_id = ${eventId}`.execute(app.db)

  const reply = await app.get(`/events/${eventId}/guests`, { as: 'viewer' })

  type Last = { status: string; at: string; template: string } | null
  const { data } = reply.json<{ data: { id: string; deliveries: { whatsapp: Last; email: Last } }[] }>()
  const brief = (last: Last) => last && [last.status, last.at]
  assert.deepEqual(
    Object.fromEntries(data.map(({ id, deliveries: { whatsapp, email } }) => [id, [brief(whatsapp), brief(email)]])),
    {
      ana: [
        ['read', '2029-06-09T00:00:00.000Z'],
        ['failed', '2029-06-08T00:00:00.000Z'],
      ],
      jose: [null, ['queued', '2029-06-01T18:01:00.000Z']],
      us: [null, null],
      mesa: [null, null],
    },
  )
})

test('pages of a filtered list have every guest once, and guests of others never', async (t) => {
  const app = await startApp(t)
  const eventId = await anEventOf(app)
  const theirs = await anEventOf(app, await anOrganizer(app.db))
  await sql`update guests set created_at = '2029-01-01T00:00:00Z' where event_id = ${eventId}`.execute(app.db)
  const found: string[] = []

  let cursor: string | null = ''
  while (cursor !== null) {
    const query = new URLSearchParams({ q: 'example', limit: '1', ...(cursor ? { cursor } : {}) })
    const page = (await app.get(`/events/${eventId}/guests?${query.toString()}`, { as: 'organizer' })).json()
    found.push(...page.data.map(({ id }: { id: string }) => id))
    cursor = page.page.nextCursor
  }

  assert.deepEqual(found, ['mesa', 'jose', 'ana'])
  assert.equal((await app.get(`/events/${theirs}/guests?q=ana`, { as: 'organizer' })).statusCode, 404)
})

for (const query of ['status=maybe', 'deliveryStatus=bounced', 'tag=', `q=${'x'.repeat(201)}`, 'name=ana', 'q=a&q=b'])
  test(`guests?${query.slice(0, 30)} is 400`, async (t) => {
    const app = await startApp(t)

    assert.equal(
      (await app.get(`/events/${await sharedEvent(app)}/guests?${query}`, { as: 'organizer' })).statusCode,
      400,
    )
  })
