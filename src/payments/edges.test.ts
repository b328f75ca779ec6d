/** Rare orders of events and refusals, each of which once lost, doubled or stopped something. */
import assert from 'node:assert/strict'
import { test } from 'node:test'
import { clearMoney, CUSTOMER, openTill, sumsOf, type Till } from '../../test/money.ts'
import { conektaEvent } from '../../test/fakes/conekta.ts'
import { stripeEvent } from '../../test/fakes/stripe.ts'
import { anOrganizer } from '../../test/make.ts'
import { newId, sql } from '../platform/db.ts'
import { reconcilePayments } from '../reconciliation/jobs.ts'

const run = ({ app }: Till) => app.runJob(reconcilePayments, {})
const stripe = (type: string, object: Record<string, unknown>) => ({
  id: newId('evt'),
  type,
  body: stripeEvent(type, { currency: 'mxn', ...object }),
})
const conekta = (type: string, object: Record<string, unknown>) => ({
  id: newId('evt'),
  type,
  body: conektaEvent(type, object),
})
async function listOpen(till: Till) {
  const { data } = (await till.app.get('/payments/reviews?status=open', { as: 'director' })).json()
  return data as { id: string; reason: string; kind: string }[]
}

test('a refund whose answer was lost is linked by its webhook and not made again days later', async (t) => {
  const till = await openTill(t)
  const { paymentId, providerRef } = await till.intent({ amount: 500 })
  till.stripe.pay(providerRef)
  till.stripe.next({ kind: 'accepts_then_fails', httpStatus: 500, times: 1, on: 'POST /v1/refunds' })
  await till.deliver()
  const asked = await till.post(`/payments/${paymentId}/refunds`, { amount: 200, reason: 'x' })
  await till.deliver()
  assert.deepEqual([asked.http, (await till.show(paymentId)).refunds[0].status], [202, 'requested'])
  for (const day of ['04', '05', '06']) {
    till.setNow(`2030-06-${day}T20:00:00.000Z`)
    await run(till)
  }

  assert.equal(till.stripe.refunds().length, 1)
  assert.deepEqual(sumsOf(await till.show(paymentId)), ['partially_refunded', 50_000, 20_000, 0, 0])
})

test('an unknown order told with and without its charges is one charge when it is applied', async (t) => {
  const till = await openTill(t)
  await clearMoney(till)
  const order = newId('ord')
  const charge = { object: 'charge', id: newId('ch'), order_id: order, status: 'paid', amount: 5000, currency: 'MXN' }
  assert.equal(await till.receive('conekta', conekta('charge.paid', charge)), 'review')
  const bare = { id: order, amount: 5000, payment_status: 'paid' }
  assert.equal(await till.receive('conekta', conekta('order.paid', bare)), 'review')
  const open = await listOpen(till)
  assert.equal(open.length, 1)

  const organizerId = await anOrganizer(till.app.db)
  const applied = await till.post(`/payments/reviews/${open[0]!.id}/apply`, { reason: 'x', organizerId })

  assert.deepEqual(sumsOf(await till.show(applied.review.paymentId)), ['confirmed', 5000, 0, 0, 0])
})

test('a second voucher of one intent, paid in its time, is not late', async (t) => {
  const till = await openTill(t, { env: { LATE_PAYMENT_POLICY: 'refund' } })
  const { paymentId, providerRef } = await till.intent({ amount: 250, methods: ['oxxo'] })
  till.setNow('2030-06-08T18:00:00.000Z')
  till.stripe.expire(providerRef)
  await till.deliver()
  till.stripe.confirmOxxo(providerRef)
  till.setNow('2030-06-09T18:00:00.000Z')
  till.stripe.pay(providerRef)
  await till.deliver()

  const { payment, refunds } = await till.show(paymentId)
  assert.deepEqual([payment.status, payment.isLate, refunds.length], ['confirmed', false, 0])
})

test('late cash that cannot be given back waits for a person', async (t) => {
  const till = await openTill(t, { env: { LATE_PAYMENT_POLICY: 'refund' } })
  await clearMoney(till)
  const { paymentId, providerRef } = await till.intent({ amount: 250, provider: 'conekta', methods: ['oxxo'] })
  till.setNow('2030-06-07T18:00:00.000Z')
  till.conekta.expire(providerRef)
  await till.deliver()
  till.setNow('2030-06-07T19:00:00.000Z')
  till.conekta.payCash(providerRef)
  await till.deliver()
  await run(till)

  const { refunds } = await till.show(paymentId)
  assert.equal(refunds[0].status, 'rejected')
  assert.deepEqual(
    (await listOpen(till)).map(({ reason }) => reason),
    ['late'],
  )
})

