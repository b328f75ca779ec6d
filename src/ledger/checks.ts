/** What must hold in the ledger at any moment beyond what its constraints enforce. A query that finds rows has found a fault. */
import { sql, type Db, type Tx } from '../platform/db.ts'
import { TIME_ZONE } from '../platform/values/days.ts'

/** Each finds the ids of what is wrong. docs/runbook.md says what to do about them. */
const CHECKS = {
  unbalanced_transaction: sql`
    select transaction_id as id
      from ledger_entries
     group by transaction_id, currency
    having sum(amount_cents) <> 0
        or sum(tickets) <> 0`,
  /**
   * Money is in the ledger as the payment's sums say, for its organizer and in its currency: what came less what went has
   * lowered the debt, and what a bank holds is on its account. Reversed and held money is not there, and neither is
   * what went before anything came.
   */
  payment_not_booked: sql`
    select p.id
      from payments p
      left join ledger_transactions t on t.payment_id = p.id
      left join ledger_entries e
        on e.transaction_id = t.id
       and e.account in ('cash', 'disputed', 'fees')
       and e.organizer_id = p.organizer_id
       and e.currency = p.currency
     where p.organizer_id is not null
     group by p.id
    having coalesce(sum(e.amount_cents), 0)
           <> case when p.status = 'reversed' or p.is_held or p.received_cents = 0 then 0
                   else p.received_cents - p.refunded_cents - p.lost_cents end
        or coalesce(sum(e.amount_cents) filter (where e.account = 'disputed'), 0)
           <> case when p.is_held or p.received_cents = 0 then 0 else p.disputed_cents end
        or coalesce(sum(e.amount_cents) filter (where e.account = 'fees'), 0)
           <> case when p.is_held or p.received_cents = 0 then 0
                   else (select coalesce(sum(f.fee_cents), 0)
                           from payment_facts f
                          where f.payment_id = p.id
                            and f.state <> 'open') end`,
  /** The sums of a payment are those of its charges, refunds and disputes at the provider. */
  payment_not_summed: sql`
    select p.id
      from payments p
      left join payment_facts f on f.payment_id = p.id
     where p.kind = 'intent'
     group by p.id
    having p.received_cents <> coalesce(sum(f.amount_cents) filter (where f.kind = 'charge'), 0)
        or p.refunded_cents <> coalesce(sum(f.amount_cents) filter (where f.kind = 'refund' and f.state = 'succeeded'), 0)
        or p.disputed_cents <> coalesce(sum(f.amount_cents) filter (where f.kind = 'dispute' and f.state = 'withdrawn'), 0)
        or p.lost_cents <> coalesce(sum(f.amount_cents) filter (where f.kind = 'dispute' and f.state = 'lost'), 0)`,
  /** The used tickets of an event in the ledger are those that were noted for its guests. */
  use_not_booked: sql`
    select coalesce(t.event_id, u.event_id) as id
      from (select t.event_id, sum(e.tickets) as tickets
              from ledger_transactions t
              join ledger_entries e on e.transaction_id = t.id
             where e.account in ('used_prepaid', 'used_loan')
             group by t.event_id) t
      full join (select event_id, sum(tickets) as tickets from ticket_uses group by event_id) u on u.event_id = t.event_id
     where t.tickets is distinct from u.tickets`,
  /** The sums that the overview reads are those of the entries and of the payments. */
  wrong_ledger_sum: sql`
    select organizer_id as id
      from (select organizer_id, account, currency, amount_cents, tickets from ledger_sums
             union all
            select organizer_id, account, currency, -amount_cents, -tickets from ledger_entries) s
     group by organizer_id, account, currency
    having sum(amount_cents) <> 0
        or sum(tickets) <> 0`,
  wrong_month_sum: sql`
    select organizer_id as id
      from (select organizer_id, month, account, currency, amount_cents, tickets from ledger_months
             union all
            select organizer_id, date_trunc('month', effective_at at time zone ${TIME_ZONE})::date, account, currency,
                   -amount_cents, -tickets
              from ledger_entries) s
     group by organizer_id, month, account, currency
    having sum(amount_cents) <> 0
        or sum(tickets) <> 0`,
  wrong_payment_sum: sql`
    select organizer_id as id
      from (select organizer_id, currency, status, payments, asked_cents, kept, kept_cents, gone, gone_cents
              from payment_sums
             union all
            select coalesce(organizer_id, ''), currency, status, -1, -greatest(amount_cents, received_cents),
                   -(kept_cents > 0)::integer, -greatest(kept_cents, 0), -(gone_cents > 0)::integer, -gone_cents
              from payments) s
     group by organizer_id, currency, status
    having (sum(payments), sum(asked_cents), sum(kept), sum(kept_cents), sum(gone), sum(gone_cents))
           <> (0, 0, 0, 0, 0, 0)`,
  prepaid_overdrawn: sql`
    select organizer_id as id
      from ledger_entries
     where account = 'tickets_prepaid'
     group by organizer_id
    having sum(tickets) < 0`,
}
export const LEDGER_CHECKS = Object.keys(CHECKS) as (keyof typeof CHECKS)[]
export type LedgerFault = { check: keyof typeof CHECKS; id: string }

/** How many faults of each kind are listed at most. */
const LISTED_MAX = 100

/** Runs every check in one snapshot. */
export function listLedgerFaults(db: Db): Promise<LedgerFault[]> {
  return db.transaction().setIsolationLevel('repeatable read').setAccessMode('read only').execute(findLedgerFaults)
}

/** The same in the caller's transaction. */
export async function findLedgerFaults(tx: Tx): Promise<LedgerFault[]> {
  const found: LedgerFault[] = []
  for (const check of LEDGER_CHECKS) {
    const { rows } = await sql<{ id: string }>`${CHECKS[check]} limit ${LISTED_MAX}`.execute(tx)
    found.push(...rows.map(({ id }) => ({ check, id })))
  }
  return found
}
