/** The filters of reports: their schema, and reading them. */
import { Type, type Static } from 'typebox'
import type { Deps } from '../deps.ts'
import { findEvent } from '../events/events.ts'
import { findOrganizer, PERIOD } from '../finance/finance.ts'
import { Id } from '../http/schemas.ts'
import { dayOf, readDays } from '../platform/values/days.ts'
import { Failure, type FailureCode } from '../platform/errors.ts'
import { CurrencyInput, readCurrency } from '../platform/values/money.ts'
import { EVENT_TYPES, type Extra, type Report, type ReportFilter } from './report.ts'
import { boundSeries, UNITS } from './series.ts'

/** How money comes: entered by hand, as the provider tells it, or else the provider. */
const METHODS = ['transfer', 'cash', 'card', 'other', 'oxxo', 'spei', 'stripe', 'conekta', 'mock']

const EXTRAS = {
  eventId: Type.Optional(Id),
  type: Type.Optional(Type.Enum([...EVENT_TYPES], { description: 'Of the event.' })),
  method: Type.Optional(
    Type.Enum(METHODS, { description: 'How the money came; the provider, when it tells no method.' }),
  ),
  groupBy: Type.Optional(Type.Enum([...UNITS], { description: 'A row for each, zeros too. Weeks begin on Monday.' })),
}
export const FILTERS = { ...PERIOD, currency: CurrencyInput, ...EXTRAS }
const Filters = Type.Object(FILTERS)

/** The filters of a report. */
export const filtersOf = ({ takes }: Report): Partial<typeof FILTERS> => {
  const refused = (Object.keys(EXTRAS) as Extra[]).filter((name) => !takes.includes(name))
  return Object.fromEntries(Object.entries(FILTERS).filter(([name]) => !refused.includes(name as Extra)))
}

/** What `readFilter` throws. */
export const FILTER_PROBLEMS: FailureCode[] = [
  'organizer_not_found',
  'event_not_found',
  'invalid_date',
  'period_too_long',
  'unsupported_currency',
]

/** Reads the filters of a request. An event of another organizer than the one asked for is `event_not_found`. */
export async function readFilter(
  { db, now }: Deps,
  report: Report,
  query: Static<typeof Filters>,
  where: string,
): Promise<ReportFilter> {
  const { organizerId = null, eventId = null, type = null, method = null, groupBy = null } = query
  const currency = readCurrency(query.currency, `${where}.currency`)
  const today = dayOf(now())
  const asked = readDays(query)
  const days = report.isSeries || groupBy ? boundSeries(asked, groupBy ?? 'day', today) : asked
  if (organizerId !== null && !(await findOrganizer(db, organizerId))) throw new Failure('organizer_not_found')
  if (eventId !== null && !(await findEvent(db, organizerId, eventId))) throw new Failure('event_not_found')
  return { ...days, organizerId, eventId, type, method, groupBy, currency, today }
}
