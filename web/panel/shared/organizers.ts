/** The organizers by their ids, for lists that have ids and for the choice of one. */
import { useQuery } from '@tanstack/react-query'
import { api } from '../../api/client.ts'
import { readAll } from '../../api/pages.ts'

const PAGE_ROWS = 200

export const useOrganizers = () =>
  useQuery({
    queryKey: ['get', '/organizers', 'all'],
    queryFn: ({ signal }) =>
      readAll((at) => api.GET('/organizers', { params: { query: { limit: PAGE_ROWS, ...at } }, signal })),
  })

/** Returns the name of an organizer; its id while the names are not there. */
export function useOrganizerNames(): (id: string | null) => string {
  const { data } = useOrganizers()
  const names = new Map(data?.data.map(({ id, name }) => [id, name]))
  return (id) => (id === null ? '—' : (names.get(id) ?? id))
}
