import assert from 'node:assert/strict'
import { test } from 'node:test'
import type { Schemas } from '../../api/client.ts'
import { bodyOf, lacksPlace, valuesOf } from './values.ts'

const VENUE = { name: 'Hacienda', address: 'Calle 5', mapUrl: null, latitude: 20.6, longitude: -100.4 }
const EVENT = {
  ...{ name: 'Boda', startsAt: '2035-03-01T18:00:00Z', endsAt: '2035-03-02T02:00:00Z', rsvpUntil: null },
  ...{ timeZone: 'America/Mexico_City', location: null, venue: VENUE },
} as Schemas['Event']

for (const [changes, latitude] of [
  [{ name: 'Boda de mayo', mapUrl: 'https://maps.example.com/a' }, 20.6],
  [{ address: ' Calle 5 ' }, 20.6],
  [{ address: 'Calle 7' }, undefined],
  [{ venueName: 'Jardín' }, undefined],
  [{ address: '' }, undefined],
] as const)
  test(`the point of a venue after ${JSON.stringify(changes)}: ${latitude ?? 'none'}`, () => {
    const { venue } = bodyOf({ ...valuesOf(EVENT), ...changes }, EVENT)
    assert.equal((venue as { latitude?: number }).latitude, latitude)
  })

test('a link of a map needs a name or an address beside it', () => {
  const values = { ...valuesOf(EVENT), venueName: '', address: '', mapUrl: 'https://maps.example.com/a' }
  assert.deepEqual([values, { ...values, venueName: 'Jardín' }, { ...values, mapUrl: '' }].map(lacksPlace), [
    true,
    false,
    false,
  ])
})
