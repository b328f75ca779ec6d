/** The sums of the ledger: of all time and of months in tables of their own, of other days with the entries at their ends. */
import { DateTime } from 'luxon'
import { dayAfter, isWithin, type Days } from '../platform/values/days.ts'
import { sql, type Db } from '../platform/db.ts'
import { IS_PAID } from './sql.ts'

type Query = ReturnType<typeof sql>

export type LedgerSums = {
  prepaid: number
  onLoan: number
  used: number
  left: number
  billedCents: number
  paidCents: number
  openDebtCents: number
  creditCents: number
}

const read = (day: string) => DateTime.fromISO(day, { zone: 'utc' })
/** More than half of a month is quicker to take whole, less what is too much of it. */
const isLate = (day: DateTime) => day.day > 15

/** A sum of whole months, both included, and of days at their ends, which are added or taken away. */
type Pieces = { first: string | null; last: string | null; ends: { sign: 1 | -1; days: Days }[] }

/** Takes days apart. The months are none when `first` is after `last`. */
export function takeApart({ from, to }: Days): Pieces {
  const iso = (day: DateTime) => day.toISODate()
  const pieces: Pieces = { first: null, last: null, ends: [] }
  if (from !== null) {
    const day = read(from)
    const month = day.startOf('month')
    pieces.first = iso(isLate(day) ? month.plus({ months: 1 }) : month)
    if (isLate(day)) pieces.ends.push({ sign: 1, days: { from, to: iso(day.endOf('month')) } })
    else if (day > month) pieces.ends.push({ sign: -1, days: { from: iso(month), to: iso(day.minus({ days: 1 })) } })
  }
  if (to !== null) {
    const day = read(to)
    const month = day.startOf('month')
    const end = day.endOf('month').startOf('day')
    pieces.last = iso(isLate(day) ? month : month.minus({ months: 1 }))
    if (!isLate(day)) pieces.ends.push({ sign: 1, days: { from: iso(month), to } })
    else if (day < end) pieces.ends.push({ sign: -1, days: { from: iso(day.plus({ days: 1 })), to: iso(end) } })
  }
  return pieces
}

const COLUMNS = sql`organizer_id, account, currency`

/** Selects what was moved on these days: `sign` 1 as it is, -1 the other way round. `flags` are further columns. */
function selectMoved(f: Days, sign: 1 | -1, flags: Query): Query[] {
  const { first, last, ends } = takeApart(f)
  const signed = (by: number) =>
    sql`${sql.raw(String(by))} * amount_cents as amount_cents, ${sql.raw(String(by))} * tickets as tickets`
  return [
    sql`select ${COLUMNS}, ${signed(sign)}, ${flags}
          from ledger_months
         where (${first}::date is null or month >= ${first}::date)
           and (${last}::date is null or month <= ${last}::date)`,
    ...ends.map(
      (end) => sql`select ${COLUMNS}, ${signed(sign * end.sign)}, ${flags}
                     from ledger_entries
                    where ${isWithin(sql`effective_at`, end.days)}`,
    ),
  ]
}

/**
 * What was moved, row by row with `organizer_id`, `account`, `currency`, `amount_cents` and `tickets`: `is_until`, it counts
 * until the end of the days; `is_within`, on one of them. What counts until a day is the sum of all time less what came since.
 * `isCounted`: which entries `e` count as within; all when absent. Then they are read one by one.
 */
export function movedOn(f: Days, isCounted: Query | null = null): Query {
  const isSummed = f.from === null && isCounted === null
  const flags = (isUntil: boolean, isWithin: boolean) =>
    sql`${sql.raw(String(isUntil))} as is_until, ${sql.raw(String(isWithin))} as is_within`
  const parts = [sql`select ${COLUMNS}, amount_cents, tickets, ${flags(true, isSummed)} from ledger_sums`]
  if (f.to !== null) parts.push(...selectMoved({ from: dayAfter(f.to), to: null }, -1, flags(true, isSummed)))
  if (isCounted !== null)
    parts.push(sql`
      select ${COLUMNS}, amount_cents, tickets, ${flags(false, true)}
        from ledger_entries e
       where ${isWithin(sql`effective_at`, f)}
         and ${isCounted}`)
  else if (!isSummed) parts.push(...selectMoved(f, 1, flags(false, true)))
  return sql`(${sql.join(parts, sql` union all `)})`
}

/**
 * Sums the ledger between `from` and `to`. Debt, credit and the tickets that are left are those at the end of `to`, whatever
 * `from` is. They are summed organizer by organizer, because the credit of one does not pay the debt of another.
 */
export async function sumLedger(
  db: Db,
  f: Days & { organizerId: string | null; currency: string },
): Promise<LedgerSums> {
  const { rows } = await sql<LedgerSums>`
    select coalesce(sum(prepaid), 0)::bigint as prepaid,
           coalesce(sum(on_loan), 0)::bigint as on_loan,
           coalesce(sum(used), 0)::bigint as used,
           coalesce(sum("left"), 0)::bigint as "left",
           coalesce(sum(billed_cents), 0)::bigint as billed_cents,
           coalesce(sum(paid_cents), 0)::bigint as paid_cents,
           coalesce(sum(greatest(owed_cents, 0)), 0)::bigint as open_debt_cents,
           coalesce(sum(greatest(-owed_cents, 0)), 0)::bigint as credit_cents
      from (select -sum(tickets) filter (where is_within and account = 'issued_prepaid') as prepaid,
                   -sum(tickets) filter (where is_within and account = 'issued_loan') as on_loan,
                   sum(tickets) filter (where is_within and account in ('used_prepaid', 'used_loan')) as used,
                   sum(tickets) filter (where is_until and account in ('tickets_prepaid', 'tickets_loan')) as "left",
                   -sum(amount_cents) filter (where is_within and account = 'sales') as billed_cents,
                   sum(amount_cents) filter (where is_within and ${IS_PAID}) as paid_cents,
                   sum(amount_cents) filter (where is_until and account = 'receivable') as owed_cents
              from ${movedOn(f)} m
             where (${f.organizerId}::text is null or organizer_id = ${f.organizerId})
               and (currency is null or currency = ${f.currency})
             group by organizer_id) o`.execute(db)
  return rows[0]!
}
