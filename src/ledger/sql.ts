/** The SQL of the ledger. */
import { isWithin, type Days } from '../platform/values/days.ts'
import { sql, type Db, type Tx } from '../platform/db.ts'
import type { Position } from '../http/page.ts'
import type { Entry, TicketKind } from './movements.ts'

export const MOVEMENT_KINDS = [
  'loan',
  'prepaid',
  'payment',
  'refund',
  'dispute',
  'dispute_won',
  'dispute_lost',
  'fee',
  'use',
  'write_off',
  'reversal',
] as const
export type Transaction = {
  id: string
  organizerId: string
  eventId: string | null
  kind: (typeof MOVEMENT_KINDS)[number]
  paymentId: string | null
  /** The provider's object that it comes from. Null for a manual payment. */
  objectId: string | null
  reversesId: string | null
  /** The reversal of this transaction. */
  reversedBy: string | null
  reason: string | null
  createdBy: string
  requestId: string
  effectiveAt: Date
  createdAt: Date
  entries: Entry[]
}

/** Checks that need the balance run one after the other for each organizer. Returns false when there is no such organizer. */
export async function lockOrganizer(tx: Tx, organizerId: string): Promise<boolean> {
  const { rows } = await sql`select id from organizers where id = ${organizerId} for no key update`.execute(tx)
  return rows.length === 1
}

type NewTransaction = Omit<Transaction, 'reversedBy'> & { idempotencyKey: string | null }

/** Returns null when the payment is booked, the transaction reversed or the key used already. */
export async function insertTransaction(tx: Tx, t: NewTransaction): Promise<string | null> {
  const column = <T>(of: (entry: Entry) => T) => t.entries.map(of)
  const { rows } = await sql<{ id: string }>`
    with transaction as (
      insert into ledger_transactions (id, organizer_id, event_id, kind, payment_id, object_id, reverses_id, lines,
                                       reason, created_by, idempotency_key, request_id, effective_at, created_at)
      values (${t.id}, ${t.organizerId}, ${t.eventId}, ${t.kind}, ${t.paymentId}, ${t.objectId}, ${t.reversesId},
              ${t.entries.length}, ${t.reason}, ${t.createdBy}, ${t.idempotencyKey}, ${t.requestId}, ${t.effectiveAt}, ${t.createdAt})
      on conflict do nothing
      returning id, organizer_id, effective_at, lines),
    entries as (
      insert into ledger_entries (transaction_id, line, lines, organizer_id, effective_at, account, method, currency,
                                  amount_cents, tickets)
      select t.id, e.line, t.lines, t.organizer_id, t.effective_at, e.account, e.method, e.currency, e.amount_cents, e.tickets
        from transaction t,
             unnest(${column(({ account }) => account)}::text[], ${column(({ method }) => method)}::text[],
                    ${column(({ currency }) => currency)}::text[], ${column(({ amountCents }) => amountCents)}::bigint[],
                    ${column(({ tickets }) => tickets)}::bigint[])
               with ordinality e (account, method, currency, amount_cents, tickets, line))
    select id from transaction`.execute(tx)
  return rows[0]?.id ?? null
}

const COLUMNS = sql`t.id, t.organizer_id, t.event_id, t.kind, t.payment_id, t.object_id, t.reverses_id, t.reason, t.created_by,
  t.request_id, t.effective_at, t.created_at,
  (select r.id from ledger_transactions r where r.reverses_id = t.id) as reversed_by,
  (select json_agg(json_build_object('account', e.account, 'method', e.method, 'currency', e.currency,
                                     'amountCents', e.amount_cents, 'tickets', e.tickets) order by e.line)
     from ledger_entries e
    where e.transaction_id = t.id) as entries`

const isInScope = (scope: string | null) => sql`(${scope}::text is null or t.organizer_id = ${scope})`

/** Finds one by its id, or the one of a payment. */
export async function findTransaction(
  db: Db,
  scope: string | null,
  by: { id: string } | { paymentId: string },
): Promise<Transaction | null> {
  const which = 'id' in by ? sql`t.id = ${by.id}` : sql`t.payment_id = ${by.paymentId} and t.kind = 'payment'`
  const { rows } = await sql<Transaction>`
    select ${COLUMNS} from ledger_transactions t where ${which} and ${isInScope(scope)}`.execute(db)
  return rows[0] ?? null
}

