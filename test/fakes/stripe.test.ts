/** The fake Stripe must refuse what Stripe refuses, and the official SDK must read what it answers. */
import assert from 'node:assert/strict'
import { test, type TestContext } from 'node:test'
import { Stripe } from 'stripe'
import { startServer, type Asked } from './http.ts'
import { startFakeStripe, STRIPE_KEY, STRIPE_WEBHOOK_SECRET, type StripeOptions } from './stripe.ts'

type Params = Record<string, string>
type ErrorBody = { error: { type: string; code?: string; param?: string; message: string } }

const CARD = { amount: '50000', currency: 'mxn' }
const OXXO = {
  ...CARD,
  confirm: 'true',
  'allowed_payment_method_types[0]': 'oxxo',
  'payment_method_data[type]': 'oxxo',
  'payment_method_data[billing_details][name]': 'Ana Prueba',
  'payment_method_data[billing_details][email]': 'ana@example.com',
}
const TRANSFER = {
  ...CARD,
  confirm: 'true',
  'allowed_payment_method_types[0]': 'customer_balance',
  'payment_method_data[type]': 'customer_balance',
  'payment_method_options[customer_balance][funding_type]': 'bank_transfer',
  'payment_method_options[customer_balance][bank_transfer][type]': 'mx_bank_transfer',
}

async function start(t: TestContext, options: StripeOptions = {}) {
  const fake = await startFakeStripe(t, options)
  const { port } = new URL(fake.url)
  const sdk = new Stripe(STRIPE_KEY, {
    ...{ host: '127.0.0.1', port, protocol: 'http' as const },
    ...{ maxNetworkRetries: 0, telemetry: false, timeout: 300 },
  })
  let keys = 0
  const post = async (path: string, params: Params, headers: Params = {}) => {
    const response = await fetch(`${fake.url}${path}`, {
      method: 'POST',
      headers: {
        authorization: `Bearer ${STRIPE_KEY}`,
        'stripe-version': '2026-10-28.endive',
        'content-type': 'application/x-www-form-urlencoded',
        'idempotency-key': `key-${++keys}`,
        ...headers,
      },
      body: new URLSearchParams(params),
    })
    return {
      status: response.status,
      headers: response.headers,
      body: (await response.json()) as ErrorBody & { id: string },
    }
  }
  const create = async (params: Params = CARD) => (await post('/v1/payment_intents', params)).body.id
  const typesOf = () => fake.takeEvents().map(({ type }) => type)
  return { fake, sdk, post, create, typesOf }
}

const without = (params: Params, ...names: string[]): Params =>
  Object.fromEntries(Object.entries(params).filter(([name]) => !names.includes(name)))

