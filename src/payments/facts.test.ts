/** Payments at strict fakes of Stripe and Conekta: what their events make of a payment, its sums and the ledger. */
import assert from 'node:assert/strict'
import { test } from 'node:test'
import { openTill, sumsOf } from '../../test/money.ts'
import { refreshKpisJob } from '../finance/jobs.ts'
import { sql } from '../platform/db.ts'

test('a card payment, refunded in part and then wholly: sums, status and debt follow', async (t) => {
  const till = await openTill(t)
  const { paymentId, providerRef } = await till.intent({ amount: 500 })
  const before = await till.owed()

  till.stripe.pay(providerRef)
  await till.deliver()
  assert.deepEqual(sumsOf(await till.show(paymentId)), ['confirmed', 50_000, 0, 0, 0])
  assert.equal(await till.owed(), before - 50_000)

  till.stripe.refund(providerRef, 20_000)
  await till.deliver()
  assert.deepEqual(sumsOf(await till.show(paymentId)), ['partially_refunded', 50_000, 20_000, 0, 0])

  till.stripe.refund(providerRef, 30_000)
  await till.deliver()
  assert.deepEqual(sumsOf(await till.show(paymentId)), ['refunded', 50_000, 50_000, 0, 0])
  assert.equal(await till.owed(), before)
  assert.deepEqual(await till.booked(paymentId), [
    ['payment', -50_000],
    ['refund', 20_000],
    ['refund', 30_000],
  ])
  const { history } = await till.show(paymentId)
  assert.deepEqual(
    history.map(({ from, to, by }: Record<string, string>) => [from, to, by]),
    [
      [null, 'creating', 'usr_test_director'],
      ['creating', 'requires_payment', 'usr_test_director'],
      ['requires_payment', 'confirmed', 'stripe'],
      ['confirmed', 'partially_refunded', 'stripe'],
      ['partially_refunded', 'refunded', 'stripe'],
    ],
  )
})

test('a refund that fails after it succeeded is booked back', async (t) => {
  const till = await openTill(t)
  const { paymentId, providerRef } = await till.intent({ amount: 500 })
  till.stripe.pay(providerRef)
  till.stripe.refund(providerRef, 20_000)
  await till.deliver()
  const [refund] = till.stripe.refunds()
  till.stripe.failRefund(refund!.id)
  await till.deliver()

  assert.deepEqual(sumsOf(await till.show(paymentId)), ['confirmed', 50_000, 0, 0, 0])
  assert.deepEqual(await till.booked(paymentId), [
    ['payment', -50_000],
    ['refund', 20_000],
    ['reversal', -20_000],
  ])
})

for (const [end, sums, movements] of [
  ['won', ['confirmed', 50_000, 0, 0, 0], ['payment', 'dispute', 'fee', 'dispute_won']],
  ['lost', ['charged_back', 50_000, 0, 0, 50_000], ['payment', 'dispute', 'fee', 'dispute_lost']],
] as const) {
  test(`a dispute takes the money once, and is ${end}`, async (t) => {
    const till = await openTill(t)
    const { paymentId, providerRef } = await till.intent({ amount: 500 })
    const before = await till.owed()
    till.stripe.pay(providerRef)
    till.stripe.dispute(providerRef, { fee: 30_000 })
    await till.deliver()
    assert.deepEqual(sumsOf(await till.show(paymentId)), ['disputed', 50_000, 0, 50_000, 0])
    assert.equal(await till.owed(), before - 50_000, 'the organizer has paid while the bank decides')

    till.stripe.closeDispute(till.stripe.disputes()[0]!.id, end)
    await till.deliver((events) => [...events, ...events])

    assert.deepEqual(sumsOf(await till.show(paymentId)), sums)
    assert.deepEqual(
      (await till.booked(paymentId)).map(([kind]) => kind),
      movements,
    )
    assert.equal(await till.owed(), before - (end === 'won' ? 50_000 : 0))
    const { rows } = await sql<{ fees: number }>`
      select sum(e.amount_cents)::bigint as fees
        from ledger_entries e
        join ledger_transactions t on t.id = e.transaction_id
       where t.payment_id = ${paymentId}
         and e.account = 'fees'`.execute(till.app.db)
    assert.equal(rows[0]!.fees, 30_000)
  })
}

