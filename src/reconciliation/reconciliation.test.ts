/** The reconciler against strict fakes: what webhooks have not told is read. */
import assert from 'node:assert/strict'
import { test } from 'node:test'
import { clearMoney, openTill, sumsOf, type Till } from '../../test/money.ts'
import { sql } from '../platform/db.ts'
import { planReading } from '../payments/payments.ts'
import { reconcilePayments } from './jobs.ts'

const run = ({ app }: Till) => app.runJob(reconcilePayments, {})
async function differences(till: Till, id: string, query = '') {
  const { data } = (await till.app.get(`/payments/differences${query}`, { as: 'director' })).json()
  const mine = data.filter(({ paymentId }: { paymentId: string }) => paymentId === id)
  for (const { currency } of mine) assert.equal(currency, 'MXN')
  return mine.map(({ kind, ours, theirs, isFixed }: Record<string, unknown>) => [kind, ours, theirs, isFixed])
}

for (const provider of ['stripe', 'conekta'] as const) {
  test(`${provider}: an intent whose answer was lost is found a minute later`, async (t) => {
    const till = await openTill(t)
    await clearMoney(till)
    till[provider].next({ kind: 'accepts_then_fails', httpStatus: 500, times: 1 })
    const lost = await till.intent({ amount: 500, provider })
    assert.deepEqual([lost.http, lost.status], [202, 'unknown'])
    await run(till)
    assert.equal((await till.show(lost.paymentId)).payment.status, 'unknown', 'not before its time')

    till.setNow('2030-06-03T18:01:30.000Z')
    await run(till)

    const { payment } = await till.show(lost.paymentId)
    assert.ok(['requires_payment', 'requires_action'].includes(payment.status), payment.status)
    assert.ok(payment.providerRef)
  })

  test(`${provider}: money of which no webhook came is found, booked and listed`, async (t) => {
    const till = await openTill(t)
    await clearMoney(till)
    const { paymentId, providerRef } = await till.intent({ amount: 500, provider })
    if (provider === 'stripe') {
      till.stripe.pay(providerRef)
      till.stripe.refund(providerRef, 10_000)
    } else {
      till.conekta.payWithCard(providerRef)
      till.conekta.refund(providerRef, 10_000)
    }
    till[provider].takeEvents()
    till.setNow('2030-06-08T18:00:00.000Z')
    await run(till)

    assert.deepEqual(sumsOf(await till.show(paymentId)), ['partially_refunded', 50_000, 10_000, 0, 0])
    assert.deepEqual((await differences(till, paymentId)).sort(), [
      ['received', '0', '50000', true],
      ['refunded', '0', '10000', true],
    ])
    await till.deliver()
    assert.deepEqual(await till.faults(), [])
  })
}

test('an intent that its provider cannot find for days was never created', async (t) => {
  const till = await openTill(t)
  await clearMoney(till)
  till.stripe.next({ kind: 'error', httpStatus: 503, error: { type: 'api_error' }, times: 1 })
  const { paymentId } = await till.intent({ amount: 500 })
  for (const at of ['03T18:01:30', '03T18:07:00', '03T19:10:00', '04T19:30:00', '05T20:00:00', '06T21:00:00']) {
    till.setNow(`2030-06-${at}.000Z`)
    await run(till)
  }

  const { payment, history } = await till.show(paymentId)
  assert.deepEqual([payment.status, payment.reason], ['failed', 'never_created'])
  assert.equal(history.at(-1).by, 'clock')
  assert.deepEqual(await differences(till, paymentId), [['never_created', 'unknown', 'none', true]])
})

