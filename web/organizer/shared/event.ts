/** The event that the screens below `/events/$eventId` are about. */
import { $api, type Schemas } from '../../api/client.ts'
import { usePath } from '../../kit/url.ts'

export type Event = Schemas['Event']

/** The path parameters of the API's routes below `/events/{eventId}`. */
export function useEventPath(): { eventId: string } {
  return { eventId: usePath('eventId') }
}

/** For times of the event; nothing before the event is there. */
export function useZone(): { timeZone?: string } {
  const event = useEvent().data
  return event ? { timeZone: event.timeZone } : {}
}

export function useEvent() {
  return $api.useQuery('get', '/events/{eventId}', { params: { path: useEventPath() } })
}
