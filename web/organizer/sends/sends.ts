/** A send, and the check before its launch. */
import { useQuery } from '@tanstack/react-query'
import type { Schemas } from '../../api/client.ts'
import { checkSend, RARELY, type Preflight, type SendRequest } from '../shared/preflight.ts'

export type Campaign = Schemas['Campaign']

export function usePreflight(eventId: string, request: SendRequest | null) {
  return useQuery({
    queryKey: ['preflight', eventId, request],
    queryFn: () => checkSend(eventId, request!),
    enabled: request !== null,
    placeholderData: (before) => before,
    staleTime: 60_000,
    ...RARELY,
  })
}

/** Whether a launch would do what the person has looked at. */
export const isSame = (a: Preflight, b: Preflight): boolean => JSON.stringify(a.counts) === JSON.stringify(b.counts)