const REFUSED: [string, Params, string | undefined, string | undefined][] = [
  ['an unknown parameter', { ...CARD, colour: 'red' }, 'parameter_unknown', 'colour'],
  [
    'payment_method_types',
    { ...CARD, 'payment_method_types[0]': 'card' },
    'parameter_unknown',
    'payment_method_types[0]',
  ],
  ['no amount', { currency: 'mxn' }, 'parameter_missing', 'amount'],
  ['a fraction', { ...CARD, amount: '10.5' }, 'parameter_invalid_integer', 'amount'],
  ['less than 10 pesos', { ...CARD, amount: '999' }, 'amount_too_small', 'amount'],
  ['nine digits', { ...CARD, amount: '100000000' }, 'amount_too_large', 'amount'],
  ['a long metadata value', { ...CARD, 'metadata[a]': 'x'.repeat(501) }, undefined, 'metadata[a]'],
  [
    'a long metadata key',
    { ...CARD, [`metadata[${'x'.repeat(41)}]`]: 'a' },
    'parameter_unknown',
    `metadata[${'x'.repeat(41)}]`,
  ],
  [
    '51 metadata keys',
    { ...CARD, ...Object.fromEntries(Array.from({ length: 51 }, (_, n) => [`metadata[${n}]`, 'a'])) },
    undefined,
    'metadata',
  ],
  ['no such e-mail address', { ...CARD, receipt_email: 'ana' }, 'email_invalid', 'receipt_email'],
  ['an unknown customer', { ...CARD, customer: 'cus_x' }, 'resource_missing', 'customer'],
  ['confirmation without a method', { ...CARD, confirm: 'true' }, 'payment_intent_unexpected_state', undefined],
  ['a return_url without confirmation', { ...CARD, return_url: 'https://a.mx' }, undefined, 'return_url'],
  [
    'no return_url for methods of the Dashboard',
    without(OXXO, 'allowed_payment_method_types[0]'),
    undefined,
    'return_url',
  ],
  [
    'OXXO without a last name',
    { ...OXXO, 'payment_method_data[billing_details][name]': 'Ana P' },
    'payment_method_invalid_parameter',
    'payment_method_data[billing_details][name]',
  ],
  [
    'OXXO without e-mail',
    without(OXXO, 'payment_method_data[billing_details][email]'),
    'parameter_missing',
    'payment_method_data[billing_details][email]',
  ],
  ['OXXO above 10,000 pesos', { ...OXXO, amount: '1000001' }, 'amount_too_large', 'amount'],
  ['OXXO in dollars', { ...OXXO, currency: 'usd' }, 'payment_intent_invalid_parameter', 'currency'],
  [
    'a voucher for 8 days',
    { ...OXXO, 'payment_method_options[oxxo][expires_after_days]': '8' },
    'parameter_invalid_integer',
    'payment_method_options[oxxo][expires_after_days]',
  ],
  [
    'a method that is not allowed',
    { ...OXXO, 'allowed_payment_method_types[0]': 'card' },
    'payment_intent_incompatible_payment_method',
    'payment_method_data[type]',
  ],
  ['a transfer without a customer', TRANSFER, 'parameter_missing', 'customer'],
]
for (const [what, params, code, param] of REFUSED) {
  test(`Stripe refuses ${what}, and stores no answer for the key`, async (t) => {
    const { fake, post } = await start(t)
    const headers = { 'idempotency-key': 'same' }

    const refused = await post('/v1/payment_intents', params, headers)
    const corrected = await post('/v1/payment_intents', CARD, headers)

    assert.deepEqual([refused.status, refused.body.error.type], [400, 'invalid_request_error'])
    assert.deepEqual([refused.body.error.code, refused.body.error.param], [code, param])
    assert.equal(fake.refusals.length, 1)
    assert.equal(corrected.status, 200)
  })
}

test('headers are checked: key, version, idempotency key, path', async (t) => {
  const { post } = await start(t)
  const statusOf = async (headers: Params, path = '/v1/payment_intents') => (await post(path, CARD, headers)).status

  assert.equal(await statusOf({ authorization: 'Bearer sk_test_other' }), 401)
  assert.equal(await statusOf({ authorization: `Basic ${btoa(`${STRIPE_KEY}:`)}` }), 200)
  assert.equal(await statusOf({ 'stripe-version': '2024-06-20' }), 400)
  assert.equal(await statusOf({ 'content-type': 'application/json' }), 400)
  assert.equal(await statusOf({ 'idempotency-key': 'x'.repeat(256) }), 400)
  assert.equal(await statusOf({}, '/v1/nothing'), 404)
})

test('an idempotency key repeats its answer, also a 500, and refuses other parameters', async (t) => {
  const { fake, post } = await start(t)
  const send = (key: string, params: Params = CARD) => post('/v1/payment_intents', params, { 'idempotency-key': key })

  const first = await send('a')
  const again = await send('a')
  const other = await send('a', { ...CARD, amount: '60000' })
  fake.next({ kind: 'error', httpStatus: 500, error: { type: 'api_error' }, times: 1 })
  const broken = await send('b')
  const brokenAgain = await send('b')

  assert.deepEqual([again.body, again.headers.get('idempotent-replayed')], [first.body, 'true'])
  assert.equal(first.headers.get('idempotent-replayed'), null)
  assert.deepEqual([other.status, other.body.error.type], [400, 'idempotency_error'])
  assert.deepEqual([broken.status, brokenAgain.status], [500, 500])
  assert.equal(brokenAgain.headers.get('idempotent-replayed'), 'true')
  assert.equal(fake.intents(), 1)
})

test('a lost answer is no lost call: the repetition gets the intent', async (t) => {
  const { fake, sdk } = await start(t)
  const create = (idempotencyKey: string) =>
    sdk.paymentIntents.create({ amount: 50_000, currency: 'mxn' }, { idempotencyKey })
  for (const script of [
    { kind: 'silence' },
    { kind: 'reset' },
    { kind: 'garbage' },
    { kind: 'accepts_then_fails', httpStatus: 502 },
  ] as const) {
    const before = fake.intents()
    fake.next({ ...script, times: script.kind === 'reset' ? 2 : 1 }) // the SDK repeats a reset connection by itself
    await assert.rejects(create(script.kind), script.kind)
    assert.equal(fake.intents(), before + 1, script.kind)
    await create(script.kind)
    assert.equal(fake.intents(), before + 1, script.kind)
  }
  fake.next({ kind: 'silence_before', times: 1 })
  const before = fake.intents()
  await assert.rejects(create('before'))
  assert.equal(fake.intents(), before)
  assert.deepEqual(fake.refusals, [])
})

