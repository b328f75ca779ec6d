import assert from 'node:assert/strict'
import { test } from 'node:test'
import { conektaEvent, CONEKTA_KEY, CONEKTA_PUBLIC_KEY, signConekta } from '../../test/fakes/conekta.ts'
import { signStripe, stripeEvent, STRIPE_KEY, STRIPE_WEBHOOK_SECRET } from '../../test/fakes/stripe.ts'
import { ORGANIZER_ID, startApp } from '../../test/harness.ts'
import { anOrganizer } from '../../test/make.ts'
import { newId, sql, withTx, type Db } from '../platform/db.ts'
import { GiveUp } from '../platform/errors.ts'
import { openConekta } from '../providers/conekta.ts'
import { applyUpdate, readPaymentEvent, verifyPaymentWebhook } from './payments.ts'
import { isEmpty, type ProviderName, type ProviderUpdate, type OpenStatus } from '../providers/provider.ts'
import { openStripe } from '../providers/stripe.ts'

const AT = new Date('2030-06-01T12:00:00.500Z')
const ENV = {
  STRIPE_SECRET_KEY: STRIPE_KEY,
  STRIPE_WEBHOOK_SECRET,
  CONEKTA_API_KEY: CONEKTA_KEY,
  CONEKTA_WEBHOOK_PUBLIC_KEY: CONEKTA_PUBLIC_KEY.replaceAll('\n', '\\n'),
}
const stripe = openStripe({
  secretKey: STRIPE_KEY,
  apiUrl: 'https://api.stripe.com',
  webhookSecret: STRIPE_WEBHOOK_SECRET,
})
const conekta = openConekta({
  apiKey: CONEKTA_KEY,
  apiUrl: 'https://api.conekta.io',
  webhookPublicKey: CONEKTA_PUBLIC_KEY,
})

const RAW = Buffer.from(stripeEvent('payment_intent.succeeded', { id: 'pi_1', amount: 100 }))
const later = (seconds: number) => new Date(AT.getTime() + seconds * 1000)
const fresh = signStripe(RAW, AT)
for (const [what, header, raw, expected] of [
  ['a valid signature', fresh, RAW, true],
  ['two v1, the second valid (secret rotation)', signStripe(RAW, AT, ['whsec_old', STRIPE_WEBHOOK_SECRET]), RAW, true],
  ['spaces around its parts', fresh.replaceAll(',', ' , ').replaceAll('=', ' = '), RAW, true],
  ['its parts in another order', fresh.split(',').toReversed().join(','), RAW, true],
  ['a v0 and an unknown scheme beside it', `${fresh},v0=${'0'.repeat(64)},v2=x`, RAW, true],
  ['the header sent twice', [fresh, fresh].join(', '), RAW, true],
  ['the header as a list', [fresh, fresh], RAW, true],
  ['a digest in upper case', fresh.replace(/v1=.*/, (v1) => `v1=${v1.slice(3).toUpperCase()}`), RAW, true],
  ['a broken v1 before the valid one', fresh.replace('v1=', 'v1=zz,v1=,v1='), RAW, true],
  ['signed 300 s ago', signStripe(RAW, later(-300)), RAW, true],
  ['signed 300 s ahead', signStripe(RAW, later(300)), RAW, true],
  ['signed 301 s ago', signStripe(RAW, later(-301)), RAW, false],
  ['signed 301 s ahead', signStripe(RAW, later(301)), RAW, false],
  ['a wrong secret', signStripe(RAW, AT, ['whsec_wrong']), RAW, false],
  ['a changed byte', fresh, Buffer.from(RAW.toString().replace('pi_1', 'pi_2')), false],
  ['a signature of another length', fresh.slice(0, -2), RAW, false],
  ['no v1 at all', fresh.split(',')[0], RAW, false],
  ['no timestamp', fresh.split(',')[1], RAW, false],
  ['a signature under another name', fresh.replace('v1=', 'v0='), RAW, false],
  ['a timestamp of letters', fresh.replace(/t=\d+/, 't=now'), RAW, false],
  ['two timestamps, the second fresh', `t=1,${fresh}`, RAW, false],
  ['an empty header', '', RAW, false],
  ['no header', undefined, RAW, false],
] as const) {
  test(`Stripe-Signature: ${what} is ${expected ? 'accepted' : 'rejected'}`, () => {
    const headers = header === undefined ? {} : { 'stripe-signature': header as string }

    assert.equal(stripe.verifyWebhook(raw, headers, AT), expected)
  })
}

