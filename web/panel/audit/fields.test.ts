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
  ['scopes', ['read', 'door'], 'leer, puerta'],
  ['changed', ['name', 'phone'], 'Nombre, Teléfono'],
  ['doorPolicy', 'invited', 'A quien está en la lista'],
  ['reentry', 'exit_then_entry', 'Puede volver: la puerta registra su salida'],
  ['name', 'confirmed', 'confirmed'],
  ['tags', [], '—'],
  ['capacity', 200, '200'],
  ['amountCents', 123_450, '1,234.50 USD'],
] as const)
  test(`${field} ${JSON.stringify(value)} is ${text}`, () =>
    assert.equal(describeValue(field, value, { entity: 'event', currency: 'USD' }), text))

for (const [entity, field, code, text] of [
  ['event', 'status', 'expired', 'Terminado'],
  ['payment', 'status', 'expired', 'Venció'],
  ['payment', 'method', 'transfer', 'Transferencia'],
  ['payment', 'status', 'something_new', 'something_new'],
  ['user', 'role', 'viewer', 'Solo lectura'],
  ['ledger_transaction', 'kind', 'write_off', 'Condonación'],
] as const)
  test(`the ${field} ${code} of a ${entity} is ${text}`, () =>
    assert.equal(describeValue(field, code, { entity, currency: null }), text))

test('a field that has no name in Spanish is spelled as the API names it', () => {
  assert.deepEqual([nameField('startsAt'), nameField('somethingNew')], ['Empieza', 'Something new'])
})