test('a script can be limited to some requests', async (t) => {
  const { fake, sdk, create } = await start(t)
  const intent = await create()
  fake.pay(intent)
  fake.next({ kind: 'accepts_then_fails', httpStatus: 500, on: 'POST /v1/refunds' })

  await assert.rejects(sdk.refunds.create({ payment_intent: intent }))

  const { data } = await sdk.refunds.list({ payment_intent: intent })
  assert.deepEqual(
    data.map((refund) => refund.amount),
    [50_000],
  )
})

test('the SDK confirms OXXO, retrieves, searches, refunds and lists', async (t) => {
  const now = new Date('2026-12-01T18:00:00Z')
  const { fake, sdk, typesOf } = await start(t, { now: () => now })
  const made = await sdk.paymentIntents.create({
    amount: 50_000,
    currency: 'mxn',
    confirm: true,
    allowed_payment_method_types: ['oxxo'],
    payment_method_data: { type: 'oxxo', billing_details: { name: 'Ana Prueba', email: 'ana@example.com' } },
    payment_method_options: { oxxo: { expires_after_days: 2 } },
    metadata: { payment_id: 'pay_1' },
  })
  const voucher = made.next_action?.oxxo_display_details
  assert.equal(made.status, 'requires_action')
  assert.match(voucher?.number ?? '', /^\d{32}$/)
  assert.equal(voucher?.expires_after, Date.parse('2026-12-03T23:59:00-06:00') / 1000)

  fake.pay(made.id, { at: '2026-12-02T15:00:00Z' })
  const paid = await sdk.paymentIntents.retrieve(made.id, { expand: ['latest_charge.balance_transaction'] })
  const charge = paid.latest_charge as Stripe.Charge
  const booked = charge.balance_transaction as Stripe.BalanceTransaction
  assert.deepEqual([paid.status, paid.amount_received, charge.created], ['succeeded', 50_000, 1_796_223_600])
  assert.equal(booked.net, 50_000 - booked.fee)
  assert.ok(booked.fee > 0)

  const found = await sdk.paymentIntents.search({ query: "metadata['payment_id']:'pay_1' AND status:'succeeded'" })
  assert.deepEqual(
    found.data.map(({ id }) => id),
    [made.id],
  )
  assert.equal((await sdk.paymentIntents.search({ query: "metadata['payment_id']:'pay_2'" })).data.length, 0)

  const first = await sdk.refunds.create({
    payment_intent: made.id,
    amount: 20_000,
    reason: 'duplicate',
    metadata: { a: 'b' },
  })
  const rest = await sdk.refunds.create({ payment_intent: made.id })
  assert.deepEqual([first.status, rest.amount], ['pending', 30_000])
  const page = await sdk.refunds.list({ payment_intent: made.id, limit: 1 })
  const next = await sdk.refunds.list({ payment_intent: made.id, starting_after: rest.id })
  assert.deepEqual([page.has_more, page.data[0]?.id, next.has_more, next.data[0]?.id], [true, rest.id, false, first.id])
  fake.refundSettles(first.id)
  assert.equal((await sdk.refunds.retrieve(first.id)).status, 'succeeded')
  assert.deepEqual(fake.refusals, [])
  assert.deepEqual(typesOf(), [
    ...['payment_intent.created', 'payment_intent.requires_action'],
    ...['charge.succeeded', 'payment_intent.succeeded', 'charge.updated'],
    ...['refund.created', 'charge.refunded', 'refund.created', 'charge.refunded'],
    ...['refund.updated', 'charge.refund.updated'],
  ])
})

test('a bank transfer needs a customer, and may come in parts', async (t) => {
  const { fake, sdk, typesOf } = await start(t)
  const customer = await sdk.customers.create({ name: 'Ana Prueba', email: 'ana@example.com' })
  const made = await sdk.paymentIntents.create({
    ...{ amount: 50_000, currency: 'mxn', customer: customer.id, confirm: true },
    allowed_payment_method_types: ['customer_balance'],
    payment_method_data: { type: 'customer_balance' },
    payment_method_options: {
      customer_balance: { funding_type: 'bank_transfer', bank_transfer: { type: 'mx_bank_transfer' } },
    },
  })
  const instructions = made.next_action?.display_bank_transfer_instructions
  assert.match(instructions?.financial_addresses?.[0]?.spei?.clabe ?? '', /^\d{18}$/)

  const partly = fake.partiallyFund(made.id, 20_000)
  const left = partly.next_action?.display_bank_transfer_instructions?.amount_remaining
  assert.deepEqual([partly.status, left], ['requires_action', 30_000])
  assert.equal(fake.partiallyFund(made.id, 30_000).status, 'succeeded')
  assert.deepEqual(typesOf().slice(-4), [
    ...['payment_intent.partially_funded', 'charge.succeeded', 'payment_intent.succeeded', 'charge.updated'],
  ])
})