test('a silent provider costs nothing: the payment is due again, and the metrics say what waits', async (t) => {
  const till = await openTill(t)
  await clearMoney(till)
  const { paymentId, providerRef } = await till.intent({ amount: 500 })
  till.stripe.pay(providerRef)
  till.stripe.takeEvents()
  till.setNow('2030-06-08T18:00:00.000Z')
  till.stripe.next({ kind: 'error', httpStatus: 500, error: { type: 'api_error' } })
  await run(till)
  assert.equal((await till.show(paymentId)).payment.receivedCents, 0)
  till.stripe.next({ kind: 'ok' })
  till.setNow('2030-06-08T18:06:00.000Z')
  await run(till)

  assert.equal((await till.show(paymentId)).payment.status, 'confirmed')
  const metrics = (await till.app.get('/metrics')).body
  assert.match(metrics, /monotickets_payment_reviews 0/)
  assert.match(metrics, /monotickets_payment_differences 0/)
})

test('money here that its provider does not know stays, and is listed as not mended', async (t) => {
  const till = await openTill(t)
  await clearMoney(till)
  const { paymentId, providerRef } = await till.intent({ amount: 500 })
  till.stripe.pay(providerRef)
  await till.deliver()
  await sql`update payments set provider_ref = 'pi_gone' where id = ${paymentId}`.execute(till.app.db)
  till.setNow('2030-06-04T18:00:01.000Z')
  await run(till)

  assert.deepEqual(await differences(till, paymentId, '?isFixed=false'), [['missing', 'confirmed', 'none', false]])
  assert.equal((await till.show(paymentId)).payment.receivedCents, 50_000)
})

test('when a payment is read again', () => {
  const at = (text: string) => new Date(`2030-06-${text}:00Z`)
  const plan = (status: Parameters<typeof planReading>[0]['status'], checks: number, now: string, expires?: string) =>
    planReading(
      { status, checks, createdAt: at('01T00:00'), expiresAt: expires ? at(expires) : null, isUnsettled: false },
      at(now),
    )?.toISOString()
  assert.equal(plan('unknown', 0, '01T00:00'), '2030-06-01T00:01:00.000Z')
  assert.equal(plan('unknown', 1, '01T00:01'), '2030-06-01T00:06:00.000Z')
  assert.equal(plan('unknown', 2, '01T00:06'), '2030-06-01T01:06:00.000Z')
  assert.equal(plan('unknown', 3, '01T01:06'), '2030-06-02T01:06:00.000Z')
  assert.equal(plan('requires_action', 1, '01T00:00', '04T00:00'), '2030-06-03T23:00:00.000Z')
  assert.equal(plan('requires_action', 2, '03T23:00', '04T00:00'), '2030-06-04T00:30:00.000Z')
  assert.equal(plan('expired', 3, '04T00:30', '04T00:00'), '2030-06-05T00:00:00.000Z')
  assert.equal(plan('expired', 4, '05T00:00', '04T00:00'), '2030-06-08T00:00:00.000Z')
  assert.equal(plan('expired', 5, '08T00:00', '04T00:00'), undefined)
  assert.equal(plan('requires_payment', 5, '02T00:00'), '2030-06-03T00:00:00.000Z')
  assert.equal(plan('confirmed', 1, '02T00:00'), undefined)
})

test('a provider that is down is asked once in a run, and every payment is due again', async (t) => {
  const till = await openTill(t)
  await sql`update payments set next_check_at = null`.execute(till.app.db)
  const made = [
    await till.intent({ amount: 500 }),
    await till.intent({ amount: 500 }),
    await till.intent({ amount: 500 }),
  ]
  till.setNow('2030-06-08T18:00:00.000Z')
  till.stripe.next({ kind: 'error', httpStatus: 500, error: { type: 'api_error' } })
  const before = till.stripe.reads.length

  const outcome = await run(till)

  assert.match(String(outcome), /^0 read, 0 changed, 3 without an answer/)
  assert.equal(till.stripe.reads.length - before, 1)
  const { rows } = await sql<{ n: number }>`
    select count(*) as n from payments where next_check_at = '2030-06-08T18:05:00Z'`.execute(till.app.db)
  assert.equal(rows[0]!.n, made.length)
})
