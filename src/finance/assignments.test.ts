import assert from 'node:assert/strict'
import { test } from 'node:test'
import { ORGANIZER_ID, startApp, type TestApp } from '../../test/harness.ts'
import { bookAllUses, listMovements } from '../../test/ledger.ts'
import { aGuest, anEvent, anOrganizer } from '../../test/make.ts'
import { newId, sql } from '../platform/db.ts'

const as = 'director'

const assign = async (app: TestApp, body: object, headers: Record<string, string> = {}) => {
  const reply = await app.post('/director/assignments', { as, body: { kind: 'loan', tickets: 10, ...body }, headers })
  return { status: reply.statusCode, body: reply.json() }
}
const pay = (app: TestApp, organizerId: string, amount: number) =>
  app.post('/director/payments', { as, body: { organizerId, amount } })

test('loan 100, paid 60, prepaid 50, used 30: 40 are owed and 20 prepaid tickets are left', async (t) => {
  const app = await startApp(t)
  const organizerId = await anOrganizer(app.db)
  const eventId = await anEvent(app.db, { organizerId })

  const loan = await assign(app, { organizerId, tickets: 100, unitPrice: 1 })
  await pay(app, organizerId, 60)
  const prepaid = await assign(app, {
    ...{ organizerId, eventId, kind: 'prepaid', tickets: 50, unitPrice: '1.00', note: 'mesa 4' },
    payment: { method: 'transfer', reference: 'SPEI 9' },
  })
  for (const _ of [1, 2]) {
    const { invitationId } = await aGuest(app.db, eventId, { partySize: 15 })
    await sql`update invitations set admitted = 15 where id = ${invitationId}`.execute(app.db)
  }
  await bookAllUses(app)
  const { account } = (await app.get(`/organizers/${organizerId}/balance`, { as })).json()
  const overview = (await app.get(`/director/overview?organizerId=${organizerId}`, { as })).json()

  assert.equal(loan.status, 201)
  const { id, createdAt: _, createdBy: __, ...assignment } = prepaid.body.assignment
  assert.match(id, /^ltx_/)
  assert.deepEqual(assignment, {
    ...{ kind: 'prepaid', status: 'active', organizerId, eventId, tickets: 50, note: 'mesa 4' },
    ...{ unitPrice: '1.00', unitPriceCents: 100, amount: '50.00', amountCents: 5000, currency: 'MXN' },
  })
  assert.deepEqual([prepaid.body.payment.amountCents, prepaid.body.payment.reference], [5000, 'SPEI 9'])
  assert.deepEqual(account, {
    ...{ organizerId, currency: 'MXN' },
    ...{ billedCents: 15_000, billed: '150.00', paidCents: 11_000, paid: '110.00' },
    ...{
      writtenOffCents: 0,
      writtenOff: '0.00',
      openDebtCents: 4000,
      openDebt: '40.00',
      creditCents: 0,
      credit: '0.00',
    },
    tickets: {
      prepaid: { granted: 50, used: 30, left: 20 },
      loan: { granted: 100, used: 0, left: 100 },
      left: 120,
    },
  })
  const { tickets, finance } = overview
  assert.deepEqual([finance.billedCents, finance.paidCents, finance.openDebtCents], [15_000, 11_000, 4000])
  assert.deepEqual([tickets.prepaid, tickets.onLoan, tickets.equivalent, tickets.remaining], [50, 100, 30, 120])
})

