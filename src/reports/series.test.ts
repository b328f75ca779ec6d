import assert from 'node:assert/strict'
import { test } from 'node:test'
import { startApp, type TestApp } from '../../test/harness.ts'
import { anAssignment, aReversal } from '../../test/ledger.ts'
import { anEvent, anOrganizer } from '../../test/make.ts'
import { sql } from '../platform/db.ts'
import { boundSeries, daysOf, type Unit } from './series.ts'

const as = 'director'
const NOW = '2030-06-15T18:00:00.000Z'

async function read(app: TestApp, name: string, query: string) {
  const reply = await app.get(`/director/reports/${name}?limit=200&${query}`, { as })
  assert.equal(reply.statusCode, 200, reply.body)
  return reply.json()
}
const pay = async (app: TestApp, organizerId: string, amountCents: number, paidAt: string, more: object = {}) =>
  (await app.post('/director/payments', { as, body: { organizerId, amountCents, paidAt, ...more } })).json().payment
    .id as string

test('the debt of each day is that of the report by age, whatever moves', async (t) => {
  const app = await startApp(t, { now: NOW })
  const [ana, beto] = [await anOrganizer(app.db), await anOrganizer(app.db)]
  const lend = (organizerId: string, cents: number, at: string) =>
    anAssignment(app.db, organizerId, { kind: 'loan', tickets: 1, cents, at })
  await lend(ana, 10_000, '2029-12-01T18:00:00Z') // before the period
  await pay(app, ana, 2500, '2030-06-02')
  await lend(beto, 4000, '2030-06-03T05:59:59Z') // still the second in Mexico City
  await pay(app, beto, 9000, '2030-06-04') // more than was owed: it settles nothing of ana
  await aReversal(app.db, await lend(ana, 777, '2030-06-05T18:00:00Z'), '2030-06-06T18:00:00Z')
  await pay(app, ana, 7500, '2030-06-07')
  await lend(beto, 6000, '2030-06-08T18:00:00Z')
  await anAssignment(app.db, ana, {
    kind: 'loan',
    tickets: 1,
    cents: 5555,
    currency: 'USD',
    at: '2030-06-05T18:00:00Z',
  })

  const { data, totals } = await read(app, 'debt', 'from=2030-06-01&to=2030-06-09')

  const shown = data.map(({ day, openDebtCents, organizers }: Record<string, unknown>) => [
    day,
    openDebtCents,
    organizers,
  ])
  assert.deepEqual(shown.toReversed(), [
    ['2030-06-01', 10_000, 1],
    ['2030-06-02', 11_500, 2],
    ['2030-06-03', 11_500, 2],
    ['2030-06-04', 7500, 1],
    ['2030-06-05', 8277, 1],
    ['2030-06-06', 7500, 1],
    ['2030-06-07', 0, 0],
    ['2030-06-08', 1000, 1],
    ['2030-06-09', 1000, 1],
  ])
  assert.deepEqual([totals.rows, totals.openDebtCents, totals.openDebt, totals.organizers], [9, 1000, '10.00', 1])
  for (const { rowsUrl, openDebtCents } of data)
    assert.equal((await app.get(rowsUrl, { as })).json().totals.openDebtCents, openDebtCents, rowsUrl)
  const ofBeto = await read(app, 'debt', `from=2030-06-01&to=2030-06-09&organizerId=${beto}`)
  assert.deepEqual(ofBeto.data.map(({ openDebtCents }: { openDebtCents: number }) => openDebtCents).toReversed(), [
    ...[0, 4000, 4000, 0, 0, 0, 0, 1000, 1000],
  ])
  const usd = await read(app, 'debt', 'currency=usd&from=2030-06-04&to=2030-06-05')
  assert.deepEqual(
    usd.data.map(({ openDebtCents }: { openDebtCents: number }) => openDebtCents),
    [5555, 0],
  )
})

