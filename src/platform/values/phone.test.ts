import assert from 'node:assert/strict'
import { test } from 'node:test'
import fc from 'fast-check'
import { Failure } from '../errors.ts'
import { normalizePhone, parsePhone, readPhone } from './phone.ts'

const SAME_PERSON = [
  '5512345678',
  '55 1234 5678',
  '(55) 1234-5678',
  '55.1234.5678',
  '55–1234–5678',
  '+52 55 1234 5678',
  '+525512345678',
  '525512345678',
  '+52 1 55 1234 5678',
  '5215512345678',
  '+5215512345678',
  '044 55 1234 5678',
  '045 55 1234 5678',
  '01 55 1234 5678',
  '00525512345678',
  '0052 1 55 1234 5678',
  '  55 1234 5678\t',
  '(+52) 55 1234 5678',
  '+(52) 1 55 1234 5678',
  '52 55 12 34 56 78',
  '55/1234/5678',
  '011 52 55 1234 5678',
  '+52 (55) 1234 5678',
  // Old prefixes after the country code.
  '+52 044 55 1234 5678',
  '+52 045 55 1234 5678',
  '+52 01 55 1234 5678',
  '+52 1 044 55 1234 5678',
  '+0052 55 1234 5678',
  // Copied from contacts and chats: bidirectional marks, other dashes and spaces, other digits.
  '\u202a+52 1 55 1234 5678\u202c',
  '\u2068+525512345678\u2069',
  '\u200e5512345678',
  '\ufeff5512345678',
  '55\u200b1234\u200b5678',
  '55 1234\u20115678',
  '55\u22121234\u22125678',
  '55\u00a01234\u202f5678',
  '５５１２３４５６７８',
  '＋５２ ５５ １２３４ ５６７８',
  '📱 55 1234 5678',
  '☎️55 1234 5678',
  '55 1234 5678,',
  '<+525512345678>',
  'Tel. 55 1234 5678',
  'Cel: 5512345678',
  'WhatsApp 55 1234 5678',
  // Links.
  'tel:+525512345678',
  'tel:+52-55-1234-5678',
  'tel:55-1234-5678;phone-context=+52',
  'TEL:5512345678',
  'https://wa.me/5215512345678',
  'http://wa.me/+525512345678',
  'wa.me/5215512345678?text=Hola%205598765432',
  'https://wa.me/5215512345678/',
  'https://api.whatsapp.com/send?phone=5215512345678&text=hola',
  'https://api.whatsapp.com/send/?text=hola&phone=%2B525512345678',
  'whatsapp://send?phone=525512345678',
  // Cells of spreadsheets.
  '5512345678.0',
  '5512345678.00',
  '5512345678,0',
  '525512345678.0',
  '+525512345678.0',
  '5.512345678E9',
  '5.512345678E+09',
  '5,512345678E+09',
  '5.512345678e+9',
  '5.25512345678E+11',
  '5,512,345,678',
  '5,512,345,678.00',
  "'5512345678",
  '’5512345678',
  '"5512345678"',
  '="5512345678"',
]
for (const written of SAME_PERSON) {
  test(`«${written}» is +525512345678`, () => {
    assert.equal(normalizePhone(written), '+525512345678')
  })
}

test("WhatsApp's 521… and 52… are the same number", () => {
  assert.equal(normalizePhone('5215512345678'), normalizePhone('525512345678'))
})

for (const [written, expected] of [
  ['+1 (415) 555-2671', '+14155552671'],
  ['0034 612 34 56 78', '+34612345678'],
  ['+502 5123 4567', '+50251234567'],
  ['+5491123456789', '+5491123456789'],
  ['1 415 555 2671', '+14155552671'],
  ['14155552671.0', '+14155552671'],
  ['1.4155552671E10', '+14155552671'],
  ['34 612 34 56 78', '+34612345678'],
  ['+49 30/1234567', '+49301234567'],
  ['54 9 11 2345 6789', '+5491123456789'],
  ['https://wa.me/14155552671', '+14155552671'],
] as const) {
  test(`«${written}» of another country is ${expected}`, () => {
    assert.equal(normalizePhone(written), expected)
  })
}

