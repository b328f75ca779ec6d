import assert from 'node:assert/strict'
import { test } from 'node:test'
import { startApp, type TestApp } from '../../test/harness.ts'
import { anAssignment, aReversal, bookAllUses, bookPaymentOf } from '../../test/ledger.ts'
import { aGuest, anEvent, anOrganizer, aPhone, type GuestFacts } from '../../test/make.ts'
import { processInbound } from '../inbox/inbox.ts'
import { newId, sql, withTx, type Db } from '../platform/db.ts'
import { refreshKpisJob } from './jobs.ts'
import { refreshKpis } from './refresh.ts'

const as = 'director'
const NOW = '2030-06-15T18:00:00.000Z'

const UNPREDICTED = {
  predictionDrift: { days: 30, compared: 0, drifted: 0, otherCategory: 0, otherCharge: 0, share: null },
}

/** Removes the fields that differ between calls. */
function numbersOf(body: Record<string, unknown>) {
  const { requestId: _, asOf: __, refreshedAt: ___, ageSeconds: ____, recentPayments: _____, ...numbers } = body
  return numbers
}

async function readNumbers({ get }: TestApp, query: string) {
  const reply = await get(`/director/overview${query}`, { as })
  assert.equal(reply.statusCode, 200)
  return reply.json()
}

async function aPayment(
  db: Db,
  organizerId: string | null,
  facts: { status: string; cents: number; at?: string; currency?: string },
) {
  const { status, cents, at = NOW, currency = 'MXN' } = facts
  const id = newId('pay')
  const isPaid = ['confirmed', 'refunded', 'reversed'].includes(status)
  const [kind, provider] = status === 'reversed' ? ['manual', 'manual'] : ['intent', 'mock']
  await sql`insert into payments (id, kind, organizer_id, provider, mode, status, amount_cents, received_cents, refunded_cents, currency, paid_at, created_by, request_id, created_at, updated_at)
    values (${id}, ${kind}, ${organizerId}, ${provider}, ${provider}, ${status}, ${cents}, ${isPaid ? cents : 0}, ${status === 'refunded' ? cents : 0},
            ${currency}, ${isPaid ? at : null}, 'usr_x', 'req_x', ${at}, ${at})`.execute(db)
  await sql`insert into payment_facts (provider, kind, object_id, provider_ref, payment_id, state, amount_cents, currency, occurred_at, created_at, updated_at)
    select provider, kind_of, id, id, id, state, amount_cents, currency, paid_at, paid_at, paid_at
      from payments, (values ('charge', 'paid'), ('refund', 'succeeded')) f (kind_of, state)
     where id = ${id} and kind = 'intent' and case kind_of when 'charge' then received_cents else refunded_cents end > 0`.execute(
    db,
  )
  return id
}

async function aMessage(
  db: Db,
  organizerId: string,
  guest: { eventId: string; guestId: string },
  facts: { status: string; channel?: string; pricing?: object; at?: string },
) {
  const { status, channel = 'whatsapp', pricing = null, at = NOW } = facts
  await sql`insert into deliveries (id, organizer_id, event_id, guest_id, channel, template, locale, status, attempts_max, pricing, request_id, requested_by, requested_at, updated_at)
    values (${newId('dl')}, ${organizerId}, ${guest.eventId}, ${guest.guestId}, ${channel}, 'event_invitation', 'es-MX', ${status}, 5,
      ${pricing === null ? null : JSON.stringify(pricing)}, 'req_x', 'usr_x', ${at}, ${at})`.execute(db)
}

async function aScannedGuest(db: Db, eventId: string, admitted: number, facts: GuestFacts) {
  const guest = await aGuest(db, eventId, facts)
  await sql`update invitations set admitted = ${admitted} where id = ${guest.invitationId}`.execute(db)
  return guest
}

const UTILITY = { billable: true, type: 'regular', category: 'utility' }
const FREE_SERVICE = { billable: false, type: 'free_customer_service', category: 'service' }
const FREE_ENTRY = { type: 'free_entry_point', category: 'marketing' }

