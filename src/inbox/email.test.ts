import assert from 'node:assert/strict'
import { createHmac } from 'node:crypto'
import test from 'node:test'
import { Resend } from 'resend'
import { newId, sql, type Db } from '../platform/db.ts'
import { deliverInvitation } from '../delivery/jobs.ts'
import { startApp, type TestApp } from '../../test/harness.ts'
import { anInvitation } from '../../test/make.ts'
import { isSignedByResend } from './email.ts'
import { processEmailEvent, sweepInboundEvents } from './jobs.ts'

const NOW = '2029-06-01T12:00:00.000Z'
const SECRET = `whsec_${Buffer.from('a secret of the endpoint').toString('base64')}`
const OLD_SECRET = `whsec_${Buffer.from('the secret before').toString('base64')}`
const SECONDS = Date.parse(NOW) / 1000

type Event = { type: string; created_at?: string; data: Record<string, unknown> }

function signatureOf(secret: string, id: string, timestamp: number | string, body: string): string {
  const key = Buffer.from(secret.replace('whsec_', ''), 'base64')
  return `v1,${createHmac('sha256', key).update(`${id}.${timestamp}.${body}`).digest('base64')}`
}

/** Sends a mail to a new guest with its own address. */
async function aMail(app: TestApp) {
  const address = `${newId('g')}@example.com`
  const guest = await anInvitation(app.db, { email: address })
  const { deliveryId } = (
    await app.post(`/events/${guest.eventId}/guests/${guest.guestId}/send`, {
      as: 'organizer',
      body: { channel: 'email' },
    })
  ).json()
  await app.runJob(deliverInvitation, { deliveryId })
  const { providerMessageId } = (await app.get(`/deliveries/${deliveryId}`, { as: 'organizer' })).json()
  return { address, deliveryId: deliveryId as string, messageId: providerMessageId as string }
}
type Mail = Awaited<ReturnType<typeof aMail>>

const about = (
  { messageId, address }: Pick<Mail, 'messageId' | 'address'>,
  type: string,
  data: object = {},
): Event => ({
  type,
  created_at: '2029-06-01T12:00:01.000Z',
  data: { email_id: messageId, created_at: NOW, from: 'a@example.com', to: [address], subject: 'x', ...data },
})

async function receive(app: TestApp, event: object): Promise<string> {
  const reply = await app.post('/email/webhook', { body: event, headers: { 'svix-id': newId('msg') } })
  assert.equal(reply.statusCode, 200)
  await app.runJob(processEmailEvent, { inboundEventId: reply.json().eventId })
  return reply.json().eventId
}

const stateOf = async (app: TestApp, { deliveryId }: Mail) => {
  const { status, reason, events } = (await app.get(`/deliveries/${deliveryId}`, { as: 'organizer' })).json()
  return { status, reason, events: events.map((event: { status: string }) => event.status) }
}
const stopOf = async (db: Db, address: string) =>
  (
    await sql<{
      reason: string
    }>`select reason from email_stops where email = ${address} and organizer_id = '*'`.execute(db)
  ).rows[0]?.reason
const inboundOf = async (db: Db, id: string) =>
  (
    await sql<{
      status: string
      reason: string | null
    }>`select status, reason from inbound_events where id = ${id}`.execute(db)
  ).rows[0]!

test("an event counts from Resend's own time, also when it arrives late", async (t) => {
  const app = await startApp(t, { now: NOW })
  const mail = await aMail(app)
  const [delivered, opened] = ['2029-06-01T10:55:00.000Z', '2029-06-01T11:00:00.000Z']

  await receive(app, { ...about(mail, 'email.delivered'), created_at: delivered })
  await receive(app, { ...about(mail, 'email.opened'), created_at: opened })

  const { deliveredAt, readAt, events } = (await app.get(`/deliveries/${mail.deliveryId}`, { as: 'organizer' })).json()
  assert.deepEqual([deliveredAt, readAt], [delivered, opened])
  assert.deepEqual(
    events.map(({ occurredAt, receivedAt }: { occurredAt: string; receivedAt: string }) => [occurredAt, receivedAt]),
    [
      [delivered, NOW],
      [opened, NOW],
    ],
  )
})

