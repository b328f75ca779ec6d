import assert from 'node:assert/strict'
import test from 'node:test'
import { setTimeout as sleep } from 'node:timers/promises'
import { batching } from './batching.ts'
import { type Db } from './db.ts'

const aContext = () => ({ db: {} as Db })

test('concurrent calls are one batch, and each call gets its own result', async () => {
  const batches: number[][] = []
  const double = batching(
    async (_: { db: Db }, items: number[]) => {
      batches.push(items)
      return items.map((item) => item * 2)
    },
    { max: 3, lanes: 1 },
  )
  const context = aContext()

  const answers = await Promise.all([1, 2, 3, 4, 5].map((item) => double(context, item)))

  assert.deepEqual(answers, [2, 4, 6, 8, 10])
  assert.deepEqual(batches, [
    [1, 2, 3],
    [4, 5],
  ])
})

test('in a batch that fails, only the bad item fails', async () => {
  const check = batching(
    async (_: { db: Db }, items: number[]) => {
      if (items.includes(2)) throw new Error('two')
      return items
    },
    { max: 10, lanes: 1 },
  )
  const context = aContext()

  const answers = await Promise.allSettled([1, 2, 3].map((item) => check(context, item)))

  assert.deepEqual(
    answers.map(({ status }) => status),
    ['fulfilled', 'rejected', 'fulfilled'],
  )
})

test('a lost connection fails the whole batch, and the next call works', async () => {
  let runs = 0
  const check = batching(
    async (_: { db: Db }, items: number[]) => {
      if (++runs === 1) throw Object.assign(new Error('connect'), { code: 'ECONNREFUSED' })
      return items
    },
    { max: 10, lanes: 1 },
  )
  const context = aContext()

  const answers = await Promise.allSettled([1, 2, 3].map((item) => check(context, item)))

  assert.deepEqual([runs, answers.filter(({ status }) => status === 'rejected').length], [1, 3])
  assert.equal(await check(context, 7), 7)
})

test('calls on two databases are never in one batch', async () => {
  const sizes: number[] = []
  const check = batching(
    async (_: { db: Db }, items: number[]) => {
      sizes.push(items.length)
      return items
    },
    { max: 10, lanes: 1 },
  )

  await Promise.all([check(aContext(), 1), check(aContext(), 2)])

  assert.deepEqual(sizes, [1, 1])
})

test('a full second batch runs beside the first, and a smaller one waits', async () => {
  const batches: { items: number[]; end: () => void }[] = []
  const check = batching(
    (_: { db: Db }, items: number[]) =>
      new Promise<number[]>((resolve) => batches.push({ items, end: () => resolve(items) })),
    { max: 3, lanes: 2 },
  )
  const context = aContext()
  const turn = () => new Promise((resolve) => setImmediate(resolve))
  const sizes = () => batches.map(({ items }) => items.length)

  const answers = [check(context, 1)]
  await turn()
  answers.push(check(context, 2), check(context, 3))
  await turn()
  const beside = sizes()
  answers.push(check(context, 4), check(context, 5), check(context, 6), check(context, 7), check(context, 8))
  await turn()
  const full = sizes()
  batches[0]!.end()
  await turn()
  const freed = sizes()
  batches[1]!.end()
  await turn()
  for (const { end } of batches) end()
  await turn()
  for (const { end } of batches) end()

  assert.deepEqual(await Promise.all(answers), [1, 2, 3, 4, 5, 6, 7, 8])
  assert.deepEqual([beside, full, freed], [[1], [1, 3], [1, 3, 3]])
  assert.deepEqual(sizes(), [1, 3, 3, 1])
})

test('calls within the gap after a batch wait for its end and are one batch', async () => {
  const batches: { items: number[]; atMs: number }[] = []
  const echo = batching(
    async (_: { db: Db }, items: number[]) => {
      batches.push({ items, atMs: performance.now() })
      return items
    },
    { max: 10, lanes: 1, gapMs: 40 },
  )
  const context = aContext()

  await echo(context, 1)
  const second = echo(context, 2)
  await sleep(5)
  const answers = await Promise.all([second, echo(context, 3)])

  assert.deepEqual(answers, [2, 3])
  assert.deepEqual(
    batches.map(({ items }) => items),
    [[1], [2, 3]],
  )
  assert.ok(batches[1]!.atMs - batches[0]!.atMs >= 39)
})
