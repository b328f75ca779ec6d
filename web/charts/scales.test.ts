import assert from 'node:assert/strict'
import { test } from 'node:test'
import {
  changeOf,
  firstDayOf,
  isFew,
  isUnfinished,
  daysOf,
  lastDayOf,
  listUnits,
  moveDay,
  restOf,
  stepCorners,
  sumByUnit,
  thin,
  topOf,
  unitOf,
  type Unit,
} from './scales.ts'

for (const [from, to, unit] of [
  ['2026-12-26', '2026-12-26', 'day'],
  ['2026-12-01', '2026-12-14', 'day'],
  ['2026-12-01', '2026-12-15', 'week'],
  ['2026-09-01', '2026-12-31', 'week'],
  ['2026-01-01', '2026-12-31', 'month'],
] as const)
  test(`${from} to ${to} is drawn by ${unit}`, () => assert.equal(unitOf(from, to), unit))

test('the days of a unit are those of the period', () => {
  const period = { from: '2026-12-02', to: '2026-12-29' }

  assert.deepEqual(daysOf('2026-12-01', 'month', period), period)
  assert.deepEqual(daysOf('2026-12-14', 'week', period), { from: '2026-12-14', to: '2026-12-20' })
  assert.deepEqual(daysOf('2026-12-29', 'day', period), { from: '2026-12-29', to: '2026-12-29' })
})

for (const [day, unit, last] of [
  ['2026-12-26', 'day', '2026-12-26'],
  ['2026-12-28', 'week', '2027-01-03'],
  ['2028-02-01', 'month', '2028-02-29'],
  ['2026-12-01', 'month', '2026-12-31'],
] as [string, Unit, string][])
  test(`the ${unit} of ${day} ends on ${last}`, () => {
    assert.equal(lastDayOf(day, unit), last)
    assert.equal(isUnfinished(day, unit, last), true, 'its last day is not over')
    assert.equal(isUnfinished(day, unit, moveDay(last, 1)), false)
  })

test('what is left beside the series is never below zero', () => {
  assert.equal(restOf(100, [30, 20]), 50)
  assert.equal(restOf(100, [80, 30]), 0)
})

test('labels are thinned from the newest on', () => {
  assert.deepEqual(thin([1, 2, 3, 4, 5], 5), [1, 2, 3, 4, 5])
  assert.deepEqual(thin([1, 2, 3, 4, 5], 3), [1, 3, 5])
  assert.deepEqual(thin([1, 2, 3, 4], 3), [2, 4])
  assert.deepEqual(thin([], 3), [])
})

test('a level holds until the next point', () => {
  const corners = stepCorners([
    { x: 0, y: 5 },
    { x: 1, y: 8 },
  ])

  assert.deepEqual(corners, [
    { x: 0, y: 5 },
    { x: 1, y: 5 },
    { x: 1, y: 8 },
  ])
})

test('an axis begins at zero and has a height without data', () => {
  assert.equal(topOf([3, 9]), 9)
  assert.equal(topOf([0, 0]), 1)
  assert.equal(topOf([]), 1)
})

test('a change needs something to compare with', () => {
  assert.equal(changeOf(112, 100)!.toFixed(2), '0.12')
  assert.equal(changeOf(5, 0), null)
})

test('19 answers are few, 20 are not', () => assert.deepEqual([isFew(19), isFew(20)], [true, false]))

test('a week begins on Monday, a month on its first', () => {
  assert.equal(firstDayOf('2026-11-29', 'week'), '2026-11-23')
  assert.equal(firstDayOf('2026-11-23', 'week'), '2026-11-23')
  assert.equal(firstDayOf('2026-11-29', 'month'), '2026-11-01')
})

test('a week in which nothing happened has its place', () => {
  const rows = [
    { id: '2026-11-02', free: 2, paid: 1 },
    { id: '2026-11-08', free: 3, paid: 0 },
    { id: '2026-11-16', free: 4, paid: 5 },
  ]
  const units = listUnits('2026-11-04', '2026-11-18', 'week')

  const sums = sumByUnit(rows, units, 'week', ({ free, paid }) => [free, paid])

  assert.deepEqual(units, ['2026-11-02', '2026-11-09', '2026-11-16'])
  assert.deepEqual(sums, [
    { id: '2026-11-02', sums: [5, 1] },
    { id: '2026-11-09', sums: [] },
    { id: '2026-11-16', sums: [4, 5] },
  ])
})