test('held money: a refund that came first, one that fails, and a second thought', async (t) => {
  const till = await openTill(t, { env: { LATE_PAYMENT_POLICY: 'hold' } })
  await clearMoney(till)
  const { paymentId, providerRef } = await till.intent({ amount: 500 })
  const before = await till.owed()
  const refund = { object: 'refund', id: newId('re'), payment_intent: providerRef, amount: 20_000 }
  till.stripe.cancel(providerRef)
  await till.deliver()
  till.setNow('2030-06-03T19:00:00.000Z')
  await till.receive('stripe', stripe('refund.created', { ...refund, status: 'succeeded' }))
  const paid = { id: providerRef, amount: 50_000, amount_received: 50_000, status: 'succeeded' }
  const body = stripeEvent('payment_intent.succeeded', { currency: 'mxn', ...paid }, newId('evt'), {
    created: Date.parse('2030-06-03T18:30:00Z') / 1000,
  })
  await till.receive('stripe', { id: newId('evt'), type: 'x', body })
  assert.deepEqual(sumsOf(await till.show(paymentId)), ['late', 50_000, 20_000, 0, 0])
  const [review] = await listOpen(till)

  await till.receive('stripe', stripe('refund.failed', { ...refund, status: 'failed' }))
  assert.deepEqual(sumsOf(await till.show(paymentId)), ['late', 50_000, 0, 0, 0])
  assert.equal(await till.owed(), before)
  const dismissed = await till.post(`/payments/reviews/${review!.id}/dismiss`, { reason: 'given back' })
  const applied = await till.post(`/payments/reviews/${review!.id}/apply`, { reason: 'it was not' })

  assert.deepEqual([dismissed.http, applied.http], [200, 200])
  assert.deepEqual(sumsOf(await till.show(paymentId)), ['confirmed', 50_000, 0, 0, 0])
  assert.equal(await till.owed(), before - 50_000)
  assert.deepEqual(await till.faults(), [])
})

test('money in another currency of a known intent, or only its dispute, can be given to an organizer or is refused', async (t) => {
  const till = await openTill(t)
  await clearMoney(till)
  const { providerRef } = await till.intent({ amount: 500 })
  const paid = { id: providerRef, amount: 900, amount_received: 900, currency: 'usd', status: 'succeeded' }
  await till.receive('stripe', stripe('payment_intent.succeeded', paid))
  const [foreign] = await listOpen(till)
  const organizerId = await anOrganizer(till.app.db)

  const applied = await till.post(`/payments/reviews/${foreign!.id}/apply`, { reason: 'x', organizerId })
  assert.equal(applied.http, 200, JSON.stringify(applied))
  const { payment } = await till.show(applied.review.paymentId)
  assert.deepEqual([payment.currency, payment.receivedCents, payment.status], ['USD', 900, 'confirmed'])

  const inquiry = {
    object: 'dispute',
    id: newId('dp'),
    payment_intent: newId('pi'),
    amount: 500,
    status: 'warning_needs_response',
  }
  await till.receive('stripe', stripe('charge.dispute.created', inquiry))
  const [asked] = await listOpen(till)
  const refused = await till.post(`/payments/reviews/${asked!.id}/apply`, { reason: 'x', organizerId })
  assert.deepEqual([refused.http, refused.code], [409, 'review_not_applicable'])
})

test('an object belongs to one payment: its review closes by itself, or cannot be applied to another', async (t) => {
  const till = await openTill(t)
  await clearMoney(till)
  const [one, other] = [await till.intent({ amount: 500 }), await till.intent({ amount: 500 })]
  const pi = newId('pi')
  const paid = { id: pi, amount: 50_000, amount_received: 50_000, status: 'succeeded' }
  await till.receive('stripe', stripe('payment_intent.succeeded', paid))
  const [review] = await listOpen(till)
  await sql`update payments set provider_ref = ${pi} where id = ${one.paymentId}`.execute(till.app.db)
  await till.receive('stripe', stripe('payment_intent.succeeded', paid))

  assert.deepEqual(await listOpen(till), [])
  await sql`update payment_reviews set status = 'open', decided_at = null where id = ${review!.id}`.execute(till.app.db)
  const applied = await till.post(`/payments/reviews/${review!.id}/apply`, { reason: 'x', paymentId: other.paymentId })
  assert.deepEqual([applied.http, applied.code], [409, 'review_not_applicable'])
  assert.equal((await till.show(other.paymentId)).payment.receivedCents, 0)
})

test('a failed card, paid at a second try whose webhook is lost, is found', async (t) => {
  const till = await openTill(t)
  const { paymentId, providerRef } = await till.intent({ amount: 500 })
  till.stripe.failAttempt(providerRef)
  await till.deliver()
  assert.equal((await till.show(paymentId)).payment.status, 'failed')
  till.stripe.pay(providerRef)
  till.stripe.takeEvents()
  till.setNow('2030-06-04T19:00:00.000Z')
  await run(till)

  assert.equal((await till.show(paymentId)).payment.status, 'confirmed')
})

