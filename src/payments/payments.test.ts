import assert from 'node:assert/strict'
import { Writable } from 'node:stream'
import { test } from 'node:test'
import { startApp, ORGANIZER_ID, type TestApp } from '../../test/harness.ts'
import { anEvent, anOrganizer } from '../../test/make.ts'
import { startFakeConekta } from '../../test/fakes/conekta.ts'
import { startFakeStripe, STRIPE_KEY } from '../../test/fakes/stripe.ts'
import { loadConfig } from '../platform/config.ts'
import { newId, sql, type Db } from '../platform/db.ts'
import { openLog } from '../platform/log.ts'
import { openConekta } from '../providers/conekta.ts'
import { insertIntent, settleIntent } from './intent-sql.ts'
import { openPaymentProviders } from '../providers/providers.ts'
import { openStripe } from '../providers/stripe.ts'

const CUSTOMER = { name: 'Ana Prueba', email: 'ana@example.com', phone: '55 1234 5678' }
type Row = { id: string; status: string; reason: string | null; providerRef: string | null; mode: string }

async function listRows(db: Db, requestId: string): Promise<Row[]> {
  const { rows } = await sql<Row>`select id, status, reason, provider_ref, mode from payments
    where request_id = ${requestId}`.execute(db)
  return rows
}

/** Posts an intent with its own request id, which finds its rows. */
async function ask({ post, db }: TestApp, body: object, more: { as?: 'director' | 'organizer'; key?: string } = {}) {
  const requestId = newId('req')
  const headers = { 'x-request-id': requestId, ...(more.key ? { 'idempotency-key': more.key } : {}) }
  const reply = await post('/payments/intent', { as: more.as ?? 'director', body, headers })
  return { reply, status: reply.statusCode, body: reply.json(), rows: () => listRows(db, requestId) }
}

test('a provider without a key runs in mock mode and moves no money', async (t) => {
  const app = await startApp(t, { env: { PAYMENTS_PROVIDER: 'stripe' } })

  const stripe = await ask(app, { amount: 100 })
  const conekta = await ask(app, { amount: '3.00', provider: 'conekta' })
  const mock = await ask(app, { amount: '0.01', provider: 'mock' })

  for (const { status, body } of [stripe, conekta, mock]) {
    assert.equal(status, 201)
    assert.deepEqual([body.mode, body.status, body.currency], ['mock', 'requires_payment', 'MXN'])
    assert.match(body.providerRef, /^mock_/)
  }
  assert.deepEqual([stripe.body.provider, stripe.body.amount], ['stripe', '100.00'])
  assert.deepEqual([conekta.body.provider, conekta.body.amountCents], ['conekta', 300])
  assert.deepEqual([mock.body.provider, mock.body.amountCents], ['mock', 1])
})

test('mock mode is logged once per provider: at boot for the default one, at the first intent for the others', async () => {
  const logged: unknown[] = []
  const stream = new Writable({
    write(chunk: Buffer, _encoding, done) {
      const { level, msg, provider } = JSON.parse(chunk.toString()) as Record<string, unknown>
      logged.push([level, msg, provider])
      done()
    },
  })
  const { payments } = loadConfig({ PAYMENTS_PROVIDER: 'stripe' })
  const providers = openPaymentProviders(payments, openLog({ format: 'json', level: 'info' }, stream))
  const input = { paymentId: 'pay_1', requestId: 'req_1', amountCents: 100, currency: 'MXN', description: 'x' }
  const intent = {
    ...input,
    customer: {},
    methods: ['card' as const],
    isChosen: false,
    metadata: {},
    returnUrl: 'http://localhost',
    now: new Date(0),
  }

  const atStart = [...logged]
  for (const name of ['stripe', 'conekta', 'conekta'] as const) await providers[name].createIntent(intent)

  assert.deepEqual(atStart, [['warn', 'payments_provider_mock_mode', 'stripe']])
  assert.deepEqual(logged.slice(1), [['warn', 'payments_provider_mock_mode', 'conekta']])
})

test('placeholder and malformed keys count as missing', async (t) => {
  const app = await startApp(t, { env: { STRIPE_SECRET_KEY: 'not_a_key', CONEKTA_API_KEY: 'your_key' } })

  assert.equal(app.deps.providers.stripe.mode, 'mock')
  assert.equal(app.deps.providers.conekta.mode, 'mock')
})

