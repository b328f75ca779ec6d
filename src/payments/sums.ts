/** Sums of payments, by the groups of the overview. */
import { isWithin, type Days } from '../platform/values/days.ts'
import { sql, type Db } from '../platform/db.ts'

type Group = { is: Fragment; count: Fragment; cents: Fragment }
type Fragment = ReturnType<typeof sql>
function inStatus(...statuses: string[]): Group {
  const is = sql`status in (${sql.join(statuses)})`
  return {
    is,
    count: sql`case when ${is} then payments else 0 end`,
    cents: sql`case when ${is} then asked_cents else 0 end`,
  }
}

/**
 * The groups of the overview. `is` tells whether a payment belongs to it; `count` and `cents` are of a row of payment_sums.
 * `confirmed` are the payments of which money is there, `refunded` those of which money went: given back, reversed or taken by a
 * bank. A payment that was refunded in part is in both, with each part.
 */
export const GROUPS = {
  confirmed: { is: sql`kept_cents > 0`, count: sql`kept`, cents: sql`kept_cents` },
  pending: inStatus('creating', 'unknown', 'requires_payment', 'requires_action', 'processing', 'late'),
  failed: inStatus('failed', 'cancelled', 'expired'),
  refunded: { is: sql`gone_cents > 0`, count: sql`gone`, cents: sql`gone_cents` },
}
export type PaymentGroup = keyof typeof GROUPS
export const PAYMENT_GROUPS = Object.keys(GROUPS) as PaymentGroup[]

export type PaymentSum = { group: PaymentGroup; count: number; amountCents: number }
type PaymentScope = Days & { organizerId: string | null; currency: string }

/** Payments in the shape of payment_sums, each by itself. */
const asSums = sql`
  select organizer_id, currency, status, counted_at, 1 as payments, greatest(amount_cents, received_cents) as asked_cents,
         (kept_cents > 0)::integer as kept, greatest(kept_cents, 0) as kept_cents, (gone_cents > 0)::integer as gone, gone_cents
    from payments`

/** Sums the payments that count on these days, group by group. Those of all time are summed in payment_sums. */
export async function sumPayments(db: Db, f: PaymentScope): Promise<PaymentSum[]> {
  const isOfAllTime = f.from === null && f.to === null
  const columns = PAYMENT_GROUPS.flatMap((group) => {
    const { count, cents } = GROUPS[group]
    return [
      sql`coalesce(sum(${count}), 0)::bigint as ${sql.id(`${group}_count`)}`,
      sql`coalesce(sum(${cents}), 0)::bigint as ${sql.id(`${group}_cents`)}`,
    ]
  })
  const { rows } = await sql<Record<`${PaymentGroup}${'Count' | 'Cents'}`, number>>`
    select ${sql.join(columns)}
      from ${isOfAllTime ? sql`payment_sums` : sql`(${asSums})`} p
     where currency = ${f.currency}
       and ${f.organizerId === null ? sql`true` : sql`organizer_id = ${f.organizerId}`}
       and ${isOfAllTime ? sql`true` : isWithin(sql`counted_at`, f)}`.execute(db)
  return PAYMENT_GROUPS.map((group) => ({
    group,
    count: rows[0]![`${group}Count`],
    amountCents: rows[0]![`${group}Cents`],
  }))
}
