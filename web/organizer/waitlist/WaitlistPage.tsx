/** Who waits for places, how many are free, and who has got some? */
import { useNavigate } from '@tanstack/react-router'
import { $api, type Schemas } from '../../api/client.ts'
import { BY_CURSOR } from '../../api/pages.ts'
import { Button } from '../../kit/Button.tsx'
import { Dialog } from '../../kit/Dialog.tsx'
import { GoTo } from '../../kit/GoTo.tsx'
import { Head } from '../../kit/Head.tsx'
import { PagedTable } from '../../kit/PagedTable.tsx'
import { Panel } from '../../kit/Panel.tsx'
import { useMayEdit } from '../../kit/session.ts'
import { Empty, Loaded } from '../../kit/State.tsx'
import { Status } from '../../kit/Status.tsx'
import { useNowMs, When } from '../../kit/Time.tsx'
import { useUrl } from '../../kit/url.ts'
import { formatNumber } from '../../words/formats.ts'
import { DELIVERY_STATES, type DeliveryState } from '../../words/states.ts'
import { useEvent, useEventPath, useZone, type Event } from '../shared/event.ts'
import { AddForm } from './AddForm.tsx'
import { Line } from './Line.tsx'
import styles from './waitlist.module.css'
import { WORDS } from './words.ts'

export type WaitlistUrl = { add?: true | undefined }
type Summary = Schemas['EventSummary']

const OFTEN_MS = 5000

export function WaitlistPage() {
  const path = useEventPath()
  const event = useEvent()
  const params = { path }
  const summary = $api.useQuery('get', '/events/{eventId}/summary', { params }, { refetchInterval: OFTEN_MS })
  return (
    <Loaded query={event}>
      {(data) => (
        <Loaded query={summary} lines={8}>
          {(numbers) => <Waitlist event={data} summary={numbers} />}
        </Loaded>
      )}
    </Loaded>
  )
}

function Waitlist({ event, summary }: { event: Event; summary: Summary }) {
  const [{ add }, setUrl] = useUrl<WaitlistUrl>()
  const mayEdit = useMayEdit()
  const isOpen = event.status === 'active' && Date.parse(event.startsAt) > useNowMs()
  const close = () => setUrl({ add: undefined })
  return (
    <>
      <Head title={WORDS.title}>
        {mayEdit && isOpen ? (
          <Button look="main" onPress={() => setUrl({ add: true }, true)}>
            {WORDS.add}
          </Button>
        ) : null}
      </Head>
      <p className={styles['about']}>{isOpen ? WORDS.about : WORDS.closed}</p>
      <Places eventId={event.id} summary={summary} mayEdit={mayEdit && isOpen} />
      <Panel title={WORDS.line}>
        <Line free={summary.places.free} isOpen={isOpen} />
      </Panel>
      <Panel title={WORDS.got}>
        <Given />
      </Panel>
      <Dialog title={WORDS.add} isOpen={mayEdit && isOpen && add === true} onClose={close}>
        <AddForm onDone={close} />
      </Dialog>
    </>
  )
}

type PlacesProps = { eventId: string; summary: Summary; mayEdit: boolean }

function Places({ eventId, summary: { places, waiting }, mayEdit }: PlacesProps) {
  const { capacity, taken, free } = places
  return (
    <>
      <dl className={styles['numbers']}>
        <Number name={WORDS.capacity} text={capacity === null ? WORDS.noCapacity : formatNumber(capacity)} />
        <Number name={WORDS.taken} text={formatNumber(taken)} />
        {free === null ? null : <Number name={WORDS.free} text={formatNumber(free)} />}
        <Number
          name={WORDS.waiting}
          text={formatNumber(waiting.guests)}
          note={WORDS.persons(formatNumber(waiting.persons))}
        />
      </dl>
      {capacity === null && mayEdit ? (
        <Empty action={<GoTo to={`/events/${eventId}/edit`}>{WORDS.setCapacity}</GoTo>}>{WORDS.unlimited}</Empty>
      ) : null}
    </>
  )
}

const Number = ({ name, text, note }: { name: string; text: string; note?: string }) => (
  <div>
    <dt>{name}</dt>
    <dd>
      <span className={styles['figure']}>{text}</span> {note ? <span className={styles['note']}>{note}</span> : null}
    </dd>
  </div>
)

function Given() {
  const path = useEventPath()
  const zone = useZone()
  const navigate = useNavigate()
  const params = { path, query: {} }
  const given = $api.useInfiniteQuery(
    'get',
    '/events/{eventId}/waitlist/given',
    { params },
    { ...BY_CURSOR, refetchInterval: OFTEN_MS },
  )
  return (
    <PagedTable
      pages={given}
      label={WORDS.got}
      idOf={({ guestId }) => guestId}
      empty={<Empty>{WORDS.gotNone}</Empty>}
      onOpen={(guest) => void navigate({ to: `/events/${path.eventId}/guests`, search: { guest } })}
      columns={[
        { id: 'name', title: WORDS.columns.name, cell: ({ name }) => name },
        { id: 'persons', title: WORDS.columns.persons, isNumber: true, cell: ({ partySize }) => partySize },
        { id: 'when', title: WORDS.gotColumns.when, cell: ({ confirmedAt }) => <When at={confirmedAt} {...zone} /> },
        { id: 'told', title: WORDS.gotColumns.told, cell: ({ message }) => <Told message={message} /> },
      ]}
    />
  )
}

function Told({ message }: { message: DeliveryState | null }) {
  if (message === null) return <Status tone="warn">{WORDS.untold}</Status>
  const { tone, text } = DELIVERY_STATES[message]
  return <Status tone={tone}>{text}</Status>
}
