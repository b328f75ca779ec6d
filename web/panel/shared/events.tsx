/** The events of an organizer, or of all, to choose one of. */
import { useQuery } from '@tanstack/react-query'
import { api } from '../../api/client.ts'
import { readAll } from '../../api/pages.ts'
import { Choice } from '../../kit/Field.tsx'
import { formatDayOf } from '../../words/formats.ts'
import { pick } from '../../words/locale.ts'

const WORDS = pick({ es: { event: 'Evento', none: 'Todos' }, en: { event: 'Event', none: 'All' } })
const NONE = 'none'
const PAGE_ROWS = 200

export const useEvents = (organizerId: string | undefined) =>
  useQuery({
    queryKey: ['get', '/events', 'all', organizerId ?? null],
    queryFn: ({ signal }) =>
      readAll((at) => {
        const query = { limit: PAGE_ROWS, ...(organizerId ? { organizerId } : {}), ...at }
        return api.GET('/events', { params: { query }, signal })
      }),
  })

type Props = {
  organizerId: string | undefined
  value: string | undefined
  onChange: (eventId: string | undefined) => void
  /** What is chosen when no event is; null: an event must be chosen. */
  none?: string | null
}

export function EventChoice({ organizerId, value, onChange, none = WORDS.none }: Props) {
  const events = useEvents(organizerId).data?.data ?? []
  const options = events.map(({ id, name, startsAt, timeZone }) => ({
    id,
    label: `${name}, ${formatDayOf(startsAt, timeZone)}`,
  }))
  return (
    <Choice
      label={WORDS.event}
      value={value ?? (none === null ? null : NONE)}
      options={[...(none === null ? [] : [{ id: NONE, label: none }]), ...options]}
      onChange={(id) => onChange(id === NONE ? undefined : id)}
    />
  )
}
