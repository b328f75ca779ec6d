import assert from 'node:assert/strict'
import { test } from 'node:test'
import fc from 'fast-check'
import { Failure } from './errors.ts'
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
