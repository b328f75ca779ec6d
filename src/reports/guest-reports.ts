/** The reports on tickets, guests and messages. */
import { isWithin } from '../platform/values/days.ts'
import { sql } from '../platform/db.ts'
import { inScope, isOfEvents, ON_EVENTS, organizerOf, type Column, type Report, type ReportFilter } from './report.ts'

const isDayWithin = ({ from, to }: ReportFilter) =>
  sql`(${from}::date is null or day >= ${from}::date) and (${to}::date is null or day <= ${to}::date)`

export const ticketsUsage: Report = {
  name: 'tickets-usage',
  title: 'TicketsUsage',
  summary: 'Tickets used by event',
  description: 'Uses count on the day they are booked, which is within a minute.',
  takes: ON_EVENTS,
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
       and ${isOfEvents(sql`v.id`, f)}
       and ${isWithin(sql`e.effective_at`, f)}
     group by v.id, o.id`,
  rowsOf: ({ id }) => `/events/${id}/scans?result=valid&limit=200`,
}

/** Guests by the day their event starts, as the views counted them. */
const byDayOfEvent = (f: ReportFilter) => sql`
    select day::text as id, day::text as day, day - date '1970-01-01' as sort, count(*) as events,
           sum(guests)::bigint as guests, sum(confirmed)::bigint as confirmed, sum(declined)::bigint as declined,
           sum(pending)::bigint as pending, sum(scanned)::bigint as entered,
           sum(confirmed_scanned)::bigint as confirmed_entered
      from kpi_events
     -- nobody can come to a cancelled event
     where status <> 'cancelled'
       and ${inScope(sql`organizer_id`, f)}
       and ${isOfEvents(sql`event_id`, f)}
       and ${isDayWithin(f)}
     group by day`
/** The guests of the event asked for, else the day of all. */
const guestsOf = ({ id: day }: { id: string }, f: ReportFilter): string =>
  f.eventId ? `/events/${f.eventId}/guests?limit=200` : overviewOf(day, f)
const overviewOf = (day: string, f: ReportFilter): string =>
  `/director/overview?${new URLSearchParams({ from: day, to: day, ...organizerOf(f) }).toString()}`
const DAY_OF_EVENT: Column[] = [
  { name: 'day', kind: 'day', says: 'The day in Mexico City on which the events start.' },
  { name: 'events', kind: 'count', says: 'How many start.' },
  { name: 'guests', kind: 'count', says: 'Their guests.' },
]

export const confirmation: Report = {
  name: 'confirmation',
  title: 'ConfirmationByDay',
  summary: 'Answers of guests by day of the event',
  description: 'As of the last refresh of the views.',
  takes: ON_EVENTS,
  columns: [
    ...DAY_OF_EVENT,
    { name: 'confirmed', kind: 'count', says: 'Said yes.' },
    { name: 'declined', kind: 'count', says: 'Said no.' },
    { name: 'pending', kind: 'count', says: 'No answer yet, or maybe.' },
    { name: 'confirmationRate', kind: 'share', of: ['confirmed', 'guests'], says: 'confirmed of guests.' },
  ],
  query: byDayOfEvent,
  rowsOf: guestsOf,
}

export const showUp: Report = {
  name: 'show-up',
  title: 'ShowUpByDay',
  summary: 'Guests who came by day of the event',
  description: 'As of the last refresh of the views.',
  takes: ON_EVENTS,
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
  rowsOf: guestsOf,
}

const PRICED: Column[] = [
  { name: 'priced', kind: 'count', says: 'Messages with a price.' },
  { name: 'billable', kind: 'count', says: 'Of these, the ones that cost money.' },
  { name: 'free', kind: 'count', says: 'Of these, the free ones.' },
  { name: 'freeShare', kind: 'share', of: ['free', 'priced'], says: 'free of priced.' },
]
const countPriced = sql`sum(priced)::bigint as priced, sum(priced - free)::bigint as billable, sum(free)::bigint as free`
const isOnWhatsApp = (f: ReportFilter) => sql`
  k.channel = 'whatsapp' and ${inScope(sql`k.organizer_id`, f)} and ${isOfEvents(sql`k.event_id`, f)} and ${isDayWithin(f)}`

export const whatsappCost: Report = {
  name: 'whatsapp-cost',
  title: 'WhatsAppByDay',
  summary: 'Messages that WhatsApp charged for, and free ones, by day',
  description: 'Of the messages that WhatsApp told a price for, as of the last refresh of the views.',
  takes: ON_EVENTS,
  columns: [{ name: 'day', kind: 'day', says: 'The day in Mexico City on which they were requested.' }, ...PRICED],
  query: (f) => sql`
    select day::text as id, day::text as day, day - date '1970-01-01' as sort, ${countPriced}
      from kpi_deliveries k
     where ${isOnWhatsApp(f)}
     group by day
    having sum(priced) > 0`,
  rowsOf: ({ id: day }, f) => {
    if (f.eventId) return `/events/${f.eventId}/deliveries?channel=whatsapp&limit=200`
    const query = { from: day, to: day, ...(f.type ? { type: f.type } : {}), ...organizerOf(f) }
    return `/director/reports/whatsapp-events?${new URLSearchParams(query).toString()}`
  },
}

export const whatsappEvents: Report = {
  name: 'whatsapp-events',
  title: 'WhatsAppByEvent',
  summary: 'Messages that WhatsApp charged for, and free ones, by event',
  description: 'Of the messages that WhatsApp told a price for, by the day they were requested.',
  takes: ON_EVENTS,
  columns: [
    { name: 'event', kind: 'text', says: 'Name of the event; `id` is its id.' },
    { name: 'organizer', kind: 'text', says: 'Name of its organizer.' },
    ...PRICED,
  ],
  query: (f) => sql`
    select v.id, v.name as event, o.name as organizer, sum(priced)::bigint as sort, ${countPriced}
      from kpi_deliveries k
      join events v on v.id = k.event_id
      join organizers o on o.id = v.organizer_id
     where ${isOnWhatsApp(f)}
     group by v.id, o.id
    having sum(priced) > 0`,
  rowsOf: ({ id }) => `/events/${id}/deliveries?channel=whatsapp&limit=200`,
}
