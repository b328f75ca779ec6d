import assert from 'node:assert/strict'
import { test } from 'node:test'
import { openMemory } from './memory.ts'

const at = (ms: number) => new Date(1_900_000_000_000 + ms)

test('a value is remembered until its last millisecond', () => {
  const memory = openMemory<string>(2)
  memory.set('a', 'first', at(1000))

  assert.deepEqual(
    [memory.get('a', at(999)), memory.get('a', at(1000)), memory.get('a', at(0))],
    ['first', undefined, undefined],
  )
})

test('a full memory forgets what it has known longest', () => {
  const memory = openMemory<number>(2)
  memory.set('a', 1, at(10))
  memory.set('b', 2, at(10))
  memory.set('a', 3, at(10))
  memory.set('c', 4, at(10))

  assert.deepEqual(
    ['a', 'b', 'c'].map((key) => memory.get(key, at(0))),
    [3, undefined, 4],
  )
})
