/** The SQL of payments that are due to be read at their provider. */
import { sql, type Db, type Tx } from '../platform/db.ts'
import type { Cause } from './fact.ts'
import type { PaymentStatus } from './sql.ts'
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

type End = { from: readonly PaymentStatus[]; to: 'failed' | 'expired'; reason: string }

/** Ends an intent that is still in one of these states. A webhook may confirm it even so. */
export async function endIntent(tx: Tx, id: string, { from, to, reason }: End, cause: Cause): Promise<void> {
  await sql`
    update payments
       set status = ${to},
           reason = ${reason},
           changed_by = ${cause.by},
           changed_request_id = ${cause.requestId},
           updated_at = ${cause.at}
     where id = ${id}
       and status = any(${[...from]}::text[])`.execute(tx)
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