test('a warning of a dispute takes no money', async (t) => {
  const till = await openTill(t)
  const { paymentId, providerRef } = await till.intent({ amount: 500 })
  till.stripe.pay(providerRef)
  till.stripe.inquiry(providerRef)
  await till.deliver()

  assert.deepEqual(sumsOf(await till.show(paymentId)), ['confirmed', 50_000, 0, 0, 0])
  till.stripe.closeDispute(till.stripe.disputes()[0]!.id, 'warning_closed')
  await till.deliver()
  assert.deepEqual(await till.booked(paymentId), [['payment', -50_000]])
})

test('Conekta: charge.paid and order.paid of one payment count once, in both orders', async (t) => {
  const till = await openTill(t)
  for (const turn of [0, 1]) {
    const { paymentId, providerRef } = await till.intent({ amount: 500, provider: 'conekta' })
    till.conekta.payWithCard(providerRef)

    await till.deliver((events) => (turn === 0 ? [...events, ...events] : [...events.toReversed(), ...events]))

    const shown = await till.show(paymentId)
    assert.deepEqual(sumsOf(shown), ['confirmed', 50_000, 0, 0, 0])
    assert.deepEqual(
      shown.facts.map(({ kind, state }: Record<string, string>) => [kind, state]),
      [['charge', 'paid']],
    )
    assert.deepEqual(await till.booked(paymentId), [['payment', -50_000]])
  }
})

test('Conekta: refunds, a chargeback that is lost, and a cash voucher', async (t) => {
  const till = await openTill(t)
  const card = await till.intent({ amount: 500, provider: 'conekta' })
  till.conekta.payWithCard(card.providerRef)
  till.conekta.refund(card.providerRef, 12_000)
  await till.deliver()
  assert.deepEqual(sumsOf(await till.show(card.paymentId)), ['partially_refunded', 50_000, 12_000, 0, 0])

  const other = await till.intent({ amount: 300, provider: 'conekta' })
  till.conekta.payWithCard(other.providerRef)
  till.conekta.chargeback(other.providerRef)
  await till.deliver()
  assert.deepEqual(sumsOf(await till.show(other.paymentId)), ['disputed', 30_000, 0, 30_000, 0])
  till.conekta.closeChargeback(other.providerRef, 'lost')
  await till.deliver()
  assert.deepEqual(sumsOf(await till.show(other.paymentId)), ['charged_back', 30_000, 0, 0, 30_000])

  const cash = await till.intent({ amount: 250, provider: 'conekta', methods: ['oxxo'] })
  assert.equal(cash.nextAction.type, 'voucher')
  assert.match(cash.nextAction.number, /^\d{14,20}$/)
  assert.match(cash.nextAction.barcodeUrl, /^https:/)
  assert.equal(cash.nextAction.expiresAt, '2030-06-06T18:00:00.000Z')
  till.conekta.payCash(cash.providerRef)
  await till.deliver()
  assert.equal((await till.show(cash.paymentId)).payment.status, 'confirmed')

  const transfer = await till.intent({ amount: 250, provider: 'conekta', methods: ['spei'] })
  assert.equal(transfer.nextAction.type, 'bank_transfer')
  assert.match(transfer.nextAction.clabe, /^\d{18}$/)
  assert.ok(transfer.nextAction.bank)
  assert.deepEqual(till.conekta.refusals, [])
})

