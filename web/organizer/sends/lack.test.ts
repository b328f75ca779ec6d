import assert from 'node:assert/strict'
import { test } from 'node:test'
import { lackOf } from './lack.ts'

test('what is to leave later leaves at no time before one is chosen', () => {
  assert.equal(lackOf({ later: true }), 'at')
  assert.equal(lackOf({ later: true, at: '2026-12-01T10:00' }), null)
  assert.equal(lackOf({}), null)
})

test('a notice lacks its text before its time', () => {
  assert.equal(lackOf({ template: 'event_update', text: ' ', later: true }), 'text')
  assert.equal(lackOf({ template: 'event_update', text: 'Llueve' }), null)
})
