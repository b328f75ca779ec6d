/** Webhooks of payments through the real routes: addresses, media types, shapes, modes. */
import assert from 'node:assert/strict'
import test from 'node:test'
import { conektaEvent, CONEKTA_KEY, CONEKTA_PUBLIC_KEY, signConekta } from '../../test/fakes/conekta.ts'
import { signStripe, startFakeStripe, stripeEvent, STRIPE_KEY, STRIPE_WEBHOOK_SECRET } from '../../test/fakes/stripe.ts'
import { ORGANIZER_ID, startApp, type TestApp } from '../../test/harness.ts'
import { anOrganizer } from '../../test/make.ts'
import { newId, sql } from '../platform/db.ts'
import { processPaymentEvent } from './jobs.ts'

const NOW = '2029-06-01T12:00:00.000Z'
const JSON_TYPE = { 'content-type': 'application/json' }
const ENV = {
  STRIPE_SECRET_KEY: STRIPE_KEY,
  STRIPE_WEBHOOK_SECRET,
  CONEKTA_API_KEY: CONEKTA_KEY,
  CONEKTA_WEBHOOK_PUBLIC_KEY: CONEKTA_PUBLIC_KEY.replaceAll('\n', '\\n'),
}
const signed = (raw: string | Buffer) => ({ ...JSON_TYPE, 'stripe-signature': signStripe(raw, new Date(NOW)) })

/** Posts a signed event and processes it as often as the job would. */
async function receive(app: TestApp, url: string, payload: string | Buffer, headers: Record<string, string>) {
  const reply = await app.post(url, { payload, headers })
  assert.equal(reply.statusCode, 200, reply.body)
  for (let minute = 0; minute < 10; minute++) {
    app.setNow(new Date(Date.parse(NOW) + minute * 60_000).toISOString())
    await app.runJob(processPaymentEvent, { inboundEventId: reply.json().eventId })
  }
  app.setNow(NOW)
  const { rows } = await sql<{ status: string; reason: string | null }>`
    select status, reason from inbound_events where id = ${reply.json().eventId}`.execute(app.db)
  const { rows: letters } = await sql`select 1 from dead_letters where ref_id = ${reply.json().eventId}`.execute(app.db)
  return [rows[0]!.status, rows[0]!.reason, letters.length]
}

async function aPayment({ db }: TestApp, provider: 'stripe' | 'conekta', mode: 'test' | 'live') {
  const providerRef = newId('ref')
  const organizerId = await anOrganizer(db, ORGANIZER_ID)
  await sql`insert into payments (id, kind, organizer_id, provider, mode, provider_ref, status, amount_cents, currency, created_by, request_id, created_at, updated_at)
    values (${newId('pay')}, 'intent', ${organizerId}, ${provider}, ${mode}, ${providerRef}, 'requires_payment', 50000, 'MXN', 'usr_x', 'req_x', ${NOW}, ${NOW})`.execute(
    db,
  )
  const look = async () =>
    (await sql<{ status: string }>`select status from payments where provider_ref = ${providerRef}`.execute(db))
      .rows[0]!.status
  return { intent: { id: providerRef, amount: 50_000, amount_received: 50_000, currency: 'mxn' }, look }
}

const UNREAD = [
  [
    'thin',
    {
      object: 'v2.core.event',
      data: undefined,
      created: '2029-06-01T12:00:00.000Z',
      livemode: undefined,
      request: undefined,
    },
  ],
  [
    'thin and empty',
    { object: 'v2.core.event', data: {}, context: 'acct_1', related_object: { id: 'pi_1', url: '/v1/x' } },
  ],
  [
    'of an old version',
    {
      api_version: '2014-01-31',
      request: 'req_1',
      data: { object: { id: 'in_1', object: 'invoice' } },
      type: 'invoice.created',
    },
  ],
  ['of an unknown type', { type: 'treasury.something_new.happened' }],
  ['without data', { data: undefined }],
  ['without data.object', { data: { previous_attributes: {} } }],
  ['of nobody we know, on a connected account', { account: 'acct_1' }],
  ['of nobody we know, live', { livemode: true }],
] as const
test('a correctly signed Stripe event of another shape is 200 and ignored', async (t) => {
  const app = await startApp(t, { now: NOW, env: ENV })
  for (const [what, envelope] of UNREAD) {
    const raw = stripeEvent('payment_intent.succeeded', { id: newId('pi'), amount_received: 5 }, undefined, envelope)

    const [status, , letters] = await receive(app, '/payments/webhook/stripe', raw, signed(raw))

    assert.deepEqual([status, letters], ['ignored', 0], what)
  }
})

