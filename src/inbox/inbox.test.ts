import assert from 'node:assert/strict'
import { createHmac } from 'node:crypto'
import test from 'node:test'
import { sql, type Db } from '../platform/db.ts'
import { deliverInvitation } from '../delivery/jobs.ts'
import { startApp, type TestApp } from '../../test/harness.ts'
import { aGuest, anEvent, anInvitation, type MadeGuest } from '../../test/make.ts'
import { processInbound } from './inbox.ts'
import { processPaymentEvent, processWaEvent, sweepInboundEvents } from './jobs.ts'

const NOW = '2029-06-01T12:00:00.000Z'
const TIMESTAMP = String(Date.parse(NOW) / 1000)
const unique = () => Math.random().toString(36).slice(2)

const cloud = (value: object) => ({
  object: 'whatsapp_business_account',
  entry: [{ id: '1', changes: [{ field: 'messages', value: { messaging_product: 'whatsapp', ...value } }] }],
})
const aText = (phone: string, body: string, more: object = {}) => ({
  from: phone.replace('+52', '521'),
  id: `wamid.${unique()}`,
  timestamp: TIMESTAMP,
  type: 'text',
  text: { body },
  ...more,
})

const inboundOf = async (db: Db, id: string) =>
  (
    await sql<{
      status: string
      reason: string | null
      attempts: number
      body: Buffer
    }>`select status, reason, attempts, body from inbound_events where id = ${id}`.execute(db)
  ).rows[0]!

async function receive({ post, runJob }: TestApp, body: object): Promise<string> {
  const reply = await post('/wa/webhook', { body })
  assert.equal(reply.statusCode, 200)
  await runJob(processWaEvent, { inboundEventId: reply.json().eventId })
  return reply.json().eventId
}

async function sentTo(app: TestApp, guest: MadeGuest): Promise<{ deliveryId: string; messageId: string }> {
  const { deliveryId } = (
    await app.post(`/events/${guest.eventId}/guests/${guest.guestId}/send`, { as: 'organizer', body: { force: true } })
  ).json()
  await app.runJob(deliverInvitation, { deliveryId })
  const { providerMessageId } = (await app.get(`/deliveries/${deliveryId}`, { as: 'organizer' })).json()
  return { deliveryId, messageId: providerMessageId }
}

const answerOf = async (db: Db, { invitationId }: MadeGuest) =>
  (await sql<{ answer: string }>`select answer from invitations where id = ${invitationId}`.execute(db)).rows[0]!.answer

test('an empty object is stored and ignored', async (t) => {
  const app = await startApp(t)

  const reply = await app.post('/wa/webhook', { body: {} })
  await app.runJob(processWaEvent, { inboundEventId: reply.json().eventId })

  assert.deepEqual([reply.statusCode, reply.json().status], [200, 'accepted'])
  assert.equal((await inboundOf(app.db, reply.json().eventId)).status, 'ignored')
})

test('a 2xx means that the raw body is committed, even while the queue is down', async (t) => {
  const app = await startApp(t)
  const payload = `{ "statuses": [],  "note": "${unique()}", "odd":"\\u0000 á" }`
  const enqueue = t.mock.method(app.deps.queues, 'enqueue', () => new Promise(() => {})) // never resolves

  const reply = await app.post('/wa/webhook', { payload, headers: { 'content-type': 'application/json' } })

  assert.deepEqual([reply.statusCode, enqueue.mock.callCount()], [200, 1])
  assert.equal((await inboundOf(app.db, reply.json().eventId)).body.toString(), payload)
})

test('ten concurrent deliveries of one body get 200 and have one row and one effect', async (t) => {
  const app = await startApp(t, { now: NOW })
  const guest = await anInvitation(app.db)
  const body = cloud({ messages: [aText(guest.phone!, 'Confirmo ✅')] })

  const replies = await Promise.all(Array.from({ length: 10 }, () => app.post('/wa/webhook', { body })))
  const ids = new Set<string>(replies.map((reply) => reply.json().eventId))
  await Promise.allSettled(Array.from({ length: 5 }, () => processInbound(app.deps, ids.values().next().value!)))

  assert.ok(replies.every(({ statusCode }) => statusCode === 200))
  assert.deepEqual([ids.size, replies.filter((reply) => reply.json().duplicate).length], [1, 9])
  const { rows } = await sql`select 1 from invitation_answers where invitation_id = ${guest.invitationId}`.execute(
    app.db,
  )
  assert.deepEqual([rows.length, await answerOf(app.db, guest)], [1, 'yes'])
})

