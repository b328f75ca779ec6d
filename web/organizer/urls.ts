/** What each screen keeps in its URL, and what of it is valid. */
import { oneOf, textOf } from '../kit/url.ts'
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

export const readImportUrl = ({ job }: Words) => ({ job: textOf(job) })