const bounce = (type: string) => ({ bounce: { type, subType: 'General', message: 'No such mailbox' } })
for (const [type, data, status, reason, stop] of [
  ['email.sent', {}, 'sent', null, undefined],
  ['email.delivered', {}, 'delivered', null, undefined],
  ['email.opened', {}, 'read', 'opened', undefined],
  ['email.clicked', { click: { link: 'https://example.com' } }, 'read', 'clicked', undefined],
  ['email.delivery_delayed', {}, 'sent', null, undefined],
  ['email.bounced', bounce('Permanent'), 'failed', 'email_bounced', 'bounced'],
  ['email.bounced', bounce('permanent'), 'failed', 'email_bounced', 'bounced'],
  ['email.bounced', {}, 'failed', 'email_bounced_soft', undefined],
  ['email.bounced', bounce('Transient'), 'failed', 'email_bounced_soft', undefined],
  ['email.bounced', bounce('Undetermined'), 'failed', 'email_bounced_soft', undefined],
  ['email.complained', {}, 'sent', null, 'complained'],
  ['email.failed', {}, 'failed', 'email_failed', undefined],
  ['email.failed', { failed: { reason: 'Ana <ana@x.mx> is unknown' } }, 'failed', 'email_failed', undefined],
  [
    'email.failed',
    { failed: { reason: 'reached_daily_quota' } },
    'failed',
    'email_failed_reached_daily_quota',
    undefined,
  ],
  [
    'email.suppressed',
    { suppressed: { type: 'OnAccountSuppressionList' } },
    'failed',
    'email_suppressed',
    'suppressed',
  ],
] as const) {
  const detail = 'bounce' in data ? data.bounce.type : 'failed' in data ? data.failed.reason : ''
  test(`after ${type} ${detail} the mail is ${status}${stop ? ` and its address is stopped as ${stop}` : ''}`, async (t) => {
    const app = await startApp(t, { now: NOW })
    const mail = await aMail(app)

    const id = await receive(app, about(mail, type, data))

    const state = await stateOf(app, mail)
    assert.deepEqual([state.status, state.reason, await stopOf(app.db, mail.address)], [status, reason, stop])
    assert.equal((await inboundOf(app.db, id)).status, 'done')
  })
}

for (const type of ['email.delivery_delayed', 'email.complained'] as const) {
  test(`${type} is stored with the delivery and does not change its status`, async (t) => {
    const app = await startApp(t, { now: NOW })
    const mail = await aMail(app)

    await receive(app, about(mail, type))

    assert.deepEqual((await stateOf(app, mail)).events, [type.slice('email.'.length)])
  })
}

for (const type of ['email.scheduled', 'email.received', 'contact.created', 'domain.updated', 'something.new']) {
  test(`${type} is ignored`, async (t) => {
    const app = await startApp(t, { now: NOW })
    const mail = await aMail(app)

    const id = await receive(app, about(mail, type))

    assert.deepEqual([(await stateOf(app, mail)).events, (await inboundOf(app.db, id)).status], [[], 'ignored'])
  })
}

test('a click replaces an open, and an open after a click changes nothing', async (t) => {
  const app = await startApp(t, { now: NOW })
  const [one, other] = [await aMail(app), await aMail(app)]

  await receive(app, about(one, 'email.opened'))
  await receive(app, about(one, 'email.clicked'))
  await receive(app, about(other, 'email.clicked'))
  await receive(app, about(other, 'email.opened'))

  assert.deepEqual([(await stateOf(app, one)).reason, (await stateOf(app, other)).reason], ['clicked', 'clicked'])
})

for (const [order, status, stop] of [
  [['delivered', 'sent'], 'delivered', undefined],
  [['opened', 'delivered', 'sent'], 'read', undefined],
  [['failed', 'delivered'], 'delivered', undefined],
  [['delivered', 'bounced'], 'delivered', 'bounced'],
  [['bounced', 'sent'], 'failed', 'bounced'],
] as const) {
  test(`${order.join(', then ')}: the mail is ${status}`, async (t) => {
    const app = await startApp(t, { now: NOW })
    const mail = await aMail(app)

    for (const name of order) await receive(app, about(mail, `email.${name}`, bounce('Permanent')))

    assert.deepEqual([(await stateOf(app, mail)).status, await stopOf(app.db, mail.address)], [status, stop])
  })
}

for (const [form, tagsOf] of [
  ['an object', (id: string) => ({ delivery_id: id, other: 'x' })],
  [
    'a list',
    (id: string) => [
      { name: 'other', value: 'x' },
      { name: 'delivery_id', value: id },
    ],
  ],
] as const) {
  test(`our id in the tags (${form}) finds a mail whose message id is unknown`, async (t) => {
    const app = await startApp(t, { now: NOW })
    const mail = await aMail(app)
    await sql`update deliveries set provider_message_id = null where id = ${mail.deliveryId}`.execute(app.db)
    await sql`update delivery_attempts set provider_message_id = null where delivery_id = ${mail.deliveryId}`.execute(
      app.db,
    )

    await receive(app, about({ ...mail, messageId: newId('m') }, 'email.delivered', { tags: tagsOf(mail.deliveryId) }))

    assert.equal((await stateOf(app, mail)).status, 'delivered')
  })
}