for (const [what, call, status, code] of [
  ['text that is not JSON', { payload: '{', headers: { 'content-type': 'application/json' } }, 400, 'invalid_json'],
  ['an empty body', { payload: '', headers: { 'content-type': 'application/json' } }, 400, 'invalid_json'],
  ['a list', { body: [] as object }, 400, 'invalid_request'],
  ['null', { payload: 'null', headers: { 'content-type': 'application/json' } }, 400, 'invalid_request'],
  ['XML', { payload: '<a/>', headers: { 'content-type': 'application/xml' } }, 415, 'unsupported_media_type'],
  ['five megabytes', { body: { note: 'x'.repeat(5 * 1024 * 1024) } }, 413, 'payload_too_large'],
] as const) {
  test(`${what} is refused and nothing is stored`, async (t) => {
    const { post, db } = await startApp(t)
    const count = async () =>
      (await sql<{ n: number }>`select count(*) as n from inbound_events`.execute(db)).rows[0]!.n
    const before = await count()

    const reply = await post('/wa/webhook', call)

    assert.deepEqual([reply.statusCode, reply.json().code, await count()], [status, code, before])
  })
}

test('in a webhook of many statuses and messages, all but the malformed item count', async (t) => {
  const app = await startApp(t, { now: NOW })
  const eventId = await anEvent(app.db)
  const entries = []
  const expected: string[] = []
  for (let e = 0; e < 2; e++) {
    const changes = []
    for (let c = 0; c < 2; c++) {
      const statuses: object[] = []
      for (let s = 0; s < 5; s++) {
        const { deliveryId, messageId } = await sentTo(app, await aGuest(app.db, eventId))
        statuses.push({ id: messageId, status: 'read', timestamp: TIMESTAMP, recipient_id: 'x' })
        expected.push(deliveryId)
      }
      const messages = await Promise.all(
        [1, 2, 3].map(async () => aText((await aGuest(app.db, eventId)).phone!, 'hola')),
      )
      changes.push({ field: 'messages', value: { statuses, messages } })
    }
    entries.push({ id: String(e), changes })
  }
  entries[0]!.changes[0]!.value.statuses[2] = { id: 7, status: null } // the third item
  const broken = expected.splice(2, 1)[0]!

  const id = await receive(app, { object: 'whatsapp_business_account', entry: entries })

  const { rows } = await sql<{
    id: string
  }>`select id from deliveries where event_id = ${eventId} and status = 'read'`.execute(app.db)
  assert.deepEqual(rows.map((row) => row.id).sort(), expected.sort())
  assert.ok(!rows.some((row) => row.id === broken))
  const messages = await sql`select 1 from wa_messages where inbound_event_id = ${id}`.execute(app.db)
  assert.deepEqual(
    [messages.rows.length, (await inboundOf(app.db, id)).reason],
    [12, 'items_malformed: entry 0 change 0 status 2: unreadable'],
  )
})

test('the flat shape of the old API is read', async (t) => {
  const app = await startApp(t, { now: NOW })
  const { deliveryId, messageId } = await sentTo(app, await anInvitation(app.db))

  await receive(app, {
    statuses: [{ id: messageId, recipient_id: '521', status: 'delivered', timestamp: TIMESTAMP, type: 'message' }],
  })

  assert.equal((await app.get(`/deliveries/${deliveryId}`, { as: 'organizer' })).json().status, 'delivered')
})

test('a status with our delivery id matches a delivery whose message id is unknown', async (t) => {
  const app = await startApp(t, { now: NOW })
  const guest = await anInvitation(app.db)
  const { deliveryId } = (
    await app.post(`/events/${guest.eventId}/guests/${guest.guestId}/send`, { as: 'organizer' })
  ).json()
  await sql`update deliveries set status = 'sending', attempts = 1 where id = ${deliveryId}`.execute(app.db)

  await receive(
    app,
    cloud({
      statuses: [
        { id: `wamid.${unique()}`, status: 'delivered', timestamp: TIMESTAMP, biz_opaque_callback_data: deliveryId },
      ],
    }),
  )

  assert.equal((await app.get(`/deliveries/${deliveryId}`, { as: 'organizer' })).json().status, 'delivered')
})

