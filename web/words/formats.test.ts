import assert from 'node:assert/strict'
import { test } from 'node:test'
import { CURRENCIES as OF_THE_API, formatCents } from '../../src/platform/values/money.ts'
import { CURRENCIES, formatMoneyIn } from './formats.ts'

for (const [minor, currency, text] of [
  [123_450, 'MXN', '$1,234.50'],
  [-50, 'MXN', '−$0.50'],
  [123_450, 'USD', '1,234.50 USD'],
  [-123_450, 'EUR', '−1,234.50 EUR'],
  [1500, 'CLP', '1,500 CLP'],
  [1500, 'JPY', '1,500 JPY'],
  [150_000, 'COP', '1,500.00 COP'],
  [150_000, 'GTQ', '1,500.00 GTQ'],
  [null, 'USD', '—'],
  [100, null, '$1.00'],
] as const)
  test(`${minor} minor units of ${currency} are ${text}`, () => assert.equal(formatMoneyIn(minor, currency), text))

test('the currencies and their decimals are those of the API', () => {
  assert.deepEqual(CURRENCIES, OF_THE_API)
  for (const currency of CURRENCIES.filter((one) => one !== 'MXN'))
    assert.equal(formatMoneyIn(150, currency), `${formatCents(150, currency)} ${currency}`)
})
