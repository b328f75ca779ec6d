/** What a channel is given and what it answers; the providers and the simulation are behind it. */
import type { ChannelName } from '../contacts/contacts.ts'
import type { Locale } from '../platform/languages.ts'

/** One parameter of a WhatsApp template; `name` when the template was created with named parameters. */
export type TextParameter = { name?: string; text: string }
export type TemplateHeader =
  | { kind: 'text'; parameter: TextParameter }
  | { kind: 'image'; link: string }
  | { kind: 'document'; link: string; filename: string }
/** `index` counts the buttons of the approved template from 0. A URL button takes only the end of its address. */
export type TemplateButton =
  { kind: 'url'; index: number; suffix: string } | { kind: 'quick_reply'; index: number; payload: string }

/** What WhatsApp can be told. Everything but `template` needs an open 24-hour window. */
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

export type EmailContent = { subject: string; html: string; text: string; unsubscribeUrl: string }

/** A message ready to leave. `deliveryId` travels along and comes back in the provider's statuses. */
export type Message = {
  deliveryId: string
  requestId: string
  /** The same for every attempt, so that a provider that knows keys sends once; another after a person's replay. */
  idempotencyKey: string
  /** E.164 or the alias WhatsApp last used, or an e-mail address. */
  to: string
  template: string
  locale: Locale
} & ({ channel: 'whatsapp'; content: WhatsAppContent } | { channel: 'email'; content: EmailContent })

/**
 * What follows from a refusal. `retry`: a transient fault, costs an attempt. `retry_once`: it may be the message's own
 * fault; once more, then another channel. `wait_recipient`: too fast for this recipient; `wait_all`: too fast for our
 * number or account; neither costs an attempt. `use_template`: the window was closed. `fall_back`: WhatsApp cannot or
 * will not reach this guest, another channel may. `stop_recipient`: the recipient wants nothing or is none.
 * `stop_batch`: every message made like this one would be refused. `stop_batch_once`: perhaps; refused again after its
 * campaign was resumed, it is this message's own fault. `stop_sending`: the provider holds what we send for
 * spam; the channel rests, the campaign pauses, and a person must look. `alarm`: our account or configuration is at
 * fault; the channel rests until a person has looked. `fail`: this message only.
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

/** `reason` is stable: `whatsapp_131026`, `email_rate_limit_exceeded`, `whatsapp_unreachable`. */
export type Refusal = { verdict: Verdict; reason: string; afterMs?: number }

/** What a call to a provider came to. `unknown`: it may or may not have the message. */
export type Outcome =
  | { kind: 'sent'; providerMessageId: string; httpStatus: number | null; waId?: string }
  | ({ kind: 'refused'; httpStatus: number | null } & Refusal)
  | { kind: 'unknown'; reason: string }

export type Sender = { isSimulated: boolean; send(message: Message): Promise<Outcome> }
export type Channel = Sender & {
  /** The rate limit of the channel, over all workers. */
  messagesPerSecond: number
  /** The least time between two messages to one recipient; 0: none. */
  pairIntervalMs: number
}
export type Channels = Record<ChannelName, Channel>
