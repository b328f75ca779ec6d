import assert from 'node:assert/strict'
import { test } from 'node:test'
import { readCents, readCount } from './amounts.ts'

for (const [text, cents] of [
  ['12,000.50', 1_200_050],
  ['$ 12 000', 1_200_000],
  ['$12,000 MXN', 1_200_000],
  ['0.1', 10],
  ['1.15', 115],
  ['12.50', 1250],
  ['1,234,567.89 MXN', 123_456_789],
  ['12,50', null],
  ['1,5', null],
  ['12,5000', null],
  ['1234,567', null],
  ['12,000,50', null],
  ['12 50', null],
  ['', null],
  ['-5', null],
  ['1.234', null],
  ['doce', null],
] as const)
  test(`«${text}» is ${cents} cents`, () => assert.equal(readCents(text), cents))

for (const [text, count] of [
  ['1,500', 1500],
  [' 12 ', 12],
  ['1,5', null],
  ['1.5', null],
  ['1,50,0', null],
  ['', null],
] as const)
  test(`«${text}» is ${count} tickets`, () => assert.equal(readCount(text), count))
