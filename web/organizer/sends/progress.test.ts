import assert from 'node:assert/strict'
import { test } from 'node:test'
import { percentEnded } from './progress.ts'

const NONE = { read: 0, delivered: 0, failed: 0, skipped: 0 }

test('messages that have left are no progress, and those that failed are', () => {
  assert.equal(percentEnded({ ...NONE, total: 4 }), 0)
  assert.equal(percentEnded({ ...NONE, total: 4, read: 1, delivered: 1, failed: 1 }), 75)
  assert.equal(percentEnded({ ...NONE, total: 4, read: 1, delivered: 1, failed: 1, skipped: 1 }), 100)
})

test('100 is never rounded up to, and a send to nobody is at 0', () => {
  assert.equal(percentEnded({ ...NONE, total: 1000, read: 999 }), 99)
  assert.equal(percentEnded({ ...NONE, total: 0 }), 0)
})