/** Inserts one organizer with rows of every kind, and returns the expected overview, computed by hand. */
async function seed(db: Db) {
  const organizerId = await anOrganizer(db)
  const standard = await anEvent(db, { organizerId, startsAt: '2030-06-10T18:00:00Z' })
  const premium = await anEvent(db, { organizerId, type: 'premium', startsAt: '2030-06-11T18:00:00Z' })
  await anEvent(db, { organizerId, status: 'archived', startsAt: '2030-01-10T18:00:00Z' })
  await anEvent(db, { organizerId, status: 'draft', startsAt: '2030-06-12T18:00:00Z' })

  const ana = await aScannedGuest(db, standard, 3, { answer: 'yes', partySize: 4 }) // 3 of 4 came
  const beto = await aGuest(db, standard, { answer: 'yes', partySize: 2 }) // did not come
  const cora = await aGuest(db, standard, { answer: 'no' })
  await aGuest(db, standard, { answer: 'maybe' })
  const eva = await aScannedGuest(db, premium, 2, { answer: 'yes', partySize: 2 })
  const fito = await aScannedGuest(db, premium, 1, { answer: 'no' }) // said no and came

  await aMessage(db, organizerId, ana, { status: 'read', pricing: UTILITY })
  await aMessage(db, organizerId, ana, { status: 'delivered', pricing: FREE_SERVICE }) // a second message, the same places
  await aMessage(db, organizerId, beto, { status: 'sent', pricing: FREE_ENTRY })
  await aMessage(db, organizerId, cora, { status: 'failed' })
  await aMessage(db, organizerId, cora, { status: 'dead', channel: 'email' })
  await aMessage(db, organizerId, eva, { status: 'delivered', channel: 'email' })
  await aMessage(db, organizerId, fito, { status: 'unknown' })
  await aMessage(db, organizerId, fito, { status: 'skipped' })
  await aMessage(db, organizerId, eva, { status: 'queued' })
  await sql`insert into wa_windows (phone, opened_at, last_inbound_at) values
    (${ana.phone}, ${NOW}, '2030-06-14T18:00:01Z'), (${beto.phone}, ${NOW}, '2030-06-14T18:00:00Z'),
    (${aPhone()}, ${NOW}, ${NOW})`.execute(db)

  await anAssignment(db, organizerId, { kind: 'prepaid', tickets: 50, cents: 500_000 })
  await anAssignment(db, organizerId, { kind: 'loan', tickets: 30, cents: 300_000, at: '2030-01-05T18:00:00Z' })
  const wrong = await anAssignment(db, organizerId, { kind: 'loan', tickets: 7, cents: 70_000 })
  await aReversal(db, wrong)
  const paid = await aPayment(db, organizerId, { status: 'confirmed', cents: 120_000 })
  await bookPaymentOf(db, paid)
  await anAssignment(db, organizerId, { kind: 'loan', tickets: 1, cents: 9_900, currency: 'USD' })
  for (const status of ['requires_payment', 'unknown', 'processing'])
    await aPayment(db, organizerId, { status, cents: 1000 })
  await aPayment(db, organizerId, { status: 'failed', cents: 2000 })
  await aPayment(db, organizerId, { status: 'expired', cents: 3000 })
  await aPayment(db, organizerId, { status: 'refunded', cents: 4000 })
  await bookPaymentOf(db, await aPayment(db, organizerId, { status: 'confirmed', cents: 5000, currency: 'USD' }))

  const expected = {
    currency: 'MXN',
    // delivered: Ana 4 + Beto 2 + Eva 2; used: 3 + 2 + 1, and premium counts twice: 3 + (2 + 1) × 2
    tickets: { prepaid: 50, onLoan: 31, delivered: 8, used: 6, remaining: 72, equivalent: 9 },
    finance: {
      billedCents: 800_000,
      billed: '8000.00',
      paidCents: 120_000,
      paid: '1200.00',
      openDebtCents: 680_000,
      openDebt: '6800.00',
      creditCents: 0,
      credit: '0.00',
    },
    payments: {
      confirmed: { count: 1, amountCents: 120_000, amount: '1200.00' },
      pending: { count: 3, amountCents: 3000, amount: '30.00' },
      failed: { count: 2, amountCents: 5000, amount: '50.00' },
      refunded: { count: 1, amountCents: 4000, amount: '40.00' },
    },
    events: {
      total: 4,
      byStatus: { draft: 1, active: 2, archived: 1, expired: 0, cancelled: 0 },
      byType: { standard: 3, premium: 1 },
    },
    guests: { total: 6, pending: 1, confirmed: 3, declined: 2, scanned: 3, confirmationRate: 0.5, showUpRate: 2 / 3 },
    deliveries: {
      ...{ queued: 2, sent: 4, delivered: 3, read: 1, failed: 2, skipped: 1, deliveredRate: 0.75 },
      byChannel: {
        whatsapp: { queued: 2, sent: 3, delivered: 2, read: 1, failed: 1, skipped: 1, deliveredRate: 2 / 3 },
        email: { queued: 0, sent: 1, delivered: 1, read: 0, failed: 1, skipped: 0, deliveredRate: 1 },
      },
    },
    // one free marketing message at 55 centavos and one free service message at 15
    whatsapp: { ...UNPREDICTED, freeShare: 2 / 3, billable: 1, free: 2, openSessions: 1, estimatedSavingsCents: 87 },
    organizers: {
      active: 1,
      top: [
        { organizerId, name: 'Eventos de prueba', ticketsEquivalent: 9, openDebtCents: 680_000, openDebt: '6800.00' },
      ],
    },
  }
  return { organizerId, expected }
}

