import { markOf } from '../contacts/contacts.ts'

/** What a text is composed from: guest, event, organizer, and the URLs of the invitation. */
export type MessageContext = {
  guestName: string
  eventName: string
  startsAt: Date
  timeZone: string
  location: string | null
  organizerName: string | null
  invitationId: string
  /** The code of the invitation, the last part of every URL below. */
  code: string
  invitationUrl: string
  /** The QR code as a PNG. */
  qrUrl: string
  unsubscribeUrl: string
}

export type Facts = Pick<
  MessageContext,
  'guestName' | 'eventName' | 'startsAt' | 'timeZone' | 'location' | 'organizerName'
> & { invitationId: string | null; code: string | null; email?: string | null }

/** Adds the URLs. `baseUrl`: PUBLIC_BASE_URL, without a trailing slash. */
export function messageContextOf(facts: Facts, baseUrl: string): MessageContext {
  const { guestName, eventName, startsAt, timeZone, location, organizerName } = facts
  const [invitationId, code] = [facts.invitationId ?? '', facts.code ?? '']
  const path = encodeURIComponent(code)
  return {
    guestName,
    eventName,
    startsAt,
    timeZone,
    location,
    organizerName,
    invitationId,
    code,
    invitationUrl: `${baseUrl}/i/${path}`,
    qrUrl: `${baseUrl}/public/invite/${path}/qr.png`,
    get unsubscribeUrl() {
      const mark = facts.email ? `?to=${markOf(facts.email)}` : '' // a hash, computed only when an e-mail needs the URL
      return `${baseUrl}/public/unsubscribe/${path}${mark}`
    },
  }
}
