import assert from 'node:assert/strict'
import { test } from 'node:test'
import fc from 'fast-check'
import { cleanLine, cleanLines, foldCode, foldLetters, foldText, foldWords, parseName } from './text.ts'

for (const [written, plain] of [
  ['𝗖𝗼𝗻𝗳𝗶𝗿𝗺𝗼', 'Confirmo'],
  ['Ｃｏｎｆｉｒｍｏ', 'Confirmo'],
  ['Conf\u200birmo', 'Confirmo'],
  ['Sí\u2060, vamos 2', 'Sí, vamos 2'],
  ['𝐍𝐨 𝐩𝐨𝐝𝐫é 𝐢𝐫', 'No podré ir'],
  ['𝗕𝗔𝗝𝗔', 'BAJA'],
  ['ⓢⓘ', 'si'],
  ['🅂🄸', 'SI'],
  ['con\u00adfirmo', 'confirmo'],
  ['\u202eBAJA\u202c', 'BAJA'],
  ['\u3164BAJA\u3164', 'BAJA'],
  ['vamos\u00a02', 'vamos 2'],
  ['somos ５', 'somos 5'],
  ['Si\u0301', 'Sí'],
  ['\ufeffConfirmo', 'Confirmo'],
  ['👍\ufe0f', '👍'],
] as const)
  test(`${JSON.stringify(written)} means «${plain}»`, () => {
    assert.equal(foldText(written), plain)
  })

for (const [written, plain] of [
  ['BАJА', 'BAJA'],
  ['Сonfirmo', 'Confirmo'],
  ['Nο podré', 'No podré'],
  ['ᴄᴏɴғɪʀᴍᴏ', 'confirmo'],
  ['🅲🅾🅽🅵🅸🆁🅼🅾', 'CONFIRMO'],
  ['🅱🅰🅹🅰', 'BAJA'],
  ['🅑🅐🅙🅐', 'BAJA'],
  ['Ñandú', 'Ñandú'],
  ['👍', '👍'],
] as const)
  test(`${written} is read as ${plain}`, () => {
    assert.equal(foldLetters(written), plain)
  })

for (const [written, code] of [
  ['MONO–DEMO–0002', 'MONO-DEMO-0002'],
  ['MONO\u2011DEMO\u20100002', 'MONO-DEMO-0002'],
  ['MONO−DEMO－0002', 'MONO-DEMO-0002'],
  ['MONO-DEMO-0002\u001d', 'MONO-DEMO-0002'],
  ['\u200eMONO-DEMO-0002\r\n', 'MONO-DEMO-0002'],
  ['ＭＯＮＯ-ＤＥＭＯ-０００２', 'MONO-DEMO-0002'],
  ['mono\u00a0demo  0002', 'mono demo 0002'],
  ['mono\t\u0000\tdemo', 'mono demo'],
] as const)
  test(`${JSON.stringify(written)} is the code ${code}`, () => {
    assert.equal(foldCode(written), code)
  })

for (const [written, name] of [
  ['  Ana   Pérez ', 'Ana Pérez'],
  ['Ana\r\nPérez', 'Ana Pérez'],
  ['Ana\tPérez', 'Ana Pérez'],
  ['Ana\u2028Pérez', 'Ana Pérez'],
  ['A\u200bna\u0000', 'Ana'],
  ['\u202eana\u202c', 'ana'],
  ['Familia 👨\u200d👩\u200d👧', 'Familia 👨\u200d👩\u200d👧'],
  ['🏳\ufe0f\u200d🌈 Leo', '🏳\ufe0f\u200d🌈 Leo'],
  ['🧑🏽\u200d🚀', '🧑🏽\u200d🚀'],
  ['Ana\u200dMaría', 'AnaMaría'],
  ['❤\ufe0f', '❤\ufe0f'],
  [
    '🏴\u{e0067}\u{e0062}\u{e0065}\u{e006e}\u{e0067}\u{e007f}',
    '🏴\u{e0067}\u{e0062}\u{e0065}\u{e006e}\u{e0067}\u{e007f}',
  ],
  ['Jose\u0301', 'José'],
  ['𝓐𝓷𝓪', '𝓐𝓷𝓪'],
  ['\u200b\u200b', ''],
  ['\u2800', ''],
  ['\u3164', ''],
  ['\u00a0\u2003', ''],
  ['\ufe0f', ''],
  ['\u0301', ''],
  ['\r\n', ''],
  ['\u{e0061}', ''],
] as const)
  test(`the name ${JSON.stringify(written)} is stored as ${JSON.stringify(name)}`, () => {
    assert.equal(cleanLine(written), name)
  })

test('a note keeps its lines', () => {
  assert.equal(cleanLines(' Mesa 4\r\n\u200bSin\tnueces\u2029\u0000 '), 'Mesa 4\nSin nueces')
  assert.equal(cleanLines('\u200b\n\u2060'), '')
})

test('words are compared without case, accents and punctuation', () => {
  assert.equal(foldWords(' ¡Detén,  las PROMOCIONES! '), 'deten las promociones')
})

test('a name without a visible letter is refused', () => {
  assert.throws(() => parseName('\u200b'), { code: 'invalid_request' })
})

test('cleaning and folding twice changes nothing more', () => {
  fc.assert(
    fc.property(fc.string({ unit: 'binary', maxLength: 30 }), (text) => {
      assert.equal(cleanLine(cleanLine(text)), cleanLine(text))
      assert.equal(foldText(foldText(text)), foldText(text))
      assert.equal(foldCode(foldCode(text)), foldCode(text))
    }),
    { numRuns: 2000 },
  )
})

test('fifty thousand characters are folded quickly', () => {
  const startedMs = performance.now()

  for (const text of [
    '\u200b'.repeat(50_000),
    '-'.repeat(50_000),
    '👨\u200d'.repeat(16_000),
    '\u{e0061}'.repeat(25_000),
  ]) {
    cleanLine(text)
    foldCode(text)
  }

  assert.ok(performance.now() - startedMs < 1000)
})