test('a status of an unknown message is parked, an unknown status is ignored', async (t) => {
  const app = await startApp(t, { now: NOW })
  const messageId = `wamid.${unique()}`

  const id = await receive(
    app,
    cloud({
      statuses: [
        { id: messageId, status: 'delivered', timestamp: TIMESTAMP },
        { id: `${messageId}2`, status: 'warning', timestamp: TIMESTAMP },
      ],
    }),
  )

  const { rows } = await sql<{
    deliveryId: string | null
  }>`select delivery_id from delivery_events where provider_message_id like ${`${messageId}%`}`.execute(app.db)
  assert.deepEqual(rows, [{ deliveryId: null }])
  assert.equal((await inboundOf(app.db, id)).status, 'done')
})

test('the code of a failed status is stored as the reason', async (t) => {
  const app = await startApp(t, { now: NOW })
  const { deliveryId, messageId } = await sentTo(app, await anInvitation(app.db))

  await receive(
    app,
    cloud({
      statuses: [{ id: messageId, status: 'failed', timestamp: TIMESTAMP, errors: [{ code: 131026, title: 'x' }] }],
    }),
  )

  const { status, reason } = (await app.get(`/deliveries/${deliveryId}`, { as: 'organizer' })).json()
  assert.deepEqual([status, reason], ['failed', 'whatsapp_131026'])
})

test('a reply opens the window, answers the quoted invitation, and its alias is stored', async (t) => {
  const app = await startApp(t, { now: NOW })
  const phoneOwner = await anInvitation(app.db)
  const other = await anInvitation(app.db, { phone: phoneOwner.phone }) // the same person, invited twice
  const { messageId } = await sentTo(app, other)

  await receive(app, cloud({ messages: [aText(phoneOwner.phone!, 'no podré ir', { context: { id: messageId } })] }))

  assert.deepEqual([await answerOf(app.db, other), await answerOf(app.db, phoneOwner)], ['no', 'pending'])
  assert.equal((await app.get(`/wa/session/${phoneOwner.phone}`, { as: 'director' })).json().status, 'open')
  const { rows } = await sql<{
    waId: string
  }>`select distinct wa_id from guests where phone = ${phoneOwner.phone}`.execute(app.db)
  assert.deepEqual(rows, [{ waId: phoneOwner.phone!.replace('+52', '521') }])
})

test('a message that quotes nothing answers the only open invitation, but none when there are two', async (t) => {
  const app = await startApp(t, { now: NOW })
  const single = await anInvitation(app.db)
  const twice = await anInvitation(app.db)
  const again = await anInvitation(app.db, { phone: twice.phone })

  await receive(app, cloud({ messages: [aText(single.phone!, 'Confirmo ✅'), aText(twice.phone!, 'Confirmo ✅')] }))

  const answers = [await answerOf(app.db, single), await answerOf(app.db, twice), await answerOf(app.db, again)]
  assert.deepEqual(answers, ['yes', 'pending', 'pending'])
})

test('an answer that a full event refuses does not affect other items of the webhook', async (t) => {
  const app = await startApp(t, { now: NOW })
  const full = await anInvitation(app.db, { partySize: 2, event: { capacity: 1 } })
  const free = await anInvitation(app.db)

  const id = await receive(app, cloud({ messages: [aText(full.phone!, 'confirmo'), aText(free.phone!, 'confirmo')] }))

  assert.deepEqual([await answerOf(app.db, full), await answerOf(app.db, free)], ['pending', 'yes'])
  assert.equal((await inboundOf(app.db, id)).status, 'done')
})

test('a message with only a user id and one of an unknown type are stored', async (t) => {
  const app = await startApp(t, { now: NOW })

  const id = await receive(
    app,
    cloud({
      messages: [
        { from_user_id: 'MX.123', id: `wamid.${unique()}`, timestamp: TIMESTAMP, type: 'text', text: { body: 'hola' } },
        { from: '5215512345678', id: `wamid.${unique()}`, timestamp: TIMESTAMP, type: 'hologram', hologram: {} },
      ],
    }),
  )

  const { rows } = await sql<{
    type: string
  }>`select type from wa_messages where inbound_event_id = ${id} order by type`.execute(app.db)
  assert.deepEqual(
    rows.map(({ type }) => type),
    ['hologram', 'text'],
  )
})

test('the sweep finds a stored webhook that was never enqueued', async (t) => {
  const app = await startApp(t, { now: NOW })
  const guest = await anInvitation(app.db)
  const { eventId: id } = (
    await app.post('/wa/webhook', { body: cloud({ messages: [aText(guest.phone!, 'confirmo')] }) })
  ).json()
  app.setNow('2029-06-01T12:00:08.001Z')

  const swept = await app.runJob(sweepInboundEvents, {})

  assert.notEqual(swept, '0 enqueued')
  const { rows } = await sql<{ enqueuedAt: Date }>`select enqueued_at from inbound_events where id = ${id}`.execute(
    app.db,
  )
  assert.equal(rows[0]!.enqueuedAt.toISOString(), '2029-06-01T12:00:08.001Z')
})

