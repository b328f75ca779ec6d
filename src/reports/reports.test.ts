import assert from 'node:assert/strict'
import { test } from 'node:test'
import { parse } from 'csv-parse/sync'
import { startApp, type TestApp } from '../../test/harness.ts'
import { aLoan, anAssignment, aReversal, bookAllUses } from '../../test/ledger.ts'
import { aGuest, anEvent, anOrganizer } from '../../test/make.ts'
import { sql } from '../platform/db.ts'
import { refreshKpisJob } from '../finance/jobs.ts'
import { REPORTS } from './list.ts'

const as = 'director'
const NOW = '2030-06-15T18:00:00.000Z'

async function read(app: TestApp, name: string, query = '') {
  const reply = await app.get(`/director/reports/${name}?${query}`, { as })
  return { status: reply.statusCode, body: reply.json() }
}

async function readCsv(app: TestApp, name: string, query = ''): Promise<Record<string, string>[]> {
  const reply = await app.get(`/director/reports/${name}?format=csv&${query}`, { as })
  assert.equal(reply.headers['content-type'], 'text/csv; charset=utf-8')
  return parse(reply.body, { bom: true, columns: true })
}

const daysAgo = (days: number) => new Date(Date.parse(NOW) - days * 86_400_000).toISOString()
const lend = (app: TestApp, organizerId: string, cents: number, days: number) =>
  anAssignment(app.db, organizerId, { kind: 'loan', tickets: 1, cents, at: daysAgo(days) })
const pay = (app: TestApp, organizerId: string, amountCents: number, paidAt: string) =>
  app.post('/director/payments', { as, body: { organizerId, amountCents, paidAt } })

test('payments settle the oldest bill first, and what is left is aged by day', async (t) => {
  const app = await startApp(t, { now: NOW })
  const organizerId = await anOrganizer(app.db)
  await lend(app, organizerId, 10_000, 100)
  await aReversal(app.db, await lend(app, organizerId, 7000, 95), daysAgo(1))
  await lend(app, organizerId, 3000, 90)
  await lend(app, organizerId, 5000, 45)
  await lend(app, organizerId, 2000, 30)
  await lend(app, organizerId, 100, 31)
  await pay(app, organizerId, 8000, daysAgo(5))
  const wrong = (await pay(app, organizerId, 99_999, daysAgo(4))).json().payment.id
  await app.post(`/director/payments/${wrong}/reverse`, { as, body: { reason: 'typo' } })

  const now = (await read(app, 'debt-aging', `organizerId=${organizerId}`)).body
  const before = (await read(app, 'debt-aging', `organizerId=${organizerId}&to=${daysAgo(40).slice(0, 10)}`)).body
  const overview = (await app.get(`/director/overview?organizerId=${organizerId}`, { as })).json()

  const { id, organizer: _, rowsUrl: __, ...aged } = now.data[0]
  assert.equal(id, organizerId)
  assert.deepEqual(aged, {
    ...{ openDebtCents: 12_100, openDebt: '121.00', days0to30Cents: 2000, days0to30: '20.00' },
    ...{ days31to60Cents: 5100, days31to60: '51.00', days61to90Cents: 3000, days61to90: '30.00' },
    ...{ over90Cents: 2000, over90: '20.00', oldest: daysAgo(100).slice(0, 10) },
  })
  assert.equal(now.totals.openDebtCents, overview.finance.openDebtCents)
  assert.equal(before.data[0].openDebtCents, 25_000, 'before the payment and the reversal')
})

