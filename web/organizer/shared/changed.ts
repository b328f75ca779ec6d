/** After a guest or an event has changed, every screen asks again. */
import { useQueryClient, type QueryClient } from '@tanstack/react-query'

/** What was computed from guests and their event, to be looked at before a send. */
const LOOKS = ['preview', 'preflight', 'reminder']

export function looksChanged(queries: QueryClient): void {
  for (const look of LOOKS) void queries.invalidateQueries({ queryKey: [look] })
}

/** Returns what tells it. */
export function useGuestsChanged(): () => void {
  const queries = useQueryClient()
  return () => {
    for (const path of [
      '/guests',
      '/guests/{guestId}',
      '/guests/{guestId}/rsvp',
      '/deliveries',
      '/summary',
      '/waitlist',
      '/waitlist/given',
      '/conversations',
      '/conversations/{guestId}',
    ])
      void queries.invalidateQueries({ queryKey: ['get', `/events/{eventId}${path}`] })
    void queries.invalidateQueries({ queryKey: ['get', '/deliveries/{deliveryId}'] })
    looksChanged(queries)
  }
}
