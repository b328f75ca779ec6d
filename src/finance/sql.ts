/** The SQL of the Director's numbers: views, refresh, ledger. */
import { batching } from '../platform/batching.ts'
import { isUntil, isWithin, type Days } from '../platform/days.ts'
import { sql, type Db, type Tx } from '../platform/db.ts'

export type RefreshedView = { viewName: string; tookMs: number }

/** Takes the refresh's lock, and waits up to `waitMs` for another refresh. Takes no snapshot. */
export async function lockRefresh(tx: Tx, waitMs: number): Promise<void> {
  await sql`set local lock_timeout = ${sql.raw(String(waitMs))}`.execute(tx)
  await sql`lock table kpi_refreshes in share update exclusive mode`.execute(tx)
}

/** Takes the refresh's lock. Returns false when another refresh has it; the transaction is then aborted. */
export async function tryLockRefresh(tx: Tx): Promise<boolean> {
  try {
    await sql`lock table kpi_refreshes in share update exclusive mode nowait`.execute(tx)
    return true
  } catch (error) {
    if (error instanceof Error && 'code' in error && error.code === '55P03') return false // lock_not_available
    throw error
  }
}

export async function refreshViews(tx: Tx, now: Date): Promise<RefreshedView[]> {
  await sql`set local statement_timeout = '60s'`.execute(tx)
  const { rows } = await sql<RefreshedView>`select view_name, took_ms from refresh_kpis(${now}::timestamptz)`.execute(
    tx,
  )
  return rows
}

/** asOf: the age of the oldest view, null while a view has no data. tookMs: the duration of all views together. */
export type Freshness = { asOf: Date | null; refreshedAt: Date | null; tookMs: number }

export async function findFreshness(db: Db): Promise<Freshness> {
  const { rows } = await sql<Freshness>`
    select case when bool_and(v.ispopulated and r.view_name is not null) then min(r.refreshed_at) end as as_of,
           max(r.refreshed_at) as refreshed_at, coalesce(sum(r.took_ms), 0)::integer as took_ms
      from pg_matviews v left join kpi_refreshes r on r.view_name = v.matviewname
     where v.schemaname = current_schema() and v.matviewname like 'kpi\\_%'`.execute(db)
  return rows[0]!
}

/**
 * What an overview is computed from: another text after every refresh, and after every change of payments or of the ledger,
 * of one organizer or of all. Concurrent callers share a statement, which starts after they have asked.
 */
export const findVersion = batching(
  async ({ db }: { db: Db }, organizerIds: (string | null)[]): Promise<string[]> => {
    const { rows } = await sql<{ organizerId: string | null; version: string }>`/* prepared find_versions */
      select w.organizer_id,
             concat_ws(' ',
               -- two refreshes may have one clock, but each is a transaction
               (select concat_ws(' ', max(refreshed_at), max(xmin::text::bigint)) from kpi_refreshes),
               case when w.organizer_id is null then (select sum(version) from money_versions)
                    else (select version from money_versions v where v.organizer_id = w.organizer_id) end) as version
        from unnest(${[...new Set(organizerIds)]}::text[]) as w (organizer_id)`.execute(db)
    const versions = new Map(rows.map(({ organizerId, version }) => [organizerId, version]))
    return organizerIds.map((id) => versions.get(id)!)
  },
  { max: 200, lanes: 2, gapMs: 1 },
)

export type Filter = Days & { organizerId: string | null; currency: string }

const inScope = (f: Filter) => sql`(${f.organizerId}::text is null or organizer_id = ${f.organizerId})`
/** For views, which have a day of Mexico City. */
const matches = (f: Filter) =>
  sql`${inScope(f)}
       and (${f.from}::date is null or day >= ${f.from}::date)
       and (${f.to}::date is null or day <= ${f.to}::date)`

/** The ledger with what each entry counts as: a reversal counts as the kind of the entry that it reverses. */
const ENTRIES = sql`(
    select organizer_id, currency, effective_at, tickets, amount_cents,
           case when reverses_id is null then kind
                else (select kind from ledger_entries r where r.id = l.reverses_id) end as kind
      from ledger_entries l) e`
