/** The texts of what we sent, which are composed again because deliveries keep only their template and variables. */
import { Failure } from '../platform/errors.ts'
import type { Locale } from '../platform/values/languages.ts'
import { composeMessage } from '../templates/templates.ts'

export type TextFacts = {
  guestName: string
  phone: string | null
  eventName: string
  startsAt: string
  timeZone: string
  location: string | null
  organizerName: string
  invitationId: string | null
  code: string | null
}
export type Sent = { id: string; template: string; locale: Locale; variables: Record<string, string> }

/** The text as WhatsApp shows it, by guest and event as they are now. Null when it cannot be composed any more. */
export function textOf({ startsAt, ...facts }: TextFacts, sent: Sent, baseUrl: string): string | null {
  try {
    const delivery = { ...facts, ...sent, startsAt: new Date(startsAt), requestId: '', waId: null, email: null }
    const message = composeMessage({ ...delivery, channel: 'whatsapp', isWindowOpen: true }, baseUrl)
    if (!('deliveryId' in message) || message.channel !== 'whatsapp') return null
    const { content } = message
    if ('caption' in content) return content.caption
    return content.kind === 'template' ? null : content.body
  } catch (error) {
    if (error instanceof Failure) return null
    throw error
  }
}