for (const [what, change] of [
  ['an old version, `request` as text', { api_version: '2016-07-06', request: 'req_1' }],
  ['no version and no request', { api_version: undefined, request: undefined, pending_webhooks: undefined }],
  ['a connected account', { account: 'acct_1' }],
] as const) {
  test(`a Stripe event with ${what} confirms its payment`, async (t) => {
    const app = await startApp(t, { now: NOW, env: ENV })
    const { intent, look } = await aPayment(app, 'stripe', 'test')
    const raw = stripeEvent('payment_intent.succeeded', intent, undefined, change)

    assert.deepEqual(await receive(app, '/payments/webhook', raw, signed(raw)), ['done', 'applied', 0])
    assert.equal(await look(), 'confirmed')
  })
}

test('a Conekta ping and an order with numbers as text are 200', async (t) => {
  const app = await startApp(t, { now: NOW, env: ENV })
  const { intent, look } = await aPayment(app, 'conekta', 'test')
  const ping = JSON.stringify({
    id: newId('e'),
    object: 'event',
    type: 'webhook_ping',
    livemode: true,
    data: { action: 'ping' },
  })
  const paid = conektaEvent('order.paid', { ...intent, amount: '50000', payment_status: 'paid' }, undefined, {
    livemode: 'false',
    created_at: '1790000000',
  })

  const sign = (raw: string) => ({ ...JSON_TYPE, digest: signConekta(raw) })
  assert.deepEqual(await receive(app, '/payments/webhook/conekta', ping, sign(ping)), ['ignored', 'ignored', 0])
  assert.deepEqual(await receive(app, '/payments/webhook', paid, sign(paid)), ['done', 'applied', 0])
  assert.equal(await look(), 'confirmed')
})

for (const provider of ['stripe', 'conekta'] as const) {
  for (const [mode, livemode] of [
    ['live', false],
    ['test', true],
  ] as const) {
    test(`${provider}: an event with livemode ${livemode} about a ${mode} payment is stored, ignored and said`, async (t) => {
      const app = await startApp(t, { now: NOW, env: ENV })
      const { intent, look } = await aPayment(app, provider, mode)
      const event = (live: boolean) =>
        provider === 'stripe'
          ? stripeEvent('payment_intent.succeeded', intent, undefined, { livemode: live })
          : conektaEvent('order.paid', { ...intent, payment_status: 'paid' }, undefined, { livemode: live })
      const sign = (raw: string) => (provider === 'stripe' ? signed(raw) : { ...JSON_TYPE, digest: signConekta(raw) })
      const [wrong, right] = [event(livemode), event(!livemode)]

      assert.deepEqual(await receive(app, '/payments/webhook', wrong, sign(wrong)), ['ignored', 'other_mode', 0])
      assert.equal(await look(), 'requires_payment')
      assert.ok(app.lines.some(({ level, msg }) => level === 'warn' && msg.includes('other mode')))
      assert.deepEqual(await receive(app, '/payments/webhook', right, sign(right)), ['done', 'applied', 0])
      assert.equal(await look(), 'confirmed')
    })
  }
}

test('money for a payment that nobody knows waits in the list of reviews', async (t) => {
  const stripe = await startFakeStripe(t)
  const app = await startApp(t, { now: NOW, env: { ...ENV, ...stripe.env } })
  const raw = stripeEvent('payment_intent.succeeded', { id: newId('pi'), amount_received: 500, currency: 'mxn' })

  assert.deepEqual(await receive(app, '/payments/webhook', raw, signed(raw)), ['done', 'review', 0])
  const { data } = (await app.get('/payments/reviews?status=open', { as: 'director' })).json()
  assert.deepEqual(
    data.map(({ reason, amountCents, currency }: Record<string, unknown>) => [reason, amountCents, currency]),
    [['unknown_payment', 500, 'MXN']],
  )
})

