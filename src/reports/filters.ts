/** The filters of reports: their schema, and reading them. */
import { Type, type Static } from 'typebox'
import type { Deps } from '../deps.ts'
import { findEvent } from '../events/events.ts'
import { findOrganizer, PERIOD } from '../finance/finance.ts'
import { Id } from '../http/schemas.ts'
import { dayOf, readDays } from '../platform/days.ts'
import { Failure, type FailureCode } from '../platform/errors.ts'
import { CurrencyInput, readCurrency } from '../platform/money.ts'
import { EVENT_TYPES, type ReportFilter } from './report.ts'

export const FILTERS = {
  ...PERIOD,
  eventId: Type.Optional(Id),
  type: Type.Optional(Type.Enum([...EVENT_TYPES], { description: 'Of the event.' })),
  currency: CurrencyInput,
}
const Filters = Type.Object(FILTERS)
/** What `readFilter` throws. */
export const FILTER_PROBLEMS: FailureCode[] = [
  'organizer_not_found',
  'event_not_found',
  'invalid_date',
  'unsupported_currency',
]

/** Reads the filters of a request. An event of another organizer than the one asked for is `event_not_found`. */
export async function readFilter(
  { db, now }: Deps,
  query: Static<typeof Filters>,
  where: string,
): Promise<ReportFilter> {
  const { organizerId = null, eventId = null, type = null } = query
  const currency = readCurrency(query.currency, `${where}.currency`)
  const days = readDays(query)
  if (organizerId !== null && !(await findOrganizer(db, organizerId))) throw new Failure('organizer_not_found')
  if (eventId !== null && !(await findEvent(db, organizerId, eventId))) throw new Failure('event_not_found')
  return { ...days, organizerId, eventId, type, currency, today: dayOf(now()) }
}
