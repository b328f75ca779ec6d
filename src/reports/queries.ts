/**
 * The reports and their queries. Each query gives one row a line, with `id`, `sort` (the largest first) and the columns that its
 * report names; reports.ts pages it, sums it and writes it.
 */
import { dayAt, isUntil, isWithin, type Days } from '../platform/days.ts'
import { sql } from '../platform/db.ts'

type Query = ReturnType<typeof sql>
export type ReportFilter = Days & { organizerId: string | null; currency: string; today: string }

/**
 * `cents` are shown in major units beside. `share`: the first of two columns divided by the second. Everything but texts and days
 * is summed, and a share is computed from the sums.
 */
export type Column = { name: string; says: string } & (
  { kind: 'text' | 'day' | 'count' | 'cents' } | { kind: 'share'; of: [string, string] }
)
export type Report = {
  name: string
  title: string
  summary: string
  description: string
  columns: Column[]
  query(filter: ReportFilter): Query
  /** Where the rows behind a line are listed, or where its day is looked at from all sides. */
  rowsOf(row: { id: string }, filter: ReportFilter): string
}

const inScope = (column: Query, { organizerId }: ReportFilter) =>
  sql`(${organizerId}::text is null or ${column} = ${organizerId})`
const isDayWithin = ({ from, to }: ReportFilter) =>
  sql`(${from}::date is null or day >= ${from}::date) and (${to}::date is null or day <= ${to}::date)`

/** The days of a filter as a query, to be continued. */
function period({ from, to }: Days): string {
  const query = new URLSearchParams({ ...(from ? { from } : {}), ...(to ? { to } : {}) }).toString()
  return query === '' ? '' : `&${query}`
}

const topOrganizers: Report = {
  name: 'top-organizers',
  title: 'TopOrganizers',
  summary: 'Organizers by the tickets that their guests used',
  description:
    'Tickets, what was billed and what was paid count on the days asked for; the debt is that at the end of `to`.',
  columns: [
    { name: 'organizer', kind: 'text', says: 'Name of the organizer; `id` is its id.' },
    { name: 'ticketsUsed', kind: 'count', says: 'A place at a premium event uses TICKET_PREMIUM_FACTOR.' },
    { name: 'billed', kind: 'cents', says: 'What assigned tickets cost.' },
    { name: 'paid', kind: 'cents', says: 'What came in.' },
    { name: 'openDebt', kind: 'cents', says: 'At the end of `to`.' },
  ],
  query: (f) => sql`
    select o.id, o.name as organizer, coalesce(s.used, 0)::bigint as sort, coalesce(s.used, 0)::bigint as tickets_used,
           coalesce(s.billed, 0)::bigint as billed, coalesce(s.paid, 0)::bigint as paid,
           greatest(s.owed, 0)::bigint as open_debt
      from (select organizer_id,
                   sum(tickets) filter (where is_within and account in ('used_prepaid', 'used_loan')) as used,
                   -sum(amount_cents) filter (where is_within and account = 'sales') as billed,
                   sum(amount_cents) filter (where is_within and account = 'cash') as paid,
                   sum(amount_cents) filter (where account = 'receivable') as owed
              from (select e.*, ${isWithin(sql`effective_at`, f)} as is_within from ledger_entries e) e
             where ${inScope(sql`organizer_id`, f)}
               and (currency is null or currency = ${f.currency})
               and ${isUntil(sql`effective_at`, f.to)}
             group by organizer_id) s
      join organizers o on o.id = s.organizer_id
     where s.used <> 0 or s.billed <> 0 or s.paid <> 0 or s.owed > 0`,
  rowsOf: ({ id }, f) => `/director/organizers/${id}/ledger?limit=200${period(f)}`,
}

/**
 * Payments and write-offs settle the oldest bill first. A movement that was reversed by then, and its reversal, count for
 * nothing. Days are counted from the day of the bill to the end of `to`, or today.
 */