test('an empty database gives zeros, and null for rates without a denominator', async (t) => {
  const app = await startApp(t, { now: '2030-01-01T00:00:00Z' })

  const reply = await app.get('/director/overview', { as })

  const none = { count: 0, amountCents: 0, amount: '0.00' }
  const silent = { queued: 0, sent: 0, delivered: 0, read: 0, failed: 0, skipped: 0, deliveredRate: null }
  const body = reply.json()
  assert.equal(reply.headers['x-cache'], 'miss')
  assert.deepEqual(body.recentPayments, [])
  assert.equal(body.ageSeconds, 0)
  assert.deepEqual(numbersOf(body), {
    currency: 'MXN',
    tickets: { prepaid: 0, onLoan: 0, delivered: 0, used: 0, remaining: 0, equivalent: 0 },
    finance: {
      ...{ billedCents: 0, billed: '0.00', paidCents: 0, paid: '0.00' },
      ...{ openDebtCents: 0, openDebt: '0.00', creditCents: 0, credit: '0.00' },
    },
    payments: { confirmed: none, pending: none, failed: none, refunded: none },
    events: {
      total: 0,
      byStatus: { draft: 0, active: 0, archived: 0, expired: 0, cancelled: 0 },
      byType: { standard: 0, premium: 0 },
    },
    guests: { total: 0, pending: 0, confirmed: 0, declined: 0, scanned: 0, confirmationRate: null, showUpRate: null },
    deliveries: { ...silent, byChannel: { whatsapp: silent, email: silent } },
    whatsapp: { ...UNPREDICTED, freeShare: null, billable: 0, free: 0, openSessions: 0, estimatedSavingsCents: 0 },
    organizers: { active: 0, top: [] },
  })
})

test('every number of the overview matches the rows', async (t) => {
  const app = await startApp(t, { now: NOW })
  const { organizerId, expected } = await seed(app.db)
  await bookAllUses(app)
  await app.runJob(refreshKpisJob, {})

  const body = await readNumbers(app, `?organizerId=${organizerId}`)

  assert.deepEqual(numbersOf(body), expected)
  assert.equal(body.asOf, NOW)
  assert.equal(body.recentPayments.length, 7) // one more is in dollars
})

