import assert from 'node:assert/strict'
import { test } from 'node:test'
import { ORGANIZER_ID, startApp, type TestApp } from '../../test/harness.ts'
import { aLoan, listMovements } from '../../test/ledger.ts'
import { anEvent, anOrganizer } from '../../test/make.ts'
import { processInbound } from '../inbox/inbox.ts'
import { newId, sql } from '../platform/db.ts'
import { refreshKpisJob } from './jobs.ts'

const as = 'director'

async function enter({ post }: TestApp, body: object, headers: Record<string, string> = {}) {
  const reply = await post('/director/payments', { as, body: { method: 'transfer', ...body }, headers })
  return { status: reply.statusCode, body: reply.json(), headers: reply.headers }
}

test('a payment reduces the debt, and the next overview shows it', async (t) => {
  const app = await startApp(t)
  const organizerId = await anOrganizer(app.db)
  await aLoan(app.db, organizerId, 100_000)
  const url = `/director/overview?organizerId=${organizerId}`
  const before = (await app.get(url, { as })).json()
  const cached = await app.get(url, { as })

  const { status, body } = await enter(app, { organizerId, amount: '600.50', reference: 'SPEI 1', note: 'enero' })
  const after = await app.get(url, { as })

  assert.equal(before.finance.openDebtCents, 100_000)
  assert.equal(cached.headers['x-cache'], 'hit')
  assert.equal(status, 201)
  const { id, paidAt, createdAt, ...payment } = body.payment
  assert.match(id, /^pay_/)
  assert.equal(paidAt, createdAt)
  assert.deepEqual(payment, {
    kind: 'manual',
    status: 'confirmed',
    organizerId,
    eventId: null,
    provider: 'manual',
    mode: 'manual',
    amount: '600.50',
    amountCents: 60_050,
    currency: 'MXN',
    ...{ receivedCents: 60_050, refundedCents: 0, disputedCents: 0, lostCents: 0, isLate: false, expiresAt: null },
    method: 'transfer',
    reference: 'SPEI 1',
    note: 'enero',
    reason: null,
  })
  assert.deepEqual(body.balance, {
    openDebtCents: 39_950,
    openDebt: '399.50',
    creditCents: 0,
    credit: '0.00',
    currency: 'MXN',
  })
  assert.equal(after.headers['x-cache'], 'miss')
  assert.equal(after.json().finance.openDebtCents, 39_950)
  assert.equal(after.json().recentPayments[0].id, id)
  assert.deepEqual(await listMovements(app.db, organizerId), [
    ['loan', 100_000, 10],
    ['payment', -60_050, 0],
  ])
})

test('a payment in dollars never pays a debt in pesos, nor prepaid tickets that cost pesos', async (t) => {
  const app = await startApp(t)
  const organizerId = await anOrganizer(app.db)
  await aLoan(app.db, organizerId, 100_000)

  const { status, body } = await enter(app, { organizerId, amount: 600, currency: 'usd' })
  const list = async (query: string) =>
    (await app.get(`/director/payments?organizerId=${organizerId}&from=2026-01-01${query}`, { as })).json().data.length
  const balance = (await app.get(`/organizers/${organizerId}/balance`, { as })).json().account
  const prepaid = { organizerId, kind: 'prepaid', tickets: 10, unitPriceCents: 1000 }
  const assigned = await app.post('/director/assignments', { as, body: prepaid })

  assert.equal(status, 201)
  assert.deepEqual([body.balance.currency, body.balance.openDebtCents, body.balance.creditCents], ['USD', 0, 60_000])
  assert.deepEqual([balance.currency, balance.openDebtCents, balance.creditCents], ['MXN', 100_000, 0])
  assert.deepEqual([assigned.statusCode, assigned.json().code], [409, 'payment_required'])
  assert.deepEqual([await list(''), await list('&currency=USD')], [0, 1], 'a list has one currency')
})

test('a reference is unique per organizer, also when two people enter it concurrently', async (t) => {
  const app = await startApp(t)
  const organizerId = await anOrganizer(app.db)
  const body = { organizerId, amount: 10, reference: 'REF-1' }

  const replies = await Promise.all(Array.from({ length: 4 }, () => enter(app, body)))
  const spaced = await enter(app, { ...body, reference: ' REF-1 ' })
  const elsewhere = await enter(app, { ...body, organizerId: await anOrganizer(app.db) })
  const without = [await enter(app, { organizerId, amount: 10 }), await enter(app, { organizerId, amount: 10 })]

  assert.deepEqual(replies.map((reply) => reply.status).sort(), [201, 409, 409, 409])
  assert.equal(spaced.body.code, 'duplicate_reference')
  assert.deepEqual([elsewhere.status, ...without.map((reply) => reply.status)], [201, 201, 201])
  assert.equal((await listMovements(app.db, organizerId)).length, 3)
})

