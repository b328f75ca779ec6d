/**
 * What the simulated providers post about a message: its steps in time, and their bodies as WhatsApp's Cloud API and
 * Resend write them. Pure, and the same message has the same life every time.
 */
import { createHash, createHmac } from 'node:crypto'
import type { Config } from '../platform/config.ts'
import type { ChannelName } from '../contacts/contacts.ts'
import type { Message } from './channel.ts'
import { findCode } from './refusals.ts'
import { CONFIRMS, findBehaviour, type EmailEnd, type Reply } from './simulated-failures.ts'

/** A message that the simulated provider has accepted. */
export type Accepted = {
  id: string
  callbackData: string
  recipient: string
  channel: ChannelName
  template: string
  category: 'marketing' | 'utility'
  content: Message['content']
}
type Step = 'sent' | 'delivered' | 'read' | 'failed' | 'reply' | Exclude<EmailEnd, 'delivered'>

/** How long after the previous step each step comes. */
const AFTER_MS: Record<Step, number> = {
  sent: 300,
  delivered: 1200,
  read: 2500,
  reply: 2000,
  failed: 300,
  opened: 2500,
  clicked: 1000,
  bounced: 1200,
  soft_bounced: 1200,
  complained: 2500,
  suppressed: 300,
}
const EMAIL_LIVES: Record<EmailEnd, Step[]> = {
  delivered: ['sent', 'delivered'],
  opened: ['sent', 'delivered', 'opened'],
  clicked: ['sent', 'delivered', 'opened', 'clicked'],
  bounced: ['sent', 'bounced'],
  soft_bounced: ['sent', 'soft_bounced'],
  complained: ['sent', 'delivered', 'complained'],
  suppressed: ['suppressed'],
}
/** What guests without a number of their own in NUMBERS reply to an invitation; null: nothing. */
const REPLIES: (Reply | null)[] = [CONFIRMS, CONFIRMS, { kind: 'text', body: 'no podré ir' }, null, CONFIRMS, null]

/** Each step of a message, with the milliseconds after the previous one. */
export function planSteps(message: Accepted): { step: Step; afterMs: number }[] {
  return listSteps(message).map((step) => ({ step, afterMs: AFTER_MS[step] }))
}

function listSteps(message: Accepted): Step[] {
  const { failsLaterWith, isNeverRead, emailEnd } = findBehaviour(message.recipient)
  if (message.channel === 'email') return EMAIL_LIVES[emailEnd ?? (chance(message, 2) === 0 ? 'opened' : 'delivered')]
  if (failsLaterWith !== undefined) return ['failed']
  if (isNeverRead) return ['sent', 'delivered']
  return ['sent', 'delivered', 'read', ...(replyTo(message) ? (['reply'] as const) : [])]
}

/** A number below `below` that depends on the recipient only, so that a demo can be repeated. */
function chance({ recipient }: Accepted, below: number): number {
  const name = recipient.includes('@') ? recipient : `+${recipient.replace(/^\+/, '')}`
  return createHash('sha256').update(name).digest()[1]! % below
}

/** The content of the guest's message, or null: they reply to invitations and to questions, and to nothing else. */
function replyTo(message: Accepted): object | null {
  const { content, recipient } = message
  const behaviour = findBehaviour(recipient)
  if (message.template === 'event_invitation')
    return contentOf(behaviour.reply ?? REPLIES[chance(message, REPLIES.length)] ?? null, message)
  if (!('kind' in content)) return null
  if (content.kind === 'list') return interactive('list_reply', content.rows[0]!)
  if (content.kind !== 'buttons') return null
  const wanted = `rsvp/${behaviour.choice ?? 'yes'}/`
  return interactive('button_reply', content.buttons.find(({ id }) => id.startsWith(wanted)) ?? content.buttons[0]!)
}

function contentOf(reply: Reply | null, { id, content }: Accepted): object | null {
  switch (reply?.kind) {
    case 'text':
      return { type: 'text', text: { body: reply.body } }
    case 'reaction':
      return { type: 'reaction', reaction: { message_id: id, emoji: reply.emoji } }
    case 'voice': {
      const audio = { id: digits(id, 15), mime_type: 'audio/ogg; codecs=opus', sha256: hash(id, 'base64'), voice: true }
      return { type: 'audio', audio }
    }
    case 'button':
      return 'kind' in content ? tap(content) : null
    default:
      return null
  }
}

/** Taps the first answer: a quick reply of a template, or a button of a free-form message. */
function tap(content: Extract<Accepted['content'], { kind: string }>): object | null {
  if (content.kind === 'buttons') return interactive('button_reply', content.buttons[0]!)
  if (content.kind !== 'template') return null
  const button = content.buttons.find(({ kind }) => kind === 'quick_reply')
  return button?.kind === 'quick_reply'
    ? { type: 'button', button: { payload: button.payload, text: 'Sí, voy' } }
    : null
}

const interactive = (type: 'button_reply' | 'list_reply', { id, title }: { id: string; title: string }) => ({
  type: 'interactive',
  interactive: { type, [type]: { id, title } },
})

const hash = (text: string, encoding: 'base64' | 'hex') => createHash('sha256').update(text).digest(encoding)
const digits = (text: string, count: number) =>
  BigInt(`0x${hash(text, 'hex')}`)
    .toString()
    .slice(0, count)

/** Names the simulated sender in a body, so that the webhook knows whose it is. */
const SENDER = 'simulated'
const FROM = `Monotickets <invitaciones@${SENDER}.invalid>`

