/** The fake Conekta must refuse what Conekta refuses. */
import assert from 'node:assert/strict'
import { createVerify } from 'node:crypto'
import { test, type TestContext } from 'node:test'
import { CONEKTA_KEY, CONEKTA_PUBLIC_KEY, startFakeConekta, type ConektaOptions } from './conekta.ts'
import { startServer, type Asked } from './http.ts'

type Json = Record<string, unknown>
type Refund = { id: string; amount: number; status: string }
type Charge = {
  id: string
  status: string
  payment_method: Json
  refunds: { data: Refund[] } | null
  chargeback: Json | null
}
type Order = {
  id: string
  object: string
  payment_status?: string
  amount_refunded: number
  charges?: { data: Charge[] }
  data: Order[]
  has_more: boolean
  next_page_url: string | null
  type: string
  details: { code: string; param?: string }[]
}

const NOW = new Date('2026-12-01T18:00:00Z')
const at = (days: number) => NOW.getTime() / 1000 + days * 86_400
const BASE = {
  currency: 'MXN',
  customer_info: { name: 'Ana Prueba', email: 'ana@example.com', phone: '+525512345678' },
  line_items: [{ name: 'Boda', unit_price: 50_000, quantity: 1 }],
  metadata: { payment_id: 'pay_1' },
}
const CHECKOUT = {
  ...BASE,
  checkout: { type: 'HostedPayment', allowed_payment_methods: ['card', 'cash', 'bank_transfer'], expires_at: at(3) },
}
const charged = (payment_method: Json, more: Json = {}) => ({ ...BASE, charges: [{ payment_method, ...more }] })
const CASH = charged({ type: 'cash', expires_at: at(5) })

async function start(t: TestContext, options: ConektaOptions = {}) {
  const fake = await startFakeConekta(t, { now: () => NOW, ...options })
  const call = async (path: string, body?: unknown, headers: Record<string, string> = {}) => {
    const response = await fetch(path.startsWith('http') ? path : `${fake.url}${path}`, {
      method: body === undefined ? 'GET' : 'POST',
      headers: {
        authorization: `Bearer ${CONEKTA_KEY}`,
        accept: 'application/vnd.conekta-v2.3.0+json',
        ...(body === undefined ? {} : { 'content-type': 'application/json' }),
        ...headers,
      },
      ...(body === undefined ? {} : { body: JSON.stringify(body) }),
    })
    return { status: response.status, body: (await response.json()) as Order }
  }
  const create = async (order: Json = CHECKOUT) => (await call('/orders', order)).body.id
  const typesOf = () => fake.takeEvents().map(({ type }) => type)
  return { fake, call, create, typesOf }
}

const item = (more: Json) => ({ ...CHECKOUT, line_items: [{ name: 'Boda', unit_price: 50_000, quantity: 1, ...more }] })
const checkout = (more: Json) => ({ ...CHECKOUT, checkout: { ...CHECKOUT.checkout, ...more } })
const REFUSED: [string, Json, string][] = [
  ['dollars', { ...CHECKOUT, currency: 'USD' }, 'currency'],
  ['no phone', { ...CHECKOUT, customer_info: { name: 'Ana', email: 'ana@example.com' } }, 'customer_info'],
  ['an object of line items', { ...CHECKOUT, line_items: { name: 'Boda' } }, 'line_items'],
  ['a short name', item({ name: 'X' }), 'line_items.name'],
  ['pesos with a fraction', item({ unit_price: 3.5 }), 'line_items.unit_price'],
  ['less than 3 pesos', item({ unit_price: 299 }), 'amount'],
  ['cash above 10,000 pesos', item({ unit_price: 1_000_001 }), 'amount'],
  ['nested metadata', { ...CHECKOUT, metadata: { a: {} } }, 'metadata'],
  ['a long metadata value', { ...CHECKOUT, metadata: { a: 'x'.repeat(250) } }, 'metadata'],
  ['neither checkout nor charges', BASE, 'charges'],
  ['checkout and charges', { ...CHECKOUT, charges: CASH.charges }, 'charges'],
  ['another checkout', checkout({ type: 'Popup' }), 'checkout.type'],
  ['an unknown method', checkout({ allowed_payment_methods: ['oxxo'] }), 'checkout.allowed_payment_methods'],
  ['milliseconds', checkout({ expires_at: NOW.getTime() }), 'checkout.expires_at'],
  ['a checkout that ends in a minute', checkout({ expires_at: at(0) + 60 }), 'checkout.expires_at'],
  ['oxxo_cash', charged({ type: 'oxxo_cash' }), 'charges.payment_method.type'],
  ['a voucher of the past', charged({ type: 'cash', expires_at: at(-1) }), 'charges.payment_method.expires_at'],
  ['a card without token', charged({ type: 'card' }), 'charges.payment_method.token_id'],
  ['charges of another sum', charged({ type: 'spei' }, { amount: 1 }), 'charges.amount'],
]
for (const [what, order, param] of REFUSED) {
  test(`Conekta refuses ${what}`, async (t) => {
    const { fake, call } = await start(t)

    const { status, body } = await call('/orders', order)

    assert.deepEqual([status, body.type, body.details[0]?.param], [422, 'parameter_validation_error', param])
    assert.deepEqual([fake.created(), fake.orders.length, fake.refusals.length], [0, 0, 1])
  })
}

