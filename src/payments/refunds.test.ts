/** Refunds that a Director asks for. */
import assert from 'node:assert/strict'
import { test } from 'node:test'
import { openTill, sumsOf, type Till } from '../../test/money.ts'
import { newId } from '../platform/db.ts'
import { reconcilePayments } from '../reconciliation/jobs.ts'

async function aPaid(till: Till, provider: 'stripe' | 'conekta' | 'mock' = 'stripe', amount = 500) {
  const { paymentId, providerRef } = await till.intent({ amount, provider })
  if (provider === 'stripe') till.stripe.pay(providerRef)
  if (provider === 'conekta') till.conekta.payWithCard(providerRef)
  await till.deliver()
  if (provider === 'mock')
    await till.app.post('/payments/webhook/mock', { body: { id: newId('m'), providerRef, status: 'confirmed' } })
  return { paymentId, providerRef }
}

for (const provider of ['stripe', 'conekta'] as const) {
  test(`${provider}: a refund in two parts, never more than came`, async (t) => {
    const till = await openTill(t)
    const { paymentId } = await aPaid(till, provider)
    const url = `/payments/${paymentId}/refunds`

    const part = await till.post(url, { amount: 200, reason: 'one table less' })
    const above = await till.post(url, { amount: '300.01', reason: 'x' })
    const rest = await till.post(url, { reason: 'cancelled' })
    const none = await till.post(url, { reason: 'again' })
    await till.deliver((events) => events.toReversed())

    assert.deepEqual([part.http, part.refund.status, part.refund.state], [201, 'requested', 'succeeded'])
    assert.deepEqual([above.http, above.code], [409, 'above_refundable'])
    assert.deepEqual([rest.http, rest.refund.amountCents], [201, 30_000])
    assert.deepEqual([none.http, none.code], [409, 'payment_not_refundable'])
    const shown = await till.show(paymentId)
    assert.deepEqual(sumsOf(shown), ['refunded', 50_000, 50_000, 0, 0])
    assert.deepEqual(await till.booked(paymentId), [
      ['payment', -50_000],
      ['refund', 20_000],
      ['refund', 30_000],
    ])
    assert.deepEqual(
      shown.refunds.map(({ state, reason }: Record<string, string>) => [state, reason]),
      [
        ['succeeded', 'one table less'],
        ['succeeded', 'cancelled'],
      ],
    )
  })

  test(`${provider}: a refund whose answer is lost is found, and never made twice`, async (t) => {
    const till = await openTill(t)
    const { paymentId } = await aPaid(till, provider)
    const key = newId('key')
    const ask = () =>
      till.post(`/payments/${paymentId}/refunds`, { amount: 200, reason: 'x' }, { 'idempotency-key': key })
    till[provider].next({ kind: 'accepts_then_fails', httpStatus: 502, times: 1 })

    const first = await ask()
    const again = await ask()
    assert.deepEqual([first.http, first.refund.status], [202, 'unknown'])
    assert.equal(again.refund.id, first.refund.id)
    assert.equal((await till.show(paymentId)).payment.refundedCents, 0)
    till.setNow('2030-06-03T18:02:00.000Z')
    await till.app.runJob(reconcilePayments, {})

    const { refunds, payment } = await till.show(paymentId)
    assert.deepEqual(
      refunds.map(({ status, state }: Record<string, string>) => [status, state]),
      [['requested', 'succeeded']],
    )
    assert.equal(payment.refundedCents, 20_000)
    await till.deliver()
    assert.deepEqual(sumsOf(await till.show(paymentId)), ['partially_refunded', 50_000, 20_000, 0, 0])
  })
}

test('Conekta: a refund that it did not make is made once by the reconciler', async (t) => {
  const till = await openTill(t)
  const { paymentId } = await aPaid(till, 'conekta')
  till.conekta.next({ kind: 'error', httpStatus: 503, type: 'api_error', code: 'conekta.errors.busy', times: 1 })

  const { http } = await till.post(`/payments/${paymentId}/refunds`, { amount: 200, reason: 'x' })
  for (const minute of ['02', '08', '20']) {
    till.setNow(`2030-06-03T18:${minute}:00.000Z`)
    await till.app.runJob(reconcilePayments, {})
  }
  await till.deliver()

  assert.equal(http, 202)
  assert.deepEqual(sumsOf(await till.show(paymentId)), ['partially_refunded', 50_000, 20_000, 0, 0])
})