test('payments by day, week and month have every row, and add up to the same', async (t) => {
  const app = await startApp(t, { now: NOW })
  const organizerId = await anOrganizer(app.db)
  const eventId = await anEvent(app.db, { organizerId, type: 'premium' })
  await pay(app, organizerId, 100, '2030-03-31', { method: 'cash' })
  await pay(app, organizerId, 200, '2030-04-01', { method: 'cash', eventId })
  await pay(app, organizerId, 400, '2030-06-09') // a Sunday
  await pay(app, organizerId, 800, '2030-06-10', { method: 'card' }) // a Monday
  await sql`
    insert into payments (id, kind, organizer_id, provider, mode, status, amount_cents, received_cents, currency, paid_at, created_by, request_id,
                          created_at, updated_at)
    values ('pay_stripe', 'intent', ${organizerId}, 'stripe', 'test', 'confirmed', 1600, 1600, 'MXN', ${NOW}, 'usr_x', 'req_x', ${NOW},
            ${NOW})`.execute(app.db)
  const of = `organizerId=${organizerId}&from=2030-03-15&to=2030-06-15`

  for (const [groupBy, rows, some] of [
    ['day', 93, { '2030-03-15': 0, '2030-03-31': 100, '2030-06-10': 800, '2030-06-15': 1600 }],
    ['week', 14, { '2030-03-11': 0, '2030-03-25': 100, '2030-04-01': 200, '2030-06-03': 400, '2030-06-10': 2400 }],
    ['month', 4, { '2030-03-01': 100, '2030-04-01': 200, '2030-05-01': 0, '2030-06-01': 2800 }],
  ] as const) {
    const { data, totals } = await read(app, 'payments', `${of}&groupBy=${groupBy}`)
    assert.deepEqual([data.length, totals.rows, totals.payments, totals.amountCents], [rows, rows, 5, 3100], groupBy)
    const sums = Object.fromEntries(data.map(({ day, amountCents }: Record<string, unknown>) => [day, amountCents]))
    for (const [day, cents] of Object.entries(some)) assert.equal(sums[day], cents, `${groupBy} ${day}`)
    for (const { rowsUrl, payments } of data.slice(0, 20))
      assert.equal((await app.get(`${rowsUrl}&limit=200`, { as })).json().data.length, payments, rowsUrl)
  }

  const sumOf = async (query: string) => (await read(app, 'payments', `${of}&${query}`)).totals.amountCents
  assert.deepEqual(
    [await sumOf('method=cash'), await sumOf('method=stripe'), await sumOf('method=spei'), await sumOf('method=card')],
    [300, 1600, 0, 800],
  )
  assert.equal(await sumOf('groupBy=week&method=cash&type=premium'), 200)
  const ungrouped = await read(app, 'payments', of)
  assert.deepEqual([ungrouped.totals.rows, ungrouped.totals.amountCents], [5, 3100])
})

test('a series has the last 90 days when nobody says, and refuses what is too long or upside down', async (t) => {
  const app = await startApp(t, { now: NOW })
  const organizerId = await anOrganizer(app.db)

  for (const query of ['debt?', 'payments?groupBy=day&']) {
    const url = (more: string) => `/director/reports/${query}${more}&organizerId=${organizerId}`
    const codeOf = async (more: string) => (await app.get(url(more), { as })).json().code
    const { totals, data } = (await app.get(url('limit=1'), { as })).json()
    assert.deepEqual([totals.rows, data[0].day], [90, '2030-06-15'], query)
    assert.equal((await app.get(url('from=2029-05-12'), { as })).json().totals.rows, 400)
    assert.deepEqual(
      [await codeOf('from=2029-05-11'), await codeOf('from=1900-01-01&to=9999-12-31'), await codeOf('from=2030-06-16')],
      ['period_too_long', 'period_too_long', 'invalid_date'],
    )
  }
  for (const query of ['debt?eventId=ev_x', 'debt?groupBy=day', 'confirmation?method=cash', 'payments?groupBy=year'])
    assert.equal((await app.get(`/director/reports/${query}`, { as })).json().code, 'invalid_request', query)
})

test('the bounds of series count weeks from Monday and months from their first', () => {
  const count = (unit: Unit, from: string, to: string) => {
    try {
      return boundSeries({ from, to }, unit, '2030-06-15')
    } catch (error) {
      return (error as { code: string }).code
    }
  }
  assert.deepEqual(count('month', '1997-03-31', '2030-06-01'), { from: '1997-03-31', to: '2030-06-01' })
  assert.equal(count('month', '1997-02-28', '2030-06-01'), 'period_too_long')
  assert.equal(count('week', '2022-10-16', '2030-06-16'), 'period_too_long')
  assert.notEqual(count('week', '2022-10-17', '2030-06-16'), 'period_too_long')
  assert.deepEqual(daysOf('2030-06-10', 'week', { from: '2030-06-12', to: null }), {
    from: '2030-06-12',
    to: '2030-06-16',
  })
  assert.deepEqual(daysOf('2030-02-01', 'month', { from: null, to: null }), { from: '2030-02-01', to: '2030-02-28' })
})
