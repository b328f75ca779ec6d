/** What each screen keeps in its URL, and what of it is valid. */
import type { Schemas } from '../api/client.ts'
import { oneOf, textOf } from '../kit/url.ts'
import { TEMPLATES } from '../words/templates.ts'
import { ANSWERS, DELIVERY_STATES, EVENT_STATES, GUEST_STATES } from '../words/states.ts'

type Words = Record<string, unknown>
const keysOf = <K extends string>(states: Record<K, unknown>) => Object.keys(states) as K[]
const flag = (value: unknown) => (value === true ? true : undefined)

export const readEventsUrl = ({ status, add }: Words) => ({
  status: oneOf(keysOf(EVENT_STATES), status),
  add: flag(add),
})

export const readGuestsUrl = ({ q, status, answer, tag, deliveryStatus, guest, add }: Words) => ({
  ...{ q: textOf(q), tag: textOf(tag), guest: textOf(guest), add: flag(add) },
  status: oneOf(keysOf(GUEST_STATES), status),
  answer: oneOf(keysOf(ANSWERS), answer),
  deliveryStatus: oneOf([...keysOf(DELIVERY_STATES), 'none' as const], deliveryStatus),
})

export const readWaitlistUrl = ({ add }: Words) => ({ add: flag(add) })

export const readTextsUrl = ({ locale }: Words) => ({ locale: oneOf(['en'] as const, locale) })

export const readImportUrl = ({ job }: Words) => ({ job: textOf(job) })

export const readDraftUrl = ({ template, status, tag, channel, text, later, at }: Words) => ({
  ...{ template: oneOf(keysOf(TEMPLATES), template), status: oneOf(keysOf(GUEST_STATES), status), tag: textOf(tag) },
  channel: oneOf(['auto', 'whatsapp', 'email'] as const, channel),
  ...{ text: textOf(text), later: flag(later), at: textOf(at) },
})

export const readSendUrl = ({ outcome }: Words) => ({
  outcome: oneOf(['read', 'delivered', 'sent', 'failed', 'skipped', 'queued'] as const, outcome),
})

export const readConversationsUrl = ({ all, q, guest }: Words) => ({
  all: flag(all),
  q: textOf(q),
  guest: textOf(guest),
})

/** What movements of the ledger can be filtered by. */
const KINDS: Schemas['MovementKind'][] = [
  ...(['loan', 'prepaid', 'payment', 'refund', 'dispute', 'dispute_won', 'dispute_lost'] as const),
  ...(['fee', 'use', 'write_off', 'reversal'] as const),
]
export const readBalanceUrl = ({ kind }: Words) => ({ kind: oneOf(KINDS, kind) })

export const readTeamUrl = ({ event, person }: Words) => ({ event: textOf(event), person: textOf(person) })
