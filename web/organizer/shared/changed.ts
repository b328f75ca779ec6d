/** After a guest has changed, every screen asks again. */
import { useQueryClient } from '@tanstack/react-query'

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
  }
}
