/** Where an event is, for people and for maps. */
import { Failure } from '../platform/errors.ts'
import { cleanLine } from '../platform/values/text.ts'

export const VENUE_LIMITS = { name: 150, address: 300, mapUrl: 500 } as const

export type Venue = {
  name: string | null
  address: string | null
  /** A link of the organizer's own to a map. */
  mapUrl: string | null
  latitude: number | null
  longitude: number | null
}
export type VenueInput = { [K in keyof Venue]?: Venue[K] | undefined }

/** Throws `invalid_request` for a place without name and address, half of a point, or a link that a browser should not follow. */
export function readVenue(input: VenueInput | null | undefined): Venue | null {
  if (!input) return null
  const [name, address] = [cleanLine(input.name ?? '') || null, cleanLine(input.address ?? '') || null]
  const { mapUrl = null, latitude = null, longitude = null } = input
  if (name === null && address === null) throw refuse('name', 'A venue has a name or an address.')
  if ((latitude === null) !== (longitude === null)) throw refuse('latitude', 'latitude and longitude come together.')
  return { name, address, mapUrl: mapUrl === null ? null : readMapUrl(mapUrl), latitude, longitude }
}

function readMapUrl(text: string): string {
  const url = URL.parse(text.trim())
  if (url && /^https?:$/.test(url.protocol) && url.href.length <= VENUE_LIMITS.mapUrl) return url.href
  throw refuse('mapUrl', 'mapUrl is an http or https address.')
}

const refuse = (field: string, detail: string) =>
  new Failure('invalid_request', { detail, errors: [{ path: `body.venue.${field}`, message: detail }] })

/** The venue in one line, as messages and calendars show it when the event has no `location` of its own. */
export const lineOf = (venue: Venue | null): string | null =>
  venue && [venue.name, venue.address].filter((part) => part !== null).join(', ')

type Place = { venue: Venue | null; location: string | null }

/** THE MAP LINK of an event: the organizer's own, else of the point, else a search for the text. Null: nothing is known. */
export function mapLinkOf({ venue, location }: Place): string | null {
  if (venue?.mapUrl) return venue.mapUrl
  const isPoint = venue !== null && venue.latitude !== null && venue.longitude !== null
  const sought = isPoint ? `${venue.latitude},${venue.longitude}` : (venue?.address ?? location)
  return sought && `https://www.google.com/maps/search/?api=1&query=${encodeURIComponent(sought)}`
}

/** The `location` after a change: what the request says, else the new venue's line in the place of the old one's. */
export function followVenue(stored: Place, changed: { location?: string | null; venue: Venue | null }): string | null {
  const isOwn = stored.location !== null && stored.location !== lineOf(stored.venue)
  if (changed.location === undefined && isOwn) return stored.location
  return cleanLine(changed.location ?? '') || lineOf(changed.venue)
}
