import assert from 'node:assert/strict'
import { test } from 'node:test'
import { readCents } from './amounts.ts'

for (const [text, cents] of [
  ['12,000.50', 1_200_050],
  ['$ 12 000', 1_200_000],
  ['0.1', 10],
  ['1.15', 115],
  ['1,234,567.89 MXN', 123_456_789],
  ['', null],
  ['-5', null],
  ['1.234', null],
  ['doce', null],
] as const)
  test(`«${text}» is ${cents} cents`, () => assert.equal(readCents(text), cents))
