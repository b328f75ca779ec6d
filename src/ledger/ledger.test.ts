/** What the database refuses, whoever writes. */
import assert from 'node:assert/strict'
import { test } from 'node:test'
import { startApp } from '../../test/harness.ts'
import { aLoan, anAssignment, listMovements } from '../../test/ledger.ts'
import { aGuest, anEvent, anOrganizer } from '../../test/make.ts'
import { newId, sql, withTx, type Db, type Tx } from '../platform/db.ts'
import { findLedgerFaults } from './checks.ts'
import { bookPayment, findMovement } from './ledger.ts'
import { bookUses } from './uses.ts'

const AT = '2030-06-15T18:00:00.000Z'
const CAUSE = { by: 'usr_x', requestId: 'req_x', at: new Date(AT) }

type Line = { account: string; cents?: number; tickets?: number; currency?: string | null; method?: string }

async function insertTransaction(
  tx: Tx,
  organizerId: string,
  { lines, kind = 'write_off', reversesId = null }: { lines: number; kind?: string; reversesId?: string | null },
): Promise<string> {
  const id = newId('ltx')
  await sql`insert into ledger_transactions (id, organizer_id, kind, reverses_id, lines, created_by, request_id, effective_at, created_at)
    values (${id}, ${organizerId}, ${kind}, ${reversesId}, ${lines}, 'usr_x', 'req_x', ${AT}, ${AT})`.execute(tx)
  return id
}

async function insertLine(db: Db, id: string, organizerId: string, line: number, lines: number, l: Line) {
  const { account, cents = 0, tickets = 0, currency = tickets === 0 ? 'MXN' : null, method = null } = l
  await sql`insert into ledger_entries (transaction_id, line, lines, organizer_id, effective_at, account, method, currency, amount_cents, tickets)
    values (${id}, ${line}, ${lines}, ${organizerId}, ${AT}, ${account}, ${method}, ${currency}, ${cents}, ${tickets})`.execute(
    db,
  )
}

const within = <T>(db: Db, work: (tx: Tx) => Promise<T>): Promise<T> =>
  db.isTransaction ? work(db as Tx) : withTx(db, work)

/** Writes a transaction line by line. */
const write = (db: Db, organizerId: string, lines: Line[], more: { kind?: string; reversesId?: string } = {}) =>
  within(db, async (tx) => {
    const id = await insertTransaction(tx, organizerId, { lines: Math.max(lines.length, 2), ...more })
    for (const [n, line] of lines.entries())
      await insertLine(tx, id, organizerId, n + 1, Math.max(lines.length, 2), line)
    return id
  })

const OFF: Line[] = [
  { account: 'write_off', cents: 100 },
  { account: 'receivable', cents: -100 },
]

const REFUSED: [string, Line[], RegExp][] = [
  ['a transaction without entries', [], /ledger_transactions_complete|does not have 2 lines/],
  ['half a transaction', OFF.slice(0, 1), /does not have 2 lines/],
  ['a cent too much', [OFF[0]!, { account: 'receivable', cents: -99 }], /does not balance/],
  ['two currencies against each other', [OFF[0]!, { ...OFF[1]!, currency: 'USD' }], /does not balance/],
  ['tickets from nowhere', [...OFF, { account: 'tickets_loan', tickets: 5 }], /does not balance/],
  ['tickets in pesos', [{ account: 'tickets_loan', tickets: 5, currency: 'MXN' }], /ledger_entries_unit/],
  ['an entry of nothing', [{ account: 'receivable', cents: 0 }], /ledger_entries_unit/],
  ['an unknown account', [{ account: 'profit', cents: 100 }], /ledger_entries_unit/],
  ['cash that came in no way', [{ account: 'cash', cents: 100 }], /ledger_entries_method/],
]
for (const [what, lines, refusal] of REFUSED) {
  test(`the ledger refuses ${what}`, async (t) => {
    const { db } = await startApp(t)
    const organizerId = await anOrganizer(db)

    await assert.rejects(write(db, organizerId, lines), refusal)

    assert.deepEqual(await listMovements(db, organizerId), [])
  })
}

