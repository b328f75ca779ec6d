import assert from 'node:assert/strict'
import { test } from 'node:test'
import { startApp, type TestApp } from '../../test/harness.ts'
import { anAssignment, bookAllUses } from '../../test/ledger.ts'
import { aGuest, anEvent, anOrganizer } from '../../test/make.ts'
import { newId, sql } from '../platform/db.ts'
import { refreshKpisJob } from '../finance/jobs.ts'
import { REPORTS } from './list.ts'
import type { Column } from './report.ts'

const as = 'director'
const NOW = '2030-06-15T18:00:00.000Z'

/** An event with a guest who came, a message that cost money, a loan and a payment of a third of it. */
async function aBusyEvent(app: TestApp, organizerId: string, type: 'standard' | 'premium', cents: number) {
  const eventId = await anEvent(app.db, { organizerId, type, startsAt: '2030-06-10T18:00:00Z' })
  const guest = await aGuest(app.db, eventId, { answer: 'yes' })
  await sql`update invitations set admitted = 1 where id = ${guest.invitationId}`.execute(app.db)
  await sql`
    insert into deliveries (id, organizer_id, event_id, guest_id, channel, template, locale, status, pricing,
                            attempts_max, requested_by, request_id, requested_at, updated_at)
    values (${newId('dl')}, ${organizerId}, ${eventId}, ${guest.guestId}, 'whatsapp', 'event_invitation', 'es-MX', 'read',
            '{"billable": true, "type": "regular", "category": "utility"}',
            5, 'usr_x', 'req_x', ${NOW}, ${NOW})`.execute(app.db)
  await anAssignment(app.db, organizerId, { kind: 'loan', tickets: 10, cents, eventId, at: '2030-06-01T18:00:00Z' })
  const body = { organizerId, eventId, amountCents: cents / 3, paidAt: '2030-06-02' }
  assert.equal((await app.post('/director/payments', { as, body })).statusCode, 201)
  return eventId
}

async function aBusyOrganizer(app: TestApp) {
  const organizerId = await anOrganizer(app.db)
  const standard = await aBusyEvent(app, organizerId, 'standard', 3000)
  const premium = await aBusyEvent(app, organizerId, 'premium', 9000)
  await anAssignment(app.db, organizerId, { kind: 'loan', tickets: 1, cents: 500, at: '2030-06-03T18:00:00Z' }) // for no event
  await bookAllUses(app)
  await app.runJob(refreshKpisJob, {})
  return { organizerId, standard, premium }
}

async function read(app: TestApp, name: string, query: string) {
  const reply = await app.get(`/director/reports/${name}?limit=200&${query}`, { as })
  assert.equal(reply.statusCode, 200, reply.body)
  return reply.json()
}

const fieldOf = ({ name, kind }: Column) => (kind === 'cents' ? `${name}Cents` : name)

test('each report counts what belongs to the event or to events of the type', async (t) => {
  const app = await startApp(t, { now: NOW })
  const { organizerId, standard, premium } = await aBusyOrganizer(app)
  const ofBoth: [string, Record<string, [both: number, standard: number, premium: number]>][] = [
    ['top-organizers', { ticketsUsed: [3, 1, 2], billedCents: [12_500, 3000, 9000], paidCents: [4000, 1000, 3000] }],
    ['top-organizers', { openDebtCents: [8500, 8500, 8500] }],
    // 4000 paid settle the 3000 of the first bill and 1000 of the second
    ['debt-aging', { openDebtCents: [8500, 0, 8000], days0to30Cents: [8500, 0, 8000] }],
    ['tickets-usage', { used: [3, 1, 2], loan: [3, 1, 2] }],
    ['payments', { payments: [2, 1, 1], amountCents: [4000, 1000, 3000] }],
    ['confirmation', { events: [2, 1, 1], confirmed: [2, 1, 1] }],
    ['show-up', { entered: [2, 1, 1], confirmedEntered: [2, 1, 1] }],
    ['whatsapp-cost', { priced: [2, 1, 1], billable: [2, 1, 1] }],
    ['whatsapp-events', { priced: [2, 1, 1], billable: [2, 1, 1] }],
  ]
  const queries = [
    ...['', `&eventId=${standard}`, `&eventId=${premium}`],
    ...['', '&type=standard', '&type=premium'],
    ...['', `&type=standard&eventId=${standard}`, `&type=premium&eventId=${premium}`],
  ]

  for (const [name, expected] of ofBoth)
    for (const [n, query] of queries.entries()) {
      const { totals } = await read(app, name, `organizerId=${organizerId}${query}`)
      for (const [field, counts] of Object.entries(expected))
        assert.equal(totals[field], counts[n % 3], `${field} of ${name} with ${query}`)
    }
  const other = await read(app, 'tickets-usage', `type=premium&eventId=${standard}`)
  assert.deepEqual([other.data, other.totals.rows], [[], 0], 'an event of another type')
})

for (const { name, columns } of REPORTS.filter(({ takes }) => takes.includes('eventId'))) {
  test(`the totals of ${name} are those of its rows, under each filter`, async (t) => {
    const app = await startApp(t, { now: NOW })
    const { organizerId, standard } = await aBusyOrganizer(app)
    await aBusyOrganizer(app)

    for (const query of [
      ...['', 'from=2030-06-02', 'to=2030-06-02', 'type=standard', 'type=premium', `eventId=${standard}`],
      ...[`organizerId=${organizerId}`, `organizerId=${organizerId}&type=premium&from=2030-06-01&to=2030-06-15`],
    ]) {
      const { data, totals } = await read(app, name, query)
      assert.equal(totals.rows, data.length, query)
      for (const column of columns.filter(({ kind }) => kind === 'count' || kind === 'cents')) {
        const sum = data.reduce((before: number, row: Record<string, number>) => before + row[fieldOf(column)]!, 0)
        assert.equal(totals[fieldOf(column)], sum, `${column.name} with ${query}`)
      }
      for (const row of data) {
        const reply = await app.get(row.rowsUrl, { as })
        assert.equal(reply.statusCode, 200, row.rowsUrl)
        const { priced } = reply.json().totals ?? {}
        if (priced !== undefined)
          assert.equal(priced, row.priced, `${row.rowsUrl} has the messages of ${name}?${query}`)
      }
    }
  })

  test(`${name} refuses an event that is not there, or not of the organizer`, async (t) => {
    const app = await startApp(t, { now: NOW })
    const eventId = await anEvent(app.db, { organizerId: await anOrganizer(app.db) })
    const other = await anOrganizer(app.db)
    const codes = []
    for (const query of ['eventId=ev_nothing', `eventId=${eventId}&organizerId=${other}`, 'type=gala', 'eventId=a%20b'])
      codes.push((await app.get(`/director/reports/${name}?${query}`, { as })).json().code)

    assert.deepEqual(codes, ['event_not_found', 'event_not_found', 'invalid_request', 'invalid_request'])
  })
}