test('an event of an unknown mail is parked, and its address is stopped anyway', async (t) => {
  const app = await startApp(t, { now: NOW })
  const unknownMail = { messageId: newId('m'), address: `${newId('x')}@example.com` }

  const id = await receive(app, about(unknownMail, 'email.complained'))

  const { rows } =
    await sql`select delivery_id from delivery_events where provider_message_id = ${unknownMail.messageId}`.execute(
      app.db,
    )
  assert.deepEqual([rows, (await inboundOf(app.db, id)).reason], [[{ deliveryId: null }], 'parked'])
  assert.equal(await stopOf(app.db, unknownMail.address), 'complained')
})

test('every valid address of `to` is stopped, bare or with a name', async (t) => {
  const app = await startApp(t, { now: NOW })
  const [one, other] = [`${newId('a')}@example.com`, `${newId('b')}@example.com`]
  const mail = { messageId: newId('m'), address: one }

  await receive(
    app,
    about(mail, 'email.bounced', { ...bounce('Permanent'), to: [one.toUpperCase(), `Ana <${other}>`, 'x', 7] }),
  )

  assert.deepEqual([await stopOf(app.db, one), await stopOf(app.db, other)], ['bounced', 'bounced'])
  const { rows } = await sql`select 1 from email_stops where email in ('x', '7')`.execute(app.db)
  assert.equal(rows.length, 0)
})

test('a stopped address gets no mail', async (t) => {
  const app = await startApp(t, { now: NOW })
  const mail = await aMail(app)
  await receive(app, about(mail, 'email.bounced', bounce('Permanent')))
  const { eventId, guestId } = (await app.get(`/deliveries/${mail.deliveryId}`, { as: 'organizer' })).json()

  const reply = await app.post(`/events/${eventId}/guests/${guestId}/send`, {
    as: 'organizer',
    body: { channel: 'email', force: true },
  })

  assert.deepEqual([reply.statusCode, reply.json().code], [409, 'email_stopped'])
})

test("an address removed from Resend's suppression list gets mail again, unless it unsubscribed", async (t) => {
  const app = await startApp(t, { now: NOW })
  const [freed, later] = [await aMail(app), await aMail(app)]
  for (const mail of [freed, later]) await receive(app, about(mail, 'email.bounced', bounce('Permanent')))
  await sql`insert into email_stops (email, organizer_id, reason, stopped_at)
    values (${freed.address}, 'org_other', 'unsubscribed', ${NOW})`.execute(app.db)
  const removal = ({ address }: Mail, at: string): Event => ({
    type: 'suppression.removed',
    created_at: at,
    data: { id: newId('s'), email: address.toUpperCase(), origin: 'manual' },
  })

  const id = await receive(app, removal(freed, '2029-06-01T12:00:02.000Z'))
  await receive(app, removal(later, '2029-06-01T11:00:00.000Z')) // before it bounced

  assert.deepEqual([await stopOf(app.db, freed.address), await stopOf(app.db, later.address)], [undefined, 'bounced'])
  assert.deepEqual(await inboundOf(app.db, id), { status: 'done', reason: 'freed' })
  const kept = await sql`select organizer_id from email_stops where email = ${freed.address}`.execute(app.db)
  assert.deepEqual(kept.rows, [{ organizerId: 'org_other' }])
})

test('ten concurrent copies of one event are ten 200s, one row and one effect', async (t) => {
  const app = await startApp(t, { now: NOW })
  const mail = await aMail(app)
  const call = { body: about(mail, 'email.delivered'), headers: { 'svix-id': newId('msg') } }

  const replies = await Promise.all(Array.from({ length: 10 }, () => app.post('/email/webhook', call)))
  const ids = new Set<string>(replies.map((reply) => reply.json().eventId))
  const [id] = [...ids]
  await Promise.all(Array.from({ length: 3 }, () => app.runJob(processEmailEvent, { inboundEventId: id! })))

  assert.deepEqual(new Set(replies.map(({ statusCode }) => statusCode)), new Set([200]))
  assert.deepEqual([ids.size, replies.filter((reply) => reply.json().duplicate).length], [1, 9])
  assert.deepEqual((await stateOf(app, mail)).events, ['delivered'])
})

