/** The SQL of differences between payments and their providers. */
import type { Position } from '../http/page.ts'
import { sql, type Db, type Tx } from '../platform/db.ts'
import type { ProviderName } from '../providers/providers.ts'

/** Closes the open differences of a payment that agrees with its provider. */
export async function fixDifferences(tx: Tx, paymentId: string, now: Date): Promise<void> {
  await sql`
    update payment_differences
       set is_fixed = true,
           fixed_at = ${now}
     where payment_id = ${paymentId}
       and not is_fixed`.execute(tx)
}

export const DIFFERENCE_KINDS = [
  'status',
  'received',
  'refunded',
  'disputed',
  'missing',
  'unreadable',
  'never_created',
] as const
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

export async function countOpenDifferences(db: Db): Promise<number> {
  const { rows } = await sql<{ count: number }>`
    select count(*) as count from payment_differences where not is_fixed`.execute(db)
  return rows[0]!.count
}
