import assert from 'node:assert/strict'
import { test } from 'node:test'
import type { Session } from './records.ts'
import { whatBecomes } from './session.ts'

const of = (eventId: string, token: string | null): Session => ({
  ...{ eventId, eventName: 'Boda', timeZone: 'UTC', endsAtMs: 0, gate: null, device: 'd', token },
})

for (const [name, before, next, waiting, expected] of [
  ['a new device', null, of('a', 't'), 0, 'emptied'],
  ['a new code of the same event', of('a', 't'), of('a', 'u'), 3, 'kept'],
  ["the staff's own login to the same event", of('a', 't'), of('a', null), 3, 'kept'],
  ['another event', of('a', 't'), of('b', 'u'), 0, 'emptied'],
  ['another event, while scans wait', of('a', 't'), of('b', 'u'), 1, 'refused'],
] as const)
  test(`${name}: what was there is ${expected}`, () => assert.equal(whatBecomes(before, next, waiting), expected))