const debtAgeing: Report = {
  name: 'debt-aging',
  title: 'DebtAgeing',
  summary: 'Open debt by the age of its oldest unpaid part',
  description: 'As of the end of `to`, today by default; `from` is ignored. Payments settle the oldest bill first.',
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
    with moved as (
      select t.id, t.organizer_id, t.effective_at, e.amount_cents as cents
        from ledger_transactions t
        join ledger_entries e on e.transaction_id = t.id
       where e.account = 'receivable'
         and e.currency = ${f.currency}
         and t.kind <> 'reversal'
         and ${inScope(sql`t.organizer_id`, f)}
         and ${isUntil(sql`t.effective_at`, f.to)}
         and not exists (select from ledger_transactions r
                          where r.reverses_id = t.id
                            and ${isUntil(sql`r.effective_at`, f.to)})),
    settled as (
      select organizer_id, -sum(cents) as cents from moved where cents < 0 group by organizer_id),
    billed as (
      select m.*, sum(cents) over (partition by organizer_id order by effective_at, id) as until_here
        from moved m
       where cents > 0),
    unpaid as (
      select b.organizer_id, ${dayAt(sql`b.effective_at`)} as day,
             least(b.cents, greatest(b.until_here - coalesce(s.cents, 0), 0)) as cents
        from billed b
        left join settled s on s.organizer_id = b.organizer_id),
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

const ticketsUsage: Report = {
  name: 'tickets-usage',
  title: 'TicketsUsage',
  summary: 'Tickets used by event',
  description: 'Uses count on the day they are booked, which is within a minute.',
  columns: [
    { name: 'event', kind: 'text', says: 'Name of the event; `id` is its id.' },
    { name: 'organizer', kind: 'text', says: 'Name of its organizer.' },
    { name: 'prepaid', kind: 'count', says: 'Prepaid tickets that were used.' },
    { name: 'loan', kind: 'count', says: 'Tickets on loan that were used.' },
    { name: 'used', kind: 'count', says: 'Both.' },
  ],
  query: (f) => sql`
    select v.id, v.name as event, o.name as organizer, sum(e.tickets)::bigint as sort, sum(e.tickets)::bigint as used,
           coalesce(sum(e.tickets) filter (where e.account = 'used_prepaid'), 0)::bigint as prepaid,
           coalesce(sum(e.tickets) filter (where e.account = 'used_loan'), 0)::bigint as loan
      from ledger_entries e
      join ledger_transactions t on t.id = e.transaction_id
      join events v on v.id = t.event_id
      join organizers o on o.id = v.organizer_id
     where e.account in ('used_prepaid', 'used_loan')
       and ${inScope(sql`e.organizer_id`, f)}
       and ${isWithin(sql`e.effective_at`, f)}
     group by v.id, o.id`,
  rowsOf: ({ id }) => `/events/${id}/scans?result=valid&limit=200`,
}

const payments: Report = {
  name: 'payments',
  title: 'PaymentsByDay',
  summary: 'Confirmed payments by day',
  description: 'On the day they were paid. A payment that was reversed or refunded is not among them.',
  columns: [
    { name: 'day', kind: 'day', says: 'A day of Mexico City.' },
    { name: 'payments', kind: 'count', says: 'How many.' },
    { name: 'amount', kind: 'cents', says: 'Their sum.' },
  ],
  query: (f) => sql`
    select day::text as id, day::text as day, day - date '1970-01-01' as sort, count(*) as payments,
           sum(amount_cents)::bigint as amount
      from (select ${dayAt(sql`counted_at`)} as day, amount_cents
              from payments
             where status = 'confirmed'
               and currency = ${f.currency}
               and ${inScope(sql`organizer_id`, f)}
               and ${isWithin(sql`counted_at`, f)}) p
     group by day`,
  rowsOf: ({ id: day }, { organizerId, currency }) => {
    const query = { status: 'confirmed', from: day, to: day, currency, ...(organizerId ? { organizerId } : {}) }
    return `/director/payments?${new URLSearchParams(query).toString()}`
  },
}

/** Guests by the day their event starts, as the views counted them. */
const byDayOfEvent = (f: ReportFilter) => sql`
    select day::text as id, day::text as day, day - date '1970-01-01' as sort, count(*) as events,
           sum(guests)::bigint as guests, sum(confirmed)::bigint as confirmed, sum(declined)::bigint as declined,
           sum(pending)::bigint as pending, sum(scanned)::bigint as entered,
           sum(confirmed_scanned)::bigint as confirmed_entered
      from kpi_events
     where ${inScope(sql`organizer_id`, f)}
       and ${isDayWithin(f)}
     group by day`
const overviewOf = ({ id: day }: { id: string }) => `/director/overview?from=${day}&to=${day}`
const DAY_OF_EVENT: Column[] = [
  { name: 'day', kind: 'day', says: 'The day in Mexico City on which the events start.' },
  { name: 'events', kind: 'count', says: 'How many start.' },
  { name: 'guests', kind: 'count', says: 'Their guests.' },
]

const confirmation: Report = {
  name: 'confirmation',
  title: 'ConfirmationByDay',
  summary: 'Answers of guests by day of the event',
  description: 'As of the last refresh of the views.',
  columns: [
    ...DAY_OF_EVENT,
    { name: 'confirmed', kind: 'count', says: 'Said yes.' },
    { name: 'declined', kind: 'count', says: 'Said no.' },
    { name: 'pending', kind: 'count', says: 'No answer yet, or maybe.' },
    { name: 'confirmationRate', kind: 'share', of: ['confirmed', 'guests'], says: 'confirmed of guests.' },
  ],
  query: byDayOfEvent,
  rowsOf: overviewOf,
}

const showUp: Report = {
  name: 'show-up',
  title: 'ShowUpByDay',
  summary: 'Guests who came by day of the event',
  description: 'As of the last refresh of the views.',
  columns: [
    ...DAY_OF_EVENT,
    { name: 'confirmed', kind: 'count', says: 'Said yes.' },
    { name: 'entered', kind: 'count', says: 'Came, whatever they had said.' },
    { name: 'confirmedEntered', kind: 'count', says: 'Said yes and came.' },
    {
      name: 'showUpRate',
      kind: 'share',
      of: ['confirmedEntered', 'confirmed'],
      says: 'confirmedEntered of confirmed.',
    },
  ],
  query: byDayOfEvent,
  rowsOf: overviewOf,
}

const whatsappCost: Report = {
  name: 'whatsapp-cost',
  title: 'WhatsAppByDay',
  summary: 'Messages that WhatsApp charged for, and free ones, by day',
  description: 'Of the messages that WhatsApp told a price for, as of the last refresh of the views.',
  columns: [
    { name: 'day', kind: 'day', says: 'The day in Mexico City on which they were requested.' },
    { name: 'priced', kind: 'count', says: 'Messages with a price.' },
    { name: 'billable', kind: 'count', says: 'Of these, the ones that cost money.' },
    { name: 'free', kind: 'count', says: 'Of these, the free ones.' },
    { name: 'freeShare', kind: 'share', of: ['free', 'priced'], says: 'free of priced.' },
  ],
  query: (f) => sql`
    select day::text as id, day::text as day, day - date '1970-01-01' as sort, sum(priced)::bigint as priced,
           sum(priced - free)::bigint as billable, sum(free)::bigint as free
      from kpi_deliveries
     where channel = 'whatsapp'
       and ${inScope(sql`organizer_id`, f)}
       and ${isDayWithin(f)}
     group by day
    having sum(priced) > 0`,
  rowsOf: overviewOf,
}

export const REPORTS: Report[] = [topOrganizers, debtAgeing, ticketsUsage, payments, confirmation, showUp, whatsappCost]
