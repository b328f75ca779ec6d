import assert from 'node:assert/strict'
import { test } from 'node:test'
import { formatLeft } from './left.ts'

test('what is left is told in hours and minutes, rounded down', () => {
  const cases: [number, string][] = [
    [86_400_000, '24 h 0 min'],
    [18_779_999, '5 h 12 min'],
    [3_599_999, '59 min'],
    [59_999, '0 min'],
    [-1, '0 min'],
  ]
  for (const [ms, text] of cases) assert.equal(formatLeft(ms), text)
})