test('the whole way: an intent of the fake Stripe is confirmed by its event only in its mode', async (t) => {
  const stripe = await startFakeStripe(t)
  const app = await startApp(t, { now: NOW, env: stripe.env })
  const made = (
    await app.post('/payments/intent', { as: 'director', body: { amount: 500, provider: 'stripe' } })
  ).json()
  const intent = { id: made.providerRef, amount: 50_000, amount_received: 50_000, currency: 'mxn' }
  const raw = stripeEvent('payment_intent.succeeded', intent, undefined, { livemode: true })

  assert.deepEqual(await receive(app, '/payments/webhook', raw, signed(raw)), ['ignored', 'other_mode', 0])
  const list = (await app.get('/director/payments?status=confirmed', { as: 'director' })).json()
  assert.ok(!list.data.some(({ id }: { id: string }) => id === made.paymentId))
})

const ADDRESSES = ['/wa/webhook', '/email/webhook', '/payments/webhook', '/payments/webhook/mock']
test('slashes at the end of a webhook address, or doubled in it, change nothing', async (t) => {
  const { app, post, get } = await startApp(t, { env: { WA_VERIFY_TOKEN: 'verify-me' } })
  for (const address of ADDRESSES) {
    for (const spelling of [
      `${address}/`,
      `${address}//`,
      `/${address}`,
      address.replaceAll('/', '//'),
      `${address}/?x=1`,
    ]) {
      const reply = await post(spelling, { body: { id: newId('e') } })
      assert.deepEqual([reply.statusCode, reply.json().status], [200, 'accepted'], spelling)
    }
    const wrong = await app.inject({ method: 'PUT', url: `${address}/` })
    assert.equal(wrong.statusCode, 405)
  }
  const query = 'hub.mode=subscribe&hub.verify_token=verify-me&hub.challenge=1158201444'
  const verified = await get(`/wa/webhook/?${query}`)
  assert.deepEqual([verified.statusCode, verified.body], [200, '1158201444'])
  for (const other of ['/wa/webhook/x', '/payments/webhook/mock/x', '/wa/webhooks', '/x/wa/webhook/']) {
    assert.equal((await post(other, { body: {} })).statusCode, 404, other)
  }
})

test('what vendors and proxies name the media type of JSON is accepted; anything else is 415', async (t) => {
  const { app, post } = await startApp(t)
  const send = (url: string, type: string | undefined) =>
    post(url, {
      payload: JSON.stringify({ id: newId('e') }),
      headers: type === undefined ? {} : { 'content-type': type },
    })
  for (const address of ADDRESSES) {
    for (const type of [
      'application/json; charset=utf-8',
      'application/json;charset=UTF-8',
      'APPLICATION/JSON',
      'text/plain',
      'text/plain; charset=utf-8',
      'text/json',
      'application/octet-stream',
      'application/vnd.conekta-v2.3.0+json',
      'application/cloudevents+json; charset=utf-8',
      undefined,
    ]) {
      assert.equal((await send(address, type)).statusCode, 200, `${address} ${type}`)
    }
    for (const type of [
      'application/xml',
      'application/x-www-form-urlencoded',
      'multipart/form-data; boundary=x',
      'image/png',
    ]) {
      assert.equal((await send(address, type)).statusCode, 415, `${address} ${type}`)
    }
    assert.equal((await app.inject({ method: 'POST', url: address })).statusCode, 400)
  }
})

test('a byte order mark is skipped, and bytes that are no UTF-8 are 400', async (t) => {
  const app = await startApp(t, { now: NOW, env: ENV })
  const { intent, look } = await aPayment(app, 'stripe', 'test')
  const marked = Buffer.from(`\ufeff${stripeEvent('payment_intent.succeeded', intent)}`)
  const latin = Buffer.from('{"id":"evt_1","type":"x","name":"Jos\xe9"}', 'latin1')

  assert.deepEqual(await receive(app, '/payments/webhook', marked, signed(marked)), ['done', 'applied', 0])
  assert.equal(await look(), 'confirmed')
  for (const address of ADDRESSES) {
    const reply = await app.post(address, { payload: latin, headers: signed(latin) })
    assert.deepEqual([reply.statusCode, reply.json().code], [400, 'invalid_json'], address)
  }
})
