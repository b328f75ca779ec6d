/** A send, and the check before its launch. */
import { useQuery } from '@tanstack/react-query'
import { api, type Schemas } from '../../api/client.ts'
import type { Request } from './draft.ts'

export type Campaign = Schemas['Campaign']
export type Preflight = Schemas['Preflight']

export async function checkSend(eventId: string, request: Request): Promise<Preflight> {
  const call = { params: { path: { eventId } }, body: { ...request, dryRun: true } }
  const { data, error } = await api.POST('/events/{eventId}/campaigns', call)
  if (error) throw error
  return data as Preflight
}

export function usePreflight(eventId: string, request: Request | null) {
  return useQuery({
    queryKey: ['preflight', eventId, request],
    queryFn: () => checkSend(eventId, request!),
    enabled: request !== null,
    placeholderData: (before) => before,
    staleTime: 60_000,
  })
}

/** Whether a launch would do what the person has looked at. */
export const isSame = (a: Preflight, b: Preflight): boolean => JSON.stringify(a.counts) === JSON.stringify(b.counts)