test('Stripe: a voucher has its number and its end; a transfer its CLABE, also when less comes', async (t) => {
  const till = await openTill(t)
  const cash = await till.intent({ amount: 250, methods: ['oxxo'] })
  assert.deepEqual([cash.http, cash.nextAction.type], [201, 'voucher'])
  assert.match(cash.nextAction.number, /^\d+$/)
  assert.match(cash.nextAction.url, /^https:/)
  assert.ok(Date.parse(cash.nextAction.expiresAt) > Date.parse('2030-06-06T00:00:00Z'))

  const transfer = await till.intent({ amount: 250, methods: ['spei'] })
  assert.deepEqual([transfer.http, transfer.nextAction?.type], [201, 'bank_transfer'])
  assert.match(transfer.nextAction.clabe, /^\d{18}$/)
  till.stripe.partiallyFund(transfer.providerRef, 10_000)
  await till.deliver()
  assert.equal((await till.show(transfer.paymentId)).payment.status, 'requires_action')
  till.stripe.pay(transfer.providerRef)
  await till.deliver()
  assert.deepEqual(sumsOf(await till.show(transfer.paymentId)), ['confirmed', 25_000, 0, 0, 0])
  assert.deepEqual(till.stripe.refusals, [])
})

for (const [policy, status, debt, reviews] of [
  ['apply', 'confirmed', -25_000, 0],
  ['hold', 'late', 0, 1],
  ['refund', 'confirmed', -25_000, 0],
] as const) {
  test(`LATE_PAYMENT_POLICY=${policy}: money after the end is ${status}`, async (t) => {
    const till = await openTill(t, { env: { LATE_PAYMENT_POLICY: policy } })
    await sql`truncate payment_reviews`.execute(till.app.db)
    const before = await till.owed()
    const { paymentId, providerRef } = await till.intent({ amount: 250, provider: 'conekta', methods: ['oxxo'] })
    till.setNow('2030-06-07T18:00:00.000Z')
    till.conekta.expire(providerRef)
    await till.deliver()
    assert.equal((await till.show(paymentId)).payment.status, 'expired')
    till.setNow('2030-06-07T19:00:00.000Z')
    till.conekta.payCash(providerRef)
    await till.deliver()

    const { payment, refunds } = await till.show(paymentId)
    assert.deepEqual([payment.status, payment.isLate, payment.receivedCents], [status, true, 25_000])
    assert.equal((await till.owed()) - before, debt)
    assert.equal(refunds.length, policy === 'refund' ? 1 : 0)
    const { data } = (await till.app.get('/payments/reviews?status=open', { as: 'director' })).json()
    assert.equal(data.length, reviews)
    if (policy !== 'hold') return
    const applied = await till.post(`/payments/reviews/${data[0].id}/apply`, { reason: 'paid at the counter' })
    assert.deepEqual([applied.http, applied.review.status], [200, 'applied'])
    assert.deepEqual(sumsOf(await till.show(paymentId)), ['confirmed', 25_000, 0, 0, 0])
    assert.equal((await till.owed()) - before, -25_000)
    const again = await till.post(`/payments/reviews/${data[0].id}/dismiss`, { reason: 'no' })
    assert.deepEqual([again.http, again.code], [409, 'review_decided'])
  })
}

test("during a dispute the Director's overview, its report and the balance agree on what was paid", async (t) => {
  const till = await openTill(t)
  const { providerRef } = await till.intent({ amount: 500 })
  till.stripe.pay(providerRef)
  till.stripe.dispute(providerRef, { fee: 30_000 })
  await till.deliver()
  const query = `organizerId=${till.organizerId}`
  const get = async (url: string) => (await till.app.get(url, { as: 'director' })).json()
  await till.app.runJob(refreshKpisJob, {})

  const { account } = await get(`/organizers/${till.organizerId}/balance`)
  const { finance } = await get(`/director/overview?${query}`)
  const { totals } = await get(`/director/reports/top-organizers?${query}`)

  assert.deepEqual([finance.paidCents, totals.paidCents], [account.paidCents, account.paidCents])
})
