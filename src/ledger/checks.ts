/** What must hold in the ledger at any moment beyond what its constraints enforce. A query that finds rows has found a fault. */
import { sql, type Db, type Tx } from '../platform/db.ts'

/** Each finds the ids of what is wrong. docs/runbook.md says what to do about them. */
const CHECKS = {
  unbalanced_transaction: sql`
    select transaction_id as id
      from ledger_entries
     group by transaction_id, currency
    having sum(amount_cents) <> 0
        or sum(tickets) <> 0`,
  /**
   * Money that arrived is in the ledger with its amount, for its organizer and in its currency. Money that was reversed is
   * not. Refunded payments are left out, because a refund has no movement yet.
   */
  payment_not_booked: sql`
    select p.id
      from payments p
      left join ledger_transactions t on t.payment_id = p.id
      left join ledger_entries e
        on e.transaction_id = t.id
       and e.account = 'cash'
       and e.organizer_id = p.organizer_id
       and e.currency = p.currency
     where p.organizer_id is not null
       and p.status <> 'refunded'
     group by p.id
    having coalesce(sum(e.amount_cents), 0) <> case when p.status = 'confirmed' then p.amount_cents else 0 end`,
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
