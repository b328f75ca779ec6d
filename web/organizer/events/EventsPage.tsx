/** Which events do I have? */
import { useNavigate } from '@tanstack/react-router'
import { lazy, Suspense } from 'react'
import { $api, type Schemas } from '../../api/client.ts'
import { BY_CURSOR } from '../../api/pages.ts'
import { Button } from '../../kit/Button.tsx'
import { Dialog } from '../../kit/Dialog.tsx'
import { Choice } from '../../kit/Field.tsx'
import { PagedTable } from '../../kit/PagedTable.tsx'
import { Row } from '../../kit/Row.tsx'
import { useMayEdit } from '../../kit/session.ts'
import { Empty, Loading } from '../../kit/State.tsx'
import { Status } from '../../kit/Status.tsx'
import { useUrl } from '../../kit/url.ts'
import { formatTime } from '../../words/formats.ts'
import { EVENT_STATES } from '../../words/states.ts'
import { WORDS } from './words.ts'

/** The list is there before the form, which few open. */
const EventForm = lazy(() => import('./EventForm.tsx').then((module) => ({ default: module.EventForm })))

type State = Schemas['EventStatus']
export type EventsSearch = { status?: State | undefined; add?: true | undefined }

export function EventsPage() {
  const mayEdit = useMayEdit()
  const navigate = useNavigate()
  const [{ status, add }, setUrl] = useUrl<EventsSearch>()
  const events = $api.useInfiniteQuery('get', '/events', { params: { query: { status } } }, BY_CURSOR)
  const openEvent = (eventId: string) => void navigate({ to: '/events/$eventId', params: { eventId } })
  const newEvent = mayEdit ? (
    <Button look="main" onPress={() => setUrl({ add: true }, true)}>
      {WORDS.add}
    </Button>
  ) : null
  return (
    <>
      <Row isApart>
        <h1>{WORDS.title}</h1>
        {newEvent}
      </Row>
      <Row>
        <Choice
          label={WORDS.status}
          value={status ?? 'all'}
          options={[{ id: 'all', label: WORDS.all }, ...STATES]}
          onChange={(id) => setUrl({ status: id === 'all' ? undefined : id })}
        />
      </Row>
      <PagedTable
        pages={events}
        label={WORDS.title}
        idOf={({ id }) => id}
        onOpen={openEvent}
        empty={status ? <Clear onPress={() => setUrl({ status: undefined })} /> : <Empty>{WORDS.none}</Empty>}
        columns={[
          { id: 'name', title: WORDS.name, cell: ({ name }) => name },
          { id: 'starts', title: WORDS.starts, cell: (event) => formatTime(event.startsAt, event.timeZone) },
          { id: 'place', title: WORDS.place, cell: ({ location }) => location ?? '' },
          {
            id: 'status',
            title: WORDS.status,
            cell: (event) => <Status tone={EVENT_STATES[event.status].tone}>{EVENT_STATES[event.status].text}</Status>,
          },
        ]}
      />
      <Dialog
        title={WORDS.add}
        place="drawer"
        isOpen={mayEdit && add === true}
        onClose={() => setUrl({ add: undefined })}
      >
        <Suspense fallback={<Loading />}>
          <EventForm onDone={({ id }) => openEvent(id)} />
        </Suspense>
      </Dialog>
    </>
  )
}

const STATES = (Object.keys(EVENT_STATES) as State[]).map((id) => ({ id, label: EVENT_STATES[id].text }))

const Clear = ({ onPress }: { onPress: () => void }) => (
  <Empty action={<Button onPress={onPress}>{WORDS.clear}</Button>}>{WORDS.noneSo}</Empty>
)