test('every number is the same when it is recomputed from the base tables', async (t) => {
  const app = await startApp(t, { now: NOW })
  const { organizerId } = await seed(app.db)
  await seed(app.db)
  await bookAllUses(app)
  await app.runJob(refreshKpisJob, {})

  for (const scope of [organizerId, null]) {
    const body = await readNumbers(app, scope ? `?organizerId=${scope}` : '')
    const base = await recompute(app.db, scope)
    const { tickets, finance, payments, events, guests, deliveries, whatsapp } = body
    assert.deepEqual(
      {
        ...{
          prepaid: tickets.prepaid,
          onLoan: tickets.onLoan,
          ticketsDelivered: tickets.delivered,
          used: tickets.used,
        },
        ...{ equivalent: tickets.equivalent, billed: finance.billedCents, paid: finance.paidCents },
        ...{ debt: finance.openDebtCents, credit: finance.creditCents },
        ...{ confirmedCents: payments.confirmed.amountCents, pendingCount: payments.pending.count },
        ...{ failedCount: payments.failed.count, refundedCents: payments.refunded.amountCents },
        ...{ events: events.total, premium: events.byType.premium, active: events.byStatus.active },
        ...{
          guests: guests.total,
          yes: guests.confirmed,
          no: guests.declined,
          pending: guests.pending,
          scanned: guests.scanned,
        },
        ...{ showUp: guests.showUpRate, sent: deliveries.sent, delivered: deliveries.delivered, read: deliveries.read },
        ...{ failed: deliveries.failed, queued: deliveries.queued, email: deliveries.byChannel.email.sent },
        ...{ free: whatsapp.free, billable: whatsapp.billable },
      },
      base,
    )
    assert.equal(tickets.remaining, tickets.prepaid + tickets.onLoan - tickets.equivalent)
  }
})

/** Computes the same definitions from the base tables, without the views. */
async function recompute(db: Db, scope: string | null): Promise<object> {
  const mine = sql`(${scope}::text is null or organizer_id = ${scope})`
  const { rows: entries } = await sql<{
    organizerId: string
    account: string
    tickets: number
    amountCents: number
    currency: string | null
  }>`
    select organizer_id, account, tickets, amount_cents, currency from ledger_entries where ${mine}`.execute(db)
  const { rows: payments } = await sql<{ status: string; amountCents: number; currency: string }>`
    select status, amount_cents, currency from payments where ${mine}`.execute(db)
  const { rows: events } = await sql<{
    id: string
    type: string
    status: string
  }>`select id, type, status from events where ${mine}`.execute(db)
  const { rows: invitations } = await sql<{
    eventId: string
    guestId: string
    answer: string
    places: number
    admitted: number
  }>`
    select event_id, guest_id, answer, places, admitted from invitations`.execute(db)
  const { rows: deliveries } = await sql<{
    eventId: string
    guestId: string
    channel: string
    status: string
    pricing: { type?: string; billable?: boolean } | null
  }>`
    select event_id, guest_id, channel, status, pricing from deliveries where ${mine}`.execute(db)

  const sum = (numbers: number[]) => numbers.reduce((a, b) => a + b, 0)
  const cents = (account: string, of = entries) =>
    sum(of.filter((e) => e.account === account && e.currency === 'MXN').map((e) => e.amountCents))
  const granted = (kind: string) => -sum(entries.filter((e) => e.account === `issued_${kind}`).map((e) => e.tickets))
  const owed = [...new Set(entries.map((e) => e.organizerId))].map((id) => {
    const own = entries.filter((e) => e.organizerId === id)
    return -cents('sales', own) - cents('cash', own)
  })
  const pesos = payments.filter((p) => p.currency === 'MXN')
  const paymentsIn = (...statuses: string[]) => pesos.filter((p) => statuses.includes(p.status))
  const typeOf = new Map(events.map((event) => [event.id, event.type]))
  const guests = invitations.filter((i) => typeOf.has(i.eventId))
  const reached = new Set(
    deliveries.filter((d) => ['sent', 'delivered', 'read'].includes(d.status)).map((d) => `${d.eventId}/${d.guestId}`),
  )
  const inStatus = (...statuses: string[]) => deliveries.filter((d) => statuses.includes(d.status))
  const priced = deliveries.filter((d) => d.channel === 'whatsapp' && d.pricing !== null)
  const free = priced.filter(({ pricing }) => pricing?.type?.startsWith('free') || pricing?.billable === false)
  const yes = guests.filter((g) => g.answer === 'yes')
  return {
    ...{ prepaid: granted('prepaid'), onLoan: granted('loan') },
    ticketsDelivered: sum(guests.filter((g) => reached.has(`${g.eventId}/${g.guestId}`)).map((g) => g.places)),
    used: sum(guests.map((g) => g.admitted)),
    equivalent: sum(guests.map((g) => g.admitted * (typeOf.get(g.eventId) === 'premium' ? 2 : 1))),
    ...{ billed: -cents('sales'), paid: cents('cash') },
    debt: sum(owed.filter((one) => one > 0)),
    credit: -sum(owed.filter((one) => one < 0)) + 0,
    confirmedCents: sum(paymentsIn('confirmed').map((p) => p.amountCents)),
    pendingCount: paymentsIn('creating', 'unknown', 'requires_payment', 'requires_action', 'processing').length,
    failedCount: paymentsIn('failed', 'expired').length,
    refundedCents: sum(paymentsIn('refunded', 'reversed').map((p) => p.amountCents)),
    events: events.length,
    premium: events.filter((e) => e.type === 'premium').length,
    active: events.filter((e) => e.status === 'active').length,
    ...{ guests: guests.length, yes: yes.length, no: guests.filter((g) => g.answer === 'no').length },
    pending: guests.filter((g) => ['pending', 'maybe'].includes(g.answer)).length,
    scanned: guests.filter((g) => g.admitted > 0).length,
    showUp: yes.length === 0 ? null : yes.filter((g) => g.admitted > 0).length / yes.length,
    ...{ sent: inStatus('sent', 'delivered', 'read').length, delivered: inStatus('delivered', 'read').length },
    ...{ read: inStatus('read').length, failed: inStatus('failed', 'dead').length },
    queued: inStatus('scheduled', 'queued', 'sending', 'unknown').length,
    email: inStatus('sent', 'delivered', 'read').filter((d) => d.channel === 'email').length,
    ...{ free: free.length, billable: priced.length - free.length },
  }
}

