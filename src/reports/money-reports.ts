/** The reports on money. */
import { IS_PAID, movedOn } from '../ledger/ledger.ts'
import { dayAt, dayBefore, isUntil, isWithin, TIME_ZONE } from '../platform/values/days.ts'
import { sql } from '../platform/db.ts'
import { daysOf } from './series.ts'
import {
  inScope,
  ON_EVENTS,
  isOfEvents,
  isOnEvents,
  organizerOf,
  period,
  type Query,
  type Report,
  type ReportFilter,
} from './report.ts'

/** Whether the entry `e` belongs to one of the events asked for. Null: no matter. */
const isBookedFor = (f: ReportFilter) =>
  isOnEvents(f)
    ? sql`exists (select from ledger_transactions t
                   where t.id = e.transaction_id
                     and ${isOfEvents(sql`t.event_id`, f)})`
    : null

export const topOrganizers: Report = {
  name: 'top-organizers',
  title: 'TopOrganizers',
  summary: 'Organizers by the tickets that their guests used',
  description:
    'Tickets, what was billed and what was paid count on the days asked for; the debt is that at the end of `to`. With ' +
    '`eventId` or `type`, organizers, tickets, bills and payments are those of the events; the debt stays that of the organizer.',
  takes: ON_EVENTS,
  columns: [
    { name: 'organizer', kind: 'text', says: 'Name of the organizer; `id` is its id.' },
    { name: 'ticketsUsed', kind: 'count', says: 'A place at a premium event uses TICKET_PREMIUM_FACTOR.' },
    { name: 'billed', kind: 'cents', says: 'What assigned tickets cost.' },
    { name: 'paid', kind: 'cents', says: 'What came in and was not given back.' },
    { name: 'openDebt', kind: 'cents', says: 'At the end of `to`.' },
  ],
  query: (f) => sql`
    select o.id, o.name as organizer, coalesce(s.used, 0)::bigint as sort, coalesce(s.used, 0)::bigint as tickets_used,
           coalesce(s.billed, 0)::bigint as billed, coalesce(s.paid, 0)::bigint as paid,
           greatest(s.owed, 0)::bigint as open_debt
      from (select organizer_id,
                   sum(tickets) filter (where is_within and account in ('used_prepaid', 'used_loan')) as used,
                   -sum(amount_cents) filter (where is_within and account = 'sales') as billed,
                   sum(amount_cents) filter (where is_within and ${IS_PAID}) as paid,
                   sum(amount_cents) filter (where is_until and account = 'receivable') as owed
              from ${movedOn(f, isBookedFor(f))} m
             where ${inScope(sql`organizer_id`, f)}
               and (currency is null or currency = ${f.currency})
             group by organizer_id) s
      join organizers o on o.id = s.organizer_id
     where s.used <> 0
        or s.billed <> 0
        or s.paid <> 0
        or (s.owed > 0 and not ${isOnEvents(f)}::boolean)`,
  rowsOf: ({ id }, f) => `/director/organizers/${id}/ledger?limit=200${period(f)}`,
}

/** Whether the bill `b` is for one of the events asked for. */
const isBilledFor = (f: ReportFilter) =>
  isOnEvents(f)
    ? sql`exists (select from ledger_transactions t
                   where t.id = b.transaction_id
                     and ${isOfEvents(sql`t.event_id`, f)})`
    : sql`true`

/**
 * Payments and write-offs settle the oldest bill first, so what is owed is owed for the newest bills. A movement that was reversed by then, and its reversal, count for
 * nothing. Days are counted from the day of the bill to the end of `to`, or today.
 */