test('Stripe: a refund that fails under its key for days is given up, and can be asked for again', async (t) => {
  const till = await openTill(t)
  const { paymentId } = await aPaid(till)
  till.stripe.next({ kind: 'error', httpStatus: 500, error: { type: 'api_error' }, times: 1, on: 'POST /v1/refunds' })
  const first = await till.post(`/payments/${paymentId}/refunds`, { reason: 'x' })
  for (const at of ['03T18:02', '03T18:08', '03T19:10', '04T17:00', '05T20:00', '06T21:00', '07T22:00']) {
    till.setNow(`2030-06-${at}:00.000Z`)
    await till.app.runJob(reconcilePayments, {})
  }
  const again = await till.post(`/payments/${paymentId}/refunds`, { reason: 'x' })

  assert.deepEqual([first.http, again.http], [202, 201])
  const { refunds } = await till.show(paymentId)
  assert.deepEqual(
    refunds.map(({ status, state }: Record<string, string>) => [status, state]),
    [
      ['rejected', null],
      ['requested', 'succeeded'],
    ],
  )
  assert.equal(till.stripe.refunds().length, 1)
})

test('ten refunds of the whole at once make one', async (t) => {
  const till = await openTill(t)
  const { paymentId } = await aPaid(till)

  const replies = await Promise.all(
    Array.from({ length: 10 }, () => till.post(`/payments/${paymentId}/refunds`, { reason: 'x' })),
  )

  assert.deepEqual(replies.map(({ http }) => http).sort(), [201, ...Array<number>(9).fill(409)])
  assert.equal(till.stripe.refunds().length, 1)
})

test('what cannot be refunded is refused and changes nothing', async (t) => {
  const till = await openTill(t)
  const open = await till.intent({ amount: 500 })
  const paid = await aPaid(till)
  const cash = await till.intent({ amount: 100, provider: 'conekta', methods: ['oxxo'] })
  till.conekta.payCash(cash.providerRef)
  await till.deliver()
  const disputed = await aPaid(till)
  till.stripe.dispute(disputed.providerRef)
  await till.deliver()
  const manual = (await till.post('/director/payments', { organizerId: till.organizerId, amount: 5 })).payment.id
  const refund = (id: string, body: object) => till.post(`/payments/${id}/refunds`, { reason: 'x', ...body })
  const made = (await refund(paid.paymentId, { amount: 1 })).refund.id

  for (const [what, reply, http, code] of [
    ['an open payment', await refund(open.paymentId, {}), 409, 'payment_not_refundable'],
    ['a manual payment', await refund(manual, {}), 409, 'payment_not_refundable'],
    ['a disputed payment', await refund(disputed.paymentId, {}), 409, 'payment_not_refundable'],
    ['cash at Conekta', await refund(cash.paymentId, {}), 502, 'provider_error'],
    ['more than the payment', await refund(paid.paymentId, { amount: 501 }), 409, 'above_refundable'],
    ['nothing', await refund(paid.paymentId, { amount: 0 }), 400, 'invalid_amount'],
    ['a negative amount', await refund(paid.paymentId, { amountCents: -5 }), 400, 'invalid_amount'],
    ['a fraction of a centavo', await refund(paid.paymentId, { amount: 0.001 }), 400, 'invalid_amount'],
    ['no reason', await refund(paid.paymentId, { reason: ' ' }), 400, 'invalid_request'],
    ['a refund', await refund(made, {}), 404, 'payment_not_found'],
    ['nobody', await refund('pay_none', {}), 404, 'payment_not_found'],
  ] as const)
    assert.deepEqual([reply.http, reply.code], [http, code], what)
  const asOrganizer = await till.app.post(`/payments/${paid.paymentId}/refunds`, {
    as: 'organizer',
    body: { reason: 'x' },
  })
  assert.equal(asOrganizer.statusCode, 403)
  assert.equal((await till.show(cash.paymentId)).payment.refundedCents, 0)
  assert.equal((await till.show(cash.paymentId)).refunds[0].status, 'rejected')
})
