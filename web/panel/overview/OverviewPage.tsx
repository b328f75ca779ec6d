/** Are we owed, does money come in, what needs me? */
import { useQueryClient } from '@tanstack/react-query'
import { $api } from '../../api/client.ts'
import { Button } from '../../kit/Button.tsx'
import { Loaded } from '../../kit/State.tsx'
import { Age } from '../../kit/Time.tsx'
import { useUrl } from '../../kit/url.ts'
import { FilterBar } from '../shared/FilterBar.tsx'
import { periodOf, todayInMexico, type Filters } from '../shared/period.ts'
import { AttendanceFigure, TicketsFigure, WhatsAppFigure } from './GuestFigures.tsx'
import { AgeingFigure, DebtFigure, TopFigure } from './MoneyFigures.tsx'
import { PaymentsFigure } from './PaymentsFigure.tsx'
import { Tiles } from './Tiles.tsx'
import { WORDS } from './words.ts'
import { YourTurn } from './YourTurn.tsx'
import styles from './overview.module.css'

export function OverviewPage() {
  const [filters, change] = useUrl<Filters>()
  const period = periodOf(filters, todayInMexico())
  const query = { ...period, ...(filters.organizerId ? { organizerId: filters.organizerId } : {}) }
  const overview = $api.useQuery('get', '/director/overview', { params: { query } }, { placeholderData: (old) => old })
  const queries = useQueryClient()
  return (
    <>
      <div className={styles['head']}>
        <h1>{WORDS.title}</h1>
        <p className={styles['age']}>
          {overview.data ? (
            <>
              {WORDS.asOf} <Age at={overview.data.refreshedAt} />
            </>
          ) : null}
          <Button look="quiet" isBusy={overview.isFetching} onPress={() => void queries.invalidateQueries()}>
            {WORDS.refresh}
          </Button>
        </p>
      </div>
      <FilterBar filters={filters} onChange={change} />
      <Loaded query={overview} lines={5}>
        {(data) => (
          <>
            <Tiles overview={data} filters={query} />
            <YourTurn />
            <div className={styles['figures']}>
              <PaymentsFigure query={query} asOf={data.asOf} />
              <DebtFigure query={query} asOf={data.asOf} />
              <AgeingFigure query={query} asOf={data.asOf} />
              <TopFigure query={query} asOf={data.asOf} />
              <TicketsFigure query={query} overview={data} />
              <AttendanceFigure query={query} overview={data} />
              <WhatsAppFigure query={query} overview={data} />
            </div>
          </>
        )}
      </Loaded>
    </>
  )
}