export const debtAgeing: Report = {
  name: 'debt-aging',
  title: 'DebtAgeing',
  summary: 'Open debt by the age of its oldest unpaid part',
  description:
    'As of the end of `to`, today by default; `from` is ignored. Payments settle the oldest bill first, ' +
    'whatever it is for; with `eventId` or `type`, the unpaid parts of bills for these events are left.',
  takes: ON_EVENTS,
  columns: [
    { name: 'organizer', kind: 'text', says: 'Name of the organizer; `id` is its id.' },
    { name: 'openDebt', kind: 'cents', says: 'The sum of the four parts.' },
    { name: 'days0to30', kind: 'cents', says: 'Billed at most 30 days before.' },
    { name: 'days31to60', kind: 'cents', says: '31 to 60 days before.' },
    { name: 'days61to90', kind: 'cents', says: '61 to 90 days before.' },
    { name: 'over90', kind: 'cents', says: 'More than 90 days before.' },
    { name: 'oldest', kind: 'day', says: 'When the oldest unpaid part was billed.' },
  ],
  query: (f) => sql`
    with owed as (
      select organizer_id, sum(amount_cents) as cents
        from ${movedOn({ from: null, to: f.to })} m
       where account = 'receivable'
         and currency = ${f.currency}
         and ${inScope(sql`organizer_id`, f)}
       group by organizer_id
      having sum(amount_cents) > 0),
    reversals as materialized (
      select id, reverses_id
        from ledger_transactions
       where reverses_id is not null
         and ${isUntil(sql`effective_at`, f.to)}),
    billed as (
      select e.transaction_id, e.effective_at, o.organizer_id, e.amount_cents as cents, o.cents as owed_cents,
             sum(e.amount_cents) over (partition by o.organizer_id order by e.effective_at desc, e.transaction_id desc)
             - e.amount_cents as newer_cents
        from owed o
        join ledger_entries e on e.organizer_id = o.organizer_id
       where e.account = 'receivable'
         and e.amount_cents > 0
         and e.currency = ${f.currency}
         and ${isUntil(sql`e.effective_at`, f.to)}
         and not exists (select from reversals r where r.id = e.transaction_id)
         and not exists (select from reversals r where r.reverses_id = e.transaction_id)),
    unpaid as (
      select b.organizer_id, ${dayAt(sql`b.effective_at`)} as day, least(b.cents, b.owed_cents - b.newer_cents) as cents
        from billed b
       where b.newer_cents < b.owed_cents
         and ${isBilledFor(f)}),
    aged as (
      select organizer_id, day, cents, ${f.to ?? f.today}::date - day as age from unpaid where cents > 0)
    select o.id, o.name as organizer, sum(cents)::bigint as sort, sum(cents)::bigint as open_debt,
           coalesce(sum(cents) filter (where age <= 30), 0)::bigint as days0to30,
           coalesce(sum(cents) filter (where age between 31 and 60), 0)::bigint as days31to60,
           coalesce(sum(cents) filter (where age between 61 and 90), 0)::bigint as days61to90,
           coalesce(sum(cents) filter (where age > 90), 0)::bigint as over90,
           min(day)::text as oldest
      from aged a
      join organizers o on o.id = a.organizer_id
     group by o.id`,
  rowsOf: ({ id }, { to }) => `/director/organizers/${id}/ledger?limit=200${period({ from: null, to })}`,
}

/** Payments of which money is there, from the beginning of a day in Mexico City until the beginning of another. */
const isPaidWithin = (f: ReportFilter, from: Query, until: Query) => sql`
       kept_cents > 0
   and currency = ${f.currency}
   and ${inScope(sql`organizer_id`, f)}
   and ${isOfEvents(sql`event_id`, f)}
   and (${f.method}::text is null or coalesce(method, provider) = ${f.method})
   and counted_at >= ${from} at time zone ${TIME_ZONE}
   and counted_at < ${until} at time zone ${TIME_ZONE}`

/**
 * Each day, week or month reads its own part of an index. To compute the day of half a million payments would take longer.
 * Without `groupBy` the days are those of all payments, as far as they are asked for.
 */
const byUnit = (f: ReportFilter) => {
  const unit = f.groupBy ?? 'day'
  const step = sql`${`1 ${unit}`}::interval`
  const from = sql`${f.from}::timestamp`
  const to = sql`${f.to}::timestamp`
  const bounds = f.groupBy
    ? sql`select date_trunc(${unit}, ${from}) as first, ${to} as last`
    : sql`
      select date_trunc('day', greatest(${from}, min(counted_at) at time zone ${TIME_ZONE})) as first,
             least(${to}, max(counted_at) at time zone ${TIME_ZONE}) as last
        from payments`
  const first = sql`greatest(u.day, ${from})`
  const next = sql`least(u.day + ${step}, ${to} + interval '1 day')`
  return sql`
    select u.day::date::text as id, u.day::date::text as day, u.day::date - date '1970-01-01' as sort, p.payments, p.amount
      from (${bounds}) b
     cross join generate_series(b.first, b.last, ${step}) as u (day)
     cross join lateral (
           select count(*) as payments, coalesce(sum(kept_cents), 0)::bigint as amount
             from payments
            where ${isPaidWithin(f, first, next)}) p
     where ${f.groupBy !== null}::boolean
        or p.payments > 0`
}

