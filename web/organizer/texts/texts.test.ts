import assert from 'node:assert/strict'
import { test } from 'node:test'
import { bodyOf, countWritten, standinOf, valuesOf } from './texts.ts'

const NONE = { title: null, greeting: null, body: null, dressCode: null, gifts: null, thanks: null }

test('an empty text is the one of the other language, else the words of the page, else nothing', () => {
  const at = { locale: 'es-MX' as const, eventName: 'Boda de Ana y Luis' }
  const other = { ...NONE, body: 'Join us' }
  assert.deepEqual(standinOf('body', { ...at, other }), { from: 'other', text: 'Join us' })
  assert.deepEqual(standinOf('title', { ...at, other }), { from: 'event', text: 'Boda de Ana y Luis' })
  assert.deepEqual(standinOf('greeting', { ...at, other }), { from: 'page', text: 'Tienes una invitación' })
  assert.equal(standinOf('thanks', { ...at, other }).text, 'Gracias por acompañarnos en este día.')
  assert.deepEqual(standinOf('gifts', { ...at, other }), { from: 'none', text: '' })
})

test('a text of nothing but spaces is removed', () => {
  const body = bodyOf({ ...valuesOf(NONE), title: ' ', gifts: 'Mesa 12\nLiverpool' })
  assert.deepEqual(body, { ...NONE, gifts: 'Mesa 12\nLiverpool' })
  assert.equal(countWritten(body), 1)
})