const OWED = sql`case kind when 'loan' then amount_cents when 'payment' then -amount_cents else 0 end`

export type LedgerSums = {
  /** Granted tickets of every currency. */
  prepaid: number
  onLoan: number
  prepaidCents: number
  loanCents: number
  paymentCents: number
  openDebtCents: number
  creditCents: number
}

/**
 * Sums the ledger between `from` and `to`, and debt and credit at the end of `to`; a balance ignores `from`. Balances are
 * computed per organizer, because one organizer's credit does not pay another's debt.
 */
export async function sumLedger(db: Db, f: Filter): Promise<LedgerSums> {
  const { rows } = await sql<LedgerSums>`
    select coalesce(sum(prepaid), 0)::bigint as prepaid,
           coalesce(sum(on_loan), 0)::bigint as on_loan,
           coalesce(sum(prepaid_cents), 0)::bigint as prepaid_cents,
           coalesce(sum(loan_cents), 0)::bigint as loan_cents,
           coalesce(sum(payment_cents), 0)::bigint as payment_cents,
           coalesce(sum(greatest(owed, 0)), 0)::bigint as open_debt_cents,
           coalesce(sum(greatest(-owed, 0)), 0)::bigint as credit_cents
      from (select sum(tickets) filter (where is_within and kind = 'prepaid') as prepaid,
                   sum(tickets) filter (where is_within and kind = 'loan') as on_loan,
                   sum(amount_cents) filter (where is_within and is_ours and kind = 'prepaid') as prepaid_cents,
                   sum(amount_cents) filter (where is_within and is_ours and kind = 'loan') as loan_cents,
                   sum(amount_cents) filter (where is_within and is_ours and kind = 'payment') as payment_cents,
                   sum(${OWED}) filter (where is_ours) as owed
              from (select e.*, ${isWithin(sql`effective_at`, f)} as is_within, currency = ${f.currency} as is_ours
                      from ${ENTRIES}) m
             where ${inScope(f)}
               and ${isUntil(sql`effective_at`, f.to)}
             group by organizer_id) o`.execute(db)
  return rows[0]!
}

export type Balance = { openDebtCents: number; creditCents: number }

/** Reads the current balance of one organizer. */
export async function findBalance(db: Db, organizerId: string, currency: string): Promise<Balance> {
  const { rows } = await sql<Balance>`
    select greatest(owed, 0) as open_debt_cents,
           greatest(-owed, 0) as credit_cents
      from (select coalesce(sum(${OWED}), 0)::bigint as owed
              from ${ENTRIES}
             where organizer_id = ${organizerId}
               and currency = ${currency}) o`.execute(db)
  return rows[0]!
}

export type EventSum = {
  type: 'standard' | 'premium'
  status: 'draft' | 'active' | 'archived' | 'expired'
  events: number
  guests: number
  confirmed: number
  declined: number
  pending: number
  scanned: number
  confirmedScanned: number
  placesDelivered: number
  placesUsed: number
}

export async function sumEvents(db: Db, f: Filter): Promise<EventSum[]> {
  const { rows } = await sql<EventSum>`
    select type, status, count(*) as events, sum(guests)::bigint as guests, sum(confirmed)::bigint as confirmed,
           sum(declined)::bigint as declined, sum(pending)::bigint as pending, sum(scanned)::bigint as scanned,
           sum(confirmed_scanned)::bigint as confirmed_scanned, sum(places_delivered)::bigint as places_delivered,
           sum(places_used)::bigint as places_used
      from kpi_events where ${matches(f)} group by type, status`.execute(db)
  return rows
}

export type DeliverySum = {
  channel: 'whatsapp' | 'email'
  queued: number
  sent: number
  delivered: number
  read: number
  failed: number
  skipped: number
  priced: number
  free: number
}