const NOT_A_PHONE = [
  '',
  ' ',
  'abc',
  '12',
  '123456',
  '55 1234 567x',
  '5512345678 ext 2',
  '+',
  '++525512345678',
  '1234567890123456',
  '+9991234567890',
  '55\u00001234 5678',
  "5512345678'; drop table guests",
  '٥٥١٢٣٤٥٦٧٨',
  // Digits are lost, or were never a phone number.
  '5.51235E+09',
  '5.51234567E9',
  '5.512345678E10',
  '5512345678.5',
  '5512345.678.5',
  '-5512345678',
  '1E9',
  '#N/A',
  'NaN',
  '44197.0',
  '0123456789',
  // Two numbers, or an extension.
  '5512345678 / 5598765432',
  '5512345678, 5598765432',
  '5512345678;5598765432',
  '5512345678 y 5598765432',
  '5512345678\n5598765432',
  '81 1234 5678/82',
  '5512345/5598765',
  '55 1234 5678 ext. 12',
  '55 1234 5678 x12',
  '55 1234 5678 #12',
  '55 1234 5678 (12)',
  '55 1234 5678 12',
  '5512345678-12',
  '+52 55 1234 5678 12',
  'tel:+525512345678;ext=12',
  // Links and names without a number.
  'https://wa.me/message/ABCDEFG5512345',
  'https://wa.me/5215512345678/extra',
  'https://example.com/5512345678',
  'MX.13491208655302741918',
  'MX.1349120865',
  'tel:',
  'wa.me/%ZZ',
]
for (const written of NOT_A_PHONE) {
  test(`${JSON.stringify(written)} is not a phone number`, () => {
    assert.equal(normalizePhone(written), null)
    assert.throws(
      () => parsePhone(written),
      (error) => error instanceof Failure && error.code === 'invalid_phone',
    )
  })
}

for (const written of [
  '55 1234 56789',
  '55123456789',
  '5512345678²',
  '5512345678901',
  '005512345678',
  '+0 5512345678',
  '005525512345678',
  '+521551234567',
  '+52 0000000000',
  '+1 555 000 0000',
])
  test(`${written} is no phone of its country`, () => {
    assert.throws(() => parsePhone(written), { code: 'invalid_phone' })
  })

test('normalizing is idempotent, and the result fits the column', () => {
  fc.assert(
    fc.property(
      fc.string({ unit: fc.constantFrom(...'0123456789+- ()'.split('')), minLength: 5, maxLength: 18 }),
      (written) => {
        const once = normalizePhone(written)

        if (once === null) return
        assert.match(once, /^\+[0-9]{7,15}$/)
        assert.equal(normalizePhone(once), once)
      },
    ),
    { numRuns: 2000 },
  )
})

test('any number with 7 to 15 digits can be looked up', () => {
  assert.equal(readPhone('5215550000'), '+525215550000')
  assert.equal(readPhone('1234567'), '+1234567')
  assert.equal(readPhone('999999999999999'), '+999999999999999')
})

for (const written of ['123456', '1234567890123456', '55x12345678', '', '../../etc', '5512345678\u0000']) {
  test(`${JSON.stringify(written)} cannot be looked up`, () => {
    assert.throws(
      () => readPhone(written),
      (error) => error instanceof Failure && error.code === 'invalid_phone',
    )
  })
}

test('fifty thousand characters are checked quickly', () => {
  const startedMs = performance.now()

  for (const written of ['5'.repeat(50_000), ' '.repeat(50_000), '('.repeat(50_000), '+52'.repeat(20_000)]) {
    assert.equal(normalizePhone(written), null)
  }

  assert.ok(performance.now() - startedMs < 1000)
})