/** Lists what a payment moved, in the order of booking. */
export async function listMovementsOfPayment(db: Db, paymentId: string): Promise<Transaction[]> {
  const { rows } = await sql<Transaction>`
    select ${COLUMNS}
      from ledger_transactions t
     where t.payment_id = ${paymentId}
     order by t.created_at, t.id`.execute(db)
  return rows
}

/** Finds what this caller booked with this key. */
export async function findTransactionByKey(db: Db, createdBy: string, key: string): Promise<Transaction | null> {
  const { rows } = await sql<Transaction>`
    select ${COLUMNS}
      from ledger_transactions t
     where t.created_by = ${createdBy}
       and t.idempotency_key = ${key}`.execute(db)
  return rows[0] ?? null
}

export type LedgerFilter = Days & {
  organizerId: string | null
  eventId: string | null
  kinds: Transaction['kind'][]
  before: Position | null
  limit: number
}

/** Lists movements that count on these days, the last booked first. */
export async function listTransactions(db: Db, f: LedgerFilter): Promise<Transaction[]> {
  const { rows } = await sql<Transaction>`
    select ${COLUMNS}
      from ledger_transactions t
     where ${isInScope(f.organizerId)}
       and (${f.eventId}::text is null or t.event_id = ${f.eventId})
       and t.kind = any(${f.kinds}::text[])
       and ${isWithin(sql`t.effective_at`, f)}
       and (${f.before?.at ?? null}::timestamptz is null
            or (t.created_at, t.id) < (${f.before?.at ?? null}, ${f.before?.id ?? null}))
     order by t.created_at desc, t.id desc
     limit ${f.limit}`.execute(db)
  return rows
}

type Query = ReturnType<typeof sql>

/** What organizers have paid: what came in and was not given back, also while a bank holds it or providers took fees of it. */
export const IS_PAID = sql`account in ('cash', 'disputed', 'fees')`

type Tickets = { granted: number; used: number; left: number }
export type Balance = {
  billedCents: number
  paidCents: number
  writtenOffCents: number
  openDebtCents: number
  creditCents: number
  prepaid: Tickets
  loan: Tickets
}

/** Reads what an organizer owes in this currency and holds in tickets. */
export async function findBalance(db: Db, organizerId: string, currency: string): Promise<Balance> {
  const money = (isCounted: Query) =>
    sql`coalesce(sum(amount_cents) filter (where currency = ${currency} and ${isCounted}), 0)::bigint`
  const of = (account: string) => money(sql`account = ${account}`)
  const tickets = (account: string) => sql`coalesce(sum(tickets) filter (where account = ${account}), 0)::bigint`
  const ofKind = (kind: TicketKind) => sql`json_build_object(
      'granted', -${tickets(`issued_${kind}`)}, 'used', ${tickets(`used_${kind}`)}, 'left', ${tickets(`tickets_${kind}`)})`
  const { rows } = await sql<Balance>`
    select -${of('sales')} as billed_cents,
           ${money(IS_PAID)} as paid_cents,
           ${of('write_off')} as written_off_cents,
           greatest(${of('receivable')}, 0) as open_debt_cents,
           greatest(-${of('receivable')}, 0) as credit_cents,
           ${ofKind('prepaid')} as prepaid,
           ${ofKind('loan')} as loan
      from ledger_sums
     where organizer_id = ${organizerId}`.execute(db)
  return rows[0]!
}

/** Counts the tickets that the organizer of an event has left, of both kinds. Null: no such event in this scope. */
export async function findTicketsLeft(db: Db, eventId: string, scope: string | null): Promise<number | null> {
  const { rows } = await sql<{ left: number }>`
    select (select coalesce(sum(l.tickets), 0)::bigint
              from ledger_sums l
             where l.organizer_id = e.organizer_id
               and l.account in ('tickets_prepaid', 'tickets_loan')) as "left"
      from events e
     where e.id = ${eventId}
       and (${scope}::text is null or e.organizer_id = ${scope})`.execute(db)
  return rows[0]?.left ?? null
}