test('a loan of 100 with 60 paid leaves a debt of 40; 30 of 50 prepaid tickets used leave 20', async (t) => {
  const app = await startApp(t, { now: NOW })
  const organizerId = await anOrganizer(app.db)
  const eventId = await anEvent(app.db, { organizerId })
  await anAssignment(app.db, organizerId, { kind: 'prepaid', tickets: 50, cents: 0 })
  const paymentId = await aPayment(app.db, organizerId, { status: 'confirmed', cents: 6000 })
  await bookPaymentOf(app.db, paymentId)
  for (const _ of [1, 2]) await aScannedGuest(app.db, eventId, 15, { answer: 'yes', partySize: 20 })
  const loaned = await anAssignment(app.db, organizerId, { kind: 'loan', tickets: 10, cents: 10_000 })
  await bookAllUses(app)
  await app.runJob(refreshKpisJob, {})

  const withLoan = await readNumbers(app, `?organizerId=${organizerId}`)
  await aReversal(app.db, loaned)
  await app.runJob(refreshKpisJob, {})
  const without = await readNumbers(app, `?organizerId=${organizerId}`)

  assert.deepEqual([withLoan.finance.openDebtCents, withLoan.finance.creditCents], [4000, 0])
  assert.equal(withLoan.tickets.remaining, 30)
  assert.equal(without.tickets.remaining, 20)
  assert.deepEqual([without.finance.openDebtCents, without.finance.creditCents], [0, 6000])
})

test("one organizer's credit does not pay another's debt", async (t) => {
  const app = await startApp(t, { now: '2030-06-16T18:00:00.000Z', env: { DIRECTOR_CACHE_TTL_SECONDS: '0' } })
  const before = (await readNumbers(app, '')).finance
  const [debtor, creditor] = [await anOrganizer(app.db), await anOrganizer(app.db)]
  await anAssignment(app.db, debtor, { kind: 'loan', tickets: 1, cents: 700 })
  const paymentId = await aPayment(app.db, creditor, { status: 'confirmed', cents: 900 })
  await bookPaymentOf(app.db, paymentId)
  app.setNow('2030-06-16T18:01:00Z')

  const { finance } = await readNumbers(app, '')

  assert.equal(finance.openDebtCents - before.openDebtCents, 700)
  assert.equal(finance.creditCents - before.creditCents, 900)
})

