import assert from 'node:assert/strict'
import { test } from 'node:test'
import { withSpare } from './spare.ts'

test('after five failures in a row the spare one reads', async () => {
  const works = [true, false, false, false, false, true, false, false, false, false, false]
  const first = {
    read: (_picture: string) => (works.shift() ? Promise.resolve(['first']) : Promise.reject(new Error('no service'))),
  }
  let opened = 0
  const reader = withSpare(first, () => {
    opened++
    return { read: (picture) => Promise.resolve([`spare ${picture}`]) }
  })
  const read: string[] = []
  for (let n = 0; n < 13; n++) read.push((await reader.read('x'))[0] ?? '-')

  assert.equal(read.join(' '), 'first - - - - first - - - - - spare x spare x')
  assert.equal(opened, 1)
})