test('headers and paths are checked, and there is no idempotency', async (t) => {
  const { fake, call } = await start(t)
  const statusOf = async (path: string, headers: Record<string, string>) => (await call(path, CHECKOUT, headers)).status

  assert.equal(await statusOf('/orders', { authorization: 'Bearer key_other' }), 401)
  assert.equal(await statusOf('/orders', { accept: 'application/json' }), 422)
  assert.equal(await statusOf('/nothing', {}), 404)
  assert.equal((await call('/orders/ord_x')).status, 404)
  assert.equal(await statusOf('/orders', { 'idempotency-key': 'a' }), 200)
  assert.equal(await statusOf('/orders', { 'idempotency-key': 'a' }), 200)
  assert.equal(fake.created(), 2)
})

test('a voucher has a reference of digits, and its payment makes a pair of events', async (t) => {
  const { fake, call, create, typesOf } = await start(t)
  const id = await create(CASH)
  const { body: pending } = await call(`/orders/${id}`)
  const method = pending.charges?.data[0]?.payment_method
  assert.deepEqual([pending.payment_status, method?.['expires_at']], ['pending_payment', at(5)])
  assert.match(String(method?.['reference']), /^\d{20}$/)

  fake.payCash(id)

  assert.equal(fake.order(id).payment_status, 'paid')
  assert.equal((await call(`/orders/${id}/refunds`, { amount: 100, reason: 'other' })).status, 422)
  assert.equal((await call(`/orders/${id}/cancel`, {})).status, 428)
  assert.throws(() => fake.payCash(id), /paid/)
  assert.deepEqual(typesOf(), ['order.created', 'charge.created', 'order.pending_payment', 'charge.paid', 'order.paid'])
})

test('on a checkout the payer chooses: a CLABE is for one amount, a declined card may be tried again', async (t) => {
  const { fake, create, typesOf } = await start(t)
  const [spei, card, gone] = [await create(), await create(), await create()]
  fake.takeEvents()

  const { payment_method: method } = fake.chooseSpei(spei)
  assert.match(String(method['clabe']), /^\d{18}$/)
  assert.equal(fake.paySpei(spei, { amount: 49_999 }).payment_status, 'pending_payment')
  assert.equal(fake.paySpei(spei).payment_status, 'paid')
  assert.equal(fake.order(spei).charges?.data.length, 1)
  assert.equal(fake.decline(card).payment_status, 'declined')
  assert.equal(fake.payWithCard(card).payment_status, 'paid')
  fake.chooseCash(gone)
  assert.equal(fake.expire(gone).payment_status, 'expired')
  assert.throws(() => fake.payWithCard(gone), /expired/)
  assert.deepEqual(typesOf(), [
    ...['charge.created', 'order.pending_payment', 'charge.paid', 'order.paid'],
    ...['charge.created', 'charge.declined', 'order.declined', 'charge.created', 'charge.paid', 'order.paid'],
    ...['charge.created', 'order.pending_payment', 'charge.expired', 'order.expired'],
  ])
})

test('a card is charged at once; a declined one answers 402 and leaves an order behind', async (t) => {
  const { fake, call } = await start(t)

  const paid = await call('/orders', charged({ type: 'card', token_id: 'tok_test_visa_4242' }))
  const declined = await call('/orders', charged({ type: 'card', token_id: 'tok_test_insufficient_funds' }))

  assert.equal(paid.body.payment_status, 'paid')
  assert.deepEqual(
    [declined.status, declined.body.details[0]?.code],
    [402, 'conekta.errors.processing.bank.insufficient_funds'],
  )
  assert.equal(fake.created(), 2)
})

