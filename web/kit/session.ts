/** Who uses the page. The shell has loaded it before any screen is drawn. */
import { $api, type Schemas } from '../api/client.ts'

export type Me = Schemas['User']

export function useMe(): Me | undefined {
  return $api.useQuery('get', '/auth/me', undefined, { staleTime: Infinity }).data?.user
}

/** Whether buttons that change something are drawn: viewers only read. */
export function useMayEdit(): boolean {
  const role = useMe()?.role
  return role === 'organizer' || role === 'director'
}