/** Counts cumulatively: a read message also counts as delivered, and a delivered one as sent. */
export async function sumDeliveries(db: Db, f: Filter): Promise<DeliverySum[]> {
  const count = (...statuses: string[]) =>
    sql`coalesce(sum(deliveries) filter (where status in (${sql.join(statuses)})), 0)::bigint`
  const { rows } = await sql<DeliverySum>`
    select channel, ${count('scheduled', 'queued', 'sending', 'unknown')} as queued,
           ${count('sent', 'delivered', 'read')} as sent, ${count('delivered', 'read')} as delivered,
           ${count('read')} as read, ${count('failed', 'dead')} as failed, ${count('skipped')} as skipped,
           sum(priced)::bigint as priced, sum(free)::bigint as free
      from kpi_deliveries where ${matches(f)} group by channel`.execute(db)
  return rows
}

export type PriceOfDay = { from: string; marketing: number; authentication: number; otherwise: number }

/** Sums what the free messages would have cost at their day's price, in the unit of `prices`. The first price also covers earlier days. */
export async function sumSavings(db: Db, f: Filter, prices: PriceOfDay[]): Promise<number> {
  const { rows } = await sql<{ savings: number }>`
    with prices as (
      select * from jsonb_to_recordset(${JSON.stringify(prices)})
        as p ("from" date, marketing float8, authentication float8, otherwise float8))
    select coalesce(sum(free_marketing * p.marketing + free_authentication * p.authentication
                        + (free - free_marketing - free_authentication) * p.otherwise), 0)::float8 as savings
      from kpi_deliveries k
      cross join lateral (select * from prices where "from" <= greatest(k.day, (select min("from") from prices))
                           order by "from" desc limit 1) p
     where channel = 'whatsapp' and ${matches(f)}`.execute(db)
  return rows[0]!.savings
}

/** Counts the phones whose 24-hour window is open, from the base table, because it changes every minute. */
export async function countOpenSessions(db: Db, organizerId: string | null, openSince: Date): Promise<number> {
  const { rows } = await sql<{ open: number }>`
    select count(*) as open from wa_windows w
     where w.last_inbound_at > ${openSince}
       and (${organizerId}::text is null or exists (
         select 1 from guests g join events e on e.id = g.event_id
          where g.phone = w.phone and e.organizer_id = ${organizerId}))`.execute(db)
  return rows[0]!.open
}

export type TopOrganizer = { organizerId: string; name: string; ticketsEquivalent: number; openDebtCents: number }

/** Lists the five organizers with the most used tickets, then with the largest debt. */
export async function listTopOrganizers(db: Db, f: Filter, premiumFactor: number): Promise<TopOrganizer[]> {
  const { rows } = await sql<TopOrganizer>`
    with used as (
      select organizer_id, sum(places_used * case type when 'premium' then ${premiumFactor}::float8 else 1 end) as equivalent
        from kpi_events where ${matches(f)} group by organizer_id),
    owed as (
      select organizer_id, greatest(sum(${OWED}), 0)::bigint as cents
        from ${ENTRIES}
       where currency = ${f.currency}
         and ${inScope(f)}
         and ${isUntil(sql`effective_at`, f.to)}
       group by organizer_id)
    select o.id as organizer_id, o.name, coalesce(used.equivalent, 0) as tickets_equivalent, coalesce(owed.cents, 0) as open_debt_cents
      from organizers o left join used on used.organizer_id = o.id left join owed on owed.organizer_id = o.id
     where used.equivalent > 0 or owed.cents > 0
     order by 3 desc, 4 desc, 1 limit 5`.execute(db)
  return rows
}

/** Counts the organizers with an active event. */
export async function countActiveOrganizers(db: Db, f: Filter): Promise<number> {
  const { rows } = await sql<{ active: number }>`
    select count(distinct organizer_id) as active from kpi_events where status = 'active' and ${matches(f)}`.execute(db)
  return rows[0]!.active
}

export async function findOrganizer(db: Db, id: string): Promise<{ id: string } | null> {
  const { rows } = await sql<{ id: string }>`select id from organizers where id = ${id}`.execute(db)
  return rows[0] ?? null
}
