/** Which events have the messages that WhatsApp charged for, and the free ones? */
import { useReport } from '../../charts/reports.ts'
import { DataTable } from '../../kit/DataTable.tsx'
import { GoTo } from '../../kit/GoTo.tsx'
import { Head } from '../../kit/Head.tsx'
import { Facts, Panel } from '../../kit/Panel.tsx'
import { Loaded } from '../../kit/State.tsx'
import { useUrl } from '../../kit/url.ts'
import { formatNumber, formatRatio } from '../../words/formats.ts'
import { FilterBar } from '../shared/FilterBar.tsx'
import { periodOf, todayInMexico, type Filters } from '../shared/period.ts'
import { WORDS } from './words.ts'

export function CostPage() {
  const [url, change] = useUrl<Filters>()
  const { organizerId } = url
  const query = { ...periodOf(url, todayInMexico()), ...(organizerId ? { organizerId } : {}) }
  const cost = useReport('whatsapp-events', query)
  return (
    <>
      <Head title={WORDS.cost}>
        <GoTo to="/messages">{WORDS.back}</GoTo>
      </Head>
      <FilterBar filters={url} onChange={change} />
      <Panel>
        <Loaded query={cost}>
          {({ data, totals }) => (
            <>
              <Facts
                facts={[
                  [WORDS.free, formatNumber(totals.free)],
                  [WORDS.charged, formatNumber(totals.billable)],
                  [WORDS.share, formatRatio(totals.freeShare)],
                ]}
              />
              <DataTable
                label={WORDS.cost}
                rows={data}
                idOf={({ id }) => id}
                empty={WORDS.noMessages}
                columns={[
                  // Guests with what was sent to each: a screen of the organizer's pages, which the Director may open.
                  { id: 'event', title: WORDS.event, cell: ({ id, event }) => <a href={guestsOf(id)}>{event}</a> },
                  { id: 'organizer', title: WORDS.organizer, cell: ({ organizer }) => organizer },
                  { id: 'free', title: WORDS.free, isNumber: true, cell: ({ free }) => formatNumber(free) },
                  {
                    id: 'charged',
                    title: WORDS.charged,
                    isNumber: true,
                    cell: ({ billable }) => formatNumber(billable),
                  },
                  { id: 'share', title: WORDS.share, isNumber: true, cell: ({ freeShare }) => formatRatio(freeShare) },
                ]}
              />
              {data.length < totals.rows ? (
                <p>{WORDS.cut(formatNumber(data.length), formatNumber(totals.rows))}</p>
              ) : null}
            </>
          )}
        </Loaded>
      </Panel>
    </>
  )
}

const guestsOf = (eventId: string) => `/organizer/events/${eventId}/guests`