test('an event with the headers of Standard Webhooks is recognized by its id', async (t) => {
  const app = await startApp(t, { now: NOW })
  const headers = { 'webhook-id': newId('msg') }

  const first = await app.post('/email/webhook', { body: { type: 'contact.created', n: 1 }, headers })
  const second = await app.post('/email/webhook', { body: { type: 'contact.created', n: 2 }, headers })

  assert.deepEqual([first.json().duplicate, second.json().duplicate], [false, true])
})

for (const createdAt of [
  '2029-06-01T11:00:00.000Z',
  '2029-06-01T11:00:00.000000+00:00',
  '2029-06-01 11:00:00.000000+00',
  '2029-06-01T05:00:00-06:00',
]) {
  test(`created_at ${createdAt} is read`, async (t) => {
    const app = await startApp(t, { now: NOW })
    const mail = await aMail(app)

    await receive(app, { ...about(mail, 'email.delivered'), created_at: createdAt })

    const { deliveredAt } = (await app.get(`/deliveries/${mail.deliveryId}`, { as: 'organizer' })).json()
    assert.equal(deliveredAt, '2029-06-01T11:00:00.000Z')
  })
}

test('without svix-id a duplicate is recognized by its bytes', async (t) => {
  const { post } = await startApp(t, { now: NOW })
  const body = { type: 'contact.created', data: { note: newId('n') } }

  const replies = [await post('/email/webhook', { body }), await post('/email/webhook', { body })]

  assert.deepEqual(
    replies.map((reply) => reply.json().duplicate),
    [false, true],
  )
})

test('an event without a message id is a dead letter', async (t) => {
  const app = await startApp(t, { now: NOW })

  const id = await receive(app, { type: 'email.delivered', data: { note: newId('n') } })

  assert.deepEqual(await inboundOf(app.db, id), { status: 'dead', reason: 'unreadable' })
})

test('the sweep finds a stored event that was never enqueued', async (t) => {
  const app = await startApp(t, { now: NOW })
  const { eventId: id } = (
    await app.post('/email/webhook', { body: { type: 'contact.created', data: { note: newId('n') } } })
  ).json()
  app.setNow('2029-06-01T12:00:08.001Z')

  await app.runJob(sweepInboundEvents, {})

  const { rows } = await sql<{ enqueuedAt: Date }>`select enqueued_at from inbound_events where id = ${id}`.execute(
    app.db,
  )
  assert.equal(rows[0]!.enqueuedAt.toISOString(), '2029-06-01T12:00:08.001Z')
})

test('with a secret, the webhook requires a signature over the bytes', async (t) => {
  const { post } = await startApp(t, { now: NOW, env: { RESEND_WEBHOOK_SECRET: SECRET } })
  const payload = '{"type":"contact.created",  "data":{}}'
  const call = (headers: Record<string, string>) =>
    post('/email/webhook', { payload, headers: { 'content-type': 'application/json', ...headers } })
  const signed = (signature: string) => ({
    'svix-id': 'msg_1',
    'svix-timestamp': String(SECONDS),
    'svix-signature': signature,
  })

  const right = await call(signed(signatureOf(SECRET, 'msg_1', SECONDS, payload)))
  const [none, wrong] = [await call({}), await call(signed(signatureOf(OLD_SECRET, 'msg_1', SECONDS, payload)))]

  assert.deepEqual([right.statusCode, none.statusCode, wrong.statusCode], [200, 401, 401])
  assert.deepEqual([none.json().code, wrong.json().code], ['invalid_signature', 'invalid_signature'])
})

test('in production a webhook without a secret rejects everything', async (t) => {
  const { post } = await startApp(t, {
    now: NOW,
    env: { APP_ENV: 'production', WA_WEBHOOK_SECRET: 'a-long-secret-for-the-webhook' },
  })

  const reply = await post('/email/webhook', { body: {}, headers: { 'svix-id': 'msg_1' } })

  assert.deepEqual([reply.statusCode, reply.json().code], [401, 'invalid_signature'])
})

for (const [what, call, status, code] of [
  ['text that is not JSON', { payload: '{', headers: { 'content-type': 'application/json' } }, 400, 'invalid_json'],
  ['an empty body', { payload: '', headers: { 'content-type': 'application/json' } }, 400, 'invalid_json'],
  ['a list', { body: [] as object }, 400, 'invalid_request'],
  ['XML', { payload: '<a/>', headers: { 'content-type': 'application/xml' } }, 415, 'unsupported_media_type'],
  ['two megabytes', { body: { note: 'x'.repeat(2 * 1024 * 1024) } }, 413, 'payload_too_large'],
] as const) {
  test(`${what} is rejected`, async (t) => {
    const { post } = await startApp(t)

    const reply = await post('/email/webhook', call)

    assert.deepEqual([reply.statusCode, reply.json().code], [status, code])
  })
}

