/** The interface that both providers and the simulated channel implement: the message they get, the outcome they return. */
import type { ChannelName } from '../contacts/contacts.ts'
import type { Locale } from '../platform/values/languages.ts'

/** One parameter of a WhatsApp template. `name` is set when the template was created with named parameters. */
export type TextParameter = { name?: string; text: string }
export type TemplateHeader =
  | { kind: 'text'; parameter: TextParameter }
  | { kind: 'image'; link: string }
  | { kind: 'document'; link: string; filename: string }
/** `index` counts the buttons of the approved template from 0. A URL button takes only the last part of its URL. */
export type TemplateButton =
  { kind: 'url'; index: number; suffix: string } | { kind: 'quick_reply'; index: number; payload: string }

/** The content of a WhatsApp message. Everything but `template` needs an open 24-hour window. */
export type WhatsAppContent =
  | {
      kind: 'template'
      name: string
      /** WhatsApp's own language code: es_MX, en. */
      language: string
      header?: TemplateHeader
      body: TextParameter[]
      buttons: TemplateButton[]
    }
  | { kind: 'text'; body: string }
  | { kind: 'buttons'; body: string; buttons: { id: string; title: string }[] }
  | { kind: 'list'; body: string; button: string; rows: { id: string; title: string; description?: string }[] }
  | { kind: 'image'; link: string; caption: string }
  | { kind: 'document'; link: string; filename: string; caption: string }

/** `unsubscribeUrl` null: it is no mail that a mailbox may offer to stop. */
export type EmailContent = { subject: string; html: string; text: string; unsubscribeUrl: string | null }

/** A message that is ready to be sent. The provider's statuses carry its `deliveryId`. */
export type Message = {
  deliveryId: string
  requestId: string
  /** The same for every attempt, so that a provider with idempotency keys sends once. A replay by a person has a new one. */
  idempotencyKey: string
  /** An E.164 number, the form of it that WhatsApp last used, or an e-mail address. */
  to: string
  template: string
  locale: Locale
} & ({ channel: 'whatsapp'; content: WhatsAppContent } | { channel: 'email'; content: EmailContent })

/**
 * What follows from a refusal.
 *
 * - `retry`: a transient fault. Costs an attempt.
 * - `retry_once`: the message itself may be at fault. It is tried once more, then on another channel.
 * - `wait_recipient`: too many messages to this recipient. Costs no attempt.
 * - `wait_all`: too many messages from our number or account. Costs no attempt.
 * - `use_template`: the 24-hour window is closed.
 * - `fall_back`: WhatsApp does not reach this guest; another channel may.
 * - `stop_recipient`: the recipient wants no messages, or does not exist.
 * - `stop_batch`: every message made like this one would be refused. The campaign pauses.
 * - `stop_batch_once`: the same may be true. If the message is refused again after the campaign was resumed, only this
 *   message is at fault.
 * - `stop_sending`: the provider takes our messages for spam. Channel and campaign pause, and a person must look.
 * - `alarm`: our account or configuration is at fault. The circuit opens, and a person must look.
 * - `fail`: this message fails.
 */
export type Verdict =
  | 'retry'
  | 'retry_once'
  | 'wait_recipient'
  | 'wait_all'
  | 'use_template'
  | 'fall_back'
  | 'stop_recipient'
  | 'stop_batch'
  | 'stop_batch_once'
  | 'stop_sending'
  | 'alarm'
  | 'fail'

/** `reason` is a stable code: `whatsapp_131026`, `email_rate_limit_exceeded`, `whatsapp_unreachable`. `afterMs`: retry no sooner. */
export type Refusal = { verdict: Verdict; reason: string; afterMs?: number }

/** The outcome of a call to a provider. `unknown`: the provider may or may not have the message. */
export type Outcome =
  | { kind: 'sent'; providerMessageId: string; httpStatus: number | null; waId?: string }
  | ({ kind: 'refused'; httpStatus: number | null } & Refusal)
  | { kind: 'unknown'; reason: string }

export type Sender = { isSimulated: boolean; send(message: Message): Promise<Outcome> }
export type Channel = Sender & {
  /** The rate limit of the channel, over all workers. */
  messagesPerSecond: number
  /** The minimum time between two messages to one recipient; 0: no minimum. */
  pairIntervalMs: number
}
export type Channels = Record<ChannelName, Channel>
