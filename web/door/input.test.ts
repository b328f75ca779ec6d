import assert from 'node:assert/strict'
import { test } from 'node:test'
import type { Entry } from './judge.ts'
import { findByName } from './search.ts'
import { lookAt, startLooking } from './sightings.ts'
import { NOTHING_TYPED, typeKey } from './wedge.ts'

test('a code in view counts once; back after a second, or not taken before, it counts again', () => {
  const seen = startLooking()
  const taken: string[] = []
  let isFree = true
  const look = (codes: string[], nowMs: number) =>
    lookAt(seen, codes, nowMs, (code) => {
      if (isFree) taken.push(`${code} ${nowMs}`)
      return isFree
    })

  for (const nowMs of [0, 80, 160, 4000, 4080]) look(['a'], nowMs) // one picture came late
  for (let nowMs = 4160; nowMs < 5000; nowMs += 80) look([], nowMs)
  look(['a'], 5000)
  for (let nowMs = 5080; nowMs < 6200; nowMs += 80) look([], nowMs)
  look(['a'], 6200)
  isFree = false
  look(['a', 'b'], 6280)
  isFree = true
  look(['a', 'b'], 6360)

  assert.deepEqual(taken, ['a 0', 'a 6200', 'b 6360'])
})

/** Types a text with so many milliseconds between the keys. */
function type(keys: string[], betweenMs: number) {
  let state = NOTHING_TYPED
  let [nowMs, code, swallowed] = [1000, null as string | null, 0]
  for (const key of keys) {
    const step = typeKey(state, key, (nowMs += betweenMs))
    state = step.typed
    code = step.code ?? code
    swallowed += Number(step.isScanner)
  }
  return { code, swallowed }
}

const keysOf = (text: string) => Array.from(text)

test('fast keys that end with Enter are a scanner; fingers and short bursts are not', () => {
  const keys = [...keysOf('ABC123DEF'), 'Enter']
  const shifted = keysOf('abc123')
    .flatMap((key) => ['Shift', key])
    .concat('Enter')

  assert.deepEqual(type(keys, 12), { code: 'ABC123DEF', swallowed: 5 })
  assert.equal(type(shifted, 10).code, 'abc123')
  assert.deepEqual(type(keys, 80), { code: null, swallowed: 0 })
  assert.equal(type([...keysOf('ABC'), 'Enter'], 12).code, null)
})

const guest = (name: string): Entry => ({
  ...{ hash: name, places: 1, answer: 'yes', inside: 0, version: 1, passVersion: 1, guestId: name, name },
})

test('a search needs two letters, and finds words in any order without their accents', () => {
  const entries = ['Mariana López', 'Raúl Díaz', 'Ana López', 'Álvaro Nuño'].map(guest)
  const find = (query: string) => findByName(entries, query)?.map(({ name }) => name) ?? null

  assert.equal(find(''), null)
  assert.equal(find(' m '), null)
  assert.deepEqual(find('lo'), ['Ana López', 'Mariana López'])
  assert.deepEqual(find('LOPEZ mar'), ['Mariana López'])
  assert.deepEqual(find('alv nun'), ['Álvaro Nuño'])
  assert.deepEqual(find('iana'), [])
})
