import assert from 'node:assert/strict'
import { test } from 'node:test'
import { describeValue, nameField } from './fields.ts'

for (const [field, value, text] of [
  ['name', 'Boda', 'Boda'],
  ['venue', null, '—'],
  ['venue', { name: 'Hacienda', address: 'Calle 5', latitude: null }, 'Nombre: Hacienda. Dirección: Calle 5'],
  ['startsAt', '2026-12-30T00:00:00+00:00', 'mar 29 dic 2026, 18:00 h'],
  ['name', '2026-13-45T99:99', '2026-13-45T99:99'],
  ['name', '2026-13-45T99:99:00Z', '2026-13-45T99:99:00Z'],
  ['note', '2026-12-30T10:00 llamé a su casa', '2026-12-30T10:00 llamé a su casa'],
  ['disabled', false, 'No'],
  ['scopes', ['read', 'door'], 'read, door'],
  ['tags', [], '—'],
  ['capacity', 200, '200'],
  ['amountCents', 123_450, '1,234.50 USD'],
] as const)
  test(`${field} ${JSON.stringify(value)} is ${text}`, () => assert.equal(describeValue(field, value, 'USD'), text))

test('a field that has no name in Spanish is spelled as the API names it', () => {
  assert.deepEqual([nameField('startsAt'), nameField('somethingNew')], ['Empieza', 'Something new'])
})