const BODY = '{"type":"email.sent"}'
const sign = (secret: string, at = SECONDS, body = BODY, id = 'msg_1') => signatureOf(secret, id, at, body)
const NO_SVIX = { 'svix-id': undefined, 'svix-timestamp': undefined }
for (const [what, headers, isRight] of [
  ['signed', { 'svix-signature': sign(SECRET) }, true],
  ['signed with the new and the old secret', { 'svix-signature': `${sign(OLD_SECRET)} ${sign(SECRET)}` }, true],
  ['signed in v1 and another version', { 'svix-signature': `v1a,abc ${sign(SECRET)}` }, true],
  ['signed twice, joined by a proxy', { 'svix-signature': `${sign(OLD_SECRET)}, ${sign(SECRET)}` }, true],
  ['signed with spaces around', { 'svix-signature': `  ${sign(OLD_SECRET)}   ${sign(SECRET)} ` }, true],
  [
    'with the headers of Standard Webhooks',
    { ...NO_SVIX, 'webhook-id': 'msg_1', 'webhook-timestamp': `${SECONDS}`, 'webhook-signature': sign(SECRET) },
    true,
  ],
  [
    'with those headers and another signature',
    { ...NO_SVIX, 'webhook-id': 'msg_1', 'webhook-timestamp': `${SECONDS}`, 'webhook-signature': sign(OLD_SECRET) },
    false,
  ],
  ['with the signature inside another word', { 'svix-signature': `x${sign(SECRET)}` }, false],
  ['signed 300 s ago', { 'svix-timestamp': `${SECONDS - 300}`, 'svix-signature': sign(SECRET, SECONDS - 300) }, true],
  ['signed 300 s ahead', { 'svix-timestamp': `${SECONDS + 300}`, 'svix-signature': sign(SECRET, SECONDS + 300) }, true],
  ['signed 301 s ago', { 'svix-timestamp': `${SECONDS - 301}`, 'svix-signature': sign(SECRET, SECONDS - 301) }, false],
  [
    'signed 301 s ahead',
    { 'svix-timestamp': `${SECONDS + 301}`, 'svix-signature': sign(SECRET, SECONDS + 301) },
    false,
  ],
  ['signed with another secret', { 'svix-signature': sign(OLD_SECRET) }, false],
  ['signed over other bytes', { 'svix-signature': sign(SECRET, SECONDS, `${BODY} `) }, false],
  ['signed for another id', { 'svix-signature': sign(SECRET, SECONDS, BODY, 'msg_2') }, false],
  ['with an invalid timestamp', { 'svix-timestamp': 'NaN', 'svix-signature': sign(SECRET) }, false],
  ['signed in an unknown version', { 'svix-signature': sign(SECRET).replace('v1,', 'v2,') }, false],
  ['with an empty signature', { 'svix-signature': 'v1,' }, false],
  ['without a signature', {}, false],
] as [string, Record<string, string | undefined>, boolean][]) {
  test(`an event ${what} is ${isRight ? 'accepted' : 'rejected'}`, () => {
    const all = { 'svix-id': 'msg_1', 'svix-timestamp': `${SECONDS}`, ...headers }

    assert.equal(isSignedByResend(SECRET, all, Buffer.from(BODY), new Date(NOW)), isRight)
  })
}

test('a secret without a key verifies nothing', () => {
  const headers = {
    'svix-id': 'a',
    'svix-timestamp': `${SECONDS}`,
    'svix-signature': signatureOf('whsec_', 'a', SECONDS, BODY),
  }

  assert.equal(isSignedByResend('whsec_', headers, Buffer.from(BODY), new Date(NOW)), false)
})

test("our signature is the one that Resend's client verifies", () => {
  const timestamp = Math.floor(Date.now() / 1000)
  const signature = sign(SECRET, timestamp)
  const verify = (payload: string) =>
    new Resend('re_test').webhooks.verify({
      payload,
      headers: { id: 'msg_1', timestamp: String(timestamp), signature },
      webhookSecret: SECRET,
    })

  assert.deepEqual(verify(BODY), JSON.parse(BODY))
  assert.throws(() => verify(`${BODY} `))
})
