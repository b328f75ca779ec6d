/** The SQL of the Director's numbers: views, refresh, versions. */
import type { EventStatus } from '../events/events.ts'
import { batching } from '../platform/batching.ts'
import { movedOn } from '../ledger/ledger.ts'
import type { Days } from '../platform/values/days.ts'
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
  await sql`set local statement_timeout = '110s'`.execute(tx)
  await sql`set local work_mem = '64MB'`.execute(tx) // one connection, and millions of rows to group
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

const inScope = (f: Filter) => (f.organizerId === null ? sql`true` : sql`organizer_id = ${f.organizerId}`)
/** For views, which have a day of Mexico City. */
const matches = (f: Filter) =>
  sql`${inScope(f)}
       and (${f.from}::date is null or day >= ${f.from}::date)
       and (${f.to}::date is null or day <= ${f.to}::date)`

export type EventSum = {
  type: 'standard' | 'premium'
  status: EventStatus
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

/** The view of all organizers together has one row for each day and status. */
const viewOfDeliveries = ({ organizerId }: Filter) =>
  sql.table(organizerId === null ? 'kpi_delivery_days' : 'kpi_deliveries')

/** Counts cumulatively: a read message also counts as delivered, and a delivered one as sent. */
export async function sumDeliveries(db: Db, f: Filter): Promise<DeliverySum[]> {
  const count = (...statuses: string[]) =>
    sql`coalesce(sum(deliveries) filter (where status in (${sql.join(statuses)})), 0)::bigint`
  const { rows } = await sql<DeliverySum>`
    select channel, ${count('scheduled', 'queued', 'sending', 'unknown')} as queued,
           ${count('sent', 'delivered', 'read')} as sent, ${count('delivered', 'read')} as delivered,
           ${count('read')} as read, ${count('failed', 'dead')} as failed, ${count('skipped')} as skipped,
           sum(priced)::bigint as priced, sum(free)::bigint as free
      from ${viewOfDeliveries(f)}
     where ${matches(f)}
     group by channel`.execute(db)
  return rows
}

export type PriceOfDay = { from: string; marketing: number; authentication: number; otherwise: number }

/**
 * Sums what the free messages would have cost at their day's price, in the unit of `prices`. The first price also covers
 * earlier days.
 */
export async function sumSavings(db: Db, f: Filter, prices: PriceOfDay[]): Promise<number> {
  const { rows } = await sql<{ savings: number }>`
    with prices as (
      select * from jsonb_to_recordset(${JSON.stringify(prices)})
        as p ("from" date, marketing float8, authentication float8, otherwise float8))
    select coalesce(sum(free_marketing * p.marketing + free_authentication * p.authentication
                        + (free - free_marketing - free_authentication) * p.otherwise), 0)::float8 as savings
      from ${viewOfDeliveries(f)} k
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
export async function listTopOrganizers(db: Db, f: Filter): Promise<TopOrganizer[]> {
  const { rows } = await sql<TopOrganizer>`
    with sums as (
      select organizer_id,
             sum(tickets) filter (where is_within
                                    and account in ('used_prepaid', 'used_loan')) as used,
             sum(amount_cents) filter (where is_until
                                         and currency = ${f.currency}
                                         and account = 'receivable') as owed
        from ${movedOn(f)} m
       where account in ('used_prepaid', 'used_loan', 'receivable')
         and ${inScope(f)}
       group by organizer_id)
    select o.id as organizer_id,
           o.name,
           coalesce(s.used, 0)::bigint as tickets_equivalent,
           greatest(s.owed, 0)::bigint as open_debt_cents
      from sums s
      join organizers o on o.id = s.organizer_id
     where s.used > 0
        or s.owed > 0
     order by 3 desc, 4 desc, 1
     limit 5`.execute(db)
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

export async function isEventOf(db: Db, organizerId: string, eventId: string): Promise<boolean> {
  const { rows } = await sql`
    select id from events where id = ${eventId} and organizer_id = ${organizerId}`.execute(db)
  return rows.length === 1
}