test('from and to are days in Mexico City, both included; a debt is a balance and ignores from', async (t) => {
  const app = await startApp(t, { now: NOW })
  const { organizerId } = await seed(app.db)
  await bookAllUses(app)
  await app.runJob(refreshKpisJob, {})
  const read = (query: string) => readNumbers(app, `?organizerId=${organizerId}${query}`)

  const january = await read('&from=2030-01-01&to=2030-01-31')
  const june = await read('&from=2030-06-01')
  const tenth = await read('&from=2030-06-10T06:00:00Z&to=2030-06-11T05:59:59Z') // one day of Mexico City
  const dollars = await read('&currency=usd')

  assert.equal(january.finance.billedCents, 300_000)
  assert.equal(january.finance.openDebtCents, 300_000)
  assert.equal(january.events.total, 1)
  assert.equal(january.deliveries.sent, 0)
  assert.equal(june.finance.billedCents, 500_000)
  assert.equal(june.finance.openDebtCents, 680_000)
  assert.equal(june.events.total, 3)
  assert.equal(tenth.events.total, 1)
  assert.equal(tenth.guests.total, 4)
  assert.deepEqual(
    [dollars.currency, dollars.finance.openDebtCents, dollars.payments.confirmed.count],
    ['USD', 4900, 1],
  )
})

for (const query of [
  'from=ayer',
  'to=2030-13-01',
  'from=2030-02-30',
  'from=2030-05-02&to=2030-05-01',
  'from=2030-05-02T10:00:00',
]) {
  test(`an overview with ${query} is 400`, async (t) => {
    const { get } = await startApp(t)

    const reply = await get(`/director/overview?${query}`, { as })

    assert.deepEqual([reply.statusCode, reply.json().code], [400, 'invalid_date'])
  })
}

test('an unknown organizer is 404, an unknown parameter 400', async (t) => {
  const { get } = await startApp(t)

  const missing = await get('/director/overview?organizerId=org_nobody', { as })
  const unknown = await get('/director/overview?organiser=org_nobody', { as })

  assert.deepEqual([missing.statusCode, missing.json().code], [404, 'organizer_not_found'])
  assert.equal(unknown.statusCode, 400)
})

test('the second answer comes from the cache with its age, and If-None-Match gets 304', async (t) => {
  const app = await startApp(t, { now: '2030-06-17T18:00:00.000Z' })
  const ask = (headers = {}) => app.get('/director/overview', { as, headers })
  const first = await ask()
  app.setNow('2030-06-17T18:00:07Z')

  const second = await ask()
  const etag = String(first.headers['etag'])
  const unchanged = await ask({ 'if-none-match': `"other", ${etag}` })
  const changed = await ask({ 'if-none-match': '"other"' })

  assert.deepEqual([first.headers['x-cache'], second.headers['x-cache']], ['miss', 'hit'])
  assert.deepEqual([first.json().ageSeconds, second.json().ageSeconds], [0, 7])
  assert.match(etag, /^"[\w-]+"$/)
  assert.equal(second.headers['etag'], etag)
  assert.deepEqual([unchanged.statusCode, unchanged.body], [304, ''])
  assert.equal(changed.statusCode, 200)
})

test('any refresh invalidates the cached answer', async (t) => {
  const app = await startApp(t, { now: '2030-06-18T18:00:00.000Z' })
  await app.get('/director/overview', { as })
  await app.get('/director/overview', { as })
  app.setNow('2030-06-18T18:00:01Z')
  await sql`select * from refresh_kpis('2030-06-18T18:00:01Z')`.execute(app.db)

  const reply = await app.get('/director/overview', { as })

  assert.equal(reply.headers['x-cache'], 'miss')
  assert.equal(reply.json().asOf, '2030-06-18T18:00:01.000Z')
})

