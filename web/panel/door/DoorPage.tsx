/** Who came in twice, through which gates? */
import { $api, type Schemas } from '../../api/client.ts'
import { BY_CURSOR } from '../../api/pages.ts'
import { Head } from '../../kit/Head.tsx'
import { PagedTable } from '../../kit/PagedTable.tsx'
import { Facts, Panel } from '../../kit/Panel.tsx'
import { Row } from '../../kit/Row.tsx'
import { Empty, Loaded } from '../../kit/State.tsx'
import { useUrl } from '../../kit/url.ts'
import { formatNumber, formatTime } from '../../words/formats.ts'
import { pick } from '../../words/locale.ts'
import { EventChoice, useEvents } from '../shared/events.tsx'
import { OrganizerChoice } from '../shared/FilterBar.tsx'

const WORDS = pick({
  es: {
    title: 'Puerta',
    choose: 'Elige un evento para ver sus dobles entradas.',
    now: 'Ahora',
    inside: 'Adentro',
    of: (inside: string, places: string) => `${inside} de ${places} ${places === '1' ? 'persona' : 'personas'}`,
    duplicates: 'Códigos que ya habían entrado',
    conflicts: 'Dobles entradas',
    none: 'Nadie entró dos veces.',
    guest: 'Invitado',
    persons: 'Personas',
    first: 'Primera entrada',
    second: 'Segunda entrada',
    noGate: 'sin puerta',
  },
  en: {
    title: 'Door',
    choose: 'Choose an event to see its double entries.',
    now: 'Now',
    inside: 'Inside',
    of: (inside: string, places: string) => `${inside} of ${places} ${places === '1' ? 'person' : 'people'}`,
    duplicates: 'Codes that had entered before',
    conflicts: 'Double entries',
    none: 'Nobody entered twice.',
    guest: 'Guest',
    persons: 'People',
    first: 'First entry',
    second: 'Second entry',
    noGate: 'no gate',
  },
})

export function DoorPage() {
  const [{ organizerId, eventId }, change] = useUrl<{ organizerId?: string; eventId?: string }>()
  return (
    <>
      <Head title={WORDS.title} />
      <Row>
        <OrganizerChoice value={organizerId} onChange={(id) => change({ organizerId: id, eventId: undefined })} />
        <EventChoice organizerId={organizerId} value={eventId} onChange={(id) => change({ eventId: id })} none={null} />
      </Row>
      {eventId ? <Conflicts key={eventId} eventId={eventId} /> : <Empty>{WORDS.choose}</Empty>}
    </>
  )
}

function Conflicts({ eventId }: { eventId: string }) {
  const params = { path: { eventId } }
  const door = $api.useQuery('get', '/events/{eventId}/door', { params })
  const conflicts = $api.useInfiniteQuery('get', '/events/{eventId}/door/conflicts', { params }, BY_CURSOR)
  const zone = useEvents(undefined).data?.data.find(({ id }) => id === eventId)?.timeZone
  const show = ({ at, gate, device, by }: Schemas['DoorConflict']['first']) =>
    `${formatTime(at, zone)}, ${gate ?? WORDS.noGate}, ${device ?? by}`
  return (
    <>
      <Panel title={WORDS.now}>
        <Loaded query={door} lines={2}>
          {({ persons, duplicates }) => (
            <Facts
              facts={[
                [WORDS.inside, WORDS.of(formatNumber(persons.inside), formatNumber(persons.places))],
                [WORDS.duplicates, formatNumber(duplicates)],
              ]}
            />
          )}
        </Loaded>
      </Panel>
      <Panel title={WORDS.conflicts}>
        <PagedTable<Schemas['DoorConflict']>
          pages={conflicts}
          label={WORDS.conflicts}
          idOf={({ id }) => id}
          empty={WORDS.none}
          columns={[
            { id: 'guest', title: WORDS.guest, cell: ({ guestName }) => guestName },
            { id: 'persons', title: WORDS.persons, isNumber: true, cell: ({ persons }) => formatNumber(persons) },
            { id: 'first', title: WORDS.first, cell: ({ first }) => show(first) },
            { id: 'second', title: WORDS.second, cell: ({ second }) => show(second) },
          ]}
        />
      </Panel>
    </>
  )
}
