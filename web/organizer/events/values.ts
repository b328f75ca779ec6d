/** The values of an event's form, and the body that the API takes of them. */
import type { Schemas } from '../../api/client.ts'
import { toInstant, toLocal } from '../../kit/zone.ts'

type Event = Schemas['Event']
type Text =
  | 'name'
  | 'startsAt'
  | 'endsAt'
  | 'timeZone'
  | 'venue'
  | 'address'
  | 'mapUrl'
  | 'capacity'
  | 'rsvpUntil'
  | 'doorsOpenMinutes'
export type Values = Record<Text, string> &
  Pick<Event, 'type' | 'doorPolicy' | 'reentry'> & { status: 'active' | 'draft' }

const DOORS_OPEN_MINUTES = '180'

export function valuesOf(event?: Event): Values {
  const timeZone = event?.timeZone ?? 'America/Mexico_City'
  const local = (at: string | null | undefined) => (at ? toLocal(at, timeZone) : '')
  return {
    ...{ name: event?.name ?? '', startsAt: local(event?.startsAt), endsAt: local(event?.endsAt), timeZone },
    // An event that came over the API may have one line in the place of a venue.
    venue: (event?.venue ? event.venue.name : event?.location) ?? '',
    ...{ address: event?.venue?.address ?? '', mapUrl: event?.venue?.mapUrl ?? '' },
    ...{ capacity: event?.capacity?.toString() ?? '', rsvpUntil: local(event?.rsvpUntil) },
    doorsOpenMinutes: event?.doorsOpenMinutes.toString() ?? DOORS_OPEN_MINUTES,
    ...{ type: event?.type ?? 'standard', status: 'active' },
    ...{ doorPolicy: event?.doorPolicy ?? 'invited', reentry: event?.reentry ?? 'none' },
  }
}

/** `event`: the one that changes. */
export function bodyOf(values: Values, event?: Event) {
  const { name, type, status, timeZone, capacity, doorPolicy, doorsOpenMinutes, reentry } = values
  const instant = (local: string) => toInstant(local, timeZone)
  return {
    ...(event ? {} : { status }),
    ...{
      name,
      type,
      timeZone,
      doorPolicy,
      reentry,
      startsAt: instant(values.startsAt),
      endsAt: instant(values.endsAt),
    },
    ...placeOf(values, event),
    capacity: capacity === '' ? null : Number(capacity),
    rsvpUntil: values.rsvpUntil === '' ? null : instant(values.rsvpUntil),
    doorsOpenMinutes: Number(doorsOpenMinutes || NaN), // what is no number, the schema refuses
  }
}

/**
 * Nothing while the place is as before: an event may have a point on the map, or a line of its own for its messages, that the
 * form does not show. A new place has neither.
 */
function placeOf(values: Values, event?: Event) {
  const before = valuesOf(event)
  const clean = (text: string) => text.trim() || null
  const [name, address, mapUrl] = [clean(values.venue), clean(values.address), clean(values.mapUrl)]
  if (values.venue === before.venue && values.address === before.address && values.mapUrl === before.mapUrl) return {}
  return { location: null, venue: name || address || mapUrl ? { name, address, mapUrl } : null }
}
