/** Composes the message of a delivery: content, address, and free-form or as a template. */
import type { ChannelName } from '../contacts/contacts.ts'
import type { Locale } from '../platform/values/languages.ts'
import type { Message } from '../channels/channels.ts'
import { composeEmail, composeWhatsApp, type Uncomposed } from './compose.ts'
import { messageContextOf } from './context.ts'

export type MessageFacts = {
  id: string
  requestId: string
  channel: ChannelName
  template: string
  locale: Locale
  variables: Record<string, string>
  guestName: string
  eventName: string
  startsAt: Date
  timeZone: string
  location: string | null
  organizerName: string
  invitationId: string | null
  code: string | null
  phone: string | null
  waId: string | null
  email: string | null
  replays?: number
  isWindowOpen?: boolean
  templateOnly?: boolean
}

/** Throws `template_not_found`, `template_variable_missing` and `template_variable_invalid`. */
export function composeMessage(delivery: MessageFacts, baseUrl: string): Message | Uncomposed {
  const { template, locale, variables, channel } = delivery
  const messageContext = messageContextOf(delivery, baseUrl)
  const idempotencyKey = delivery.replays ? `${delivery.id}-r${delivery.replays}` : delivery.id
  const envelope = { deliveryId: delivery.id, requestId: delivery.requestId, idempotencyKey, template, locale }
  if (channel === 'email') {
    const content = composeEmail(template, locale, messageContext, variables)
    return 'kind' in content ? content : { ...envelope, channel, to: delivery.email ?? '', content }
  }
  const isWindowOpen = delivery.isWindowOpen === true && delivery.templateOnly !== true
  const content = composeWhatsApp(template, locale, messageContext, variables, { isWindowOpen })
  if (content.kind === 'refused') return content
  return { ...envelope, channel, to: delivery.waId ?? delivery.phone ?? '', content }
}