test('the mock does not give back money of a real key, and bad cursors are 400', async (t) => {
  const till = await openTill(t)
  const { paymentId, providerRef } = await till.intent({ amount: 500 })
  till.stripe.pay(providerRef)
  await till.deliver()
  const { stripe: real, mock } = till.app.deps.providers
  till.app.deps.providers.stripe = { ...mock, name: 'stripe' }
  const refused = await till.post(`/payments/${paymentId}/refunds`, { reason: 'x' })
  till.app.deps.providers.stripe = real

  assert.deepEqual([refused.http, refused.code], [409, 'payment_not_refundable'])
  const cursor = Buffer.from(JSON.stringify(['2030-06-01T00:00:00.000Z', '99999999999999999999'])).toString('base64url')
  for (const path of ['differences', 'reviews'])
    assert.ok((await till.app.get(`/payments/${path}?cursor=${cursor}`, { as: 'director' })).statusCode < 500)
})

for (const [script, status, sums] of [
  ['succeed', 'confirmed', [5000, 0]],
  ['fail', 'failed', [0, 0]],
  ['late', 'confirmed', [5000, 0]],
  ['duplicate', 'confirmed', [5000, 0]],
  ['out_of_order', 'partially_refunded', [5000, 2500]],
  ['never', 'requires_payment', [0, 0]],
] as const) {
  test(`a mock payment with the script ${script} ends as ${status}`, async (t) => {
    const till = await openTill(t)
    const made = await till.intent({ amount: 50, provider: 'mock', metadata: { script } })
    for (let second = 2; second < 10; second++) {
      till.setNow(`2030-06-03T18:00:${String(second).padStart(2, '0')}.000Z`)
      await till.play()
    }
    const { payment } = await till.show(made.paymentId)
    assert.deepEqual([payment.status, payment.receivedCents, payment.refundedCents], [status, ...sums])
    assert.equal(payment.isLate, script === 'late')
    const none = await till.intent({ amount: 50, provider: 'mock', metadata: { script: 'explode' } })
    assert.deepEqual([none.http, none.code], [400, 'invalid_request'])
  })
}

test('a mock intent for cash or a transfer alone has a voucher or a CLABE', async (t) => {
  const till = await openTill(t)
  const [cash, transfer, both] = [
    await till.intent({ amount: 50, provider: 'mock', methods: ['oxxo'] }),
    await till.intent({ amount: 50, provider: 'mock', methods: ['spei'] }),
    await till.intent({ amount: 50, provider: 'mock', methods: ['oxxo', 'spei'] }),
  ]
  assert.deepEqual(
    [cash.status, cash.nextAction.type, cash.nextAction.number.length],
    ['requires_action', 'voucher', 14],
  )
  assert.deepEqual([transfer.nextAction.type, transfer.nextAction.clabe.length], ['bank_transfer', 18])
  assert.equal(both.nextAction, null)
})

test('a refund whose answer was lost is found although the clock of Conekta is behind', async (t) => {
  const till = await openTill(t, { conektaBehindMs: 10 * 60_000 })
  const { paymentId, providerRef } = await till.intent({ amount: 500, provider: 'conekta' })
  till.conekta.payWithCard(providerRef)
  await till.deliver()
  till.conekta.next({ kind: 'accepts_then_fails', httpStatus: 502, times: 1 })
  const asked = await till.post(`/payments/${paymentId}/refunds`, { amount: 200, reason: 'x' })
  till.conekta.takeEvents()
  till.setNow('2030-06-03T18:02:00.000Z')
  await run(till)

  const shown = await till.show(paymentId)
  assert.deepEqual([asked.http, shown.refunds[0].status, shown.refunds[0].state], [202, 'requested', 'succeeded'])
  assert.deepEqual(sumsOf(shown), ['partially_refunded', 50_000, 20_000, 0, 0])
  assert.equal(shown.payment.nextAction, null, 'nobody must pay it again')
})

test('a lost order is found behind hundreds of others', async (t) => {
  const till = await openTill(t)
  till.conekta.next({ kind: 'accepts_then_fails', httpStatus: 500, times: 1 })
  const lost = await till.intent({ amount: 500, provider: 'conekta' })
  for (let n = 0; n < 300; n++) {
    const made = await till.app.deps.providers.conekta.createIntent({
      ...{ paymentId: newId('pay'), requestId: 'r', amountCents: 500, currency: 'MXN', description: 'Otro pago' },
      ...{ customer: CUSTOMER, methods: ['card'], isChosen: false, metadata: {}, returnUrl: 'https://x.example' },
      now: till.app.deps.now(),
    })
    assert.equal(made.kind, 'created')
  }
  till.setNow('2030-06-03T18:02:00.000Z')
  await run(till)

  const { payment } = await till.show(lost.paymentId)
  assert.equal(payment.status, 'requires_action')
  assert.equal(till.conekta.order(payment.providerRef).metadata['payment_id'], lost.paymentId)
})
