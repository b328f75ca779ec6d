/**
 * What the simulated channel can show without a provider's account. The last four digits of a phone number choose what
 * becomes of its messages and what its guest replies, or the tag of an e-mail address (`ana+timeout@example.com`).
 * README.md lists them.
 */
import type { Message, Outcome } from './channel.ts'
import { classifyEmail, classifyWhatsApp, outcomeOf } from './refusals.ts'

/** What a guest does with an invitation. */
export type Reply =
  { kind: 'text'; body: string } | { kind: 'button' } | { kind: 'reaction'; emoji: string } | { kind: 'voice' }

/** The end of an e-mail that was accepted, as Resend's events name it. */
export type EmailEnd = 'delivered' | 'opened' | 'clicked' | 'bounced' | 'soft_bounced' | 'complained' | 'suppressed'

export type Behaviour = {
  /**
   * The call is refused as the provider would refuse it: always, once per message, only for free-form text, or until a
   * person retries the dead letter.
   */
  refusal?: { outcome: Outcome; when: 'always' | 'once' | 'free-form' | 'until-replayed' }
  /** The outcome of the call is unknown. `arrives`: the provider has accepted the message all the same. */
  silence?: { reason: string; arrives: boolean }
  /** The message is accepted, and a later status says that it failed with this code. */
  failsLaterWith?: number
  /** The guest has switched read receipts off. */
  isNeverRead?: boolean
  /** The guest wrote first through an advertisement: for three days WhatsApp charges nothing. */
  isFreeEntryPoint?: boolean
  /** What the guest replies to an invitation. */
  reply?: Reply
  /** The button that the guest taps when we ask back; yes unless said. */
  choice?: 'yes' | 'no'
  emailEnd?: EmailEnd
}

const whatsapp = (code: number, httpStatus = 400) => outcomeOf(classifyWhatsApp({ code, httpStatus }), { httpStatus })
const email = (name: string, httpStatus: number) => outcomeOf(classifyEmail({ name, httpStatus }), { httpStatus })
const says = (body: string): Behaviour => ({ reply: { kind: 'text', body } })
export const CONFIRMS: Reply = { kind: 'text', body: 'Confirmo ✅' }

/** By the last four digits of the number. */
export const NUMBERS: Readonly<Record<string, Behaviour>> = {
  '9999': { failsLaterWith: 131026 },
  '9998': { refusal: { outcome: whatsapp(131026), when: 'always' } },
  '9997': { refusal: { outcome: whatsapp(131000, 500), when: 'once' } },
  '9996': { refusal: { outcome: whatsapp(131056), when: 'once' } },
  '9995': { silence: { reason: 'whatsapp_timeout', arrives: false } },
  '9994': { failsLaterWith: 131050 },
  '9993': { refusal: { outcome: whatsapp(131047), when: 'free-form' }, reply: CONFIRMS },
  '9992': { silence: { reason: 'whatsapp_timeout', arrives: true } },
  '9991': { refusal: { outcome: whatsapp(131000, 500), when: 'until-replayed' } },
  '9990': { isNeverRead: true },
  '9989': says('Sí, vamos 2'),
  '9988': says('No podré ir'),
  '9987': says('Tal vez'),
  '9986': says('¿Cómo confirmo?'),
  '9985': { reply: { kind: 'button' } },
  '9984': { reply: { kind: 'reaction', emoji: '❤️' } },
  '9983': { reply: { kind: 'voice' }, choice: 'no' },
  '9982': says('BAJA'),
  '9981': { isFreeEntryPoint: true, reply: CONFIRMS },
}

/** By the tag of the address. */
export const TAGS: Readonly<Record<string, Behaviour>> = {
  invalid: { refusal: { outcome: email('validation_error', 422), when: 'always' } },
  retry: { refusal: { outcome: email('internal_server_error', 500), when: 'once' } },
  timeout: { silence: { reason: 'email_timeout', arrives: false } },
  bounce: { emailEnd: 'bounced' },
  full: { emailEnd: 'soft_bounced' },
  spam: { emailEnd: 'complained' },
  suppressed: { emailEnd: 'suppressed' },
  unread: { emailEnd: 'delivered' },
  click: { emailEnd: 'clicked' },
}

export function findBehaviour(recipient: string): Behaviour {
  const tag = /^[^+@]+\+([^@]+)@/.exec(recipient)?.[1] ?? ''
  const [table, key] = recipient.includes('@') ? [TAGS, tag] : [NUMBERS, recipient.slice(-4)]
  return Object.hasOwn(table, key) ? table[key]! : {}
}

/** The outcome of a call that is refused, and undefined for one that is accepted. `isFirst`: nothing was refused before. */
export async function findRefusal(message: Message, isFirst: () => Promise<boolean>): Promise<Outcome | undefined> {
  const { refusal } = findBehaviour(message.to)
  if (!refusal) return undefined
  const { outcome, when } = refusal
  if (when === 'free-form' && !isFreeForm(message)) return undefined
  if (when === 'until-replayed' && message.idempotencyKey !== message.deliveryId) return undefined // a replay has its own key
  if (when === 'once' && !(await isFirst())) return undefined
  return outcome
}

const isFreeForm = (message: Message): boolean => message.channel === 'whatsapp' && message.content.kind !== 'template'