test('nobody adds entries to a transaction later, also not balanced ones', async (t) => {
  const { db } = await startApp(t)
  const organizerId = await anOrganizer(db)
  const id = await write(db, organizerId, OFF)

  await assert.rejects(insertLine(db, id, organizerId, 3, 2, OFF[0]!), /ledger_entries_line/)
  await assert.rejects(insertLine(db, id, organizerId, 3, 4, OFF[0]!), /ledger_entries_owner/)
  await assert.rejects(insertLine(db, id, organizerId, 2, 2, OFF[0]!), /ledger_entries_pkey/)
})

test('an entry belongs to the organizer of its transaction', async (t) => {
  const { db } = await startApp(t)
  const [organizerId, other] = [await anOrganizer(db), await anOrganizer(db)]

  const writing = withTx(db, async (tx) => {
    const id = await insertTransaction(tx, organizerId, { lines: 2 })
    await insertLine(tx, id, other, 1, 2, OFF[0]!)
  })

  await assert.rejects(writing, /ledger_entries_owner/)
})

test('a reversal negates its movement entirely, once, and is not reversed itself', async (t) => {
  const { db } = await startApp(t)
  const organizerId = await anOrganizer(db)
  const other = await anOrganizer(db)
  const id = await write(db, organizerId, OFF)
  const opposite = OFF.map((line) => ({ ...line, cents: -line.cents! }))
  const half = OFF.map((line) => ({ ...line, cents: -line.cents! / 2 }))
  const reverse = (lines: Line[], reversesId = id, by = organizerId) =>
    write(db, by, lines, { kind: 'reversal', reversesId })

  await assert.rejects(reverse(half), /does not negate/)
  await assert.rejects(reverse(opposite, id, other), /does not negate/)
  const reversal = await reverse(opposite)
  await assert.rejects(reverse(opposite), /ledger_transactions_reversed_once/)
  await assert.rejects(reverse(OFF, reversal), /does not negate/)

  assert.equal((await findMovement(db, organizerId, id))!.reversedBy, reversal)
})

test('a use takes prepaid tickets first, counts a place once, and may exceed the loan', async (t) => {
  const { db, deps } = await startApp(t)
  const organizerId = await anOrganizer(db)
  const standard = await anEvent(db, { organizerId })
  const premium = await anEvent(db, { organizerId, type: 'premium' })
  await anAssignment(db, organizerId, { kind: 'prepaid', tickets: 5, cents: 0 })
  await aLoan(db, organizerId, 0, 2)
  const admit = (guest: { invitationId: string }, places: number) =>
    sql`update invitations set admitted = ${places} where id = ${guest.invitationId}`.execute(db)
  const count = () => bookUses(db, deps.config.tickets, null, CAUSE)
  const [ana, eva] = [await aGuest(db, standard, { partySize: 4 }), await aGuest(db, premium, { partySize: 2 })]

  await admit(ana, 3)
  const first = [await count(), await count()]
  await admit(ana, 4)
  await admit(eva, 2)
  const second = await Promise.all([count(), count()])

  assert.deepEqual(first, [3, 0])
  assert.equal(second[0] + second[1], 5, 'one place more, and two that count twice')
  const moved = (await listMovements(db, organizerId)).map(([kind, , tickets]) => [kind, tickets])
  assert.deepEqual(moved.slice(0, 3), [
    ['prepaid', 5],
    ['loan', 2],
    ['use', -3],
  ])
  const { rows } = await sql<{ account: string; tickets: number }>`
    select account, sum(tickets)::integer as tickets
      from ledger_entries
     where organizer_id = ${organizerId}
       and account !~ 'issued'
     group by 1
     order by 1`.execute(db)
  assert.deepEqual(rows, [
    { account: 'tickets_loan', tickets: -1 },
    { account: 'tickets_prepaid', tickets: 0 },
    { account: 'used_loan', tickets: 3 },
    { account: 'used_prepaid', tickets: 5 },
  ])
})

