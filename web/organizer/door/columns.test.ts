import assert from 'node:assert/strict'
import { test } from 'node:test'
import { colourOf, columnsOf, rankGates, STEP_MS } from './columns.ts'

const FIRST_MS = Date.parse('2030-01-01T00:00:00.000Z')
const at = (step: number) => new Date(FIRST_MS + step * STEP_MS).toISOString()

test('five minutes in which nobody came are an empty column, not a gap in time', () => {
  const columns = columnsOf([
    { at: at(0), gate: 'Norte', persons: 2 },
    { at: at(0), gate: 'Sur', persons: 1 },
    { at: at(2), gate: 'Sur', persons: 4 },
  ])

  assert.deepEqual(
    columns.map(({ at, total, parts }) => [at, total, parts.length]),
    [
      [at(0), 3, 2],
      [at(1), 0, 0],
      [at(2), 4, 1],
    ],
  )
})

test('of a long evening the last eight hours are drawn', () => {
  const columns = columnsOf([0, 50, 200].map((step) => ({ at: at(step), gate: null, persons: 1 })))

  assert.equal(columns.length, 96)
  assert.deepEqual([columns[0]!.at, columns.at(-1)!.at], [at(105), at(200)])
})

test('without arrivals there are no columns', () => {
  assert.deepEqual(columnsOf([]), [])
})

test('the busiest gates have colours of their own, and the others share the last', () => {
  const ranked = rankGates(
    ['a', 'b', 'c', 'd', 'e'].map((gate, index) => ({ at: at(0), gate, persons: 10 * (index + 1) })),
  )

  assert.deepEqual(ranked, ['e', 'd', 'c', 'b', 'a'])
  assert.deepEqual(
    ranked.map((gate) => colourOf(ranked, gate)),
    [1, 2, 3, 4, 4],
  )
})
