/** Which events do I have? */
import { $api } from '../../api/client.ts'
import { DataTable } from '../../kit/DataTable.tsx'
import { Loaded } from '../../kit/State.tsx'
import { formatTime } from '../../words/formats.ts'
import { pick } from '../../words/locale.ts'

const WORDS = pick({
  es: { title: 'Eventos', name: 'Evento', starts: 'Empieza', none: 'Todavía no hay eventos.' },
  en: { title: 'Events', name: 'Event', starts: 'Starts', none: 'There are no events yet.' },
})

export function EventsPage() {
  const events = $api.useQuery('get', '/events')
  return (
    <>
      <h1>{WORDS.title}</h1>
      <Loaded query={events}>
        {({ data }) => (
          <DataTable
            label={WORDS.title}
            rows={data}
            idOf={({ id }) => id}
            empty={WORDS.none}
            columns={[
              { id: 'name', title: WORDS.name, cell: ({ name }) => name },
              { id: 'starts', title: WORDS.starts, cell: (event) => formatTime(event.startsAt, event.timeZone) },
            ]}
          />
        )}
      </Loaded>
    </>
  )
}
