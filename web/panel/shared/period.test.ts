import assert from 'node:assert/strict'
import { test } from 'node:test'
import { listPeriods, periodBefore, periodOf, untilToday } from './period.ts'

const TODAY = '2026-11-29'
const SEASON = { from: '2026-09-01', to: '2026-12-31' }

test('without days it is two months back and the next one, across the year too', () => {
  assert.deepEqual(periodOf({}, TODAY), SEASON)
  assert.deepEqual(periodOf({}, '2027-01-31'), { from: '2026-11-01', to: '2027-02-28' })
})

for (const [what, filters, expected] of [
  ['no day', { from: 'ayer', to: '2026-13-45' }, SEASON],
  ['a day that no month has', { from: '2026-02-31' }, SEASON],
  ['a year that is being typed', { from: '0002-01-01' }, SEASON],
  ['an end before its beginning', { from: '2026-12-05', to: '2026-11-01' }, { from: '2026-12-05', to: '2026-12-05' }],
  ['one day', { from: '2026-12-05', to: '2026-12-05' }, { from: '2026-12-05', to: '2026-12-05' }],
] as const)
  test(`an address with ${what} is a period`, () => assert.deepEqual(periodOf(filters, TODAY), expected))

test('the period before has as many days and ends the day before', () => {
  assert.deepEqual(periodBefore({ from: '2026-11-01', to: '2026-11-30' }), { from: '2026-10-02', to: '2026-10-31' })
  assert.deepEqual(periodBefore({ from: '2026-03-01', to: '2026-03-01' }), { from: '2026-02-28', to: '2026-02-28' })
})

test('what is still to come is cut off, unless nothing has come', () => {
  assert.deepEqual(untilToday(SEASON, TODAY), { ...SEASON, to: TODAY })
  assert.deepEqual(untilToday({ from: '2026-12-01', to: '2026-12-31' }, TODAY), {
    from: '2026-12-01',
    to: '2026-12-31',
  })
})

test('the months are whole', () => {
  const { month, lastMonth } = listPeriods('2028-03-31')

  assert.deepEqual(month, { from: '2028-03-01', to: '2028-03-31' })
  assert.deepEqual(lastMonth, { from: '2028-02-01', to: '2028-02-29' })
})
