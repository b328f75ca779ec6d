/** Who did something: people by their ids; programs and keys keep the name they act under. */
import { useQuery } from '@tanstack/react-query'
import { api } from '../../api/client.ts'
import { readAll } from '../../api/pages.ts'

const PAGE_ROWS = 200

export const useUsers = () =>
  useQuery({
    queryKey: ['get', '/users', 'all'],
    queryFn: ({ signal }) =>
      readAll((at) => api.GET('/users', { params: { query: { limit: PAGE_ROWS, ...at } }, signal })),
  })

/** Returns the name of a user; its id while the names are not there, or when it is not a user's. */
export function useUserNames(): (id: string) => string {
  const { data } = useUsers()
  const names = new Map(data?.data.map(({ id, name }) => [id, name]))
  return (id) => names.get(id) ?? id
}