test('one Idempotency-Key records one payment, also after its stored answer expired', async (t) => {
  const app = await startApp(t)
  const organizerId = await anOrganizer(app.db)
  const headers = { 'idempotency-key': newId('key') }
  const body = { organizerId, amount: 10, reference: 'K' }

  const first = await enter(app, body, headers)
  const replayed = await enter(app, body, headers)
  await sql`delete from idempotency_keys where key = ${headers['idempotency-key']}`.execute(app.db)
  const later = await enter(app, body, headers)
  await sql`delete from idempotency_keys where key = ${headers['idempotency-key']}`.execute(app.db)
  const other = await enter(app, { ...body, amount: 11 }, headers)

  assert.equal(replayed.headers['idempotent-replayed'], 'true')
  assert.deepEqual([replayed.body.payment.id, later.body.payment.id], [first.body.payment.id, first.body.payment.id])
  assert.deepEqual([other.status, other.body.code], [422, 'idempotency_key_reused'])
  assert.deepEqual(await listMovements(app.db, organizerId), [['payment', -1000, 0]])
})

const NOW = '2030-03-01T12:00:00.000Z'
const REJECTED = [
  ['no amount', { amount: undefined }, 'invalid_amount'],
  ['zero', { amount: 0 }, 'invalid_amount'],
  ['a negative amount', { amount: -5 }, 'invalid_amount'],
  ['both amounts', { amountCents: 100 }, 'invalid_amount'],
  ['a fraction of a cent', { amount: '1.001' }, 'invalid_amount'],
  ['an unknown currency', { currency: 'ABC' }, 'unsupported_currency'],
  ['paidAt more than 24 hours ahead', { paidAt: '2030-03-02T12:00:00.001Z' }, 'invalid_date'],
  ['paidAt that is no instant', { paidAt: 'ayer' }, 'invalid_request'],
  ['an unknown method', { method: 'bitcoin' }, 'invalid_request'],
  ['a blank reference', { reference: '  ' }, 'invalid_request'],
  ['an invisible reference', { reference: '\u200b\u2060' }, 'invalid_request'],
  ['an unknown field', { tip: 1 }, 'invalid_request'],
] as const

test('an invalid payment is 400 and changes nothing', async (t) => {
  const app = await startApp(t, { now: NOW })
  const organizerId = await anOrganizer(app.db)
  for (const [what, change, code] of REJECTED) {
    const { status, body } = await enter(app, { organizerId, amount: 5, ...change })

    assert.deepEqual([status, body.code], [400, code], what)
  }
  assert.equal((await enter(app, { amount: 5 })).status, 400)
  assert.equal((await enter(app, { organizerId, amount: 5, paidAt: '2030-03-02T12:00:00Z' })).status, 201)
  assert.deepEqual(await listMovements(app.db, organizerId), [['payment', -500, 0]])
})

test('the organizer and the event must exist and belong together', async (t) => {
  const app = await startApp(t)
  const organizerId = await anOrganizer(app.db)
  const eventId = await anEvent(app.db, { organizerId })
  const otherEvent = await anEvent(app.db)

  const unknownOrganizer = await enter(app, { organizerId: 'org_nobody', amount: 5 })
  const foreign = await enter(app, { organizerId, eventId: otherEvent, amount: 5 })
  const own = await enter(app, { organizerId, eventId, amount: 5 })

  assert.deepEqual([unknownOrganizer.status, unknownOrganizer.body.code], [404, 'organizer_not_found'])
  assert.deepEqual([foreign.status, foreign.body.code], [404, 'event_not_found'])
  assert.equal(own.body.payment.eventId, eventId)
})

