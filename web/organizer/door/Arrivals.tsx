/** How many came in, by five minutes and gate. */
import { keepPreviousData } from '@tanstack/react-query'
import { $api } from '../../api/client.ts'
import { Loaded } from '../../kit/State.tsx'
import { formatClock, formatNumber } from '../../words/formats.ts'
import { useEvent, useEventPath } from '../shared/event.ts'
import { colourOf, columnsOf, rankGates, type Arrival, type Column } from './columns.ts'
import styles from './door.module.css'
import { WORDS } from './words.ts'

export function Arrivals({ version }: { version: number }) {
  const init = { params: { path: useEventPath() }, version }
  const arrivals = $api.useQuery('get', '/events/{eventId}/door/arrivals', init, { placeholderData: keepPreviousData })
  return (
    <section>
      <h2>{WORDS.arrivals}</h2>
      <Loaded query={arrivals}>
        {({ data }) => (data.length === 0 ? <p className={styles['soft']}>{WORDS.none}</p> : <Chart arrivals={data} />)}
      </Loaded>
    </section>
  )
}

/** The widest that a column gets. */
const COLUMN_PX = 40

function Chart({ arrivals }: { arrivals: readonly Arrival[] }) {
  const timeZone = useEvent().data?.timeZone
  const clock = (at: string) => formatClock(at, timeZone).slice(0, 5)
  const columns = columnsOf(arrivals)
  const ranked = rankGates(arrivals)
  const peak = columns.reduce((most, one) => (one.total > most.total ? one : most))
  const total = columns.reduce((sum, one) => sum + one.total, 0)
  const conclusion = WORDS.arrivalsSum(formatNumber(total), formatNumber(peak.total), clock(peak.at))
  return (
    <figure className={styles['figure']}>
      <div
        role="img"
        aria-label={conclusion}
        className={styles['chart']}
        style={{ inlineSize: `min(100%, ${Math.max(columns.length, 3) * COLUMN_PX}px)` }}
      >
        <span className={styles['top']}>{formatNumber(peak.total)}</span>
        <div className={styles['columns']}>
          {columns.map((column) => (
            <Bar key={column.at} column={column} highest={peak.total} ranked={ranked} label={clock(column.at)} />
          ))}
        </div>
        <span className={styles['ends']}>
          <span>{clock(columns[0]!.at)}</span>
          <span>{clock(columns.at(-1)!.at)}</span>
        </span>
      </div>
      <ul className={styles['legend']}>
        {ranked.slice(0, 4).map((gate, index) => (
          <li key={gate ?? ''} className={styles[`gate-${index + 1}`]}>
            {index === 3 && ranked.length > 4 ? WORDS.others : (gate ?? WORDS.noGate)}
          </li>
        ))}
      </ul>
      <figcaption className={styles['soft']}>
        {conclusion}. {timeZone ? WORDS.zone(timeZone.split('/').at(-1)!.replaceAll('_', ' ')) : ''}
      </figcaption>
      <details>
        <summary>{WORDS.table}</summary>
        <TableOf columns={columns} clock={clock} />
      </details>
    </figure>
  )
}

type BarProps = { column: Column; highest: number; ranked: (string | null)[]; label: string }

const Bar = ({ column: { total, parts }, highest, ranked, label }: BarProps) => (
  <span className={styles['column']} title={`${label}: ${formatNumber(total)}`}>
    {parts.map(({ gate, persons }) => (
      <span
        key={gate ?? ''}
        className={styles[`gate-${colourOf(ranked, gate)}`]}
        style={{ blockSize: `${(100 * persons) / highest}%` }}
      />
    ))}
  </span>
)

function TableOf({ columns, clock }: { columns: Column[]; clock: (at: string) => string }) {
  return (
    <table className={styles['table']}>
      <thead>
        <tr>
          <th scope="col">{WORDS.time}</th>
          <th scope="col">{WORDS.persons}</th>
          <th scope="col">{WORDS.gate}</th>
        </tr>
      </thead>
      <tbody>
        {columns
          .filter(({ total }) => total > 0)
          .map(({ at, total, parts }) => (
            <tr key={at}>
              <th scope="row">{clock(at)}</th>
              <td>{formatNumber(total)}</td>
              <td>{parts.map(({ gate, persons }) => `${gate ?? WORDS.noGate} ${formatNumber(persons)}`).join(', ')}</td>
            </tr>
          ))}
      </tbody>
    </table>
  )
}