test('prepaid tickets that are not paid are refused, and nothing is written', async (t) => {
  const app = await startApp(t)
  const organizerId = await anOrganizer(app.db)
  await pay(app, organizerId, 99.99)
  const body = { organizerId, kind: 'prepaid', unitPrice: 10 }

  const unpaid = await assign(app, body)
  const short = await assign(app, { ...body, tickets: 20, payment: { amount: 50, reference: 'R1' } })
  await pay(app, organizerId, 0.01)
  const paid = await assign(app, body)
  const again = await assign(app, body)

  assert.deepEqual([unpaid.status, unpaid.body.code], [409, 'payment_required'])
  assert.match(unpaid.body.detail, /cost 100\.00 MXN and the organizer's credit is 99\.99 MXN/)
  assert.deepEqual([short.status, short.body.code], [409, 'payment_required'])
  assert.equal(paid.status, 201)
  assert.equal(again.status, 409)
  assert.deepEqual(await listMovements(app.db, organizerId), [
    ['payment', -9999, 0],
    ['payment', -1, 0],
    ['prepaid', 10_000, 10],
  ])
})

test('concurrent prepaid assignments share the credit, and no more than it pays for', async (t) => {
  const app = await startApp(t)
  const organizerId = await anOrganizer(app.db)
  await pay(app, organizerId, 300)

  const replies = await Promise.all(
    Array.from({ length: 8 }, () => assign(app, { organizerId, kind: 'prepaid', unitPrice: 10 })),
  )

  assert.deepEqual(replies.map(({ status }) => status).toSorted(), [201, 201, 201, 409, 409, 409, 409, 409])
})

test('a payment that comes with the tickets is refused with them', async (t) => {
  const app = await startApp(t)
  const organizerId = await anOrganizer(app.db)
  const body = { organizerId, kind: 'prepaid', unitPrice: 10, payment: { reference: 'SPEI 1' } }

  const first = await assign(app, body)
  const twice = await assign(app, body)

  assert.equal(first.status, 201)
  assert.deepEqual([twice.status, twice.body.code], [409, 'duplicate_reference'])
  assert.equal((await listMovements(app.db, organizerId)).length, 2)
})

test('one Idempotency-Key assigns once, also after its stored answer is gone', async (t) => {
  const app = await startApp(t)
  const organizerId = await anOrganizer(app.db)
  const headers = { 'idempotency-key': newId('key') }
  const body = { organizerId, unitPrice: 10 }
  const forget = () => sql`delete from idempotency_keys where key = ${headers['idempotency-key']}`.execute(app.db)

  const first = await assign(app, body, headers)
  await forget()
  const later = await assign(app, body, headers)
  await forget()
  const other = await assign(app, { ...body, tickets: 11 }, headers)

  assert.equal(later.body.assignment.id, first.body.assignment.id)
  assert.deepEqual([other.status, other.body.code], [422, 'idempotency_key_reused'])
  assert.deepEqual(await listMovements(app.db, organizerId), [['loan', 10_000, 10]])
})

test('a retry gets the payment that came with the tickets, and another payment is another request', async (t) => {
  const app = await startApp(t)
  const organizerId = await anOrganizer(app.db)
  const headers = { 'idempotency-key': newId('key') }
  const body = { organizerId, kind: 'prepaid', unitPrice: 10, payment: { reference: 'SPEI 1' } }
  const forget = () => sql`delete from idempotency_keys where key = ${headers['idempotency-key']}`.execute(app.db)

  const first = await assign(app, body, headers)
  await forget()
  const later = await assign(app, body, headers)
  const others = []
  for (const payment of [undefined, { reference: 'SPEI 1', amount: 500 }]) {
    await forget()
    others.push((await assign(app, { ...body, payment }, headers)).body.code)
  }

  assert.equal(later.body.payment.id, first.body.payment.id)
  assert.deepEqual(others, ['idempotency_key_reused', 'idempotency_key_reused'])
  assert.equal((await listMovements(app.db, organizerId)).length, 2)
})

test('the key of an assignment is not that of a write-off', async (t) => {
  const app = await startApp(t)
  const organizerId = await anOrganizer(app.db)
  const headers = { 'idempotency-key': newId('key') }
  await assign(app, { organizerId, unitPrice: 10 }, headers)
  await sql`delete from idempotency_keys where key = ${headers['idempotency-key']}`.execute(app.db)

  const url = `/director/organizers/${organizerId}/write-offs`
  const reply = await app.post(url, { as, body: { amount: 1, reason: 'x' }, headers })

  assert.deepEqual([reply.statusCode, reply.json().code], [422, 'idempotency_key_reused'])
})

test('unused tickets can be taken back once; what was paid for them becomes credit', async (t) => {
  const app = await startApp(t)
  const organizerId = await anOrganizer(app.db)
  const eventId = await anEvent(app.db, { organizerId })
  const made = await assign(app, { organizerId, kind: 'prepaid', unitPrice: 10, payment: {} })
  const used = await assign(app, { organizerId, kind: 'loan', tickets: 2, unitPrice: 0 })
  const { invitationId } = await aGuest(app.db, eventId, { partySize: 12 })
  const reverse = async (id: string) => {
    const reply = await app.post(`/director/assignments/${id}/reverse`, { as, body: { reason: 'wrong organizer' } })
    return { status: reply.statusCode, body: reply.json() }
  }

  const taken = await reverse(made.body.assignment.id)
  const twice = await reverse(made.body.assignment.id)
  await sql`update invitations set admitted = 1 where id = ${invitationId}`.execute(app.db)
  await bookAllUses(app)
  const inUse = await reverse(used.body.assignment.id)
  const payment = await reverse((await listIds(app, organizerId, 'payment'))[0]!)

  assert.deepEqual([taken.status, taken.body.assignment.status], [200, 'reversed'])
  assert.deepEqual([taken.body.account.creditCents, taken.body.account.tickets.left], [10_000, 2])
  assert.deepEqual([twice.status, twice.body.code], [409, 'assignment_reversed'])
  assert.deepEqual([inUse.status, inUse.body.code], [409, 'tickets_used'])
  assert.deepEqual([payment.status, payment.body.code], [404, 'assignment_not_found'])
})

async function listIds(app: TestApp, organizerId: string, kind: string): Promise<string[]> {
  const reply = await app.get(`/director/organizers/${organizerId}/ledger?kind=${kind}`, { as })
  return reply.json().data.map(({ id }: { id: string }) => id)
}

test('a debt is written off up to what is owed', async (t) => {
  const app = await startApp(t)
  const organizerId = await anOrganizer(app.db)
  await assign(app, { organizerId, unitPrice: 10 })
  const writeOff = async (body: object) => {
    const url = `/director/organizers/${organizerId}/write-offs`
    const reply = await app.post(url, { as, body: { reason: 'closed its business', ...body } })
    return { status: reply.statusCode, body: reply.json() }
  }

  const more = await writeOff({ amountCents: 10_001 })
  const some = await writeOff({ amount: 30 })
  const dollars = await writeOff({ amount: 1, currency: 'USD' })

  assert.deepEqual([more.status, more.body.code], [409, 'above_debt'])
  assert.equal(some.status, 201)
  assert.deepEqual([some.body.movement.kind, some.body.movement.owedCents], ['write_off', -3000])
  assert.deepEqual([some.body.account.openDebtCents, some.body.account.writtenOffCents], [7000, 3000])
  assert.equal(dollars.body.code, 'above_debt')
})

const REFUSED: [string, object, number, string][] = [
  ['no tickets', { tickets: 0 }, 400, 'invalid_request'],
  ['10,000,001 tickets', { tickets: 10_000_001 }, 400, 'invalid_request'],
  ['half a ticket', { tickets: 1.5 }, 400, 'invalid_request'],
  ['no price', { unitPrice: undefined }, 400, 'invalid_amount'],
  ['two prices', { unitPriceCents: 100 }, 400, 'invalid_amount'],
  ['a negative price', { unitPrice: -1 }, 400, 'invalid_amount'],
  ['a fraction of a cent', { unitPrice: 0.001 }, 400, 'invalid_amount'],
  ['a price in science', { unitPrice: '1e3' }, 400, 'invalid_amount'],
  ...['', ' ', '0x0', '0e9', '-0'].map((unitPrice): [string, object, number, string] => [
    `the price «${unitPrice}»`,
    { unitPrice },
    400,
    'invalid_amount',
  ]),
  ['a price and none', { unitPriceCents: 0 }, 400, 'invalid_amount'],
  ['a price that is too large with all tickets', { unitPrice: 999_999, tickets: 10_000_000 }, 400, 'invalid_amount'],
  ['yen with decimals', { unitPrice: '1.5', currency: 'JPY' }, 400, 'invalid_amount'],
  ['an unknown currency', { currency: 'ABC' }, 400, 'unsupported_currency'],
  ['an unknown organizer', { organizerId: 'org_nobody' }, 404, 'organizer_not_found'],
  ['an unknown event', { eventId: 'ev_nothing' }, 404, 'event_not_found'],
  ['an unknown kind', { kind: 'gift' }, 400, 'invalid_request'],
  ['a payment of the future', { payment: { paidAt: '2099-01-01' } }, 400, 'invalid_date'],
]
for (const [what, body, status, code] of REFUSED) {
  test(`an assignment with ${what} is ${status} ${code} and writes nothing`, async (t) => {
    const app = await startApp(t)
    const organizerId = await anOrganizer(app.db)

    const reply = await assign(app, { organizerId, unitPrice: 10, ...body })

    assert.deepEqual([reply.status, reply.body.code], [status, code])
    assert.deepEqual(await listMovements(app.db, organizerId), [])
  })
}

test("another organizer's event is unknown to an assignment", async (t) => {
  const app = await startApp(t)
  const eventId = await anEvent(app.db, { organizerId: await anOrganizer(app.db) })

  const reply = await assign(app, { organizerId: await anOrganizer(app.db), eventId, unitPrice: 10 })

  assert.equal(reply.body.code, 'event_not_found')
})

test('an organizer reads its own balance and ledger, page by page, and no other', async (t) => {
  const app = await startApp(t)
  const other = await anOrganizer(app.db)
  const eventId = await anEvent(app.db, { organizerId: ORGANIZER_ID })
  for (const unitPrice of [1, 2, 3]) await assign(app, { organizerId: ORGANIZER_ID, eventId, unitPrice })
  await assign(app, { organizerId: other, unitPrice: 9 })
  const url = `/organizers/${ORGANIZER_ID}/ledger?eventId=${eventId}&limit=2`
  const read = async (path: string) => (await app.get(path, { as: 'organizer' })).json()

  const first = await read(url)
  const second = await read(`${url}&cursor=${encodeURIComponent(first.page.nextCursor)}`)
  const balance = await app.get(`/organizers/${other}/balance`, { as: 'organizer' })
  const ledger = await app.get(`/organizers/${other}/ledger`, { as: 'organizer' })
  const asDirector = await app.get(`/director/organizers/${ORGANIZER_ID}/ledger`, { as: 'organizer' })
  const listed = (await app.get(`/director/assignments?organizerId=${other}`, { as })).json()

  const owed = [...first.data, ...second.data].map((movement: { owed: string }) => movement.owed)
  assert.deepEqual(owed, ['30.00', '20.00', '10.00'])
  assert.deepEqual(first.data[0].entries.length, 4)
  assert.equal((await read(`/organizers/${ORGANIZER_ID}/balance`)).account.organizerId, ORGANIZER_ID)
  assert.deepEqual([balance.statusCode, balance.json().code], [404, 'organizer_not_found'])
  assert.deepEqual([ledger.statusCode, ledger.json().code], [404, 'organizer_not_found'])
  assert.equal(asDirector.statusCode, 403)
  assert.deepEqual(
    listed.data.map((one: { amount: string }) => one.amount),
    ['90.00'],
  )
})
