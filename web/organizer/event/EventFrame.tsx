/** What surrounds the screens of one event: its name, its time and its sections. */
import { Link, Outlet, useRouterState } from '@tanstack/react-router'
import { Loaded } from '../../kit/State.tsx'
import { useMe } from '../../kit/session.ts'
import { Status } from '../../kit/Status.tsx'
import { formatTime } from '../../words/formats.ts'
import { EVENT_STATES } from '../../words/states.ts'
import { useEvent, type Event } from '../shared/event.ts'
import styles from './event.module.css'
import { WORDS } from './words.ts'

export function EventFrame() {
  const event = useEvent()
  return (
    <Loaded query={event}>
      {(data) => (
        <>
          <Sections event={data} />
          <Outlet />
        </>
      )}
    </Loaded>
  )
}

function Sections({ event }: { event: Event }) {
  const isViewer = useMe()?.role === 'viewer'
  const { tone, text } = EVENT_STATES[event.status]
  const base = `/events/${event.id}`
  const isHome = useRouterState({ select: ({ location }) => location.pathname.endsWith(base) })
  return (
    <div className={styles['frame']}>
      <p className={styles['about']}>
        {isHome ? null : <strong>{event.name}</strong>}
        <span>{formatTime(event.startsAt, event.timeZone)}</span>
        <Status tone={tone}>{text}</Status>
        {event.sendingPaused ? <Status tone="warn">{WORDS.paused}</Status> : null}
      </p>
      <nav aria-label={WORDS.sections} className={styles['tabs']}>
        <Link to={base} activeOptions={{ exact: true, includeSearch: false }}>
          {WORDS.event}
        </Link>
        <Link to={`${base}/guests`} activeOptions={{ includeSearch: false }}>
          {WORDS.guests}
        </Link>
        <Link to={`${base}/texts`} activeOptions={{ includeSearch: false }}>
          {WORDS.texts}
        </Link>
        <Link to={`${base}/sends`} activeOptions={{ includeSearch: false }}>
          {WORDS.sends}
        </Link>
        <Link to={`${base}/conversations`} activeOptions={{ includeSearch: false }}>
          {WORDS.conversations}
        </Link>
        {isViewer ? null : (
          <Link to={`${base}/door`} activeOptions={{ includeSearch: false }}>
            {WORDS.door}
          </Link>
        )}
      </nav>
    </div>
  )
}
