/** The form of a send, and the request that it makes. */
import type { Schemas } from '../../api/client.ts'
import { toInstant } from '../../kit/zone.ts'
import type { Sendable } from '../../words/templates.ts'
import type { Event } from '../shared/event.ts'
import type { SendRequest } from '../shared/preflight.ts'
import { usualTemplate } from '../shared/templates.ts'
import { lackOf } from './lack.ts'

type Channel = Schemas['ChannelChoice']
type Status = Schemas['GuestStatus']

/** What the form says; all of it lives in the URL. `later`: it leaves at `at`, a local time of the event's zone. */
export type Draft = {
  template?: Sendable | undefined
  status?: Status | undefined
  tag?: string | undefined
  channel?: Channel | undefined
  text?: string | undefined
  later?: true | undefined
  at?: string | undefined
}

/** Null while the draft lacks something. A new draft invites; of a cancelled event, it tells that. */
export function requestOf(draft: Draft, event: Pick<Event, 'status' | 'timeZone'>): SendRequest | null {
  const { template = usualTemplate(event), status, tag, channel = 'auto', text, at } = draft
  if (lackOf(draft)) return null
  return {
    ...{ template, channel },
    filter: { ...(status ? { status: [status] } : {}), ...(tag ? { tags: [tag] } : {}) },
    variables: template === 'event_update' ? { update_text: text! } : {},
    ...(at ? { scheduledAt: toInstant(at, event.timeZone) } : {}),
  }
}
