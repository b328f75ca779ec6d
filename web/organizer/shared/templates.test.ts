import assert from 'node:assert/strict'
import { test } from 'node:test'
import { usualTemplate } from './templates.ts'

test('a cancelled event is told of, and another invites', () => {
  assert.equal(usualTemplate({ status: 'cancelled' }), 'event_cancelled')
  assert.equal(usualTemplate({ status: 'active' }), 'event_invitation')
})
