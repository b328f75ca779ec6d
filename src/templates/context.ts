import { markOf } from '../contacts/contacts.ts'

/** What a message is about: the guest, the event, the organizer, and the addresses that belong to the invitation. */
export type MessageContext = {
  guestName: string
  eventName: string
  startsAt: Date
  timeZone: string
  location: string | null
  organizerName: string | null
  invitationId: string
  /** The invitation's code; it is the end of every address below. */
  code: string
  invitationUrl: string
  /** The pass as an image, PNG. */
  qrUrl: string
  unsubscribeUrl: string
}

export type Facts = Pick<
  MessageContext,
  'guestName' | 'eventName' | 'startsAt' | 'timeZone' | 'location' | 'organizerName'
> & { invitationId: string | null; code: string | null; email?: string | null }

/** Adds the addresses. `baseUrl`: PUBLIC_BASE_URL, without a slash at its end. */
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
    invitationUrl: `${baseUrl}/public/invite/${path}`,
    qrUrl: `${baseUrl}/public/invite/${path}/qr.png`,
    get unsubscribeUrl() {
      const mark = facts.email ? `?to=${markOf(facts.email)}` : '' // a hash, which only an e-mail needs
      return `${baseUrl}/public/unsubscribe/${path}${mark}`
    },
  }
}