test('with a secret set, the webhook requires it in its header or as the Basic password', async (t) => {
  const { post } = await startApp(t, {
    env: { WA_WEBHOOK_SECRET: 'a-long-secret-for-the-webhook', WA_WEBHOOK_SECRET_HEADER: 'X-Mono' },
  })
  const basic = (password: string) => `Basic ${Buffer.from(`360dialog:${password}`).toString('base64')}`

  const statuses = []
  for (const headers of [
    {},
    { 'x-mono': 'wrong' },
    { 'x-mono': 'a-long-secret-for-the-webhoo' },
    { authorization: basic('wrong') },
    { authorization: 'Basic %%%' },
    { 'x-mono': 'a-long-secret-for-the-webhook' },
    { authorization: basic('a-long-secret-for-the-webhook') },
  ] as Record<string, string>[]) {
    statuses.push((await post('/wa/webhook', { body: {}, headers })).statusCode)
  }

  assert.deepEqual(statuses, [401, 401, 401, 401, 401, 200, 200])
})

test("with an app secret set, Meta's signature must match the raw bytes", async (t) => {
  const { post } = await startApp(t, { env: { WA_APP_SECRET: 'meta-app-secret' } })
  const payload = '{"entry":[],  "n":1}'
  const sign = (bytes: string, secret = 'meta-app-secret') =>
    `sha256=${createHmac('sha256', secret).update(bytes).digest('hex')}`
  const call = (signature?: string) =>
    post('/wa/webhook', {
      payload,
      headers: { 'content-type': 'application/json', ...(signature ? { 'x-hub-signature-256': signature } : {}) },
    })

  const replies = [
    await call(),
    await call(sign('{"entry":[],"n":1}')),
    await call(sign(payload, 'other')),
    await call('sha256=00'),
    await call('nonsense'),
    await call(sign(payload)),
  ]

  assert.deepEqual(
    replies.map(({ statusCode }) => statusCode),
    [401, 401, 401, 401, 401, 200],
  )
  assert.equal(replies[0]!.json().code, 'invalid_signature')
})

test("Meta's verification gets the challenge when the token matches", async (t) => {
  const { get } = await startApp(t, { env: { WA_VERIFY_TOKEN: 'verify-me' } })
  const query = (token: string) => `/wa/webhook?hub.mode=subscribe&hub.verify_token=${token}&hub.challenge=1158201444`

  const [right, wrong] = [await get(query('verify-me')), await get(query('nope'))]

  assert.deepEqual([right.statusCode, right.body, wrong.statusCode], [200, '1158201444', 403])
})

test('an unknown payment provider is refused', async (t) => {
  const { post } = await startApp(t)

  const named = await post('/payments/webhook/paypal', { body: {} })
  const inBody = await post('/payments/webhook', { body: { provider: 'paypal' } })

  for (const reply of [named, inBody])
    assert.deepEqual([reply.statusCode, reply.json().code], [400, 'unsupported_provider'])
})

test('a mock webhook confirms a mock payment once, and is a dead letter when the payment is unknown', async (t) => {
  const app = await startApp(t, { now: NOW })
  const made = (await app.post('/payments/intent', { as: 'director', body: { amount: 1000, currency: 'mxn' } })).json()
  const confirm = { id: `evt_${unique()}`, providerRef: made.providerRef, status: 'confirmed' }

  const first = await app.post('/payments/webhook', { body: confirm })
  const second = await app.post('/payments/webhook/mock', { body: confirm })
  const stray = await app.post('/payments/webhook', {
    body: { ...confirm, id: `evt_${unique()}`, providerRef: 'mock_nobody' },
  })
  await app.runJob(processPaymentEvent, { inboundEventId: first.json().eventId })
  for (const later of [
    '2029-06-01T12:01:00Z',
    '2029-06-01T12:02:00Z',
    '2029-06-01T12:04:00Z',
    '2029-06-01T12:09:00Z',
  ]) {
    await app.runJob(processPaymentEvent, { inboundEventId: stray.json().eventId })
    app.setNow(later)
  }

  assert.deepEqual([second.json().duplicate, second.json().eventId], [true, first.json().eventId])
  const { rows } = await sql<{ status: string }>`select status from payments where id = ${made.paymentId}`.execute(
    app.db,
  )
  assert.deepEqual(rows, [{ status: 'confirmed' }])
  const dead = await inboundOf(app.db, stray.json().eventId)
  assert.deepEqual([dead.status, dead.reason, dead.attempts], ['dead', 'payment_unknown', 4])
})

