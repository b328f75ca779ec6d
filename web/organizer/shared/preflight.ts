/** The check before a send: who would get it, who is left out, and what it may cost. It sends nothing. */
import { useQuery } from '@tanstack/react-query'
import { api, type Schemas } from '../../api/client.ts'
import type { Sendable } from '../../words/templates.ts'

export type Preflight = Schemas['Preflight']

/** `scheduledAt`: an instant; absent: at once. */
export type SendRequest = {
  template: Sendable
  channel: Schemas['ChannelChoice']
  filter: { status?: Schemas['GuestStatus'][]; tags?: string[] }
  variables: Record<string, string>
  scheduledAt?: string
}

/** A check is kept by the API, so it is made when somebody needs it, and not by the clock. */
export const RARELY = { refetchInterval: false, refetchOnWindowFocus: false } as const
const REMINDER_FRESH_MS = 300_000

export async function checkSend(eventId: string, request: SendRequest): Promise<Preflight> {
  const call = { params: { path: { eventId } }, body: { ...request, dryRun: true } }
  const { data, error } = await api.POST('/events/{eventId}/campaigns', call)
  if (error) throw error
  return data as Preflight
}

/** What the reminder would do: it goes to who has not decided. `undecided`: when it changes, the check is made again. */
export function useReminder(eventId: string, undecided: number) {
  const request: SendRequest = {
    template: 'event_reminder',
    channel: 'auto',
    filter: { status: ['pending'] },
    variables: {},
  }
  return useQuery({
    queryKey: ['reminder', eventId, undecided],
    queryFn: () => checkSend(eventId, request),
    ...RARELY,
    staleTime: REMINDER_FRESH_MS,
  })
}