test('an attempt fails and a voucher expires, and the intent stays open; a canceled one does not', async (t) => {
  const { fake, sdk, create, typesOf } = await start(t)
  const [card, oxxo, gone] = [await create(), await create(OXXO), await create()]
  fake.takeEvents()

  assert.equal(fake.failAttempt(card).last_payment_error?.code, 'card_declined')
  assert.equal(fake.process(card).status, 'processing')
  await assert.rejects(sdk.paymentIntents.cancel(card), { code: 'payment_intent_unexpected_state' })
  assert.equal(fake.pay(card).last_payment_error, null)
  assert.throws(() => fake.pay(card), /succeeded/)
  assert.deepEqual(
    [fake.expire(oxxo).status, fake.intent(oxxo).last_payment_error?.code],
    ['requires_payment_method', 'payment_intent_payment_attempt_expired'],
  )
  assert.equal(fake.confirmOxxo(oxxo).status, 'requires_action')
  const canceled = await sdk.paymentIntents.cancel(gone, { cancellation_reason: 'abandoned' })
  assert.deepEqual([canceled.status, canceled.cancellation_reason], ['canceled', 'abandoned'])
  assert.throws(() => fake.pay(gone), /canceled/)
  await assert.rejects(sdk.paymentIntents.retrieve('pi_x'), { code: 'resource_missing', statusCode: 404 })
  assert.deepEqual(typesOf(), [
    ...['charge.failed', 'payment_intent.payment_failed', 'payment_intent.processing'],
    ...['charge.succeeded', 'payment_intent.succeeded', 'charge.updated'],
    ...['payment_intent.payment_failed', 'payment_intent.requires_action', 'payment_intent.canceled'],
  ])
})

test('no more is refunded than is left, and a refund that fails gives its amount back', async (t) => {
  const { fake, sdk, create, typesOf } = await start(t)
  const id = await create()
  const refund = (amount?: number) => sdk.refunds.create({ payment_intent: id, ...(amount ? { amount } : {}) })
  const refundedOf = async () => (await sdk.charges.list({ payment_intent: id })).data[0]?.amount_refunded

  await assert.rejects(refund(), { code: 'payment_intent_unexpected_state' })
  fake.pay(id)
  await assert.rejects(refund(50_001), { code: 'amount_too_large', param: 'amount' })
  const all = await refund()
  assert.equal(all.status, 'succeeded')
  await assert.rejects(refund(1), { code: 'charge_already_refunded' })
  fake.takeEvents()
  assert.equal(fake.failRefund(all.id).failure_reason, 'expired_or_canceled_card')
  assert.deepEqual(typesOf(), ['refund.failed', 'refund.updated', 'charge.refund.updated'])
  assert.equal(await refundedOf(), 0)
  fake.refund(id, 1000)
  assert.equal(await refundedOf(), 1000)
  await assert.rejects(sdk.refunds.create({ payment_intent: 'pi_x' }), { code: 'resource_missing', statusCode: 400 })
  await assert.rejects(sdk.refunds.create({ payment_intent: id, reason: 'other' as 'duplicate' }), { param: 'reason' })
})

test('a dispute takes the money and a fee, and gives the money back when it is won', async (t) => {
  const { fake, sdk, create, typesOf } = await start(t)
  const id = await create()
  fake.pay(id)
  fake.takeEvents()

  const { id: disputeId } = fake.dispute(id, { fee: 30_000 })
  await assert.rejects(sdk.refunds.create({ payment_intent: id }), { code: 'charge_disputed' })
  fake.closeDispute(disputeId, 'won')

  const [dispute] = (await sdk.disputes.list({ payment_intent: id })).data
  assert.deepEqual(
    dispute?.balance_transactions.map(({ amount, fee, net }) => [amount, fee, net]),
    [
      [-50_000, 30_000, -80_000],
      [50_000, 0, 50_000],
    ],
  )
  assert.deepEqual(typesOf(), [
    ...['charge.dispute.created', 'charge.dispute.funds_withdrawn'],
    ...['charge.dispute.funds_reinstated', 'charge.dispute.closed'],
  ])
  assert.throws(() => fake.closeDispute(disputeId, 'lost'), /won/)
  const paidInCash = await create(OXXO)
  fake.pay(paidInCash)
  assert.throws(() => fake.dispute(paidInCash), /oxxo/)
})

