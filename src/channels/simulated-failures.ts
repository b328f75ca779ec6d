/**
 * The failures that the simulated channel can show without a provider's account. The last four digits of a phone number
 * choose one, or the tag of an e-mail address (`ana+timeout@example.com`). README.md lists them.
 */
import type { Message, Outcome } from './channel.ts'
import { classifyEmail, classifyWhatsApp, outcomeOf } from './refusals.ts'

export type Behaviour = {
  /** The call is refused as the provider would refuse it: always, once per message, or only for free-form text. */
  refusal?: { outcome: Outcome; when: 'always' | 'once' | 'free-form' }
  /** The outcome of the call is unknown. `arrives`: the provider has accepted the message all the same. */
  silence?: { reason: string; arrives: boolean }
  /** The message is accepted, and a later status says that it failed with this code. */
  failsLaterWith?: number
  /** The guest always replies. */
  replies?: boolean
}

const whatsapp = (code: number, httpStatus = 400) => outcomeOf(classifyWhatsApp({ code, httpStatus }), { httpStatus })
const email = (name: string, httpStatus: number) => outcomeOf(classifyEmail({ name, httpStatus }), { httpStatus })

/** By the last four digits of the number. */
export const NUMBERS: Readonly<Record<string, Behaviour>> = {
  '9999': { failsLaterWith: 131026 },
  '9998': { refusal: { outcome: whatsapp(131026), when: 'always' } },
  '9997': { refusal: { outcome: whatsapp(131000, 500), when: 'once' } },
  '9996': { refusal: { outcome: whatsapp(131056), when: 'once' } },
  '9995': { silence: { reason: 'whatsapp_timeout', arrives: false } },
  '9994': { failsLaterWith: 131050 },
  '9993': { refusal: { outcome: whatsapp(131047), when: 'free-form' }, replies: true },
  '9992': { silence: { reason: 'whatsapp_timeout', arrives: true } },
}

/** By the tag of the address. The simulated channel posts no e-mail events, so nothing bounces. */
export const TAGS: Readonly<Record<string, Behaviour>> = {
  invalid: { refusal: { outcome: email('validation_error', 422), when: 'always' } },
  retry: { refusal: { outcome: email('internal_server_error', 500), when: 'once' } },
  timeout: { silence: { reason: 'email_timeout', arrives: false } },
}

export function findBehaviour(recipient: string): Behaviour {
  const tag = /^[^+@]+\+([^@]+)@/.exec(recipient)?.[1]
  return (recipient.includes('@') ? TAGS[tag ?? ''] : NUMBERS[recipient.slice(-4)]) ?? {}
}

/** Returns a function that gives the outcome of a call that is refused, and undefined for one that is accepted. */
export function openRefusals(): (message: Message) => Outcome | undefined {
  const refusedOnce = new Set<string>()
  return (message) => {
    const { refusal } = findBehaviour(message.to)
    if (!refusal) return undefined
    if (refusal.when === 'free-form' && !isFreeForm(message)) return undefined
    if (refusal.when === 'once') {
      if (refusedOnce.delete(message.deliveryId)) return undefined
      refusedOnce.add(message.deliveryId)
    }
    return refusal.outcome
  }
}

const isFreeForm = (message: Message): boolean => message.channel === 'whatsapp' && message.content.kind !== 'template'