/** Whether the simulated provider wrote this body. */
export const isSimulatedBody = (channel: ChannelName, body: Buffer): boolean =>
  body.includes(channel === 'whatsapp' ? `"phone_number_id":"${SENDER}"` : FROM)

/** One payload with the steps of all these messages, because WhatsApp batches them too. */
export function whatsAppBody(due: { message: Accepted; step: Step }[], now: Date): string {
  const timestamp = String(Math.floor(now.getTime() / 1000))
  const replies = due.filter(({ step }) => step === 'reply').map(({ message }) => message)
  const value = {
    messaging_product: 'whatsapp',
    metadata: { display_phone_number: SENDER, phone_number_id: SENDER },
    ...(replies.length > 0
      ? {
          contacts: replies.map((message) => ({ profile: { name: 'Invitado' }, wa_id: waIdOf(message) })),
          messages: replies.map((message) => messageOf(message, timestamp)),
        }
      : {}),
    ...(replies.length < due.length
      ? {
          statuses: due
            .filter(({ step }) => step !== 'reply')
            .map(({ message, step }) => statusOf(message, step, timestamp)),
        }
      : {}),
  }
  return JSON.stringify({
    object: 'whatsapp_business_account',
    entry: [{ id: SENDER, changes: [{ field: 'messages', value }] }],
  })
}

const waIdOf = ({ recipient }: Accepted): string => recipient.replace(/^\+/, '')

/** The id depends on the message that is replied to: a reply that is posted twice is one message. */
const messageOf = (message: Accepted, timestamp: string) => ({
  from: waIdOf(message),
  id: `wamid.${hash(`reply to ${message.id}`, 'base64')}`,
  timestamp,
  context: { from: SENDER, id: message.id },
  ...replyTo(message),
})

function statusOf(message: Accepted, step: Step, timestamp: string) {
  const { id, callbackData } = message
  const base = { id, status: step, timestamp, recipient_id: waIdOf(message), biz_opaque_callback_data: callbackData }
  if (step !== 'failed') return step === 'read' ? base : { ...base, pricing: pricingOf(message) }
  const code = findBehaviour(message.recipient).failsLaterWith!
  const title = findCode(code)?.meaning ?? ''
  return { ...base, errors: [{ code, title, message: title, error_data: { details: title } }] }
}

/**
 * WhatsApp charges for a template by its category, and for nothing that is free-form within the window. It says so in
 * `sent` and in `delivered`.
 */
function pricingOf({ recipient, content, category }: Accepted) {
  const isTemplate = 'kind' in content && content.kind === 'template'
  const type = findBehaviour(recipient).isFreeEntryPoint
    ? 'free_entry_point'
    : isTemplate
      ? 'regular'
      : 'free_customer_service'
  const isBillable = type === 'regular'
  return { billable: isBillable, pricing_model: 'PMP', type, category: isTemplate ? category : 'service' }
}

/** One event, because Resend posts each on its own. */
export function emailBody({ id, callbackData, recipient, template, content }: Accepted, step: Step, now: Date): string {
  const subject = 'subject' in content ? content.subject : ''
  const data = {
    ...{ email_id: id, created_at: now.toISOString(), from: FROM, to: [recipient], subject },
    tags: { delivery_id: callbackData, template },
    ...detailsOf(step),
  }
  const type = step === 'soft_bounced' ? 'bounced' : step
  return JSON.stringify({ type: `email.${type}`, created_at: now.toISOString(), data })
}

function detailsOf(step: Step): object {
  switch (step) {
    case 'bounced':
      return { bounce: { type: 'Permanent', subType: 'General', message: 'The mailbox does not exist.' } }
    case 'soft_bounced':
      return { bounce: { type: 'Transient', subType: 'MailboxFull', message: 'The mailbox is full.' } }
    case 'suppressed':
      return { suppressed: { type: 'OnAccountSuppressionList', message: 'On the suppression list.' } }
    case 'clicked':
      return { click: { link: 'https://simulated.invalid/', userAgent: SENDER } }
    default:
      return {}
  }
}

/** What our webhooks check: the secret of WhatsApp's and the signature of the body. */
export function headersOf({ whatsapp }: Config, body: string): Record<string, string> {
  const { webhookSecret, webhookSecretHeader, appSecret } = whatsapp
  const signature = appSecret && createHmac('sha256', appSecret).update(body).digest('hex')
  return {
    'content-type': 'application/json',
    ...(webhookSecret ? { [webhookSecretHeader]: webhookSecret } : {}),
    ...(signature ? { 'x-hub-signature-256': `sha256=${signature}` } : {}),
  }
}

/** Svix's headers. The id depends on message and step: an event that is posted twice is one event. */
export function svixHeadersOf(
  { email }: Config,
  { body, messageId, step, now }: { body: string; messageId: string; step: Step; now: Date },
): Record<string, string> {
  const id = `msg_${hash(`${step} of ${messageId}`, 'hex').slice(0, 27)}`
  const timestamp = String(Math.floor(now.getTime() / 1000))
  const key = Buffer.from((email.webhookSecret ?? '').replace(/^whsec_/, ''), 'base64')
  const signature = createHmac('sha256', key).update(`${id}.${timestamp}.${body}`).digest('base64')
  return {
    ...{ 'content-type': 'application/json', 'svix-id': id, 'svix-timestamp': timestamp },
    'svix-signature': `v1,${signature}`,
  }
}
