/** Does the door keep up? */
import { useQueryClient } from '@tanstack/react-query'
import { useEffect, useState } from 'react'
import { $api, type Schemas } from '../../api/client.ts'
import { openStream } from '../../api/stream.ts'
import { DataTable } from '../../kit/DataTable.tsx'
import { Row } from '../../kit/Row.tsx'
import { Empty, Loaded } from '../../kit/State.tsx'
import { Status } from '../../kit/Status.tsx'
import { useNowMs } from '../../kit/Time.tsx'
import { formatAge, formatNumber, formatTime } from '../../words/formats.ts'
import { useEvent, useEventPath } from '../shared/event.ts'
import { Arrivals } from './Arrivals.tsx'
import { Conflicts } from './Conflicts.tsx'
import styles from './door.module.css'
import { Scans } from './Scans.tsx'
import { WORDS } from './words.ts'

type Door = Schemas['Door']
type Gate = Schemas['Gate']

export function DoorPage() {
  const path = useEventPath()
  const door = $api.useQuery('get', '/events/{eventId}/door', { params: { path } })
  const isLive = useLive(path.eventId)
  return (
    <>
      <Row isApart>
        <h1>{WORDS.title}</h1>
        <Status tone={isLive ? 'ok' : 'warn'}>{isLive ? WORDS.live : WORDS.reconnecting}</Status>
      </Row>
      <Loaded query={door} lines={6}>
        {(data) => (
          <>
            <Tiles door={data} />
            <Gates door={data} />
            {/* Its scans are part of the keys of what is below, so that they follow the stream. */}
            <Arrivals version={data.persons.admitted} />
            <Conflicts version={data.conflicts} />
            <Scans version={versionOf(data)} />
          </>
        )}
      </Loaded>
    </>
  )
}

const versionOf = ({ gates }: Door) => gates.map(({ lastSeenAt, undone }) => `${lastSeenAt} ${undone}`).join()

/** Keeps the state of the door up to date by its stream. Tells whether it is open. */
function useLive(eventId: string): boolean {
  const queries = useQueryClient()
  const [isOpen, setOpen] = useState(false)
  useEffect(() => {
    const key = ['get', '/events/{eventId}/door', { params: { path: { eventId } } }]
    const take = (_name: string, data: unknown) => queries.setQueryData(key, data)
    return openStream(`/events/${eventId}/door/stream`, ['door'], take, setOpen)
  }, [eventId, queries])
  return isOpen
}

function Tiles({ door }: { door: Door }) {
  const event = useEvent().data
  const { persons, scansLastMinute, duplicates, conflicts, opensAt, closesAt } = door
  const { inside, places, admitted } = persons
  return (
    <>
      {event ? (
        <p className={styles['soft']}>
          {WORDS.hours(formatTime(opensAt, event.timeZone), formatTime(closesAt, event.timeZone))}
        </p>
      ) : null}
      <ul className={styles['tiles']}>
        <Tile name={WORDS.inside} value={WORDS.ofPlaces(formatNumber(inside), formatNumber(places))}>
          {WORDS.came(formatNumber(admitted))}
        </Tile>
        <Tile name={WORDS.pace} value={WORDS.perMinute(formatNumber(scansLastMinute))} />
        <Tile name={WORDS.duplicates} value={formatNumber(duplicates)} />
        <Tile name={WORDS.conflicts} value={formatNumber(conflicts)} isBad={conflicts > 0} />
      </ul>
    </>
  )
}

type TileProps = { name: string; value: string; isBad?: boolean; children?: string }

const Tile = ({ name, value, isBad = false, children }: TileProps) => (
  <li className={isBad ? styles['bad'] : ''}>
    <span className={styles['soft']}>{name}</span>
    <strong>{value}</strong>
    {children ? <span className={styles['soft']}>{children}</span> : null}
  </li>
)

function Gates({ door: { gates, closesAt } }: { door: Door }) {
  return (
    <section>
      <h2>{WORDS.gates}</h2>
      <DataTable
        label={WORDS.gates}
        rows={gates}
        idOf={({ gate }) => gate ?? ''}
        empty={<Empty>{WORDS.none}</Empty>}
        columns={[
          { id: 'gate', title: WORDS.gate, cell: ({ gate }) => gate ?? WORDS.noGate },
          { id: 'admitted', title: WORDS.admitted, isNumber: true, cell: ({ admitted }) => formatNumber(admitted) },
          { id: 'left', title: WORDS.left, isNumber: true, cell: ({ left }) => formatNumber(left) },
          { id: 'twice', title: WORDS.duplicates, isNumber: true, cell: ({ duplicates }) => formatNumber(duplicates) },
          { id: 'refused', title: WORDS.refused, isNumber: true, cell: ({ refused }) => formatNumber(refused) },
          { id: 'state', title: WORDS.state, cell: (gate) => <GateState gate={gate} closesAt={closesAt} /> },
        ]}
      />
    </section>
  )
}

function GateState({ gate, closesAt }: { gate: Gate; closesAt: string }) {
  const { isSilent, lastSeenAt, offlineLagSeconds } = gate
  const nowMs = useNowMs()
  if (nowMs > Date.parse(closesAt)) return <Status tone="none">{WORDS.closed}</Status>
  if (offlineLagSeconds !== null && offlineLagSeconds >= 60)
    return <Status tone="warn">{WORDS.lag(formatNumber(Math.floor(offlineLagSeconds / 60)))}</Status>
  if (isSilent) return <Status tone="warn">{WORDS.silent(formatAge(lastSeenAt, nowMs))}</Status>
  return <Status tone="ok">{WORDS.working}</Status>
}
