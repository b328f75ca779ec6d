/** Money that waits for a person. */
import assert from 'node:assert/strict'
import { test } from 'node:test'
import { clearMoney, openTill, sumsOf, type Till } from '../../test/money.ts'
import { stripeEvent } from '../../test/fakes/stripe.ts'
import { aLoan } from '../../test/ledger.ts'
import { anOrganizer } from '../../test/make.ts'
import { newId } from '../platform/db.ts'

const paidEvent = (intent: Record<string, unknown>) => ({
  id: newId('evt'),
  type: 'payment_intent.succeeded',
  body: stripeEvent('payment_intent.succeeded', { currency: 'mxn', status: 'succeeded', ...intent }),
})
async function listOpen(till: Till) {
  const { data } = (await till.app.get('/payments/reviews?status=open', { as: 'director' })).json()
  return data as { id: string; reason: string; paymentId: string | null; amountCents: number }[]
}

test('money of an unknown payment becomes a payment of an organizer, once, with its refund', async (t) => {
  const till = await openTill(t)
  await clearMoney(till)
  const pi = newId('pi')
  const event = paidEvent({ id: pi, amount: 700, amount_received: 700 })
  const refund = stripeEvent('refund.created', {
    ...{ object: 'refund', id: newId('re'), payment_intent: pi, amount: 200, currency: 'mxn', status: 'succeeded' },
  })
  assert.equal(await till.receive('stripe', event), 'review')
  assert.equal(await till.receive('stripe', event), 'nothing to do', 'a redelivery')
  assert.equal(await till.receive('stripe', paidEvent({ id: pi, amount: 700, amount_received: 700 })), 'review')
  assert.equal(await till.receive('stripe', { id: newId('evt'), type: 'refund.created', body: refund }), 'review')
  const open = await listOpen(till)
  assert.deepEqual(
    open.map(({ reason }) => reason),
    ['unknown_payment', 'unknown_payment'],
  )
  const charge = open.find(({ amountCents }) => amountCents === 700)!
  const organizerId = await anOrganizer(till.app.db)
  const apply = (body: object) =>
    till.post(`/payments/reviews/${charge.id}/apply`, { reason: 'their transfer', ...body })

  const nobody = await apply({})
  const missing = await apply({ paymentId: 'pay_none' })
  const applied = await apply({ organizerId })
  const again = await apply({ organizerId })

  assert.deepEqual([nobody.http, nobody.code], [409, 'review_not_applicable'])
  assert.deepEqual([missing.http, missing.code], [404, 'payment_not_found'])
  assert.deepEqual([applied.http, applied.review.status, applied.review.organizerId], [200, 'applied', organizerId])
  assert.deepEqual([again.http, again.code], [409, 'review_decided'])
  assert.deepEqual(await listOpen(till), [])
  assert.deepEqual(sumsOf(await till.show(applied.review.paymentId)), ['partially_refunded', 700, 200, 0, 0])
  assert.deepEqual(await till.faults(), [])
})

test('a second intent of one payment waits, and counts for it when it is applied', async (t) => {
  const till = await openTill(t)
  await clearMoney(till)
  const { paymentId, providerRef } = await till.intent({ amount: 500 })
  till.stripe.pay(providerRef)
  await till.deliver()
  const second = paidEvent({
    ...{ id: newId('pi'), amount: 50_000, amount_received: 50_000, metadata: { payment_id: paymentId } },
  })

  assert.equal(await till.receive('stripe', second), 'review')
  const [review] = await listOpen(till)
  assert.deepEqual([review!.reason, review!.paymentId], ['other_reference', paymentId])
  assert.deepEqual(sumsOf(await till.show(paymentId)), ['confirmed', 50_000, 0, 0, 0])

  const applied = await till.post(`/payments/reviews/${review!.id}/apply`, { reason: 'paid twice' })
  assert.equal(applied.http, 200)
  assert.deepEqual(sumsOf(await till.show(paymentId)), ['confirmed', 100_000, 0, 0, 0])
  assert.deepEqual(await till.faults(), [])
})

test('another currency waits, fits no payment in pesos, and can be dismissed', async (t) => {
  const till = await openTill(t)
  await clearMoney(till)
  const { paymentId, providerRef } = await till.intent({ amount: 500 })

  const event = paidEvent({ id: providerRef, amount: 50_000, amount_received: 50_000, currency: 'usd' })
  assert.equal(await till.receive('stripe', event), 'review')
  const [review] = await listOpen(till)
  assert.equal(review!.reason, 'other_currency')
  const applied = await till.post(`/payments/reviews/${review!.id}/apply`, { reason: 'x' })
  const dismissed = await till.post(`/payments/reviews/${review!.id}/dismiss`, { reason: 'given back by hand' })

  assert.deepEqual([applied.http, applied.code], [409, 'review_not_applicable'])
  assert.deepEqual(
    [dismissed.http, dismissed.review.status, dismissed.review.decision],
    [200, 'dismissed', 'given back by hand'],
  )
  assert.equal((await till.show(paymentId)).payment.receivedCents, 0)
  const none = await till.post('/payments/reviews/prv_none/dismiss', { reason: 'x' })
  assert.deepEqual([none.http, none.code], [404, 'review_not_found'])
})

test('dollars that are given to an organizer are dollars of theirs, and leave the debt in pesos as it is', async (t) => {
  const till = await openTill(t)
  await clearMoney(till)
  const { app } = till
  const organizerId = await anOrganizer(app.db)
  await aLoan(app.db, organizerId, 100_000)
  const { providerRef } = await till.intent({ amount: 500, organizerId })
  const event = paidEvent({ id: providerRef, amount: 50_000, amount_received: 50_000, currency: 'usd' })
  assert.equal(await till.receive('stripe', event), 'review')
  const [review] = await listOpen(till)

  const applied = await till.post(`/payments/reviews/${review!.id}/apply`, { reason: 'paid in dollars', organizerId })

  const { payment } = await till.show(applied.review.paymentId)
  assert.deepEqual([payment.currency, payment.amountCents, payment.status], ['USD', 50_000, 'confirmed'])
  const balanceIn = async (currency: string) =>
    (await app.get(`/organizers/${organizerId}/balance?currency=${currency}`, { as: 'director' })).json().account
  const [pesos, dollars] = [await balanceIn('MXN'), await balanceIn('USD')]
  assert.deepEqual([pesos.openDebtCents, pesos.creditCents, pesos.paidCents], [100_000, 0, 0])
  assert.deepEqual([dollars.openDebtCents, dollars.creditCents, dollars.paidCents], [0, 50_000, 50_000])
  const overview = (await app.get(`/director/overview?organizerId=${organizerId}`, { as: 'director' })).json()
  assert.deepEqual([overview.finance.openDebtCents, overview.payments.confirmed.count], [100_000, 0])
  assert.deepEqual(await till.faults(), [])
})
