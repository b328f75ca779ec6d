/**
 * How the simulated channel fails on purpose, so that everybody can watch each failure without an account: by the last
 * four digits of a phone number, or by the tag of an e-mail address (`ana+timeout@example.com`). README.md lists them.
 */
import type { Message, Outcome } from './channel.ts'
import { classifyEmail, classifyWhatsApp, outcomeOf } from './refusals.ts'

export type Behaviour = {
  /** The call is refused as the provider would: always, once per message, or free text alone. */
  refusal?: { outcome: Outcome; when: 'always' | 'once' | 'free text' }
  /** Nobody sees the outcome of the call. `arrives`: the provider has the message all the same. */
  silence?: { reason: string; arrives: boolean }
  /** The message is taken, and a status says later that it failed. */
  failsLaterWith?: number
  /** The guest answers, whoever it is. */
  replies?: boolean
}

const whatsapp = (code: number, httpStatus = 400) => outcomeOf(classifyWhatsApp({ code, httpStatus }), { httpStatus })
const email = (name: string, httpStatus: number) => outcomeOf(classifyEmail({ name, httpStatus }), { httpStatus })

/** By the end of the number. */
export const NUMBERS: Readonly<Record<string, Behaviour>> = {
  '9999': { failsLaterWith: 131026 },
  '9998': { refusal: { outcome: whatsapp(131026), when: 'always' } },
  '9997': { refusal: { outcome: whatsapp(131000, 500), when: 'once' } },
  '9996': { refusal: { outcome: whatsapp(131056), when: 'once' } },
  '9995': { silence: { reason: 'whatsapp_timeout', arrives: false } },
  '9994': { failsLaterWith: 131050 },
  '9993': { refusal: { outcome: whatsapp(131047), when: 'free text' }, replies: true },
  '9992': { silence: { reason: 'whatsapp_timeout', arrives: true } },
}

/** By the tag of the address. The simulated channel sends no e-mail events, so nothing bounces. */
export const TAGS: Readonly<Record<string, Behaviour>> = {
  invalid: { refusal: { outcome: email('validation_error', 422), when: 'always' } },
  retry: { refusal: { outcome: email('internal_server_error', 500), when: 'once' } },
  timeout: { silence: { reason: 'email_timeout', arrives: false } },
}

export function findBehaviour(recipient: string): Behaviour {
  const tag = /^[^+@]+\+([^@]+)@/.exec(recipient)?.[1]
  return (recipient.includes('@') ? TAGS[tag ?? ''] : NUMBERS[recipient.slice(-4)]) ?? {}
}

/** Answers what the call comes to instead of being accepted, if so. */
export function openRefusals(): (message: Message) => Outcome | undefined {
  const refusedOnce = new Set<string>()
  return (message) => {
    const { refusal } = findBehaviour(message.to)
    if (!refusal) return undefined
    if (refusal.when === 'free text' && !isFreeText(message)) return undefined
    if (refusal.when === 'once') {
      if (refusedOnce.delete(message.deliveryId)) return undefined
      refusedOnce.add(message.deliveryId)
    }
    return refusal.outcome
  }
}

const isFreeText = (message: Message): boolean => message.channel === 'whatsapp' && message.content.kind !== 'template'