test('totals are those of all rows, page by page and as CSV', async (t) => {
  const app = await startApp(t, { now: NOW })
  const organizers = await Promise.all(Array.from({ length: 5 }, () => anOrganizer(app.db)))
  for (const [n, organizerId] of organizers.entries()) await lend(app, organizerId, 1000 + (n % 2), 3)
  await sql`update organizers set name = '=cmd|calc' where id = ${organizers[0]!}`.execute(app.db)

  const rows: { id: string; openDebtCents: number }[] = []
  let [cursor, totals] = ['', { rows: 0, openDebtCents: 0 }]
  do {
    const { body } = await read(app, 'debt-aging', `limit=2${cursor && `&cursor=${cursor}`}`)
    rows.push(...body.data)
    totals = body.totals
    cursor = body.page.nextCursor
  } while (cursor)
  const csv = await readCsv(app, 'debt-aging', 'limit=1')

  assert.deepEqual(
    [totals.rows, totals.openDebtCents],
    [rows.length, rows.reduce((sum, row) => sum + row.openDebtCents, 0)],
  )
  assert.equal(new Set(rows.map(({ id }) => id)).size, rows.length)
  assert.deepEqual(
    csv.map(({ id, openDebt }) => [id, openDebt]),
    rows.map(({ id, openDebtCents }) => [id, (openDebtCents / 100).toFixed(2)]),
  )
  assert.equal(csv.find(({ id }) => id === organizers[0])!['organizer'], "'=cmd|calc")
})

test('the reports agree with the overview of the same days', async (t) => {
  const app = await startApp(t, { now: NOW })
  const organizerId = await anOrganizer(app.db)
  const eventId = await anEvent(app.db, { organizerId, type: 'premium', startsAt: '2030-06-10T18:00:00Z' })
  for (const answer of ['yes', 'yes', 'no', 'pending'] as const) {
    const { invitationId } = await aGuest(app.db, eventId, { partySize: 2, answer })
    if (answer !== 'pending') await sql`update invitations set admitted = 1 where id = ${invitationId}`.execute(app.db)
  }
  await aLoan(app.db, organizerId, 5000, 4)
  await pay(app, organizerId, 1500, daysAgo(2))
  await pay(app, organizerId, 500, daysAgo(1))
  await bookAllUses(app)
  await app.runJob(refreshKpisJob, {})

  const query = `organizerId=${organizerId}&from=2030-06-01&to=2030-06-30`
  const totalsOf = async (name: string) => (await read(app, name, query)).body.totals
  const overview = (await app.get(`/director/overview?${query}`, { as })).json()
  const [top, usage, payments] = [
    await totalsOf('top-organizers'),
    await totalsOf('tickets-usage'),
    await totalsOf('payments'),
  ]
  const [confirmation, showUp] = [await totalsOf('confirmation'), await totalsOf('show-up')]

  const { tickets, finance, guests } = overview
  assert.deepEqual([top.ticketsUsed, usage.used, usage.loan], [tickets.equivalent, 6, 6])
  assert.deepEqual([top.billedCents, top.paidCents], [finance.billedCents, finance.paidCents])
  assert.equal(top.openDebtCents, finance.openDebtCents)
  assert.deepEqual(
    [payments.rows, payments.payments, payments.amountCents],
    [2, 2, overview.payments.confirmed.amountCents],
  )
  assert.deepEqual([confirmation.guests, confirmation.confirmationRate], [guests.total, guests.confirmationRate])
  assert.deepEqual([showUp.entered, showUp.showUpRate], [guests.scanned, guests.showUpRate])
})

for (const { name } of REPORTS) {
  test(`the report ${name} answers as JSON and CSV, for the Director alone, and refuses bad input`, async (t) => {
    const app = await startApp(t, { now: NOW })
    await app.runJob(refreshKpisJob, {})

    const { status, body } = await read(app, name, 'limit=1')
    const csv = await readCsv(app, name)
    const codes = []
    for (const query of ['from=ayer', 'currency=ABC', 'cursor=x', 'organizerId=org_nobody', 'format=pdf', 'limit=0'])
      codes.push((await read(app, name, query)).body.code)

    assert.equal(status, 200)
    assert.ok(body.data.length <= 1)
    assert.equal(csv.length, body.totals.rows)
    for (const row of body.data) assert.equal((await app.get(row.rowsUrl, { as })).statusCode, 200, row.rowsUrl)
    assert.deepEqual(codes, [
      ...['invalid_date', 'unsupported_currency', 'invalid_cursor', 'organizer_not_found'],
      ...['invalid_request', 'invalid_request'],
    ])
    assert.equal((await app.get(`/director/reports/${name}`, { as: 'organizer' })).statusCode, 403)
  })
}