test('a Stripe intent conforms to the vendor API and carries the payment id and the request id', async (t) => {
  const stripe = await startFakeStripe(t)
  const app = await startApp(t, { env: stripe.env })
  const eventId = await anEvent(app.db)

  const { status, body, rows } = await ask(
    app,
    {
      amount: 599,
      currency: 'mxn',
      provider: 'stripe',
      eventId,
      customer: CUSTOMER,
      methods: ['card', 'oxxo'],
      metadata: { mesa: 7 },
    },
    { as: 'organizer' },
  )

  assert.deepEqual(stripe.refusals, [])
  assert.equal(status, 201)
  assert.equal(body.mode, 'test')
  assert.equal(body.status, 'requires_payment')
  assert.match(body.clientSecret, /^pi_.*_secret_/)
  const [{ idempotencyKey, params }] = stripe.calls as [(typeof stripe.calls)[number]]
  assert.equal(idempotencyKey, body.paymentId)
  assert.equal(params['amount'], '59900')
  assert.equal(params['metadata[payment_id]'], body.paymentId)
  assert.equal(params['metadata[request_id]'], body.requestId)
  assert.equal(params['metadata[mesa]'], '7')
  assert.equal(params['allowed_payment_method_types[1]'], 'oxxo')
  assert.deepEqual(await rows(), [
    { id: body.paymentId, status: 'requires_payment', reason: null, providerRef: body.providerRef, mode: 'test' },
  ])
})