test('texts that PostgreSQL cannot store and invalid ids do not affect other items', async (t) => {
  const app = await startApp(t, { now: NOW })
  const { deliveryId, messageId } = await sentTo(app, await anInvitation(app.db))
  const guest = await anInvitation(app.db)

  const id = await receive(
    app,
    cloud({
      statuses: [
        { id: messageId, status: 'delivered', timestamp: TIMESTAMP, pricing: { type: 'a\u0000b' } },
        { id: 'x'.repeat(9000), status: 'read', timestamp: TIMESTAMP },
      ],
      messages: [aText(guest.phone!, 'con\u0000firmo'), aText(guest.phone!, 'hola', { id: `wamid.\u0000${unique()}` })],
    }),
  )

  assert.equal((await app.get(`/deliveries/${deliveryId}`, { as: 'organizer' })).json().status, 'delivered')
  assert.equal(await answerOf(app.db, guest), 'yes')
  assert.deepEqual(
    [(await inboundOf(app.db, id)).status, (await inboundOf(app.db, id)).reason],
    ['dead', 'items_malformed: entry 0 change 0 message 1: unreadable; entry 0 change 0 status 1: unreadable'],
  )
})

test('two webhooks with statuses of the same deliveries in opposite order do not deadlock', async (t) => {
  const app = await startApp(t, { now: NOW })
  const eventId = await anEvent(app.db)
  const ids: string[] = []
  for (let n = 0; n < 20; n++) ids.push((await sentTo(app, await aGuest(app.db, eventId))).messageId)
  const store = async (order: string[], status: string) =>
    (
      await app.post('/wa/webhook', {
        body: cloud({ statuses: order.map((id) => ({ id, status, timestamp: TIMESTAMP })) }),
      })
    ).json().eventId
  const [a, b] = [await store(ids, 'delivered'), await store(ids.toReversed(), 'read')]

  const results = await Promise.all([processInbound(app.deps, a), processInbound(app.deps, b)])

  assert.deepEqual(
    results.map(({ status }) => status),
    ['done', 'done'],
  )
})

test('an older answer that arrives later does not replace the newer one', async (t) => {
  const app = await startApp(t, { now: NOW })
  const guest = await anInvitation(app.db)
  const earlier = String(Number(TIMESTAMP) - 50)

  await receive(app, cloud({ messages: [aText(guest.phone!, 'no podré ir')] }))
  await receive(app, cloud({ messages: [{ ...aText(guest.phone!, 'Confirmo'), timestamp: earlier }] }))

  assert.equal(await answerOf(app.db, guest), 'no')
})

test('a webhook without body and content type is a bad request, even with an app secret set', async (t) => {
  const { post } = await startApp(t, { env: { WA_APP_SECRET: 'meta-app-secret' } })

  const reply = await post('/wa/webhook')

  assert.ok(reply.statusCode >= 400 && reply.statusCode < 500, String(reply.statusCode))
})

test('an older answer about another event counts although it arrives after a newer one', async (t) => {
  const app = await startApp(t, { now: NOW })
  const one = await anInvitation(app.db)
  const other = await anInvitation(app.db, { phone: one.phone })
  const [first, second] = [await sentTo(app, one), await sentTo(app, other)]
  const earlier = String(Number(TIMESTAMP) - 50)

  await receive(app, cloud({ messages: [aText(one.phone!, 'no podré ir', { context: { id: second.messageId } })] }))
  await receive(
    app,
    cloud({
      messages: [{ ...aText(one.phone!, 'Confirmo', { context: { id: first.messageId } }), timestamp: earlier }],
    }),
  )

  assert.deepEqual([await answerOf(app.db, one), await answerOf(app.db, other)], ['yes', 'no'])
})

test('a status that refuses our account writes an error line', async (t) => {
  const app = await startApp(t, { now: NOW, expectErrors: /the provider refuses our account/ })
  const { messageId } = await sentTo(app, await anInvitation(app.db))

  await receive(
    app,
    cloud({
      statuses: [{ id: messageId, status: 'failed', timestamp: TIMESTAMP, errors: [{ code: 131042, title: 'x' }] }],
    }),
  )

  const errors = app.lines.filter(({ level }) => level === 'error')
  assert.deepEqual(
    errors.map(({ msg }) => msg),
    ['Statuses say that the provider refuses our account: GET /ops/channels says why'],
  )
})