test('an inquiry takes no money until it becomes a dispute', async (t) => {
  const { fake, create, typesOf } = await start(t)
  const [id, other] = [await create(), await create()]
  fake.pay(id)
  fake.pay(other)
  fake.takeEvents()

  const inquiry = fake.inquiry(id)
  assert.deepEqual([inquiry.status, inquiry.balance_transactions.length], ['warning_needs_response', 0])
  assert.throws(() => fake.closeDispute(inquiry.id, 'lost'), /not lost/)
  assert.equal(fake.closeDispute(inquiry.id, 'warning_closed').status, 'warning_closed')
  const grown = fake.escalate(fake.inquiry(other).id)
  assert.equal(fake.closeDispute(grown.id, 'lost').balance_transactions.length, 1)
  assert.deepEqual(typesOf(), [
    ...['charge.dispute.created', 'charge.dispute.closed', 'charge.dispute.created'],
    ...['charge.dispute.updated', 'charge.dispute.funds_withdrawn', 'charge.dispute.closed'],
  ])
})

test('searches lag behind, and lists do not', async (t) => {
  let now = new Date('2026-12-01T18:00:00Z')
  const { sdk, create } = await start(t, { now: () => now, searchLagMs: 60_000 })
  const id = await create({ ...CARD, 'metadata[payment_id]': 'pay_1' })
  const search = async () => (await sdk.paymentIntents.search({ query: 'metadata["payment_id"]:"pay_1"' })).data.length

  assert.equal(await search(), 0)
  assert.equal((await sdk.paymentIntents.list({ created: { gte: 1_796_148_000 } })).data[0]?.id, id)
  now = new Date('2026-12-01T18:01:00Z')
  assert.equal(await search(), 1)
  await assert.rejects(sdk.paymentIntents.search({ query: 'payment_id is pay_1' }), { statusCode: 400 })
})

test('events are posted with a signature that the SDK verifies, twice and in any order, until 2xx', async (t) => {
  const received: Asked[] = []
  const hook = await startServer(0, (asked) => {
    received.push(asked)
    return { status: received.length === 1 ? 500 : 200, json: {} }
  })
  t.after(hook.close)
  const { fake, sdk, create } = await start(t, {
    ...{
      webhook: { url: hook.url },
      duplicates: true,
      shuffleSeed: 3,
      stepMs: 60_000,
      retryWaitsMs: [5],
      livemode: true,
    },
  })

  fake.pay(await create())
  await fake.flush()

  const events = received.map(({ body, headers }) =>
    sdk.webhooks.constructEvent(body, headers['stripe-signature'] ?? '', STRIPE_WEBHOOK_SECRET),
  )
  const types = fake.events.map(({ type }) => type)
  assert.equal(received.length, 2 * types.length + 1)
  assert.deepEqual(new Set(events.map(({ id }) => id)), new Set(fake.events.map(({ id }) => id)))
  assert.notDeepEqual([...new Set(events.map(({ type }) => type))], types)
  assert.ok(events.every(({ livemode, api_version: version }) => livemode && version === '2026-10-28.endive'))
})

test('the methods are there by hand too', async (t) => {
  const { fake, create } = await start(t)
  const id = await create()
  const control = async (name: string, body: object) => {
    const response = await fetch(`${fake.url}/_fake/${name}`, { method: 'POST', body: JSON.stringify(body) })
    return { status: response.status, body: (await response.json()) as { id: string; status: string; amount: number } }
  }

  assert.equal((await control('pay', { id })).body.status, 'succeeded')
  assert.equal((await control('pay', { id })).status, 400)
  assert.equal((await control('refund', { id, amount: 100 })).body.amount, 100)
  const { body } = await control('dispute', { id, amount: 200, fee: 0 })
  assert.equal((await control('closeDispute', { id: body.id, outcome: 'lost' })).body.status, 'lost')
  assert.equal((await control('toString', { id })).status, 404)
  await control('next', { kind: 'error', httpStatus: 402, error: { type: 'card_error', code: 'card_declined' } })
  assert.equal(await create(), undefined)
})