const ORDER = Buffer.from(conektaEvent('order.paid', { id: 'ord_1', amount: 100, payment_status: 'paid' }))
for (const [what, digest, raw, expected] of [
  ['a valid signature', signConekta(ORDER), ORDER, true],
  ['with the prefix of RFC 3230', `SHA-256=${signConekta(ORDER)}`, ORDER, true],
  ['spaces around it', ` SHA-256= ${signConekta(ORDER)} `.replace('= ', '='), ORDER, true],
  ['the header sent twice', `${signConekta(ORDER)}, ${signConekta(ORDER)}`, ORDER, true],
  ['one of another key beside it', `${'A'.repeat(342)}==, ${signConekta(ORDER)}`, ORDER, true],
  ['a changed byte', signConekta(ORDER), Buffer.from(ORDER.toString().replace('100', '101')), false],
  ['another length', signConekta(ORDER).slice(0, -8), ORDER, false],
  ['not base64', '%%%', ORDER, false],
  ['no header', undefined, ORDER, false],
] as const) {
  test(`Digest: ${what} is ${expected ? 'accepted' : 'rejected'}`, () => {
    const headers = digest === undefined ? {} : { digest }

    assert.equal(conekta.verifyWebhook(raw, headers, AT), expected)
  })
}

/** Right signatures over bytes that Stripe's SDK refuses or changes before it verifies them. */
for (const [what, raw] of [
  [
    'an event of the v2 API',
    Buffer.from('{"id":"evt_1","object":"v2.core.event","type":"v1.billing.meter.no_meter_found"}'),
  ],
  ['a byte order mark', Buffer.from(`\ufeff${RAW.toString()}`)],
  ['no JSON', Buffer.from('payload=x')],
  ['no UTF-8', Buffer.from([0x7b, 0xe9, 0x7d])],
] as const) {
  test(`Stripe-Signature: a body of ${what} is verified by its bytes`, () => {
    const check = (bytes: Buffer) => stripe.verifyWebhook(bytes, { 'stripe-signature': signStripe(raw, AT) }, AT)

    assert.deepEqual([check(raw), check(Buffer.concat([raw, Buffer.from(' ')]))], [true, false])
  })
}

test('a provider with a key but no webhook secret rejects every webhook; mock mode accepts every webhook', async (t) => {
  const live = await startApp(t, { env: { STRIPE_SECRET_KEY: STRIPE_KEY, CONEKTA_API_KEY: CONEKTA_KEY } })
  const mocked = await startApp(t)
  const check = (app: typeof live, name: ProviderName) =>
    verifyPaymentWebhook(app.deps.providers, name, RAW, { 'stripe-signature': fresh, digest: signConekta(RAW) }, AT)

  assert.deepEqual([check(live, 'stripe'), check(live, 'conekta')], [false, false])
  assert.deepEqual([check(mocked, 'stripe'), check(mocked, 'conekta'), check(mocked, 'mock')], [true, true, true])
})

type Kind = OpenStatus | 'confirmed' | 'incomplete' | 'ignored'
/** What an event says, in one word. */
const kindOf = (update: ProviderUpdate): Kind =>
  update.facts.some(({ kind }) => kind === 'charge')
    ? 'confirmed'
    : isEmpty(update)
      ? 'ignored'
      : (update.status ?? 'incomplete')
