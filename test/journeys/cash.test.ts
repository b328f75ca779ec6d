/**
 * From a loan to a debt of 0: 100 tickets are lent, guests are invited and enter, the organizer pays at a shop's counter 71
 * hours after the voucher was made. In the end every report equals what plain SQL finds in the base tables.
 */
import assert from 'node:assert/strict'
import test from 'node:test'
import { deliverInvitation } from '../../src/delivery/jobs.ts'
import { refreshKpisJob } from '../../src/finance/jobs.ts'
import { sql, type Db } from '../../src/platform/db.ts'
import { bookAllUses } from '../ledger.ts'
import { aGuest, anEvent, anOrganizer } from '../make.ts'
import { openTill } from '../money.ts'

const hours = (count: number) => new Date(Date.parse('2030-06-03T18:00:00.000Z') + count * 3_600_000).toISOString()

test('a loan, a night, a voucher that is paid 71 hours later: the debt is 0 and every report agrees', async (t) => {
  const till = await openTill(t)
  const { app } = till
  const organizerId = await anOrganizer(app.db)
  const balance = async () => (await app.get(`/organizers/${organizerId}/balance`, { as: 'director' })).json()

  const assigned = await till.post('/director/assignments', {
    organizerId,
    kind: 'loan',
    tickets: 100,
    unitPrice: '15.00',
  })
  assert.equal(assigned.http, 201)
  const eventId = await anEvent(app.db, { organizerId, startsAt: hours(1), endsAt: hours(9) })
  const guests = await Promise.all(Array.from({ length: 10 }, () => aGuest(app.db, eventId, { partySize: 3 })))
  for (const { guestId } of guests) {
    const sent = await till.post(`/events/${eventId}/guests/${guestId}/send`, { channel: 'whatsapp' })
    assert.equal(sent.http, 202)
    await app.runJob(deliverInvitation, { deliveryId: sent.deliveryId })
  }
  for (const { code } of guests.slice(0, 5)) {
    const rsvp = await app.post(`/public/invite/${code}/rsvp`, { as: null, body: { answer: 'yes', partySize: 3 } })
    assert.equal(rsvp.statusCode, 200, rsvp.body)
  }
  till.setNow(hours(2))
  for (const { code } of guests.slice(0, 8)) {
    const scanned = await till.post('/scan/validate', { eventId, code, admit: 3 })
    assert.deepEqual([scanned.http, scanned.status], [200, 'valid'])
  }
  await bookAllUses(app)
  const used = (await balance()).account
  assert.deepEqual([used.openDebt, used.tickets.loan], ['1500.00', { granted: 100, used: 24, left: 76 }])

  till.setNow(hours(10))
  const voucher = await till.intent({
    amount: 1500,
    provider: 'conekta',
    organizerId,
    methods: ['oxxo'],
    purposeKey: 'June',
  })
  assert.deepEqual([voucher.nextAction.type, voucher.nextAction.expiresAt], ['voucher', hours(82)])
  till.setNow(hours(80))
  const again = await till.intent({
    amount: 1500,
    provider: 'conekta',
    organizerId,
    methods: ['oxxo'],
    purposeKey: 'June',
  })
  assert.equal(again.paymentId, voucher.paymentId, 'the voucher can still be paid')
  assert.equal((await balance()).account.openDebtCents, 150_000)
  till.setNow(hours(81))
  till.conekta.payCash(voucher.providerRef)
  await till.deliver((events) => [...events.toReversed(), ...events])

  const paid = (await balance()).account
  assert.deepEqual([paid.openDebtCents, paid.creditCents, paid.paidCents], [0, 0, 150_000])
  const { payment, movements } = await till.show(voucher.paymentId)
  assert.deepEqual([payment.status, payment.isLate, payment.paidAt], ['confirmed', false, hours(81)])
  assert.equal(movements.length, 1)

  await app.runJob(refreshKpisJob, {})
  const query = `organizerId=${organizerId}&from=2030-06-01&to=2030-06-30`
  for (const [name, statement] of Object.entries(BASE)) {
    const reply = (await app.get(`/director/reports/${name}?${query}`, { as: 'director' })).json()
    const expected = (await statement(app.db, organizerId))[0]!
    const found = Object.fromEntries(Object.keys(expected).map((column) => [column, reply.totals[column]]))
    assert.deepEqual(found, expected, name)
  }
  assert.deepEqual(await till.faults(), [])
})

type Row = Record<string, number>
const ask = async (db: Db, query: ReturnType<typeof sql<Row>>): Promise<Row[]> => (await query.execute(db)).rows

/** The totals of each report from the base tables: no view, no function of the program, no sum of its own. */
const BASE: Record<string, (db: Db, id: string) => Promise<Row[]>> = {
  'top-organizers': (db, id) =>
    ask(
      db,
      sql`
        select (select -sum(amount_cents)::bigint from ledger_entries where organizer_id = ${id} and account = 'sales') as billed_cents,
               (select sum(received_cents - refunded_cents - lost_cents)::bigint from payments where organizer_id = ${id}) as paid_cents,
               (select sum(admitted)::integer from scans s join events e on e.id = s.event_id
                 where e.organizer_id = ${id} and s.result = 'valid') as tickets_used`,
    ),
  'debt-aging': (db, id) =>
    ask(
      db,
      sql`
        select (select sum(amount_cents)::bigint from ledger_entries where organizer_id = ${id} and account = 'receivable') as open_debt_cents`,
    ),
  debt: (db, id) =>
    ask(
      db,
      sql`
        select (select sum(amount_cents)::bigint from ledger_entries where organizer_id = ${id} and account = 'receivable') as open_debt_cents`,
    ),
  'tickets-usage': (db, id) =>
    ask(
      db,
      sql`
        select sum(admitted)::integer as used, sum(admitted)::integer as loan, 0 as prepaid
          from scans s
          join events e on e.id = s.event_id
         where e.organizer_id = ${id}
           and s.result = 'valid'`,
    ),
  payments: (db, id) =>
    ask(
      db,
      sql`
        select count(*)::integer as payments, sum(received_cents)::bigint as amount_cents
          from payments
         where organizer_id = ${id}
           and paid_at is not null`,
    ),
  confirmation: (db, id) =>
    ask(
      db,
      sql`
        select count(*)::integer as guests, count(*) filter (where i.answer = 'yes')::integer as confirmed
          from invitations i
          join events e on e.id = i.event_id
         where e.organizer_id = ${id}`,
    ),
  'show-up': (db, id) =>
    ask(
      db,
      sql`
        select count(distinct s.invitation_id)::integer as entered
          from scans s
          join events e on e.id = s.event_id
         where e.organizer_id = ${id}
           and s.result = 'valid'`,
    ),
  'whatsapp-cost': (db, id) =>
    ask(
      db,
      sql`
        select count(d.pricing)::integer as priced,
               count(*) filter (where d.pricing ->> 'billable' = 'false')::integer as free
          from deliveries d
          join events e on e.id = d.event_id
         where e.organizer_id = ${id}`,
    ),
}
