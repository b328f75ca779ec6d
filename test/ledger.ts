/** Movements of the ledger for tests, booked as the program books them. */
import { assignment, book, bookPayment, bookReversal, findMovement } from '../src/ledger/ledger.ts'
import { checkLedger } from '../src/ledger/jobs.ts'
import { sql, type Db, type Tx } from '../src/platform/db.ts'
import type { TestApp } from './harness.ts'

const AT = new Date('2030-06-15T18:00:00Z')
const causeOf = (at: string | undefined) => {
  const effectiveAt = at === undefined ? AT : new Date(at)
  return { by: 'usr_x', requestId: 'req_x', at: AT, effectiveAt }
}

type Assigned = {
  kind: 'loan' | 'prepaid'
  tickets: number
  cents: number
  currency?: string
  at?: string
  eventId?: string
}

/** Books tickets that cost `cents` in all, without asking whether they are paid. Returns the id. */
export async function anAssignment(db: Db, organizerId: string, assigned: Assigned): Promise<string> {
  const { kind, tickets, cents: amountCents, currency = 'MXN', at, eventId = null } = assigned
  const entries = assignment(kind, tickets, { amountCents, currency })
  const id = await book(db as Tx, { kind, organizerId, eventId, entries }, causeOf(at))
  return id!
}

export const aLoan = (db: Db, organizerId: string, cents: number, tickets = 10): Promise<string> =>
  anAssignment(db, organizerId, { kind: 'loan', tickets, cents })

/** Books a payment that has its row. */
export async function bookPaymentOf(db: Db, paymentId: string, at?: string): Promise<void> {
  const { rows } = await sql<Parameters<typeof bookPayment>[1]>`
    select id, organizer_id, event_id, provider, method, amount_cents, currency
      from payments
     where id = ${paymentId}`.execute(db)
  await bookPayment(db as Tx, rows[0]!, causeOf(at))
}

export async function aReversal(db: Db, id: string, at?: string): Promise<void> {
  const movement = await findMovement(db, null, id)
  await bookReversal(db as Tx, movement!, 'a mistake', causeOf(at))
}

/** Every movement in the order of booking: its kind, how much more is owed and how many more tickets are left. */
export async function listMovements(db: Db, organizerId: string): Promise<[string, number, number][]> {
  const { rows } = await sql<{ kind: string; owed: number; tickets: number }>`
    select t.kind,
           coalesce(sum(e.amount_cents) filter (where e.account = 'receivable'), 0)::bigint as owed,
           coalesce(sum(e.tickets) filter (where e.account like 'tickets%'), 0)::bigint as tickets
      from ledger_transactions t
      join ledger_entries e on e.transaction_id = t.id
     where t.organizer_id = ${organizerId}
     group by t.id
     order by t.id`.execute(db)
  return rows.map(({ kind, owed, tickets }) => [kind, owed, tickets])
}

/** Books every use of tickets, as the nightly job does. */
export const bookAllUses = (app: TestApp): Promise<unknown> => app.runJob(checkLedger, {})
