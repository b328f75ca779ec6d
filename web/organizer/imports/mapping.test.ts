import assert from 'node:assert/strict'
import { test } from 'node:test'
import { mappingOf, type Heading } from './mapping.ts'

const FOUND: Heading[] = [
  { heading: 'Nombre', field: 'name' },
  { heading: 'Apellido paterno', field: 'lastName' },
  { heading: 'Apellido materno', field: 'lastName' },
  { heading: 'Mesa', field: null },
]
const choose = (changes: Record<string, Heading['field']>) =>
  FOUND.map(({ heading, field }) => ({ heading, field: heading in changes ? changes[heading]! : field }))

test('what the headings say is left to the headings, so that two columns may hold one field', () => {
  assert.deepEqual(mappingOf(FOUND, FOUND), {})
})

test('a column that was chosen for a field is named', () => {
  assert.deepEqual(mappingOf(FOUND, choose({ Mesa: 'tags' })), { tags: 'Mesa' })
})

test('a field whose columns were all left out is null', () => {
  const chosen = choose({ 'Apellido paterno': null, 'Apellido materno': null })

  assert.deepEqual(mappingOf(FOUND, chosen), { lastName: null })
})

test('a field that moves to another column takes it, and leaves the old one out', () => {
  assert.deepEqual(mappingOf(FOUND, choose({ Nombre: null, Mesa: 'name' })), { name: 'Mesa' })
})
