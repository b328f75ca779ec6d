import assert from 'node:assert/strict'
import { test } from 'node:test'
import fc from 'fast-check'
import { Failure } from '../errors.ts'
import { formatCents, readMoney } from './money.ts'

const codeOf = (read: () => unknown): string => {
  try {
    read()
    return 'accepted'
  } catch (error) {
    assert.ok(error instanceof Failure)
    return error.code
  }
}

const ACCEPTED: [number | string, string, number][] = [
  [1000, 'MXN', 100_000],
  [1000, 'mxn', 100_000],
  [19.99, 'MXN', 1999],
  [0.07, 'MXN', 7],
  [1.1, 'MXN', 110],
  ['1000.50', 'MXN', 100_050],
  ['1000.5', 'Mxn', 100_050],
  [' 12 ', 'USD', 1200],
  ['0.01', 'EUR', 1],
  [500, 'CLP', 500],
  ['500', 'jpy', 500],
  ['999999999.99', 'MXN', 99_999_999_999],
]
for (const [amount, currency, amountCents] of ACCEPTED) {
  test(`${JSON.stringify(amount)} ${currency} is ${amountCents} minor units`, () => {
    assert.deepEqual(readMoney({ amount, currency }), { amountCents, currency: currency.toUpperCase() })
  })
}

const REJECTED: (number | string)[] = [
  0,
  -1,
  -0.5,
  19.999,
  1e-7,
  1e21,
  NaN,
  Infinity,
  '',
  ' ',
  '1,000',
  '1.000,00',
  '$5',
  '1e3',
  '0x10',
  '1.',
  '.5',
  '+5',
  '1000000000.00',
  '١٢',
]
for (const amount of REJECTED) {
  test(`${JSON.stringify(amount)} MXN is not an amount`, () => {
    assert.equal(
      codeOf(() => readMoney({ amount, currency: 'MXN' })),
      'invalid_amount',
    )
  })
}

test('a currency without decimals rejects decimals', () => {
  assert.equal(
    codeOf(() => readMoney({ amount: '5.0', currency: 'JPY' })),
    'invalid_amount',
  )
})

test('exactly one of amount and amountCents is required', () => {
  assert.equal(
    codeOf(() => readMoney({ amount: 1, amountCents: 100, currency: 'MXN' })),
    'invalid_amount',
  )
  assert.equal(
    codeOf(() => readMoney({ currency: 'MXN' })),
    'invalid_amount',
  )
  assert.deepEqual(readMoney({ amountCents: 1, currency: 'MXN' }), { amountCents: 1, currency: 'MXN' })
})

for (const amountCents of [0, -1, 1.5, 2 ** 53, 100_000_000_000]) {
  test(`amountCents ${amountCents} is rejected`, () => {
    assert.equal(
      codeOf(() => readMoney({ amountCents, currency: 'MXN' })),
      'invalid_amount',
    )
  })
}

for (const currency of ['XXX', '', 'peso', '__proto__', 'constructor', 'MX']) {
  test(`«${currency}» is not a supported currency`, () => {
    assert.equal(
      codeOf(() => readMoney({ amount: 1, currency })),
      'unsupported_currency',
    )
  })
}

test('cents are formatted with the decimals of their currency, also negative ones', () => {
  assert.equal(formatCents(100_050, 'MXN'), '1000.50')
  assert.equal(formatCents(5, 'MXN'), '0.05')
  assert.equal(formatCents(0, 'MXN'), '0.00')
  assert.equal(formatCents(-5, 'MXN'), '-0.05')
  assert.equal(formatCents(-123_456, 'USD'), '-1234.56')
  assert.equal(formatCents(500, 'CLP'), '500')
})

test('a formatted amount reads back as the same cents', () => {
  fc.assert(
    fc.property(fc.integer({ min: 1, max: 99_999_999_999 }), fc.constantFrom('MXN', 'CLP'), (amountCents, currency) => {
      const amount = formatCents(amountCents, currency)

      assert.equal(readMoney({ amount, currency }).amountCents, amountCents)
      assert.equal(readMoney({ amount: Number(amount), currency }).amountCents, amountCents)
    }),
  )
})