export const payments: Report = {
  name: 'payments',
  title: 'PaymentsByDay',
  summary: 'Confirmed payments by day, week or month',
  description:
    'On the day they were paid, with what is there of them: not what was given back, reversed or taken by a bank. Without `groupBy` the rows are the ' +
    'days with payments; with it they are every day, week or month of the period, which has at most 400 of them and is the last ' +
    '90 days by default. `rowsUrl` lists them, of events of every type.',
  takes: [...ON_EVENTS, 'method', 'groupBy'],
  columns: [
    { name: 'day', kind: 'day', says: 'A day of Mexico City; of a week its Monday, of a month its first.' },
    { name: 'payments', kind: 'count', says: 'How many.' },
    { name: 'amount', kind: 'cents', says: 'Their sum.' },
  ],
  query: byUnit,
  rowsOf({ id: day }, f) {
    const days = daysOf(day, f.groupBy ?? 'day', f)
    const narrowed = { ...(f.eventId ? { eventId: f.eventId } : {}), ...(f.method ? { method: f.method } : {}) }
    const query = { group: 'confirmed', ...days, currency: f.currency, ...organizerOf(f), ...narrowed }
    return `/director/payments?${new URLSearchParams(query).toString()}`
  },
}

/**
 * What an organizer has paid beyond their bills settles no debt of another. So every entry has by how much the debt of its
 * organizer changed, and the debt of a day is the sum of the changes until then.
 */
export const debt: Report = {
  name: 'debt',
  title: 'DebtByDay',
  summary: 'Open debt at the end of each day',
  description:
    'What organizers were billed and had not paid, for every day of the period, which has at most 400 days and is the last 90 by ' +
    'default. The totals are those of the last day.',
  takes: [],
  isSeries: true,
  columns: [
    { name: 'day', kind: 'day', says: 'A day of Mexico City.' },
    { name: 'openDebt', kind: 'cents', isBalance: true, says: 'At the end of the day, summed organizer by organizer.' },
    { name: 'organizers', kind: 'count', isBalance: true, says: 'How many owe something.' },
  ],
  query: (f) => sql`
    with opened as (
      select organizer_id, sum(amount_cents) as cents
        from ${movedOn({ from: null, to: dayBefore(f.from!) })} m
       where account = 'receivable'
         and currency = ${f.currency}
         and ${inScope(sql`organizer_id`, f)}
       group by organizer_id),
    moved as ( -- in the order of an index, so that nothing is sorted
      select organizer_id, amount_cents as cents,
             sum(amount_cents) over (partition by organizer_id order by effective_at rows unbounded preceding) as sum_cents,
             width_bucket(effective_at, array(
               select day at time zone ${TIME_ZONE}
                 from generate_series(${f.from}::timestamp, ${f.to}::timestamp, interval '1 day') as days (day))) as n
        from ledger_entries
       where account = 'receivable'
         and currency = ${f.currency}
         and ${inScope(sql`organizer_id`, f)}
         and ${isWithin(sql`effective_at`, f)}),
    owed as ( -- after an entry, and before it
      select 0 as n, cents, 0::numeric as before from opened
       union all
      select m.n, coalesce(o.cents, 0) + m.sum_cents, coalesce(o.cents, 0) + m.sum_cents - m.cents
        from moved m
        left join opened o on o.organizer_id = m.organizer_id),
    changed as (
      select ${f.from}::date - 1 + n as day, sum(greatest(cents, 0) - greatest(before, 0)) as more,
             sum((cents > 0)::integer - (before > 0)::integer) as debtors
        from owed
       group by n),
    summed as (
      select d.day::date as day,
             coalesce(sum(c.more) over days, 0)::bigint as open_debt,
             coalesce(sum(c.debtors) over days, 0)::bigint as organizers
        from generate_series(${f.from}::timestamp - interval '1 day', ${f.to}::timestamp, interval '1 day') as d (day)
        left join changed c on c.day = d.day
      window days as (order by d.day))
    select day::text as id, day::text as day, day - date '1970-01-01' as sort, open_debt, organizers
      from summed
     where day >= ${f.from}::date`,
  rowsOf: ({ id: day }, f) =>
    `/director/reports/debt-aging?${new URLSearchParams({ to: day, currency: f.currency, ...organizerOf(f) }).toString()}`,
}