test('with TICKET_USE=delivery the first message uses all places of the guest', async (t) => {
  const { db } = await startApp(t)
  const organizerId = await anOrganizer(db)
  const eventId = await anEvent(db, { organizerId })
  const policy = { use: 'delivery' as const, premiumFactor: 2 }
  const [ana, beto] = [await aGuest(db, eventId, { partySize: 3 }), await aGuest(db, eventId, { partySize: 2 })]
  const message = (guestId: string, status: string) =>
    sql`insert into deliveries (id, organizer_id, event_id, guest_id, channel, template, locale, status, attempts_max, request_id, requested_by, requested_at, updated_at)
      values (${newId('dl')}, ${organizerId}, ${eventId}, ${guestId}, 'email', 'event_invitation', 'es-MX', ${status}, 5, 'r', 'u', ${AT}, ${AT})`.execute(
      db,
    )

  await message(ana.guestId, 'delivered')
  await message(ana.guestId, 'sent')
  await message(beto.guestId, 'failed')

  const since = new Date(Date.parse(AT) - 3_600_000)
  assert.equal(await bookUses(db, policy, since, CAUSE), 0, 'no attempt was made lately')
  await sql`insert into delivery_attempts (delivery_id, n, started_at)
    select id, 1, ${AT} from deliveries where guest_id = ${ana.guestId} limit 1`.execute(db)
  assert.deepEqual([await bookUses(db, policy, since, CAUSE), await bookUses(db, policy, null, CAUSE)], [3, 0])
})

test('a factor that changes counts for the places that enter after it', async (t) => {
  const { db } = await startApp(t)
  const organizerId = await anOrganizer(db)
  const { invitationId } = await aGuest(db, await anEvent(db, { organizerId, type: 'premium' }), { partySize: 3 })
  const enterOne = async (premiumFactor: number) => {
    await sql`update invitations set admitted = admitted + 1 where id = ${invitationId}`.execute(db)
    return bookUses(db, { use: 'scan', premiumFactor }, null, CAUSE)
  }

  assert.deepEqual([await enterOne(2), await enterOne(1), await enterOne(2.5)], [2, 1, 3])
})

test('uses that are booked late count on the day of the scan', async (t) => {
  const { db, deps, post, setNow } = await startApp(t, { now: AT })
  const organizerId = await anOrganizer(db)
  const eventId = await anEvent(db, { organizerId, startsAt: AT })
  const codes = [(await aGuest(db, eventId)).code, (await aGuest(db, eventId)).code]
  await post('/scan/validate', { as: 'director', body: { eventId, code: codes[0] } })
  setNow('2030-06-16T07:00:00.000Z')
  await post('/scan/validate', { as: 'director', body: { eventId, code: codes[1] } })

  await bookUses(db, deps.config.tickets, null, { ...CAUSE, at: new Date('2030-07-01T00:00:00Z') })

  const { rows } = await sql<{ effectiveAt: Date }>`
    select effective_at from ledger_transactions where organizer_id = ${organizerId} order by 1`.execute(db)
  assert.deepEqual(
    rows.map(({ effectiveAt }) => effectiveAt.toISOString()),
    [AT, '2030-06-16T07:00:00.000Z'],
  )
})

test('what happened lately is found without looking at everything', async (t) => {
  const { db, deps, post } = await startApp(t)
  const organizerId = await anOrganizer(db)
  const eventId = await anEvent(db, { organizerId })
  const guest = await aGuest(db, eventId)
  await post('/scan/validate', { as: 'director', body: { eventId, code: guest.code } })
  const hour = 3_600_000
  const since = (ms: number) => new Date(deps.now().getTime() - ms)

  const tooLate = await bookUses(db, deps.config.tickets, new Date(deps.now().getTime() + hour), CAUSE)
  const booked = await bookUses(db, deps.config.tickets, since(hour), CAUSE)

  assert.deepEqual([tooLate, booked], [0, 1])
})