test('a payment can be reversed once, which frees its reference', async (t) => {
  const app = await startApp(t)
  const organizerId = await anOrganizer(app.db)
  await aLoan(app.db, organizerId, 5000)
  const { body } = await enter(app, { organizerId, amount: 20, reference: 'R' })
  const undo = () =>
    app.post(`/director/payments/${body.payment.id}/reverse`, { as, body: { reason: 'error de dedo' } })

  const replies = await Promise.all([undo(), undo(), undo()])
  const again = await enter(app, { organizerId, amount: 30, reference: 'R' })

  assert.deepEqual(replies.map((reply) => reply.statusCode).sort(), [200, 409, 409])
  const reversed = replies.find((reply) => reply.statusCode === 200)!.json()
  assert.deepEqual([reversed.payment.status, reversed.payment.reason], ['reversed', 'error de dedo'])
  assert.equal(reversed.balance.openDebtCents, 5000)
  assert.equal(replies.find((reply) => reply.statusCode === 409)!.json().code, 'payment_not_reversible')
  assert.equal(again.body.balance.openDebtCents, 2000)
  assert.deepEqual(await listMovements(app.db, organizerId), [
    ['loan', 5000, 10],
    ['payment', -2000, 0],
    ['reversal', 2000, 0],
    ['payment', -3000, 0],
  ])
  const overview = (await app.get(`/director/overview?organizerId=${organizerId}`, { as })).json()
  assert.equal(overview.finance.paidCents, 3000)
  assert.deepEqual(overview.payments.refunded, { count: 1, amountCents: 2000, amount: '20.00' })
})

test('a reversal needs a manual payment and a reason', async (t) => {
  const app = await startApp(t)
  const intent = (await app.post('/payments/intent', { as, body: { amount: 5 } })).json()
  const reverse = (id: string, body: object) => app.post(`/director/payments/${id}/reverse`, { as, body })

  const missing = await reverse('pay_nothing', { reason: 'x' })
  const provider = await reverse(intent.paymentId, { reason: 'x' })
  const silent = await reverse(intent.paymentId, {})

  assert.deepEqual([missing.statusCode, missing.json().code], [404, 'payment_not_found'])
  assert.deepEqual([provider.statusCode, provider.json().code], [409, 'payment_not_reversible'])
  assert.equal(silent.statusCode, 400)
})

test('the ledger is append-only', async (t) => {
  const app = await startApp(t)
  const organizerId = await anOrganizer(app.db)
  await aLoan(app.db, organizerId, 1)

  for (const table of ['ledger_entries', 'ledger_transactions'])
    for (const change of [
      `update ${table} set effective_at = now()`,
      `delete from ${table}`,
      `truncate ${table} cascade`,
    ])
      await assert.rejects(sql.raw(change).execute(app.db), /append-only/, change)
})

test('payments are listed newest first, in pages, and can be filtered by organizer, status and day', async (t) => {
  const app = await startApp(t, { now: '2030-05-01T04:00:00Z' }) // still April in Mexico City
  const organizerId = await anOrganizer(app.db)
  const first = (await enter(app, { organizerId, amount: 1 })).body.payment.id
  app.setNow('2030-05-01T07:00:00Z')
  const second = (await enter(app, { organizerId, amount: 2 })).body.payment.id
  await app.post('/payments/intent', { as, body: { amount: 3, organizerId } })
  const list = async (query: string) => {
    const reply = await app.get(`/director/payments?organizerId=${organizerId}${query}`, { as })
    return { status: reply.statusCode, body: reply.json(), ids: reply.json().data?.map(({ id }: { id: string }) => id) }
  }

  const page = await list('&limit=2')
  const rest = await list(`&limit=2&cursor=${page.body.page.nextCursor}`)

  assert.equal(page.ids.length, 2)
  assert.deepEqual([rest.ids, rest.body.page.nextCursor], [[first], null])
  assert.deepEqual((await list('&status=confirmed')).ids, [second, first])
  assert.deepEqual((await list('&to=2030-04-30')).ids, [first])
  assert.deepEqual((await list('&from=2030-05-01T00:00:00-06:00&status=confirmed')).ids, [second])
  assert.equal('clientSecret' in page.body.data[0], false)
  for (const query of [
    '&status=paid',
    '&limit=0',
    '&cursor=x',
    '&from=ayer',
    '&from=2030-02-30',
    '&from=2030-05-02&to=2030-05-01',
  ]) {
    assert.equal((await list(query)).status, 400, query)
  }
})

const overviewOf = (app: TestApp, organizerId: string) =>
  app.get(`/director/overview?organizerId=${organizerId}`, { as }).then((reply) => {
    assert.equal(reply.statusCode, 200, reply.body)
    return { cache: reply.headers['x-cache'], etag: reply.headers['etag'], body: reply.json() }
  })

