import assert from 'node:assert/strict'
import test from 'node:test'
import { openMs } from './breaker.ts'

test('the circuit stays open for 15 seconds after ten failures, twice as long each time, ten minutes at most', () => {
  assert.deepEqual([9, 10, 11, 12, 30].map(openMs), [0, 15_000, 30_000, 60_000, 600_000])
})