const KINDS: [ProviderName, string, Record<string, unknown>, Kind, string | null][] = [
  ['stripe', 'payment_intent.succeeded', { amount_received: 500 }, 'confirmed', null],
  ['stripe', 'payment_intent.processing', {}, 'processing', null],
  [
    'stripe',
    'payment_intent.payment_failed',
    { last_payment_error: { code: 'card_declined' } },
    'failed',
    'card_declined',
  ],
  [
    'stripe',
    'payment_intent.payment_failed',
    { last_payment_error: { code: 'payment_intent_payment_attempt_expired' } },
    'expired',
    'payment_intent_payment_attempt_expired',
  ],
  ['stripe', 'payment_intent.canceled', { cancellation_reason: 'abandoned' }, 'cancelled', 'abandoned'],
  ['stripe', 'payment_intent.requires_action', {}, 'requires_action', null],
  ['stripe', 'charge.refunded', {}, 'ignored', null],
  ['stripe', 'charge.refunded', { payment_intent: 'pi_1' }, 'incomplete', null],
  ['conekta', 'order.paid', { payment_status: 'paid' }, 'confirmed', null],
  ['conekta', 'order.paid', { payment_status: 'pending_payment' }, 'requires_action', null],
  ['conekta', 'order.expired', { payment_status: 'expired' }, 'expired', 'order_expired'],
  ['conekta', 'order.declined', { payment_status: 'declined' }, 'failed', 'order_declined'],
  ['conekta', 'order.pending_payment', { payment_status: 'pending_payment' }, 'requires_action', null],
  ['conekta', 'charge.paid', { object: 'charge', order_id: 'ord_1' }, 'ignored', null],
  [
    'conekta',
    'order.paid',
    { payment_status: undefined, charges: { data: [{ id: 'ch_1', amount: 500, status: 'paid' }] } },
    'confirmed',
    null,
  ],
  ['conekta', 'order.paid', { payment_status: null, charges: { data: [{ status: 'declined' }] } }, 'ignored', null],
  ['conekta', 'order.paid', { amount: '500', payment_status: 'paid' }, 'confirmed', null],
  [
    'stripe',
    'payment_intent.succeeded',
    { amount_received: '500', metadata: { payment_id: 'pay_1' } },
    'confirmed',
    null,
  ],
]
test('provider events are translated to our terms', async (t) => {
  const { deps } = await startApp(t, { env: ENV })
  for (const [provider, type, object, kind, reason] of KINDS) {
    const about = { id: 'ref_1', amount: 500, currency: 'mxn', metadata: { payment_id: 'pay_1' }, ...object }
    const raw = Buffer.from(provider === 'stripe' ? stripeEvent(type, about, 'e1') : conektaEvent(type, about, 'e1'))

    const event = readPaymentEvent(deps.providers, provider, raw)

    assert.equal(kindOf(event), kind, type)
    assert.equal(event.reason, reason, type)
    assert.equal(event.dedupeKey, 'e1')
    if (kind === 'confirmed') {
      const { providerRef, paymentId, facts, occurredAt } = event
      const [{ amountCents, currency }] = facts as [ProviderUpdate['facts'][number]]
      assert.deepEqual([providerRef, paymentId, amountCents, currency], ['ref_1', 'pay_1', 500, 'MXN'])
      assert.equal(occurredAt?.toISOString(), '2027-01-15T08:00:00.000Z')
    }
  }
})

const STRIPE_PAID = { object: 'payment_intent', id: 'pi_1', amount: 500, amount_received: 500, currency: 'mxn' }
/** Events whose envelope is not that of the version we pin. `live`: what is read of the mode. */
const ENVELOPES: [ProviderName, string, object, Kind, boolean | null][] = [
  ['stripe', 'an old version', { api_version: '2016-07-06', request: 'req_1' }, 'confirmed', false],
  ['stripe', 'no version, no request', { api_version: null, request: null }, 'confirmed', false],
  [
    'stripe',
    'previous attributes',
    { data: { object: STRIPE_PAID, previous_attributes: { status: 'processing' } } },
    'confirmed',
    false,
  ],
  ['stripe', 'no `object`', { object: undefined }, 'confirmed', false],
  ['stripe', 'live', { livemode: true }, 'confirmed', true],
  ['stripe', 'live as text', { livemode: 'true' }, 'confirmed', true],
  ['stripe', 'no mode', { livemode: undefined }, 'confirmed', null],
  ['stripe', 'of a connected account', { account: 'acct_1' }, 'confirmed', false],
  [
    'stripe',
    'thin',
    { object: 'v2.core.event', data: undefined, created: '2026-11-02T10:00:00.000Z', livemode: undefined },
    'ignored',
    null,
  ],
  [
    'stripe',
    'thin, of a payment',
    { object: 'v2.core.event', data: {}, related_object: { id: 'pi_1', type: 'payment_intent' } },
    'ignored',
    false,
  ],
  ['stripe', 'without data', { data: undefined }, 'ignored', false],
  ['stripe', 'without data.object', { data: {} }, 'ignored', false],
  ['stripe', 'data.object is an id', { data: { object: 'pi_1' } }, 'ignored', false],
  ['stripe', 'data is null', { data: null }, 'ignored', false],
  ['conekta', 'live', { livemode: true }, 'confirmed', true],
  ['conekta', 'live as text', { livemode: 'true' }, 'confirmed', true],
  ['conekta', 'no mode', { livemode: undefined }, 'confirmed', null],
  ['conekta', 'a time as text', { created_at: '1800000000' }, 'confirmed', false],
  ['conekta', 'without data.object', { data: { action: 'ping', livemode: true } }, 'ignored', false],
  ['conekta', 'without data', { data: undefined, webhook_logs: undefined }, 'ignored', false],
]
test('an event in another envelope is read or ignored', async (t) => {
  const { deps } = await startApp(t, { env: ENV })
  for (const [provider, what, envelope, kind, isLive] of ENVELOPES) {
    const text =
      provider === 'stripe'
        ? stripeEvent('payment_intent.succeeded', STRIPE_PAID, 'e1', { ...envelope })
        : conektaEvent('order.paid', { id: 'ord_1', amount: 500, payment_status: 'paid' }, 'e1', { ...envelope })

    const event = readPaymentEvent(deps.providers, provider, Buffer.from(text))

    const modes = isLive === null ? [] : [isLive ? 'live' : 'test']
    assert.deepEqual([kindOf(event), event.modes, event.dedupeKey], [kind, modes, 'e1'], `${provider}: ${what}`)
  }
})

