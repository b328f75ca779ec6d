import assert from 'node:assert/strict'
import { test } from 'node:test'
import { readPlaces, turnsOf } from './places.ts'

const line = [3, 3, 5, 1].map((partySize, index) => ({ guestId: `g${index}`, partySize }))
const statesOf = (free: number | null) =>
  [...turnsOf(line, free).values()].map(({ isNext, lack }) => (isNext ? 'next' : lack))

for (const [free, states] of [
  [0, [3, 3, 5, 1]],
  [2, [1, 1, 3, 'next']],
  [3, ['next', 0, 2, 0]],
  [4, ['next', 0, 1, 'next']],
  [6, ['next', 'next', 0, 0]],
  [null, ['next', 'next', 'next', 'next']],
] as const)
  test(`${free ?? 'any number of'} free places go to the first who fit`, () => assert.deepEqual(statesOf(free), states))

for (const [typed, places] of [
  ['2', 2],
  [' 3 ', 3],
  ['4', null],
  ['0', null],
  ['1e0', null],
  ['abc', null],
  ['', null],
] as const)
  test(`«${typed}» of 3 places is ${places}`, () => assert.equal(readPlaces(typed, 3), places))