test('quick views are refreshed on request; slow ones are served with their age', async (t) => {
  const app = await startApp(t, { now: '2030-06-19T18:00:00.000Z', env: { DIRECTOR_CACHE_TTL_SECONDS: '0' } })
  const organizerId = await anOrganizer(app.db)
  const eventId = await anEvent(app.db, { organizerId })
  const read = async () => {
    const body = await readNumbers(app, `?organizerId=${organizerId}`)
    return [body.guests.total, body.ageSeconds]
  }
  await app.runJob(refreshKpisJob, {})
  await read()
  await aGuest(app.db, eventId)

  app.setNow('2030-06-19T18:00:02.000Z')
  const tooSoon = await read()
  app.setNow('2030-06-19T18:00:02.001Z')
  const quick = await read()
  await aGuest(app.db, eventId)
  await sql`update kpi_refreshes set took_ms = 200`.execute(app.db)
  app.setNow('2030-06-19T18:01:02.001Z')
  const slow = await read()

  assert.deepEqual(tooSoon, [0, 2])
  assert.deepEqual(quick, [1, 0])
  assert.deepEqual(slow, [1, 60])
})

test('requests during refreshes and payments see one snapshot of money and of the views, never a mixture', async (t) => {
  const app = await startApp(t, { env: { DIRECTOR_CACHE_TTL_SECONDS: '0' } })
  const organizerId = await anOrganizer(app.db)
  const eventId = await anEvent(app.db, { organizerId })
  await app.runJob(refreshKpisJob, {})
  let isWriting = true
  const writing = (async () => {
    for (let n = 0; n < 25; n++) {
      const at = '2030-06-20T18:00:00Z'
      await withTx(app.db, async (tx) => {
        const paymentId = await aPayment(tx, organizerId, { status: 'confirmed', cents: 100, at })
        await bookPaymentOf(tx, paymentId, at)
        await aMessage(tx, organizerId, await aGuest(tx, eventId), { status: 'sent', at })
      })
      await refreshKpis(app.deps, { ifBusy: 'wait' })
    }
    isWriting = false
  })()

  const [paid, sent] = [new Set<number>(), new Set<number>()]
  const reading = async () => {
    while (isWriting) {
      const { finance, payments, tickets, deliveries } = await readNumbers(app, `?organizerId=${organizerId}`)
      assert.equal(finance.paidCents, payments.confirmed.amountCents)
      assert.equal(tickets.delivered, deliveries.sent)
      paid.add(finance.paidCents)
      sent.add(deliveries.sent)
    }
  }
  await Promise.all([writing, reading(), reading(), reading()])

  assert.ok(Math.min(paid.size, sent.size) > 10, 'reads and writes must have overlapped')
})

/** One day of Mexico City, 2030-06-20, is 06:00 to 06:00 in UTC. */
const MOMENTS = [
  ['the last minute of the day before', '2030-06-20T05:59:59.999Z', '2030-06-19'],
  ['the first minute', '2030-06-20T06:00:00.000Z', '2030-06-20'],
  ['midnight in UTC', '2030-06-21T00:00:00.000Z', '2030-06-20'],
  ['half past eleven at night', '2030-06-21T05:30:00.000Z', '2030-06-20'],
  ['the first minute of the day after', '2030-06-21T06:00:00.000Z', '2030-06-21'],
] as const
test('the total, the list and recentPayments of a day are the same payments, by the day they were paid', async (t) => {
  const app = await startApp(t, { now: '2030-06-25T18:00:00.000Z' })
  const organizerId = await anOrganizer(app.db)
  const expected = new Map<string, string[]>()
  for (const [what, paidAt, day] of MOMENTS) {
    const body = { organizerId, amount: 100, method: 'cash', paidAt, note: what }
    const { payment } = (await app.post('/director/payments', { as, body })).json()
    assert.equal(payment.paidAt, paidAt)
    await app.post('/director/payments', { as, body: { ...body, currency: 'USD' } })
    expected.set(day, [...(expected.get(day) ?? []), payment.id])
  }
  const read = async (from: string, to: string) => {
    const query = `organizerId=${organizerId}&from=${from}&to=${to}`
    const overview = await readNumbers(app, `?${query}`)
    const list = (await app.get(`/director/payments?${query}&status=confirmed`, { as })).json().data
    const idsOf = (rows: { id: string }[]) => rows.map(({ id }) => id).sort()
    assert.deepEqual(idsOf(overview.recentPayments), idsOf(list))
    assert.equal(overview.payments.confirmed.count, list.length)
    assert.equal(overview.payments.confirmed.amountCents, list.length * 10_000)
    assert.equal(overview.finance.paidCents, list.length * 10_000)
    return idsOf(list)
  }

  for (const day of ['2030-06-19', '2030-06-20', '2030-06-21']) {
    assert.deepEqual(await read(day, day), expected.get(day)!.sort(), day)
  }
  assert.equal((await read('2030-06-19', '2030-06-21')).length, 5)
  assert.deepEqual(await read('2030-06-25', '2030-06-25'), [], 'the day on which they were entered')
  const all = (await app.get(`/director/payments?organizerId=${organizerId}`, { as })).json().data
  assert.equal(all.length, 10, 'without days the list has every currency')
  const inDollars = await app.get('/director/payments?from=2030-06-20&to=2030-06-20&currency=usd', { as })
  assert.ok(inDollars.json().data.every(({ currency }: { currency: string }) => currency === 'USD'))
  const dollars = await readNumbers(app, `?organizerId=${organizerId}&currency=usd&from=2030-06-20&to=2030-06-20`)
  assert.deepEqual([dollars.payments.confirmed.count, dollars.recentPayments.length], [3, 3])
})

