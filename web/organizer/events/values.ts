/** The values of an event's form, and the body that the API takes of them. */
import type { Schemas } from '../../api/client.ts'
import { toInstant, toLocal } from '../../kit/zone.ts'

type Event = Schemas['Event']
type Text = 'name' | 'startsAt' | 'endsAt' | 'timeZone' | 'location' | 'capacity' | 'rsvpUntil' | 'doorsOpenMinutes'
export type Values = Record<Text | keyof typeof VENUE, string> & Pick<Event, 'type' | 'doorPolicy' | 'reentry'>

/** The fields of the form that are parts of the venue. */
const VENUE = { venueName: 'name', address: 'address', mapUrl: 'mapUrl' } as const
const DOORS_OPEN_MINUTES = 180

/** Where a field is in the body. */
export const pathOf = (name: keyof Values): string =>
  name in VENUE ? `venue.${VENUE[name as keyof typeof VENUE]}` : name

/** The line that the API makes of a venue; an event whose place is this line has no text of its own. */
export const lineOf = (name?: string | null, address?: string | null) => [name, address].filter(Boolean).join(', ')

export function valuesOf(event?: Event): Values {
  const timeZone = event?.timeZone ?? 'America/Mexico_City'
  const local = (at: string | null | undefined) => (at ? toLocal(at, timeZone) : '')
  return {
    name: event?.name ?? '',
    type: event?.type ?? 'standard',
    startsAt: local(event?.startsAt),
    endsAt: local(event?.endsAt),
    timeZone,
    venueName: event?.venue?.name ?? '',
    address: event?.venue?.address ?? '',
    mapUrl: event?.venue?.mapUrl ?? '',
    location: event?.location === lineOf(event?.venue?.name, event?.venue?.address) ? '' : (event?.location ?? ''),
    capacity: event?.capacity?.toString() ?? '',
    rsvpUntil: local(event?.rsvpUntil),
    doorPolicy: event?.doorPolicy ?? 'invited',
    doorsOpenMinutes: String(event?.doorsOpenMinutes ?? DOORS_OPEN_MINUTES),
    reentry: event?.reentry ?? 'none',
  }
}

/** A point that a program gave the venue is not shown: it stays as long as the place is the same. */
function venueOf(values: Values, before: Event['venue'] | undefined) {
  const name = values.venueName.trim() || null
  const address = values.address.trim() || null
  const mapUrl = values.mapUrl.trim() || null
  if (!name && !address && !mapUrl) return null
  const isSame = before?.name === name && before.address === address
  return { ...(isSame ? before : {}), name, address, mapUrl }
}

/** Whether there is a link of a map, and nothing to call the place by. */
export const lacksPlace = ({ venueName, address, mapUrl }: Values): boolean =>
  mapUrl.trim() !== '' && venueName.trim() === '' && address.trim() === ''

/** `event`: the one that changes. What is no number stays none, for the schema to refuse. */
export function bodyOf(values: Values, event?: Event) {
  const { name, type, timeZone, location, capacity, doorPolicy, doorsOpenMinutes, reentry } = values
  const instant = (local: string) => toInstant(local, timeZone)
  return {
    ...{ name, type, timeZone, doorPolicy, reentry },
    ...{ startsAt: instant(values.startsAt), endsAt: instant(values.endsAt) },
    location: location.trim() || null,
    venue: venueOf(values, event?.venue),
    doorsOpenMinutes: doorsOpenMinutes.trim() === '' ? DOORS_OPEN_MINUTES : Number(doorsOpenMinutes),
    capacity: capacity === '' ? null : Number(capacity),
    rsvpUntil: values.rsvpUntil === '' ? null : instant(values.rsvpUntil),
  }
}