test('refunds are negative, at most what is left, and may wait or fail', async (t) => {
  const { fake, call, create, typesOf } = await start(t)
  const id = await create()
  const refund = (amount: number) => call(`/orders/${id}/refunds`, { amount, reason: 'requested_by_client' })
  assert.equal((await refund(100)).status, 422)
  fake.payWithCard(id)
  fake.takeEvents()

  assert.equal((await refund(50_001)).status, 422)
  assert.equal((await call(`/orders/${id}/refunds`, { amount: 1 })).status, 422)
  const { body: partly } = await refund(20_000)
  assert.deepEqual([partly.payment_status, partly.amount_refunded], ['partially_refunded', 20_000])
  assert.deepEqual(typesOf(), ['charge.refunded', 'order.partially_refunded'])
  fake.next({ kind: 'ok', status: 'pending', times: 1 })
  const { body: waiting } = await refund(30_000)
  const [, second] = waiting.charges?.data[0]?.refunds?.data ?? []
  assert.deepEqual([second?.amount, second?.status, waiting.amount_refunded], [-30_000, 'pending', 20_000])
  assert.equal((await refund(1)).status, 422)
  assert.deepEqual(typesOf(), [])
  assert.equal(fake.refundSettles(second?.id ?? '').payment_status, 'refunded')
  assert.deepEqual(typesOf(), ['charge.refunded', 'order.refunded'])
  const failed = fake.failRefund(second?.id ?? '')
  assert.deepEqual([failed.payment_status, failed.amount_refunded], ['partially_refunded', 20_000])
  assert.equal(fake.refund(id, 30_000).payment_status, 'refunded')
})

test('a chargeback is in its charge, and is won or lost', async (t) => {
  const { fake, call, create, typesOf } = await start(t)
  const [won, lost] = [await create(), await create()]
  for (const id of [won, lost]) fake.payWithCard(id)
  fake.takeEvents()

  for (const id of [won, lost]) assert.equal(fake.chargeback(id).payment_status, 'charged_back')
  assert.equal((await call(`/orders/${won}/refunds`, { amount: 1, reason: 'other' })).status, 422)
  assert.equal(fake.closeChargeback(won, 'won').payment_status, 'paid')
  assert.equal(fake.closeChargeback(lost, 'lost').charges?.data[0]?.chargeback?.status, 'lost')
  assert.deepEqual(typesOf(), [
    ...['charge.chargeback.created', 'order.charged_back', 'charge.chargeback.created', 'order.charged_back'],
    ...['charge.chargeback.updated', 'charge.chargeback.won', 'order.updated'],
    ...['charge.chargeback.updated', 'charge.chargeback.lost'],
  ])
})

test('orders are found by their metadata, and read in pages', async (t) => {
  const { call, create } = await start(t)
  const first = await create()
  const second = await create({ ...CHECKOUT, metadata: { payment_id: 'pay_2' } })

  const { body: found } = await call('/orders?search=pay_1')
  const { body: page } = await call('/orders?limit=1')
  const { body: next } = await call(page.next_page_url ?? '')

  assert.deepEqual(
    found.data.map(({ id }) => id),
    [first],
  )
  assert.deepEqual([page.has_more, page.data[0]?.id, next.has_more, next.data[0]?.id], [true, second, false, first])
  assert.equal((await call('/orders?limit=251')).status, 422)
  assert.equal((await call('/orders?colour=red')).status, 422)
  assert.equal((await call('/orders?payment_status=paid')).body.data.length, 0)
})

test('an answer is lost after the order, or the request before it', async (t) => {
  const { fake, call } = await start(t)
  const fetchFails = () => assert.rejects(call('/orders', CHECKOUT))

  fake.next({ kind: 'reset', times: 1 })
  await fetchFails()
  fake.next({ kind: 'accepts_then_fails', httpStatus: 500, times: 1 })
  assert.equal((await call('/orders', CHECKOUT)).status, 500)
  assert.equal(fake.created(), 2)
  fake.next({ kind: 'error', httpStatus: 500, type: 'api_error', code: 'x', times: 1 })
  assert.equal((await call('/orders', CHECKOUT)).status, 500)
  assert.deepEqual([fake.created(), fake.orders.length], [2, 3])
  assert.equal((await call('/orders', CHECKOUT)).status, 200)
})

test('events are posted with a digest of their bytes, twice', async (t) => {
  const received: Asked[] = []
  const hook = await startServer(0, (asked) => {
    received.push(asked)
    return { status: 200, json: {} }
  })
  t.after(hook.close)
  const { fake, create } = await start(t, { webhook: { url: hook.url }, duplicates: true, livemode: true })

  await create()
  await fake.flush()

  assert.equal(received.length, 2)
  for (const { body, headers } of received) {
    const verifier = createVerify('RSA-SHA256').update(body)
    assert.ok(verifier.verify(CONEKTA_PUBLIC_KEY, String(headers['digest']), 'base64'))
    const event = JSON.parse(body) as { livemode: boolean; type: string; data: { object: { livemode: boolean } } }
    assert.deepEqual([event.type, event.livemode, event.data.object.livemode], ['order.created', true, true])
  }
})
