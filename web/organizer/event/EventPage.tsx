/** How many come, and where do we lose them? */
import { Link } from '@tanstack/react-router'
import { $api, type Schemas } from '../../api/client.ts'
import { Button } from '../../kit/Button.tsx'
import { GoTo } from '../../kit/GoTo.tsx'
import { Row } from '../../kit/Row.tsx'
import { useMayEdit } from '../../kit/session.ts'
import { Empty, Loaded } from '../../kit/State.tsx'
import { Age } from '../../kit/Time.tsx'
import { formatNumber } from '../../words/formats.ts'
import { useEvent, useEventPath, type Event } from '../shared/event.ts'
import { useReminder } from '../shared/preflight.ts'
import { EventActions } from './EventActions.tsx'
import { Funnel } from './Funnel.tsx'
import { Notice } from './Notice.tsx'
import styles from './event.module.css'
import { WORDS } from './words.ts'

type Summary = Schemas['EventSummary']

const OFTEN_MS = 15_000

export function EventPage() {
  const path = useEventPath()
  const event = useEvent().data
  const summary = $api.useQuery('get', '/events/{eventId}/summary', { params: { path } }, { refetchInterval: OFTEN_MS })
  const mayEdit = useMayEdit()
  return (
    <>
      <Row isApart>
        <div>
          <h1>{event?.name}</h1>
          {event?.location ? <p className={styles['facts']}>{event.location}</p> : null}
        </div>
        {event && mayEdit ? <EventActions event={event} /> : null}
      </Row>
      {event ? <Notice event={event} mayEdit={mayEdit} /> : null}
      <Loaded query={summary} lines={6}>
        {(data) =>
          data.guests.guests === 0 ? (
            <Empty action={mayEdit ? <Start eventId={path.eventId} /> : null}>{WORDS.empty}</Empty>
          ) : (
            <section aria-labelledby="how" className={styles['card']}>
              <Row isApart>
                <h2 id="how">{WORDS.how}</h2>
                <p className={styles['age']}>
                  {WORDS.updated} <Age at={new Date(summary.dataUpdatedAt).toISOString()} />{' '}
                  <Button look="quiet" isBusy={summary.isFetching} onPress={() => void summary.refetch()}>
                    {WORDS.refresh}
                  </Button>
                </p>
              </Row>
              <Funnel eventId={path.eventId} summary={data} />
              <Places eventId={path.eventId} summary={data} />
              {event && mayEdit ? <Remind event={event} summary={data} /> : null}
            </section>
          )
        }
      </Loaded>
    </>
  )
}

const Start = ({ eventId }: { eventId: string }) => (
  <Row>
    <GoTo look="main" to={`/events/${eventId}/import`}>
      {WORDS.import}
    </GoTo>
    <GoTo to={`/events/${eventId}/guests`} search={{ add: true }}>
      {WORDS.add}
    </GoTo>
  </Row>
)

/** An event with a capacity may be full, and somebody may wait. */
function Places({ eventId, summary: { places, waiting } }: { eventId: string; summary: Summary }) {
  const { capacity, taken, free } = places
  if (capacity === null && waiting.guests === 0) return null
  return (
    <p>
      {capacity === null ? null : WORDS.places(formatNumber(taken), formatNumber(capacity), formatNumber(free))}{' '}
      <Link to={`/events/${eventId}/waitlist`}>
        {waiting.guests === 0 ? WORDS.waitlist : WORDS.waiting(formatNumber(waiting.guests))}
      </Link>
    </p>
  )
}

/** An invitation can be brought to mind while the event is open. */
function Remind({ event: { id, status, endsAt }, summary }: { event: Event; summary: Summary }) {
  // Who said «quizá» has not decided either, and gets the reminder, too.
  const { pending, maybe } = summary.answered
  const undecided = pending.guests + maybe.guests
  if (undecided === 0 || status !== 'active' || Date.parse(endsAt) < Date.now()) return null
  return <Reminder eventId={id} undecided={undecided} />
}

/** Says how many the reminder would reach: not all who are undecided have an address, and some have got it. */
function Reminder({ eventId, undecided }: { eventId: string; undecided: number }) {
  const check = useReminder(eventId, undecided).data
  if (!check) return null
  const count = formatNumber(check.counts.valid)
  const isNobody = check.counts.valid === 0
  return (
    <Row>
      <GoTo
        look={isNobody ? 'plain' : 'main'}
        to={`/events/${eventId}/sends/new`}
        search={{ template: 'event_reminder', status: 'pending' }}
      >
        {isNobody ? WORDS.whyNot : WORDS.remindCount(count)}
      </GoTo>
      {check.counts.valid < undecided ? (
        <p className={styles['facts']}>{WORDS.remindOf(count, formatNumber(undecided))}</p>
      ) : null}
    </Row>
  )
}