/** [mode of the payment, what the event and its object say, outcome]. */
for (const [mode, modes, outcome] of [
  ['live', ['test'], 'other_mode'],
  ['test', ['live'], 'other_mode'],
  ['mock', ['live'], 'other_mode'],
  ['mock', ['test'], 'other_mode'],
  ['live', ['live', 'test'], 'other_mode'],
  ['test', ['test', 'live'], 'other_mode'],
  ['live', ['live'], 'applied'],
  ['test', ['test'], 'applied'],
  ['live', [], 'applied'],
] as const) {
  test(`an event of mode ${modes.join(' and ') || 'none'} about a ${mode} payment: ${outcome}`, async (t) => {
    const { db } = await startApp(t)
    for (const kind of ['confirmed', 'failed', 'expired', 'processing'] as const) {
      const { apply, look } = await aPayment(db, { mode })

      assert.equal(await apply(kind, { modes: [...modes] }), outcome)
      const { status, entries } = await look()
      const isConfirmed = outcome === 'applied' && kind === 'confirmed'
      assert.deepEqual([status, entries], [outcome === 'applied' ? kind : 'requires_payment', isConfirmed ? 1 : 0])
    }
  })
}

test('the mode of a Conekta order whose answer was lost is learned from its first event', async (t) => {
  const { db } = await startApp(t)
  const lost = { provider: 'conekta', providerRef: null, status: 'unknown', mode: 'live' } as const
  const { id, apply } = await aPayment(db, lost)
  const stripe = await aPayment(db, { ...lost, provider: 'stripe' })

  const outcome = await apply('confirmed', { modes: ['test'], providerRef: 'ord_lost', paymentId: id })
  const refused = await stripe.apply('confirmed', { modes: ['test'], providerRef: 'pi_lost', paymentId: stripe.id })

  const { rows } = await sql<{ mode: string }>`select mode from payments where id = ${id}`.execute(db)
  assert.deepEqual([outcome, rows[0]?.mode, refused], ['applied', 'test', 'other_mode'])
})

test("a payment is paid at the provider's time, but never in our future", async (t) => {
  const { db } = await startApp(t)
  const [before, ahead] = [await aPayment(db), await aPayment(db)]

  await before.apply('confirmed', { occurredAt: later(-3600) })
  await ahead.apply('confirmed', { occurredAt: later(3600) })

  assert.deepEqual([(await before.look()).paidAt, (await ahead.look()).paidAt], [later(-3600), AT])
})

test('a body that is not an event is given up; pings and unknown bodies in mock mode are ignored', async (t) => {
  const { deps } = await startApp(t, { env: ENV })
  const read = (name: ProviderName, text: string) => readPaymentEvent(deps.providers, name, Buffer.from(text))

  for (const text of ['', 'null', '[]', '{"id":', '"x"']) {
    for (const name of ['stripe', 'conekta', 'mock'] as const) assert.throws(() => read(name, text), GiveUp)
  }
  for (const text of ['{}', '{"id":"e"}', '{"id":7,"type":"x"}']) assert.throws(() => read('stripe', text), GiveUp)
  assert.equal(kindOf(read('conekta', '{"id":"e","type":"webhook_ping","data":{"action":"ping"}}')), 'ignored')
  assert.equal(kindOf(read('mock', stripeEvent('payment_intent.succeeded', {}))), 'ignored')
  assert.match(read('mock', '{}').dedupeKey, /^sha256:/)
  assert.deepEqual(
    ['confirmed', 'failed', 'reversed', 7].map((status) => kindOf(read('mock', JSON.stringify({ id: 'm', status })))),
    ['confirmed', 'failed', 'ignored', 'ignored'],
  )
})

