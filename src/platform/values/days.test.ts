import assert from 'node:assert/strict'
import { test } from 'node:test'
import { startApp } from '../../../test/harness.ts'
import { isUntil, isWithin, readDays, readInstantOrDay } from './days.ts'
import { sql } from '../db.ts'
import { Failure } from '../errors.ts'

/** [what is given, the day in Mexico City]. */
const DAYS = [
  ['2030-05-01', '2030-05-01'],
  [' 2030-05-01\n', '2030-05-01'],
  ['2030-05-01T06:00:00Z', '2030-05-01'],
  ['2030-05-01T05:59:59.999Z', '2030-04-30'],
  ['2030-04-30T23:30:00-06:00', '2030-04-30'],
  ['2030-05-01T00:30:00+0000', '2030-04-30'],
  ['2030-05-01T00:30 00:00', '2030-04-30'], // `+00:00` in a query that was not escaped
  ['2030-05-01 12:00:00Z', '2030-05-01'],
  ['2022-07-01T05:30:00Z', '2022-07-01'], // Mexico City had summer time until 2022
  ['2023-07-01T05:30:00Z', '2023-06-30'],
] as const
for (const [text, day] of DAYS) {
  test(`${JSON.stringify(text)} is the day ${day}`, () => {
    assert.deepEqual(readDays({ from: text, to: text }), { from: day, to: day })
  })
}

for (const text of [
  '',
  'ayer',
  '2030-13-01',
  '2030-02-30',
  '01/05/2030',
  '2030-5-1',
  '2030-05-01T10:00:00',
  '20300501',
  '2030-05-01 00:00',
]) {
  test(`${JSON.stringify(text)} is no day`, () => {
    for (const read of [
      () => readDays({ from: text }),
      () => readDays({ to: text }),
      () => readInstantOrDay(text, 'x'),
    ])
      assert.throws(read, (error) => error instanceof Failure && error.code === 'invalid_date')
  })
}

test('without from and to every day counts; from after to is refused', () => {
  assert.deepEqual(readDays({}), { from: null, to: null })
  assert.throws(() => readDays({ from: '2030-05-02', to: '2030-05-01' }), Failure)
})

test('a bare date is the first instant of that day in Mexico City', () => {
  assert.equal(readInstantOrDay('2030-05-01', 'x').toISOString(), '2030-05-01T06:00:00.000Z')
  assert.equal(readInstantOrDay('2022-07-01', 'x').toISOString(), '2022-07-01T05:00:00.000Z')
  assert.equal(readInstantOrDay('2030-05-01T00:00:00Z', 'x').toISOString(), '2030-05-01T00:00:00.000Z')
})

test('SQL counts both ends of a period as whole days of Mexico City', async (t) => {
  const { db } = await startApp(t)
  for (const [at, from, to, isIn] of [
    ['2030-05-01T06:00:00Z', '2030-05-01', '2030-05-01', true],
    ['2030-05-01T05:59:59.999Z', '2030-05-01', '2030-05-01', false],
    ['2030-05-02T05:59:59.999Z', '2030-05-01', '2030-05-01', true],
    ['2030-05-02T06:00:00Z', '2030-05-01', '2030-05-01', false],
    ['2030-05-02T06:00:00Z', '2030-05-01', null, true],
    ['2030-05-02T06:00:00Z', null, '2030-05-01', false],
    ['2022-07-02T04:59:59Z', '2022-07-01', '2022-07-01', true], // summer time
    ['2022-07-02T05:00:00Z', '2022-07-01', '2022-07-01', false],
    ['2022-04-03T05:59:59Z', '2022-04-03', null, false], // the day on which it began
    ['2022-04-04T04:59:59Z', null, '2022-04-03', true],
    ['2022-10-31T05:59:59Z', '2022-10-30', '2022-10-30', true], // the day on which it ended, of 25 hours
    ['1990-01-01T00:00:00Z', null, null, true],
  ] as const) {
    const column = sql`${at}::timestamptz`
    const { rows } = await sql<{ within: boolean; until: boolean }>`
      select ${isWithin(column, { from, to })} as within, ${isUntil(column, to)} as until`.execute(db)

    assert.equal(rows[0]!.within, isIn, [at, from, to].join(' '))
    if (isIn) assert.equal(rows[0]!.until, true)
  }
})
