/** The list of an event's guests: what is asked of it, and what its forms send. */
import { $api, type Schemas } from '../../api/client.ts'
import { BY_CURSOR } from '../../api/pages.ts'
import type { Answer, DeliveryState } from '../../words/states.ts'
import { useEventPath } from '../shared/event.ts'

export type Guest = Schemas['GuestInList']
export type GuestFilters = {
  q?: string | undefined
  status?: Schemas['GuestStatus'] | undefined
  answer?: Answer | undefined
  tag?: string | undefined
  deliveryStatus?: DeliveryState | 'none' | undefined
}
/** `guest`: whose drawer is open. */
export type GuestsSearch = GuestFilters & { guest?: string | undefined; add?: true | undefined }

export function useGuests({ q, status, answer, tag, deliveryStatus }: GuestFilters) {
  const query = { q, status, answer, tag, deliveryStatus }
  return $api.useInfiniteQuery(
    'get',
    '/events/{eventId}/guests',
    { params: { path: useEventPath(), query } },
    BY_CURSOR,
  )
}

/** More than that are no longer read. */
const DELIVERIES_MAX = 10
const OFTEN_MS = 5000

/** What was sent to a guest, the newest first. */
export const useDeliveriesOf = (guestId: string) =>
  $api.useQuery(
    'get',
    '/events/{eventId}/deliveries',
    { params: { path: useEventPath(), query: { guestId, limit: DELIVERIES_MAX } } },
    { refetchInterval: OFTEN_MS },
  )

/** The newest delivery of a guest, by either channel. */
export function lastDeliveryOf({ deliveries: { whatsapp, email } }: Guest) {
  if (!whatsapp || !email)
    return whatsapp
      ? { ...whatsapp, channel: 'whatsapp' as const }
      : email
        ? { ...email, channel: 'email' as const }
        : null
  return whatsapp.at > email.at
    ? { ...whatsapp, channel: 'whatsapp' as const }
    : { ...email, channel: 'email' as const }
}

/** The words of a field in which they are separated by commas or lines. */
export const wordsOf = (text: string, separator: ',' | '\n'): string[] => [
  ...new Set(text.split(separator).flatMap((word) => word.trim() || [])),
]
