import assert from 'node:assert/strict'
import { test } from 'node:test'
import { createEventBody } from '../api/bodies.ts'

const EVENT = { name: 'Boda', startsAt: '2030-01-01T20:00:00Z', endsAt: '2030-01-02T02:00:00Z' }
// The client of the API wants to know where it is.
Object.assign(globalThis, { location: { origin: 'http://localhost' } })
const { checkBody, fieldErrorsOf } = await import('./forms.ts')

test('a schema and the API name the same field alike', () => {
  const body = { ...EVENT, venue: { name: 'x'.repeat(151), mapUrl: 'javascript:alert(1)' } }
  const problem = {
    ...{ type: '', title: '', status: 400, code: 'invalid_request', detail: '', requestId: 'r' },
    errors: [{ path: 'body.venue.mapUrl', message: 'is no address' }],
  }

  assert.ok('venue.name' in checkBody(createEventBody, body) && 'venue.mapUrl' in checkBody(createEventBody, body))
  assert.deepEqual(Object.keys(fieldErrorsOf(problem)), ['venue.mapUrl'])
  assert.deepEqual(Object.keys(checkBody(createEventBody, { ...EVENT, name: undefined })), ['name'])
  assert.deepEqual(checkBody(createEventBody, EVENT), {})
})
