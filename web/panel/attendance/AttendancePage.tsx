/** Do guests confirm, and do they come? By the day of the events, or for one event. */
import { useReport } from '../../charts/reports.ts'
import { DataTable } from '../../kit/DataTable.tsx'
import { Head } from '../../kit/Head.tsx'
import { Facts, Panel } from '../../kit/Panel.tsx'
import { Loaded } from '../../kit/State.tsx'
import { useUrl } from '../../kit/url.ts'
import { $api } from '../../api/client.ts'
import { formatDay, formatNumber, formatShare } from '../../words/formats.ts'
import { pick } from '../../words/locale.ts'
import { EventChoice } from '../shared/events.tsx'
import { FilterBar } from '../shared/FilterBar.tsx'
import { periodOf, todayInMexico, type Filters } from '../shared/period.ts'

const WORDS = pick({
  es: {
    title: 'Asistencia',
    byDay: 'Por día del evento',
    day: 'Día',
    events: 'Eventos',
    guests: 'Invitados',
    confirmed: 'Confirmaron',
    declined: 'No vienen',
    pending: 'Sin contestar',
    came: 'Llegaron',
    showUp: 'De quienes confirmaron',
    none: 'Sin eventos en estas fechas.',
    event: 'Este evento',
    delivered: 'Mensaje entregado, sin leer',
    read: 'Mensaje leído',
    admitted: 'Entraron',
    persons: (guests: string, persons: string) => `${guests} (${persons} personas)`,
  },
  en: {
    title: 'Attendance',
    byDay: 'By day of the event',
    day: 'Day',
    events: 'Events',
    guests: 'Guests',
    confirmed: 'Confirmed',
    declined: 'Not coming',
    pending: 'No answer',
    came: 'Came',
    showUp: 'Of those who confirmed',
    none: 'No events on these days.',
    event: 'This event',
    delivered: 'Message delivered, not read',
    read: 'Message read',
    admitted: 'Admitted',
    persons: (guests: string, persons: string) => `${guests} (${persons} people)`,
  },
})

export function AttendancePage() {
  const [url, change] = useUrl<Filters & { eventId?: string }>()
  const { organizerId, eventId } = url
  const today = todayInMexico()
  const query = {
    ...periodOf(url, today),
    ...(organizerId ? { organizerId } : {}),
    ...(eventId ? { eventId } : {}),
  }
  const confirmation = useReport('confirmation', query)
  const showUp = useReport('show-up', query)
  const arrivals = new Map(showUp.data?.data.map((row) => [row.id, row]))
  return (
    <>
      <Head title={WORDS.title} />
      <FilterBar
        filters={url}
        onChange={(part) => change('organizerId' in part ? { ...part, eventId: undefined } : part)}
      >
        <EventChoice organizerId={organizerId} value={eventId} onChange={(id) => change({ eventId: id })} />
      </FilterBar>
      {eventId ? <EventNumbers eventId={eventId} /> : null}
      <Panel title={WORDS.byDay}>
        <Loaded query={confirmation}>
          {({ data }) => (
            <DataTable
              label={WORDS.byDay}
              rows={data.toReversed()}
              idOf={({ id }) => id}
              empty={WORDS.none}
              columns={[
                { id: 'day', title: WORDS.day, cell: ({ id }) => formatDay(id) },
                { id: 'events', title: WORDS.events, isNumber: true, cell: ({ events }) => formatNumber(events) },
                { id: 'guests', title: WORDS.guests, isNumber: true, cell: ({ guests }) => formatNumber(guests) },
                {
                  id: 'confirmed',
                  title: WORDS.confirmed,
                  isNumber: true,
                  cell: ({ confirmed, guests }) => formatShare(confirmed, guests),
                },
                {
                  id: 'declined',
                  title: WORDS.declined,
                  isNumber: true,
                  cell: ({ declined }) => formatNumber(declined),
                },
                { id: 'pending', title: WORDS.pending, isNumber: true, cell: ({ pending }) => formatNumber(pending) },
                {
                  id: 'came',
                  title: WORDS.came,
                  isNumber: true,
                  cell: ({ id }) => formatNumber(id > today ? null : (arrivals.get(id)?.entered ?? null)),
                },
                {
                  id: 'showUp',
                  title: WORDS.showUp,
                  isNumber: true,
                  cell: ({ id }) => {
                    const row = arrivals.get(id)
                    return id > today || !row ? '—' : formatShare(row.confirmedEntered, row.confirmed)
                  },
                },
              ]}
            />
          )}
        </Loaded>
      </Panel>
    </>
  )
}

/** The steps of one event, as they are now. */
function EventNumbers({ eventId }: { eventId: string }) {
  const summary = $api.useQuery('get', '/events/{eventId}/summary', { params: { path: { eventId } } })
  const show = ({ guests, persons }: { guests: number; persons: number }) =>
    WORDS.persons(formatNumber(guests), formatNumber(persons))
  return (
    <Panel title={WORDS.event}>
      <Loaded query={summary}>
        {({ guests, delivered, read, answered, admitted }) => (
          <Facts
            facts={[
              [WORDS.guests, show(guests)],
              [WORDS.delivered, show(delivered)],
              [WORDS.read, show(read)],
              [WORDS.confirmed, show(answered.yes)],
              [WORDS.pending, show(answered.pending)],
              [WORDS.admitted, show(admitted)],
            ]}
          />
        )}
      </Loaded>
    </Panel>
  )
}