/** Locks the tables in another connection until `release`. */
async function lockTables({ deps }: TestApp, tables: string) {
  let release = () => {}
  const released = new Promise<void>((resolve) => (release = resolve))
  let taken = () => {}
  const isTaken = new Promise<void>((resolve) => (taken = resolve))
  const done = deps.slowDb.transaction().execute(async (tx) => {
    await sql`lock table ${sql.raw(tables)} in access exclusive mode`.execute(tx)
    taken()
    await released
  })
  await isTaken
  return async () => {
    release()
    await done
  }
}

const rename = (app: TestApp, what: string, from: string, to: string) =>
  sql`alter ${sql.raw(`${what} ${from}`)} rename to ${sql.raw(to)}`.execute(app.db)
/** [what is broken, how it is broken, how it is mended]. */
const BROKEN: [string, (app: TestApp) => Promise<unknown>, (app: TestApp) => Promise<unknown>][] = [
  ['nothing', async () => {}, async () => {}],
  [
    'the refresh',
    (app) => rename(app, 'function', 'refresh_kpis', 'refresh_kpis_away'),
    (app) => rename(app, 'function', 'refresh_kpis_away', 'refresh_kpis'),
  ],
  ['the kv store', (app) => rename(app, 'table', 'kv', 'kv_away'), (app) => rename(app, 'table', 'kv_away', 'kv')],
]
for (const [what, damage, mend] of BROKEN) {
  test(`the next overview shows payments, reversals and webhooks while ${what} is broken`, async (t) => {
    const app = await startApp(t, { now: '2030-07-01T18:00:00.000Z' })
    const organizerId = await anOrganizer(app.db)
    await aLoan(app.db, organizerId, 100_000)
    await overviewOf(app, organizerId)
    const intent = (await app.post('/payments/intent', { as, body: { organizerId, amount: 30 } })).json()
    await overviewOf(app, organizerId)
    const before = await overviewOf(app, organizerId)
    assert.equal(before.cache, 'hit')
    await damage(app)
    try {
      const entered = await enter(app, { organizerId, amount: 600 })
      app.setNow('2030-07-01T18:01:00Z') // now the views are old enough to be refreshed on request
      const paid = await overviewOf(app, organizerId)
      const again = await overviewOf(app, organizerId)
      await app.post(`/director/payments/${entered.body.payment.id}/reverse`, { as, body: { reason: 'x' } })
      const reversed = await overviewOf(app, organizerId)
      const event = { id: newId('e'), providerRef: intent.providerRef, status: 'confirmed' }
      const { eventId } = (await app.post('/payments/webhook/mock', { body: event })).json()
      await processInbound(app.deps, eventId)
      const confirmed = await overviewOf(app, organizerId)

      const moneyOf = ({ body }: typeof paid) => [
        body.finance.openDebtCents,
        body.finance.paidCents,
        body.payments.confirmed.amountCents,
        body.payments.pending.count,
        body.payments.refunded.count,
        body.organizers.top[0].openDebtCents,
        body.recentPayments.length,
      ]
      assert.deepEqual(moneyOf(before), [100_000, 0, 0, 1, 0, 100_000, 1])
      assert.deepEqual(moneyOf(paid), [40_000, 60_000, 60_000, 1, 0, 40_000, 2])
      assert.deepEqual(moneyOf(reversed), [100_000, 0, 0, 1, 1, 100_000, 2])
      assert.deepEqual(moneyOf(confirmed), [97_000, 3000, 3000, 0, 1, 97_000, 2])
      assert.deepEqual(
        [paid, reversed, confirmed].map(({ cache }) => cache),
        ['miss', 'miss', 'miss'],
      )
      assert.equal(again.cache, 'hit')
      assert.equal(new Set([before, paid, reversed, confirmed].map(({ etag }) => etag)).size, 4)
      const { asOf, ageSeconds } = paid.body
      assert.equal(ageSeconds, (Date.parse('2030-07-01T18:01:00Z') - Date.parse(asOf)) / 1000)
    } finally {
      await mend(app)
    }
  })
}

test('the answer to a payment waits for nothing but its commit', async (t) => {
  const app = await startApp(t)
  const organizerId = await anOrganizer(app.db)
  await app.runJob(refreshKpisJob, {})
  const unlock = await lockTables(app, 'kpi_refreshes, kv')

  const entered = await enter(app, { organizerId, amount: 1 })
  const reversed = await app.post(`/director/payments/${entered.body.payment.id}/reverse`, {
    as,
    body: { reason: 'x' },
  })
  await unlock()

  assert.deepEqual([entered.status, reversed.statusCode], [201, 200])
})