type Word = OpenStatus | 'confirmed'
type Said = Omit<ProviderUpdate, 'facts' | 'status'> & { amountCents: number | null; currency: string }
/** ProviderUpdate that says one word about a payment. */
function updateOf(word: Word, { amountCents = 500, currency = 'MXN', ...more }: Partial<Said>): ProviderUpdate {
  const objectId = more.providerRef ?? 'ref'
  const occurredAt = more.occurredAt ?? AT
  const charge = { kind: 'charge', state: 'paid', objectId, amountCents, feeCents: 0, currency, occurredAt } as const
  return {
    ...{
      providerRef: null,
      paymentId: null,
      reason: null,
      nextAction: null,
      isOver: false,
      modes: [],
      isOtherAccount: false,
    },
    ...{ isIncomplete: false, status: word === 'confirmed' ? null : word, facts: word === 'confirmed' ? [charge] : [] },
    ...more,
    occurredAt,
  }
}

type Facts = {
  organizerId?: string | null
  status?: string
  providerRef?: string | null
  provider?: ProviderName
  mode?: string
}

async function aPayment(db: Db, facts: Facts = {}) {
  const id = newId('pay')
  const { provider = 'stripe', organizerId = await anOrganizer(db, ORGANIZER_ID) } = facts
  const providerRef = facts.providerRef === undefined ? `pi_${id}` : facts.providerRef
  await sql`insert into payments (id, kind, organizer_id, provider, mode, provider_ref, status, amount_cents, currency, created_by, request_id, created_at, updated_at)
    values (${id}, 'intent', ${organizerId}, ${provider}, ${facts.mode ?? 'test'}, ${providerRef}, ${facts.status ?? 'requires_payment'},
      500, 'MXN', 'usr_x', 'req_x', ${AT}, ${AT})`.execute(db)
  const apply = (kind: Word, more: Partial<Said> = {}) => {
    const update = updateOf(kind, { providerRef, ...more })
    const cause = { by: provider, requestId: 'ie_x', at: AT }
    return withTx(db, async (tx) => (await applyUpdate(tx, { provider, update, cause, latePolicy: 'apply' })).outcome)
  }
  const look = async () => {
    const { rows } = await sql<{ status: string; paidAt: Date | null; entries: number; providerRef: string | null }>`
      select status, paid_at, provider_ref, (select count(*) from ledger_transactions where payment_id = p.id) as entries
        from payments p where id = ${id}`.execute(db)
    return rows[0]!
  }
  return { id, apply, look }
}

test('a confirmation that arrives many times is applied once and adds one ledger entry', async (t) => {
  const { db } = await startApp(t)
  const { apply, look } = await aPayment(db)

  const outcomes = await Promise.all(Array.from({ length: 8 }, () => apply('confirmed')))

  assert.deepEqual(outcomes.sort(), ['applied', ...Array<string>(7).fill('kept')])
  const { status, paidAt, entries } = await look()
  assert.deepEqual([status, paidAt?.toISOString(), entries], ['confirmed', AT.toISOString(), 1])
})

const permutationsOf = <T>(items: T[]): T[][] =>
  items.length < 2
    ? [items]
    : items.flatMap((first, at) => permutationsOf(items.toSpliced(at, 1)).map((rest) => [first, ...rest]))

for (const [kinds, last, entered] of [
  [['processing', 'failed', 'expired'], 'expired', 0],
  [['processing', 'failed', 'expired', 'confirmed'], 'confirmed', 1],
] as const) {
  test(`any order of ${kinds.join(', ')} ends in ${last}`, async (t) => {
    const { db } = await startApp(t)
    for (const order of permutationsOf([...kinds])) {
      const { apply, look } = await aPayment(db)
      for (const kind of order) await apply(kind)

      const { status, entries } = await look()

      assert.deepEqual([status, entries], [last, entered], order.join(' '))
    }
  })
}

test('confirmed is final; a failed or expired payment can still be confirmed', async (t) => {
  const { db } = await startApp(t)
  const paid = await aPayment(db, { status: 'processing' })
  const failed = await aPayment(db, { status: 'failed' })
  const expired = await aPayment(db, { status: 'expired' })

  await paid.apply('confirmed')

  assert.deepEqual(
    [await paid.apply('failed'), await paid.apply('expired'), await paid.apply('processing')],
    ['kept', 'kept', 'kept'],
  )
  assert.equal((await paid.look()).status, 'confirmed')
  assert.equal(await failed.apply('processing'), 'kept')
  assert.equal(await failed.apply('confirmed'), 'applied')
  assert.equal(await expired.apply('confirmed'), 'applied')
})

