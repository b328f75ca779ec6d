import assert from 'node:assert/strict'
import { test } from 'node:test'
import { throttleLogs } from './log-throttle.ts'

test('a key may log once in the interval, and again when the interval is over', () => {
  let nowMs = 0
  const mayLog = throttleLogs(10_000, () => nowMs)
  const answers = [0, 1, 9_999, 10_000, 10_001, 25_000].map((atMs) => {
    nowMs = atMs
    return mayLog('redis')
  })

  assert.deepEqual(answers, [true, false, false, true, false, true])
})

test('every key has an interval of its own', () => {
  const mayLog = throttleLogs(10_000, () => 0)

  assert.deepEqual(['a', 'b', 'a', 'b'].map(mayLog), [true, true, false, false])
})

test('two throttles do not share their keys', () => {
  const [first, second] = [throttleLogs(10_000), throttleLogs(10_000)]

  assert.deepEqual([first('a'), second('a'), first('a')], [true, true, false])
})