test('another process shows a payment at once, although its memory is its own', async (t) => {
  const here = await startApp(t)
  const there = await startApp(t, { env: { DIRECTOR_CACHE_TTL_SECONDS: '3600' } })
  const organizerId = await anOrganizer(here.db)
  await overviewOf(there, organizerId)
  await overviewOf(there, organizerId)
  const before = await overviewOf(there, organizerId)

  await enter(here, { organizerId, amount: 12 })
  const after = await overviewOf(there, organizerId)

  assert.deepEqual([before.cache, before.body.finance.paidCents], ['hit', 0])
  assert.deepEqual([after.cache, after.body.finance.paidCents, after.body.finance.creditCents], ['miss', 1200, 1200])
  assert.equal((await overviewOf(there, organizerId)).cache, 'hit')
})

test('whoever asks while the overview is computed shares the result, unless money has changed meanwhile', async (t) => {
  const app = await startApp(t, { now: '2030-07-03T18:00:00.000Z' })
  const organizerId = await anOrganizer(app.db)
  await app.runJob(refreshKpisJob, {})
  const unlock = await lockTables(app, 'wa_windows') // it is read after the money
  const isBlocked = async () => {
    const { rows } = await sql`select 1 from pg_locks where not granted and relation = 'wa_windows'::regclass
      and database = (select oid from pg_database where datname = current_database())`.execute(app.db)
    return rows.length > 0
  }
  const early = Promise.all(Array.from({ length: 5 }, () => overviewOf(app, organizerId)))
  while (!(await isBlocked())) await new Promise((resolve) => setTimeout(resolve, 10))

  await enter(app, { organizerId, amount: 7 })
  const late = Promise.all(Array.from({ length: 5 }, () => overviewOf(app, organizerId)))
  await new Promise((resolve) => setTimeout(resolve, 100))
  await unlock()

  const creditsOf = (shown: Awaited<typeof early>) => shown.map(({ body }) => body.finance.creditCents)
  assert.ok(creditsOf(await late).every((cents) => cents === 700))
  assert.ok(creditsOf(await early).includes(0), 'it must have been computed before the payment')
  assert.equal((await overviewOf(app, organizerId)).cache, 'hit')
})

test('of twenty who ask for the same overview one computes it', async (t) => {
  const app = await startApp(t, { now: '2030-07-04T18:00:00.000Z' })
  const organizerId = await anOrganizer(app.db)
  await app.runJob(refreshKpisJob, {})

  const shown = await Promise.all(Array.from({ length: 20 }, () => overviewOf(app, organizerId)))

  assert.deepEqual(shown.map(({ cache }) => cache).toSorted(), [...Array.from({ length: 19 }, () => 'hit'), 'miss'])
  assert.equal(new Set(shown.map(({ etag }) => etag)).size, 1)
})

test('a payment of another organizer leaves the cached overview of this one', async (t) => {
  const app = await startApp(t, { now: '2030-07-02T18:00:00.000Z' })
  const [mine, other] = [await anOrganizer(app.db), await anOrganizer(app.db)]
  await overviewOf(app, mine)
  const before = await overviewOf(app, mine)

  await enter(app, { organizerId: other, amount: 1 })

  const after = await overviewOf(app, mine)
  assert.deepEqual([before.cache, after.cache, after.etag], ['hit', 'hit', before.etag])
})

/** Spellings of one reference, as people type, paste and scan it. */
const SAME_REFERENCE = [
  'SPEI-001 A',
  ' SPEI-001 A ',
  'spei-001 a',
  'SPEI\u2013001 A',
  'SPEI\u2011001\u00a0A',
  '\u200bSPEI-001  A\u200e',
  'ＳＰＥＩ-００１ Ａ',
  'SPEI-001\tA\n',
]
test('a reference is one reference in every spelling, and is stored without what nobody sees', async (t) => {
  const app = await startApp(t)
  for (const [first, ...others] of [SAME_REFERENCE, SAME_REFERENCE.toReversed()]) {
    const organizerId = await anOrganizer(app.db)
    const entered = await enter(app, { organizerId, amount: 1, reference: first })

    assert.equal(entered.status, 201)
    assert.match(entered.body.payment.reference, /^SPEI-001 A$/)
    for (const reference of others) {
      const again = await enter(app, { organizerId, amount: 1, reference })
      assert.deepEqual([again.status, again.body.code], [409, 'duplicate_reference'], JSON.stringify(reference))
    }
    for (const reference of ['SPEI-001 B', 'SPEI-0011A', '001']) {
      assert.equal((await enter(app, { organizerId, amount: 1, reference })).status, 201, reference)
    }
  }
})