test('a transfer of another amount is booked as it came; another currency waits for a person', async (t) => {
  const { db } = await startApp(t)
  const [short, much, foreign] = [await aPayment(db), await aPayment(db), await aPayment(db)]

  const outcomes = [
    await short.apply('confirmed', { amountCents: 499 }),
    await much.apply('confirmed', { amountCents: 501 }),
    await foreign.apply('confirmed', { currency: 'USD' }),
  ]

  assert.deepEqual(outcomes, ['applied', 'applied', 'review'])
  const looks = await Promise.all([short, much, foreign].map(({ look }) => look()))
  assert.deepEqual(
    looks.map(({ status, entries }) => [status, entries]),
    [
      ['underpaid', 1],
      ['confirmed', 1],
      ['requires_payment', 0],
    ],
  )
})

test('a charge that is found by our id alone must have the amount', async (t) => {
  const { db } = await startApp(t)
  const lost = await aPayment(db, { providerRef: null, status: 'unknown' })

  const outcome = await lost.apply('confirmed', { providerRef: 'pi_new', paymentId: lost.id, amountCents: 499 })

  assert.deepEqual([outcome, (await lost.look()).status], ['review', 'unknown'])
})

test("a payment is found by our own id only while the provider's reference is unknown", async (t) => {
  const { db } = await startApp(t)
  const lost = await aPayment(db, { providerRef: null, status: 'unknown' })
  const known = await aPayment(db)

  const found = await lost.apply('confirmed', { providerRef: 'pi_new', paymentId: lost.id })
  const forged = await known.apply('confirmed', { providerRef: 'pi_other', paymentId: known.id })

  assert.equal(found, 'applied')
  assert.deepEqual([(await lost.look()).status, (await lost.look()).providerRef], ['confirmed', 'pi_new'])
  assert.equal(forged, 'unmatched')
})

test("an event of one provider does not change another provider's payment", async (t) => {
  const { db } = await startApp(t)
  const { id, look } = await aPayment(db, { provider: 'conekta', providerRef: 'shared' })

  const update = updateOf('confirmed', { providerRef: 'shared', paymentId: id })
  const cause = { by: 'stripe', requestId: 'ie_x', at: AT }
  const { outcome } = await withTx(db, (tx) =>
    applyUpdate(tx, { provider: 'stripe', update, cause, latePolicy: 'apply' }),
  )

  assert.equal(outcome, 'unmatched')
  assert.equal((await look()).status, 'requires_payment')
})

test('a payment without an organizer is confirmed without a ledger entry', async (t) => {
  const { db } = await startApp(t)
  const { apply, look } = await aPayment(db, { organizerId: null })

  assert.equal(await apply('confirmed'), 'applied')
  const { status, entries } = await look()
  assert.deepEqual([status, entries], ['confirmed', 0])
})

test('a mock body confirms a mock payment but not a real one', async (t) => {
  const { db, deps, post } = await startApp(t)
  const made = (await post('/payments/intent', { as: 'organizer', body: { amount: 10, provider: 'stripe' } })).json()
  const real = await aPayment(db, { providerRef: 'pi_real' })
  const postMock = (providerRef: string) => {
    const raw = Buffer.from(JSON.stringify({ id: newId('m'), providerRef, status: 'confirmed' }))
    const update = readPaymentEvent(deps.providers, 'stripe', raw)
    const cause = { by: 'stripe', requestId: 'ie_x', at: AT }
    return withTx(
      db,
      async (tx) => (await applyUpdate(tx, { provider: 'stripe', update, cause, latePolicy: 'apply' })).outcome,
    )
  }

  assert.equal(await postMock(made.providerRef), 'applied')
  assert.equal(await postMock('pi_real'), 'other_mode')
  assert.equal((await real.look()).status, 'requires_payment')
})

test('the database rejects a backward status change', async (t) => {
  const { db } = await startApp(t)
  const { id, apply } = await aPayment(db)
  await apply('confirmed')

  await assert.rejects(
    sql`update payments set status = 'failed', paid_at = null where id = ${id}`.execute(db),
    /cannot go from confirmed to failed/,
  )
})
