/** Who did something: people by their ids; programs and keys keep the name they act under. */
import { $api } from '../../api/client.ts'

const PAGE_ROWS = 200

export const useUsers = () => $api.useQuery('get', '/users', { params: { query: { limit: PAGE_ROWS } } })

/** Returns the name of a user; its id while the names are not there, or when it is not a user's. */
export function useUserNames(): (id: string) => string {
  const { data } = useUsers()
  const names = new Map(data?.data.map(({ id, name }) => [id, name]))
  return (id) => names.get(id) ?? id
}