test('a payment counts on the day its provider says, a pending one on the day it was made', async (t) => {
  const app = await startApp(t, { now: '2030-06-21T05:30:00.000Z' }) // 2030-06-20, half past eleven at night
  const organizerId = await anOrganizer(app.db)
  const ask = async () =>
    (await app.post('/payments/intent', { as, body: { organizerId, amount: 100 } })).json<{ providerRef: string }>()
  const [paid, failed] = [await ask(), await ask()]
  await ask()
  app.setNow('2030-06-22T18:00:00Z')
  const settle = async ({ providerRef }: { providerRef: string }, status: string) => {
    const reply = await app.post('/payments/webhook/mock', { body: { id: newId('e'), providerRef, status } })
    await processInbound(app.deps, reply.json().eventId)
  }
  await settle(paid, 'confirmed')
  await settle(failed, 'failed')

  for (const [day, counts] of [
    ['2030-06-20', [0, 1, 1]],
    ['2030-06-21', [0, 0, 0]],
    ['2030-06-22', [1, 0, 0]],
  ] as const) {
    const query = `organizerId=${organizerId}&from=${day}&to=${day}`
    const { payments, recentPayments } = await readNumbers(app, `?${query}`)
    const list = (await app.get(`/director/payments?${query}`, { as })).json().data as { status: string }[]
    const listed = ['confirmed', 'requires_payment', 'failed'].map(
      (status) => list.filter((one) => one.status === status).length,
    )

    assert.deepEqual([payments.confirmed.count, payments.pending.count, payments.failed.count], counts, day)
    assert.deepEqual([listed, recentPayments.length], [counts, list.length], day)
  }
})

test('a reversal leaves the day of the payment, and the ledger shows it on its own day', async (t) => {
  const app = await startApp(t, { now: '2030-06-20T18:00:00.000Z' })
  const organizerId = await anOrganizer(app.db)
  const body = { organizerId, amount: 100, method: 'cash' }
  const { payment } = (await app.post('/director/payments', { as, body })).json()
  app.setNow('2030-06-23T18:00:00Z')
  await app.post(`/director/payments/${payment.id}/reverse`, { as, body: { reason: 'twice' } })
  const read = async (query: string) => {
    const { finance, payments } = await readNumbers(app, `?organizerId=${organizerId}${query}`)
    return [payments.confirmed.count, payments.refunded.count, finance.paidCents]
  }

  assert.deepEqual(await read('&from=2030-06-20&to=2030-06-20'), [0, 1, 10_000])
  assert.deepEqual(await read('&from=2030-06-23&to=2030-06-23'), [0, 0, -10_000])
  assert.deepEqual(await read(''), [0, 1, 0])
})