test('the reference of a reversed payment can be entered again', async (t) => {
  const app = await startApp(t)
  const organizerId = await anOrganizer(app.db)
  const { body } = await enter(app, { organizerId, amount: 1, reference: 'r-1' })
  await app.post(`/director/payments/${body.payment.id}/reverse`, { as, body: { reason: 'x' } })

  assert.equal((await enter(app, { organizerId, amount: 1, reference: 'R-1' })).status, 201)
  assert.equal((await enter(app, { organizerId, amount: 1, reference: 'r-1' })).status, 409)
})

for (const [paidAt, expected] of [
  ['2030-02-28', '2030-02-28T06:00:00.000Z'],
  ['2030-03-01', '2030-03-01T06:00:00.000Z'],
  ['2030-03-02', '2030-03-02T06:00:00.000Z'],
  ['2030-02-28T23:30:00-06:00', '2030-03-01T05:30:00.000Z'],
  ['2030-02-28T00:00:00Z', '2030-02-28T00:00:00.000Z'],
  ['2030-03-03', 'invalid_date'],
  ['2030-02-30', 'invalid_request'],
  ['28/02/2030', 'invalid_request'],
  ['2030-02-28T23:30:00', 'invalid_request'],
] as const) {
  test(`paidAt ${paidAt} is ${expected}`, async (t) => {
    const app = await startApp(t, { now: NOW })
    const organizerId = await anOrganizer(app.db)

    const { body } = await enter(app, { organizerId, amount: 1, paidAt })

    assert.equal(body.payment?.paidAt ?? body.code, expected)
  })
}

test("only a director may call the Director's endpoints", async (t) => {
  const { get, post } = await startApp(t)
  const body = { organizerId: ORGANIZER_ID, amount: 1 }

  for (const who of [null, 'organizer', 'staff', 'viewer'] as const) {
    const replies = [
      await get('/director/overview', { as: who }),
      await get('/director/payments', { as: who }),
      await post('/director/payments', { as: who, body }),
      await post('/director/payments/pay_1/reverse', { as: who, body: { reason: 'x' } }),
    ]
    assert.deepEqual(
      replies.map((reply) => reply.statusCode),
      Array(4).fill(who === null ? 401 : 403),
    )
  }
})

test('an organizer lists and reads its own payments, with what each moved, and no other', async (t) => {
  const app = await startApp(t)
  const other = await anOrganizer(app.db)
  const intent = (await app.post('/payments/intent', { as: 'organizer', body: { amount: 50 } })).json()
  const { payment } = (await enter(app, { organizerId: ORGANIZER_ID, amount: 20 })).body
  await app.post(`/director/payments/${payment.id}/reverse`, { as, body: { reason: 'typo' } })
  const foreign = (await enter(app, { organizerId: other, amount: 30 })).body.payment
  const read = async (path: string) => {
    const reply = await app.get(path, { as: 'organizer' })
    return { status: reply.statusCode, body: reply.json() }
  }

  const list = (await read('/payments')).body.data.map(({ id }: { id: string }) => id)
  const details = (await read(`/payments/${payment.id}`)).body
  const open = (await read(`/payments/${intent.paymentId}`)).body

  assert.ok(list.includes(payment.id) && list.includes(intent.paymentId))
  assert.ok(!list.includes(foreign.id))
  assert.equal(details.payment.status, 'reversed')
  assert.deepEqual(
    details.movements.map(({ kind, owed }: { kind: string; owed: string }) => [kind, owed]),
    [
      ['payment', '-20.00'],
      ['reversal', '20.00'],
    ],
  )
  assert.deepEqual([open.payment.providerRef, open.movements], [intent.providerRef, []])
  assert.equal((await read(`/payments/${foreign.id}`)).body.code, 'payment_not_found')
  assert.deepEqual(
    [(await read(`/payments?organizerId=${other}`)).status, (await read('/director/payments')).status],
    [404, 403],
  )
  assert.equal((await app.get(`/payments/${foreign.id}`, { as })).json().payment.id, foreign.id)
})
