/** What a send is made of: its form, the request that the form makes, and the check before the launch. */
import { useQuery } from '@tanstack/react-query'
import { api, type Schemas } from '../../api/client.ts'
import { toInstant } from '../../kit/zone.ts'
import type { Sendable } from '../../words/templates.ts'
import type { Event } from '../shared/event.ts'

export type Campaign = Schemas['Campaign']
export type Preflight = Schemas['Preflight']
type Channel = Schemas['ChannelChoice']
type Status = Schemas['GuestStatus']

/** What the form says; all of it lives in the URL. `at`: local time of the event's zone. */
export type Draft = {
  template?: Sendable | undefined
  status?: Status | undefined
  tag?: string | undefined
  channel?: Channel | undefined
  text?: string | undefined
  at?: string | undefined
}

export type Request = {
  template: Sendable
  channel: Channel
  filter: { status?: Status[]; tags?: string[] }
  variables: Record<string, string>
  scheduledAt?: string
}

/** Null while the draft lacks the text of its notice. */
export function requestOf(draft: Draft, event: Event): Request | null {
  const { template = 'event_invitation', status, tag, channel = 'auto', text, at } = draft
  if (template === 'event_update' && !text?.trim()) return null
  return {
    ...{ template, channel },
    filter: { ...(status ? { status: [status] } : {}), ...(tag ? { tags: [tag] } : {}) },
    variables: template === 'event_update' ? { update_text: text! } : {},
    ...(at ? { scheduledAt: toInstant(at, event.timeZone) } : {}),
  }
}

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
