/** The SQL of payments that are due to be read at their provider. */
import { sql, type Db, type Tx } from '../platform/db.ts'
import type { Cause } from './fact.ts'
import type { ProviderName } from '../providers/providers.ts'

export type Due = { id: string; provider: ProviderName; checks: number }

/** Claims payments that are due. `checks` is how often each was read, this time included. */
export async function claimDuePayments(db: Db, now: Date, leaseMs: number, limit: number): Promise<Due[]> {
  const { rows } = await sql<Due>`
    update payments
       set checks = least(checks + 1, 1000),
           next_check_at = ${new Date(now.getTime() + leaseMs)}
     where id in (select id
                    from payments
                   where next_check_at <= ${now}
                     and kind = 'intent'
                     and mode <> 'mock'
                   order by next_check_at
                   limit ${limit}
                     for update skip locked)
    returning id, provider, checks`.execute(db)
  return rows
}

export async function planPayment(db: Db, id: string, at: Date | null): Promise<void> {
  await sql`update payments set next_check_at = ${at} where id = ${id}`.execute(db)
}

/** Fails an intent that its provider does not know. A webhook may still confirm it. */
export async function failNeverCreated(tx: Tx, id: string, { by, requestId, at }: Cause): Promise<void> {
  await sql`
    update payments
       set status = 'failed',
           reason = 'never_created',
           changed_by = ${by},
           changed_request_id = ${requestId},
           updated_at = ${at}
     where id = ${id}
       and status in ('creating', 'unknown')`.execute(tx)
}

/** Ends an intent that nobody will read or pay any more. */
export async function endOverdue(tx: Tx, id: string, { by, requestId, at }: Cause): Promise<void> {
  await sql`
    update payments
       set status = 'expired',
           reason = 'not_paid_in_time',
           changed_by = ${by},
           changed_request_id = ${requestId},
           updated_at = ${at}
     where id = ${id}
       and payment_is_open(status)`.execute(tx)
}

export type Attention = { reviews: number; unknown: number }

/** Counts the money that waits for a person, and intents whose outcome nobody knows. */
export async function countAttention(db: Db): Promise<Attention> {
  const { rows } = await sql<Attention>`
    select (select count(*) from payment_reviews where status = 'open') as reviews,
           (select count(*) from payments where next_check_at is not null and status in ('creating', 'unknown')) as unknown`.execute(
    db,
  )
  return rows[0]!
}
