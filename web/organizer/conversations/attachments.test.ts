import assert from 'node:assert/strict'
import { test } from 'node:test'
import { fileNameOf } from './attachments.ts'

test('a file keeps its name, and one without gets a name that opens', () => {
  const save = (mediaType: string, name: string | null = null) => fileNameOf({ name, mediaType }, 'archivo')
  assert.equal(save('application/pdf', 'menú.pdf'), 'menú.pdf')
  assert.equal(save('image/jpeg'), 'archivo.jpg')
  assert.equal(save('audio/ogg; codecs=opus'), 'archivo.ogg')
  assert.equal(save('application/vnd.ms-excel'), 'archivo')
  assert.equal(save(''), 'archivo')
})
