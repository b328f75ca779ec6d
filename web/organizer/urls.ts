/** What each screen keeps in its URL, and what of it is valid. */
import { oneOf } from '../kit/url.ts'
import { EVENT_STATES } from '../words/states.ts'

type Words = Record<string, unknown>
const keysOf = <K extends string>(states: Record<K, unknown>) => Object.keys(states) as K[]
const flag = (value: unknown) => (value === true ? true : undefined)

export const readEventsUrl = ({ status, add }: Words) => ({
  status: oneOf(keysOf(EVENT_STATES), status),
  add: flag(add),
})