test('a Conekta intent is an order with a hosted checkout', async (t) => {
  const conekta = await startFakeConekta(t)
  const app = await startApp(t, { env: conekta.env })

  const { status, body } = await ask(app, { amount: 3, provider: 'conekta', customer: CUSTOMER, description: 'X' })

  assert.deepEqual(conekta.refusals, [])
  assert.equal(status, 201)
  assert.equal(body.mode, 'test')
  assert.equal(body.status, 'requires_action')
  assert.equal(body.clientSecret, null)
  assert.match(body.nextAction.url, /^https:\/\/pay\.conekta\.com\//)
  const [order] = conekta.orders
  assert.equal(order?.line_items[0]?.unit_price, 300)
  assert.equal(order?.customer_info.phone, '+525512345678')
  assert.equal(order?.metadata['payment_id'], body.paymentId)
})

for (const [provider, script, reason] of [
  ['stripe', { kind: 'error', httpStatus: 402, error: { type: 'card_error', code: 'card_declined' } }, 'card_declined'],
  [
    'stripe',
    { kind: 'error', httpStatus: 400, error: { type: 'invalid_request_error', message: 'no' } },
    'invalid_request_error',
  ],
] as const) {
  test(`when Stripe answers ${script.httpStatus} we answer 502 and the payment is failed`, async (t) => {
    const stripe = await startFakeStripe(t)
    const app = await startApp(t, { env: stripe.env })
    stripe.next(script)

    const { status, body, rows } = await ask(app, { amount: 50, provider })

    assert.equal(status, 502)
    assert.equal(body.code, 'provider_error')
    const [row] = await rows()
    assert.equal(row?.status, 'failed')
    assert.equal(row?.reason, reason)
    assert.equal(stripe.calls.length, 1)
  })
}

for (const [httpStatus, type, code] of [
  [402, 'processing_error', 'conekta.errors.processing.bank.declined'],
  [422, 'parameter_validation_error', 'conekta.errors.parameter_validation.expires_at'],
] as const) {
  test(`when Conekta answers ${httpStatus} we answer 502 and the payment is failed`, async (t) => {
    const conekta = await startFakeConekta(t)
    const app = await startApp(t, { env: conekta.env })
    conekta.next({ kind: 'error', httpStatus, type, code })

    const { status, body, rows } = await ask(app, { amount: 50, provider: 'conekta', customer: CUSTOMER })

    assert.equal(status, 502)
    assert.equal(body.code, 'provider_error')
    assert.deepEqual(
      (await rows()).map((row) => [row.status, row.reason]),
      [['failed', code]],
    )
  })
}

for (const kind of ['reset', 'silence', 'garbage'] as const) {
  test(`a provider that gives ${kind} leaves the payment unknown, and the charge is not repeated`, async (t) => {
    const stripe = await startFakeStripe(t)
    const conekta = await startFakeConekta(t)
    const app = await startApp(t, { env: { ...stripe.env, ...conekta.env } })
    app.deps.providers.stripe = openStripe({
      secretKey: STRIPE_KEY,
      apiUrl: stripe.url,
      webhookSecret: '',
      timeoutMs: 300,
    })
    app.deps.providers.conekta = openConekta({
      apiKey: conekta.env.CONEKTA_API_KEY,
      apiUrl: conekta.url,
      webhookPublicKey: undefined,
      timeoutMs: 300,
    })
    stripe.next({ kind })
    conekta.next({ kind })

    const replies = await Promise.all([
      ask(app, { amount: 50, provider: 'stripe' }),
      ask(app, { amount: 50, provider: 'conekta', customer: CUSTOMER }),
    ])

    for (const { status, body, rows } of replies) {
      assert.equal(status, 202)
      assert.equal(body.status, 'unknown')
      assert.equal(body.providerRef, null)
      assert.equal((await rows())[0]?.status, 'unknown')
    }
    assert.equal(conekta.orders.length, 1, 'Conekta has no idempotency key: one call only')
    assert.equal(new Set(stripe.calls.map((call) => call.idempotencyKey)).size, 1, 'Stripe: one key')
  })
}

test('after a crash before the answer, the same key finds its row and calls Stripe again with the same key', async (t) => {
  const stripe = await startFakeStripe(t)
  const app = await startApp(t, { env: stripe.env })
  const key = newId('key')
  const first = await ask(app, { amount: 50, provider: 'stripe' }, { key })
  await sql`update payments set provider_ref = null, client_secret = null where id = ${first.body.paymentId}`.execute(
    app.db,
  )
  await sql`alter table payments disable trigger payments_forward_only`.execute(app.db)
  await sql`update payments set status = 'creating' where id = ${first.body.paymentId}`.execute(app.db)
  await sql`alter table payments enable trigger payments_forward_only`.execute(app.db)
  await sql`delete from idempotency_keys where key = ${key}`.execute(app.db)

  const again = await ask(app, { amount: 50, provider: 'stripe' }, { key })

  assert.equal(again.status, 201)
  assert.equal(again.body.paymentId, first.body.paymentId)
  assert.equal(again.body.providerRef, first.body.providerRef)
  assert.equal(stripe.calls.length, 2)
  assert.equal(stripe.intents(), 1)
})

test('after a lost answer of Conekta, the same key finds the order and creates no second one', async (t) => {
  const conekta = await startFakeConekta(t)
  const app = await startApp(t, { env: conekta.env })
  const key = newId('key')
  const body = { amount: 50, provider: 'conekta', customer: CUSTOMER }
  conekta.next({ kind: 'reset' })
  const first = await ask(app, body, { key })
  const silent = await ask(app, body, { key })
  conekta.next({ kind: 'ok' })

  const again = await ask(app, body, { key })

  assert.deepEqual([first.status, silent.status], [202, 202])
  assert.equal(again.reply.headers['idempotent-replayed'], undefined, 'an unknown outcome is no answer to replay')
  assert.deepEqual([again.status, again.body.status], [201, 'requires_action'])
  assert.equal(again.body.paymentId, first.body.paymentId)
  assert.equal(conekta.order(again.body.providerRef).metadata['payment_id'], again.body.paymentId)
  assert.equal(conekta.orders.length, 1)
})

test('a call that never reached Conekta is made again after a minute, by one of several requests', async (t) => {
  const start = '2030-06-03T18:00:00.000Z'
  const conekta = await startFakeConekta(t, { now: () => new Date(start) })
  const app = await startApp(t, { now: start, env: conekta.env })
  const key = newId('key')
  const body = { amount: 50, provider: 'conekta', customer: CUSTOMER }
  conekta.next({ kind: 'silence_before' })
  app.deps.providers.conekta = openConekta({
    apiKey: conekta.env.CONEKTA_API_KEY,
    apiUrl: conekta.url,
    webhookPublicKey: undefined,
    timeoutMs: 200,
  })
  const first = await ask(app, body, { key })
  conekta.next({ kind: 'ok' })
  const soon = await ask(app, body, { key })
  app.setNow('2030-06-03T18:01:01.000Z')

  const later = await Promise.all([1, 2, 3].map(() => ask(app, body, { key })))

  assert.deepEqual([first.status, soon.status, conekta.created()], [202, 202, 1])
  assert.ok(later.every(({ status }) => [201, 202, 409].includes(status)))
  assert.ok(later.some(({ status }) => status === 201))
})

for (const provider of ['stripe', 'conekta'] as const) {
  test(`a 5xx of ${provider} after the request has left is unknown, and never a second charge`, async (t) => {
    const fake = provider === 'stripe' ? await startFakeStripe(t) : await startFakeConekta(t)
    const app = await startApp(t, { env: fake.env })
    const key = newId('key')
    const body = { amount: 50, provider, customer: CUSTOMER }
    fake.next({ kind: 'accepts_then_fails', httpStatus: 500, times: 1 })

    const first = await ask(app, body, { key })
    const again = await ask(app, body, { key })

    assert.deepEqual([first.status, first.body.status, again.status], [202, 'unknown', 201])
    assert.equal(again.body.paymentId, first.body.paymentId)
    const created = 'intents' in fake ? fake.intents() : fake.created()
    assert.equal(created, 1)
  })
}

test('an open payment of a purpose is found again; one with another amount is refused; a late voucher makes room', async (t) => {
  const start = '2030-06-03T18:00:00.000Z'
  let clock = new Date(start)
  const conekta = await startFakeConekta(t, { now: () => clock })
  const app = await startApp(t, { now: start, env: conekta.env })
  const organizerId = await anOrganizer(app.db)
  const body = {
    ...{ amount: 50, provider: 'conekta', customer: CUSTOMER, methods: ['oxxo'] },
    ...{ organizerId, purposeKey: 'invoice 7' },
  }

  const first = await ask(app, body)
  const again = await ask(app, body)
  const other = await ask(app, { ...body, amount: 60 })
  const elsewhere = await ask(app, { ...body, organizerId: await anOrganizer(app.db) })
  clock = new Date('2030-06-06T18:00:01.000Z')
  app.setNow(clock.toISOString())
  const after = await ask(app, body)

  assert.deepEqual([first.status, again.status, after.status], [201, 201, 201])
  assert.equal(again.body.paymentId, first.body.paymentId)
  assert.equal(again.body.nextAction.number, first.body.nextAction.number)
  assert.deepEqual([other.status, other.body.code], [409, 'payment_open'])
  assert.notEqual(elsewhere.body.paymentId, first.body.paymentId)
  assert.notEqual(after.body.paymentId, first.body.paymentId)
  assert.equal(conekta.orders.length, 3)
})

test('twenty requests for one purpose at once make one payment and one call', async (t) => {
  const stripe = await startFakeStripe(t)
  const app = await startApp(t, { env: stripe.env })
  const body = { amount: 50, provider: 'stripe', organizerId: await anOrganizer(app.db), purposeKey: 'invoice 8' }

  const replies = await Promise.all(Array.from({ length: 20 }, () => ask(app, body)))

  assert.equal(new Set(replies.map((reply) => reply.body.paymentId)).size, 1)
  assert.equal(stripe.intents(), 1)
})

test('one Idempotency-Key creates one payment and rejects another body, also after its stored answer expired', async (t) => {
  const app = await startApp(t)
  const key = newId('key')
  const first = await ask(app, { amount: 10 }, { key })

  const replayed = await ask(app, { amount: 10 }, { key })
  const other = await ask(app, { amount: 11 }, { key })
  await sql`delete from idempotency_keys where key = ${key}`.execute(app.db)
  const later = await ask(app, { amount: 10 }, { key })
  await sql`delete from idempotency_keys where key = ${key}`.execute(app.db)
  const laterOther = await ask(app, { amount: 11 }, { key })

  assert.equal(replayed.reply.headers['idempotent-replayed'], 'true')
  assert.deepEqual(replayed.body, first.body)
  assert.equal(other.body.code, 'idempotency_key_reused')
  assert.equal(later.body.paymentId, first.body.paymentId)
  assert.equal(laterOther.status, 422)
  assert.equal(laterOther.body.code, 'idempotency_key_reused')
  const { rows } = await sql`select 1 from payments where idempotency_key = ${key}`.execute(app.db)
  assert.equal(rows.length, 1)
})

test('twenty concurrent intents with one key create one payment', async (t) => {
  const app = await startApp(t)
  const key = newId('key')

  const replies = await Promise.all(Array.from({ length: 20 }, () => ask(app, { amount: 10 }, { key })))

  const codes = new Set(replies.map(({ status }) => status))
  codes.delete(409)
  assert.deepEqual([...codes], [201])
  const { rows } = await sql`select 1 from payments where idempotency_key = ${key}`.execute(app.db)
  assert.equal(rows.length, 1)
})

const REJECTED = [
  ['no amount', {}, 'invalid_amount'],
  ['both amounts', { amount: 1, amountCents: 100 }, 'invalid_amount'],
  ['a negative amount', { amount: -1 }, 'invalid_amount'],
  ['zero', { amountCents: 0 }, 'invalid_amount'],
  ['three decimals', { amount: '10.001' }, 'invalid_amount'],
  ['a text that is no number', { amount: 'diez' }, 'invalid_amount'],
  ['an unknown currency', { amount: 10, currency: 'XXX' }, 'unsupported_currency'],
  ['an unknown provider', { amount: 10, provider: 'paypal' }, 'unsupported_provider'],
  ['less than Stripe takes', { amountCents: 999, provider: 'stripe' }, 'amount_too_small'],
  ['more than Stripe takes', { amount: '1000000.00', provider: 'stripe' }, 'amount_too_large'],
  ['spei in dollars', { amount: 10, currency: 'USD', provider: 'stripe', methods: ['spei'] }, 'unsupported_currency'],
  ['oxxo in dollars', { amount: 10, currency: 'USD', provider: 'stripe', methods: ['oxxo'] }, 'unsupported_currency'],
  ['less than Conekta takes', { amountCents: 299, provider: 'conekta', customer: CUSTOMER }, 'amount_too_small'],
  [
    'dollars with Conekta',
    { amount: 10, currency: 'USD', provider: 'conekta', customer: CUSTOMER },
    'unsupported_currency',
  ],
  ['Conekta without a customer', { amount: 10, provider: 'conekta' }, 'invalid_request'],
  ['a customer phone that is none', { amount: 10, customer: { phone: '12' } }, 'invalid_phone'],
  ['a customer e-mail that is none', { amount: 10, customer: { email: 'ana@' } }, 'invalid_email'],
  ['an unknown field', { amount: 10, tip: 1 }, 'invalid_request'],
  ['nested metadata', { amount: 10, metadata: { a: {} } }, 'invalid_request'],
] as const
test('intents of one moment each become a payment of their own payer, and only an earlier key stops one', async (t) => {
  const app = await startApp(t, { now: '2030-03-01T18:00:00.000Z' })
  const organizers = await Promise.all([anOrganizer(app.db), anOrganizer(app.db)])
  const intents = Array.from({ length: 30 }, (_, n) => ({
    ...{ id: newId('pay'), organizerId: organizers[n % 2] ?? null, eventId: null, provider: 'mock', mode: 'mock' },
    ...{ amountCents: 1000 + n, currency: n % 3 ? 'MXN' : 'USD', description: n % 2 ? `«${n}», "{}"` : null },
    ...{ metadata: { n, 'a.b': '{"\\' }, createdBy: 'usr_x', requestId: `req_${n}`, now: app.deps.now() },
    idempotencyKey: n < 5 ? 'the same' : null,
    purposeKey: null,
  }))

  const made = await Promise.all(intents.map((intent) => insertIntent(app, intent)))
  const { rows } = await sql<{ id: string; metadata: object; description: string | null }>`
    select id, metadata, description from payments where id = any(${intents.map(({ id }) => id)}::text[])`.execute(
    app.db,
  )

  assert.equal(made.slice(0, 5).filter(Boolean).length, 1)
  for (const [n, payment] of made.entries()) {
    const { id, organizerId, amountCents, currency, metadata, description } = intents[n]!
    const row = rows.find((one) => one.id === id)
    if (n < 5 && payment === null) assert.equal(row, undefined)
    else {
      const { status, kind, createdAt, ...rest } = payment!
      assert.deepEqual([status, kind, createdAt], ['creating', 'intent', app.deps.now()])
      assert.deepEqual(
        [rest.id, rest.organizerId, rest.amountCents, rest.currency, row!.metadata, row!.description],
        [id, organizerId, amountCents, currency, metadata, description],
      )
    }
  }
})

test('of two answers about one payment in one moment the first created one stays, and others keep their own', async (t) => {
  const app = await startApp(t)
  const ids = await Promise.all(
    Array.from({ length: 6 }, async () => {
      const id = newId('pay')
      await sql`insert into payments (id, kind, provider, mode, status, amount_cents, currency, created_by, request_id, created_at, updated_at)
        values (${id}, 'intent', 'stripe', 'test', 'creating', 100, 'MXN', 'usr_x', 'req_x', now(), now())`.execute(
        app.db,
      )
      return id
    }),
  )
  const cause = { by: 'usr_x', requestId: 'req_x', at: app.deps.now() }
  const created = (id: string) => ({
    ...{ kind: 'created' as const, providerRef: `ref_${id}`, clientSecret: `secret_${id}`, mode: 'live' as const },
    ...{ nextAction: { type: 'redirect' as const, url: 'https://x.example/?a="b"', expiresAt: null } },
    ...{ status: 'requires_payment' as const, facts: [] },
  })

  const settled = await Promise.all([
    ...ids.slice(0, 4).map((id) => settleIntent(app, { id, outcome: created(id), cause })),
    settleIntent(app, { id: ids[4]!, outcome: { kind: 'rejected', reason: 'card_declined', httpStatus: 402 }, cause }),
    settleIntent(app, { id: ids[5]!, outcome: { kind: 'unknown', reason: 'timeout' }, cause }),
    settleIntent(app, { id: ids[0]!, outcome: { kind: 'unknown', reason: 'timeout' }, cause }),
  ])

  for (const [n, id] of ids.slice(0, 4).entries()) {
    const { providerRef, clientSecret, nextAction, mode, status, reason } = settled[n]!
    const { kind: _, facts: __, ...rest } = created(id)
    assert.deepEqual({ providerRef, clientSecret, nextAction, mode, status, reason }, { ...rest, reason: null })
  }
  assert.deepEqual(
    settled.slice(4).map(({ id, status, reason }) => [id, status, reason]),
    [
      [ids[4], 'failed', 'card_declined'],
      [ids[5], 'unknown', 'timeout'],
      [ids[0], 'requires_payment', null],
    ],
  )
})

test('an unsupported intent is rejected before a row exists', async (t) => {
  const stripe = await startFakeStripe(t)
  const conekta = await startFakeConekta(t)
  const app = await startApp(t, { env: { ...stripe.env, ...conekta.env } })
  for (const [what, body, code] of REJECTED) {
    const asked = await ask(app, body)

    assert.deepEqual([asked.status, asked.body.code], [400, code], what)
    assert.deepEqual(await asked.rows(), [], what)
  }
  assert.equal(stripe.calls.length + conekta.orders.length, 0)
})

const AMOUNTS: [unknown, number | 'invalid_amount' | 'invalid_request'][] = [
  [500, 50_000],
  ['500', 50_000],
  [' 500 ', 50_000],
  ['\u00a0500.5\n', 50_050],
  ['00500', 50_000],
  [500.1, 50_010],
  [19.99, 1999],
  ['0.01', 1],
  ['999999999.99', 99_999_999_999],
  ...[
    '1,000.00',
    '1.000,00',
    '1000,50',
    '1 000',
    '$500',
    '500 MXN',
    '1e3',
    '+500',
    '-500',
    '.5',
    '500.',
    '0x1F',
    '５００',
    '',
    ' ',
  ].map((text): [string, 'invalid_amount'] => [text, 'invalid_amount']),
  ...['NaN', 'Infinity', 'null', '0', '0.00', '10.001', '1000000000.00', '9007199254740993'].map(
    (text): [string, 'invalid_amount'] => [text, 'invalid_amount'],
  ),
  ...[0, -1, 0.001, 1e21, 1e-7, 1e300, 999_999_999_999].map((n): [number, 'invalid_amount'] => [n, 'invalid_amount']),
  ...[null, true, [], {}, '9'.repeat(21)].map((odd): [unknown, 'invalid_request'] => [odd, 'invalid_request']),
]
test('an amount is a plain decimal in pesos, with spaces around it at most', async (t) => {
  const app = await startApp(t)
  for (const [amount, expected] of AMOUNTS) {
    const { body, rows } = await ask(app, { amount })

    assert.equal(body.amountCents ?? body.code, expected, JSON.stringify(amount))
    assert.equal((await rows()).length, typeof expected === 'number' ? 1 : 0)
  }
  for (const amountCents of [1e30, 2 ** 53, 1.5, '500', -1, 100_000_000_000]) {
    assert.equal((await ask(app, { amountCents })).status, 400, String(amountCents))
  }
})

/** [provider, methods, amount, currency, code or null]. Rows without a code are taken. */
const METHOD_LIMITS: [string, string[] | undefined, string, string, string | null][] = [
  ['stripe', ['oxxo'], '9.99', 'MXN', 'amount_too_small'],
  ['stripe', ['oxxo'], '10.00', 'MXN', null],
  ['stripe', ['oxxo'], '10000.00', 'MXN', null],
  ['stripe', ['oxxo'], '10000.01', 'MXN', 'amount_too_large'],
  ['stripe', ['card', 'oxxo'], '10000.01', 'MXN', 'amount_too_large'],
  ['stripe', ['oxxo', 'card'], '10000.01', 'MXN', 'amount_too_large'],
  ['stripe', ['card'], '10000.01', 'MXN', null],
  ['stripe', undefined, '10000.01', 'MXN', null],
  ['stripe', ['card'], '9.99', 'MXN', 'amount_too_small'],
  ['stripe', undefined, '999999.99', 'MXN', null],
  ['stripe', undefined, '1000000.00', 'MXN', 'amount_too_large'],
  ['stripe', ['card'], '0.49', 'USD', 'amount_too_small'],
  ['stripe', ['card'], '0.50', 'usd', null],
  ['stripe', ['oxxo'], '10.00', 'USD', 'unsupported_currency'],
  ['stripe', ['card', 'oxxo'], '10.00', 'EUR', 'unsupported_currency'],
  ['stripe', ['spei'], '100.00', 'MXN', null],
  ['stripe', ['spei'], '9.99', 'MXN', 'amount_too_small'],
  ['conekta', ['oxxo'], '2.99', 'MXN', 'amount_too_small'],
  ['conekta', ['oxxo'], '3.00', 'MXN', null],
  ['conekta', ['oxxo'], '10000.00', 'MXN', null],
  ['conekta', ['oxxo'], '10000.01', 'MXN', 'amount_too_large'],
  ['conekta', ['card', 'oxxo', 'spei'], '10000.01', 'MXN', 'amount_too_large'],
  ['conekta', ['card', 'spei'], '10000.01', 'MXN', null],
  ['conekta', ['spei'], '2.99', 'MXN', 'amount_too_small'],
  ['conekta', undefined, '2.99', 'MXN', 'amount_too_small'],
  ['conekta', undefined, '21474836.48', 'MXN', 'amount_too_large'],
  ['conekta', ['card'], '10.00', 'USD', 'unsupported_currency'],
]
for (const isMock of [false, true]) {
  test(`the limits of a method are known before the provider is called${isMock ? ', also in mock mode' : ''}`, async (t) => {
    const [stripe, conekta] = [await startFakeStripe(t), await startFakeConekta(t)]
    const app = await startApp(t, { env: isMock ? {} : { ...stripe.env, ...conekta.env } })
    for (const [provider, methods, amount, currency, code] of METHOD_LIMITS) {
      const calls = () => stripe.intents() + conekta.orders.length
      const before = calls()

      const asked = await ask(app, { provider, amount, currency, customer: CUSTOMER, ...(methods ? { methods } : {}) })

      const what = [provider, methods, amount, currency].join(' ')
      assert.deepEqual([asked.status, asked.body.code ?? null], [code ? 400 : 201, code], what)
      assert.equal((await asked.rows()).length, code ? 0 : 1, what)
      assert.equal(calls() - before, code || isMock ? 0 : 1, what)
      if (code && methods)
        assert.match(asked.body.detail, new RegExp(code === 'unsupported_currency' ? 'MXN' : methods.join('|')), what)
    }
    assert.deepEqual([...stripe.refusals, ...conekta.refusals], [])
  })
}

test('the mock provider has the limits of cash in shops, and no others', async (t) => {
  const app = await startApp(t)
  for (const [methods, amount, currency, code] of [
    [['oxxo'], '9.99', 'MXN', 'amount_too_small'],
    [['oxxo'], '10000.01', 'MXN', 'amount_too_large'],
    [['card', 'oxxo', 'spei'], '10000.01', 'MXN', 'amount_too_large'],
    [['oxxo'], '10.00', 'USD', 'unsupported_currency'],
    [['card', 'oxxo', 'spei'], '10000.00', 'MXN', undefined],
    [['card', 'spei'], '0.01', 'MXN', undefined],
  ] as const) {
    assert.equal(
      (await ask(app, { methods, amount, currency })).body.code,
      code,
      `${methods.join()} ${amount} ${currency}`,
    )
  }
})

test('without methods, Conekta offers those that take the amount', async (t) => {
  const conekta = await startFakeConekta(t)
  const app = await startApp(t, { env: conekta.env })

  await ask(app, { amount: 10_000, provider: 'conekta', customer: CUSTOMER })
  await ask(app, { amount: '10000.01', provider: 'conekta', customer: CUSTOMER })

  assert.deepEqual(
    conekta.orders.map((order) => order.checkout.allowed_payment_methods),
    [
      ['card', 'cash', 'bank_transfer'],
      ['card', 'bank_transfer'],
    ],
  )
})

test('an organizer pays only for itself; a director pays for any organizer or none', async (t) => {
  const app = await startApp(t)
  const ownEvent = await anEvent(app.db)
  const other = await anOrganizer(app.db)
  const otherEvent = await anEvent(app.db, { organizerId: other })
  const ownerOf = async (id: string) =>
    (await sql<{ organizerId: string | null }>`select organizer_id from payments where id = ${id}`.execute(app.db))
      .rows[0]?.organizerId
  const as = 'organizer'

  const own = await ask(app, { amount: 1, eventId: ownEvent }, { as })
  const implied = await ask(app, { amount: 1 }, { as })
  const foreign = await ask(app, { amount: 1, organizerId: other }, { as })
  const foreignEvent = await ask(app, { amount: 1, eventId: otherEvent }, { as })
  const director = await ask(app, { amount: 1, eventId: otherEvent })
  const withoutOrganizer = await ask(app, { amount: 1 })
  const mixed = await ask(app, { amount: 1, organizerId: ORGANIZER_ID, eventId: otherEvent })

  assert.equal(await ownerOf(own.body.paymentId), ORGANIZER_ID)
  assert.equal(await ownerOf(implied.body.paymentId), ORGANIZER_ID)
  assert.equal(foreign.body.code, 'organizer_not_found')
  assert.equal(foreignEvent.status, 404)
  assert.equal(foreignEvent.body.code, 'event_not_found')
  assert.equal(await ownerOf(director.body.paymentId), other)
  assert.equal(await ownerOf(withoutOrganizer.body.paymentId), null)
  assert.equal(mixed.body.code, 'event_not_found')
})

test('an intent needs a token with the right role', async (t) => {
  const { post } = await startApp(t)

  assert.equal((await post('/payments/intent', { body: { amount: 1 } })).statusCode, 401)
  for (const as of ['staff', 'viewer'] as const) {
    assert.equal((await post('/payments/intent', { as, body: { amount: 1 } })).statusCode, 403)
  }
})

test('the logs of an intent contain no customer data and no secret', async (t) => {
  const stripe = await startFakeStripe(t)
  const app = await startApp(t, { env: stripe.env })

  const { body } = await ask(app, { amount: 50, provider: 'stripe', customer: CUSTOMER })

  const text = JSON.stringify(app.lines)
  for (const secret of [body.clientSecret, CUSTOMER.email, CUSTOMER.name, '5512345678', STRIPE_KEY]) {
    assert.equal(text.includes(secret), false)
  }
})
