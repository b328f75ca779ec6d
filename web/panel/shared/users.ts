/** Who did something: people by their ids; keys keep the name they act under. */
import { useQuery } from '@tanstack/react-query'
import { api } from '../../api/client.ts'
import { readAll } from '../../api/pages.ts'
import { pick } from '../../words/locale.ts'

/** What acts without a person who has logged in. */
const PROGRAMS: Record<string, string> = pick({
  es: {
    'forgotten-password': 'Enlace de contraseña olvidada',
    'set-password': 'Comando set-password',
    clock: 'El sistema, a su hora',
  },
  en: {
    'forgotten-password': 'Link for a forgotten password',
    'set-password': 'The command set-password',
    clock: 'The system, in time',
  },
})

const PAGE_ROWS = 200

export const useUsers = () =>
  useQuery({
    queryKey: ['get', '/users', 'all'],
    queryFn: ({ signal }) =>
      readAll((at) => api.GET('/users', { params: { query: { limit: PAGE_ROWS, ...at } }, signal })),
  })

/** Returns the name of a user, or of a program; its id while the names are not there, or when it is neither's. */
export function useUserNames(): (id: string) => string {
  const { data } = useUsers()
  const names = new Map(data?.data.map(({ id, name }) => [id, name]))
  return (id) => names.get(id) ?? PROGRAMS[id] ?? id
}
