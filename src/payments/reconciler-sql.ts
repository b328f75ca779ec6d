/** The SQL of the reconciler. */
import type { Position } from '../http/page.ts'
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

export const DIFFERENCE_KINDS = ['status', 'received', 'refunded', 'disputed', 'missing', 'never_created'] as const
export type Difference = {
  paymentId: string
  kind: (typeof DIFFERENCE_KINDS)[number]
  /** Our value and the provider's: a status, or cents. */
  ours: string
  theirs: string
  isFixed: boolean
}

/** Writes a difference. One that is open already is brought up to date. */
export async function noteDifference(tx: Tx, d: Difference, now: Date): Promise<void> {
  await sql`
    insert into payment_differences as d (payment_id, kind, ours, theirs, is_fixed, found_at, fixed_at)
    values (${d.paymentId}, ${d.kind}, ${d.ours}, ${d.theirs}, ${d.isFixed}, ${now}, ${d.isFixed ? now : null})
    on conflict (payment_id, kind) where not is_fixed do update
       set ours = excluded.ours,
           theirs = excluded.theirs`.execute(tx)
  if (d.isFixed)
    await sql`
      update payment_differences
         set is_fixed = true,
             fixed_at = ${now}
       where payment_id = ${d.paymentId}
         and kind = ${d.kind}
         and not is_fixed`.execute(tx)
}

export type FoundDifference = Difference & {
  id: string
  organizerId: string | null
  provider: ProviderName
  currency: string
  foundAt: Date
  fixedAt: Date | null
}

export type DifferenceFilter = { isFixed: boolean | null; before: Position | null; limit: number }

/** Lists differences, the newest first. */
export async function listDifferences(db: Db, f: DifferenceFilter): Promise<FoundDifference[]> {
  const { rows } = await sql<FoundDifference>`
    select d.id::text as id, d.payment_id, d.kind, d.ours, d.theirs, d.is_fixed, d.found_at, d.fixed_at,
           p.organizer_id, p.provider, p.currency
      from payment_differences d
      join payments p on p.id = d.payment_id
     where (${f.isFixed}::boolean is null or d.is_fixed = ${f.isFixed})
       and (${f.before?.at ?? null}::timestamptz is null
            or (d.found_at, d.id) < (${f.before?.at ?? null}, ${f.before?.id ?? null}::bigint))
     order by d.found_at desc, d.id desc
     limit ${f.limit}`.execute(db)
  return rows
}

export type Attention = { reviews: number; differences: number; unknown: number }

/** Counts what waits for a person, and intents whose outcome nobody knows. */
export async function countAttention(db: Db): Promise<Attention> {
  const { rows } = await sql<Attention>`
    select (select count(*) from payment_reviews where status = 'open') as reviews,
           (select count(*) from payment_differences where not is_fixed) as differences,
           (select count(*) from payments where next_check_at is not null and status in ('creating', 'unknown')) as unknown`.execute(
    db,
  )
  return rows[0]!
}
