/** The organizers by their ids, for lists that have ids and for the choice of one. */
import { $api } from '../../api/client.ts'

const PAGE_ROWS = 200

export const useOrganizers = () => $api.useQuery('get', '/organizers', { params: { query: { limit: PAGE_ROWS } } })

/** Returns the name of an organizer; its id while the names are not there. */
export function useOrganizerNames(): (id: string | null) => string {
  const { data } = useOrganizers()
  const names = new Map(data?.data.map(({ id, name }) => [id, name]))
  return (id) => (id === null ? '—' : (names.get(id) ?? id))
}