/** Breaks something behind the back of the triggers, asks the checks, and takes it back. */
async function findFaultsOf(db: Db, damage: (tx: Tx) => Promise<unknown>, isSummed = true): Promise<string[]> {
  const undo = new Error('undo')
  let found: string[] = []
  await withTx(db, async (tx) => {
    await sql`set local session_replication_role = replica`.execute(tx)
    await damage(tx)
    if (isSummed) await sql`select fill_money_sums()`.execute(tx)
    found = (await findLedgerFaults(tx)).map(({ check }) => check)
    throw undo
  }).catch((error: unknown) => assert.equal(error, undo))
  return found
}

test('each check finds what it is there for', async (t) => {
  const { db } = await startApp(t)
  const organizerId = await anOrganizer(db)
  const eventId = await anEvent(db, { organizerId })
  const loan = await aLoan(db, organizerId, 500)
  const insertPayment = (tx: Tx, status: string, currency = 'MXN') =>
    sql`insert into payments (id, kind, organizer_id, provider, mode, status, amount_cents, received_cents, currency, paid_at, created_by, request_id, created_at, updated_at)
      values ('pay_check', 'manual', ${organizerId}, 'manual', 'manual', ${status}, 100, 100, ${currency}, ${AT}, 'u', 'r', ${AT}, ${AT})`.execute(
      tx,
    )
  const pay = { id: 'pay_check', organizerId, eventId: null, provider: 'manual', method: 'cash', amountCents: 100 }
  const book = (tx: Tx, currency = 'MXN') => bookPayment(tx, { ...pay, currency }, CAUSE)
  const damages: [string, string[], (tx: Tx) => Promise<unknown>][] = [
    ['nothing', [], async () => undefined],
    ['a payment that is not booked', ['payment_not_booked'], (tx) => insertPayment(tx, 'confirmed')],
    [
      'a reversed payment that is still booked',
      ['payment_not_booked'],
      async (tx) => {
        await insertPayment(tx, 'reversed')
        await book(tx)
      },
    ],
    [
      'a payment booked in another currency',
      ['payment_not_booked'],
      async (tx) => {
        await insertPayment(tx, 'confirmed', 'USD')
        await book(tx)
      },
    ],
    [
      'a payment that is booked',
      [],
      async (tx) => {
        await insertPayment(tx, 'confirmed')
        await book(tx)
      },
    ],
    [
      'money that its provider has not told',
      ['payment_not_summed'],
      async (tx) => {
        await insertPayment(tx, 'confirmed')
        await sql`update payments set kind = 'intent', provider = 'mock' where id = 'pay_check'`.execute(tx)
        await book(tx)
      },
    ],
    [
      'a changed entry',
      ['unbalanced_transaction'],
      (tx) =>
        sql`update ledger_entries set amount_cents = 501 where transaction_id = ${loan} and account = 'receivable'`.execute(
          tx,
        ),
    ],
    [
      'a use without a movement',
      ['use_not_booked'],
      (tx) =>
        sql`insert into ticket_uses (event_id, guest_id, places, tickets, updated_at) values (${eventId}, 'g', 1, 1, ${AT})`.execute(
          tx,
        ),
    ],
    [
      'more prepaid tickets used than granted',
      ['prepaid_overdrawn'],
      (tx) =>
        write(tx, organizerId, [
          { account: 'tickets_prepaid', tickets: -1 },
          { account: 'issued_prepaid', tickets: 1 },
        ]),
    ],
  ]
  for (const [what, checks, damage] of damages) assert.deepEqual(await findFaultsOf(db, damage), checks, what)
  const bookOne = async (tx: Tx) => {
    await insertPayment(tx, 'confirmed')
    await book(tx)
  }
  const sums = [...new Set(await findFaultsOf(db, bookOne, false))]
  assert.deepEqual(sums, ['wrong_ledger_sum', 'wrong_month_sum', 'wrong_payment_sum'])
})
