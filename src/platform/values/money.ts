/** Money: integer minor units with an ISO 4217 currency, never a float. */
import { Type } from 'typebox'
import { Failure } from '../errors.ts'

/** Supported currencies with their number of decimals (ISO 4217). */
const DECIMALS: Record<string, number> = { MXN: 2, USD: 2, EUR: 2, GTQ: 2, COP: 2, CLP: 0, JPY: 0 }
export const CURRENCIES: readonly string[] = Object.keys(DECIMALS)
/** 999,999,999.99: far above the cost of any event and far below 2^53. */
export const MAX_CENTS = 99_999_999_999

export const AmountInput = {
  amount: Type.Optional(
    Type.Union([Type.Number(), Type.String({ maxLength: 20 })], {
      description: 'Major units (pesos): 1000 or "1000.50".',
    }),
  ),
  amountCents: Type.Optional(Type.Integer({ description: 'Minor units (centavos), instead of amount.' })),
}
export const CurrencyInput = Type.String({
  minLength: 3,
  maxLength: 3,
  default: 'MXN',
  description: 'ISO 4217, in any case.',
})
export const AmountOutput = {
  amount: Type.String({ description: 'Decimal string in major units.' }),
  amountCents: Type.Integer(),
  currency: Type.String(),
}

export type Money = { amountCents: number; currency: string }

/** Returns the code in capitals. Throws unsupported_currency. */
export function readCurrency(text: string, path = 'body.currency'): string {
  const currency = text.toUpperCase()
  if (!CURRENCIES.includes(currency))
    throw refusal('unsupported_currency', path, `Currencies: ${CURRENCIES.join(', ')}.`)
  return currency
}

const refusal = (code: 'unsupported_currency' | 'invalid_amount', path: string, detail: string): Failure =>
  new Failure(code, { detail, errors: [{ path, message: detail }] })

/**
 * Reads `amount` (major units) or `amountCents` (minor units). `names`: what the caller calls them. Throws
 * unsupported_currency or invalid_amount.
 */
export function readMoney(
  input: { amount?: number | string; amountCents?: number; currency: string },
  names = { amount: 'amount', amountCents: 'amountCents' },
): Money {
  const currency = readCurrency(input.currency)
  if ((input.amount === undefined) === (input.amountCents === undefined))
    throw refusal(
      'invalid_amount',
      `body.${names.amount}`,
      `Give either ${names.amount} (major units) or ${names.amountCents} (minor units).`,
    )
  const amountCents = input.amountCents ?? toCents(input.amount!, DECIMALS[currency]!, names.amount)
  if (!Number.isSafeInteger(amountCents) || amountCents <= 0 || amountCents > MAX_CENTS) {
    const field = input.amountCents === undefined ? names.amount : names.amountCents
    throw refusal('invalid_amount', `body.${field}`, 'The amount must be positive and at most 999,999,999.99.')
  }
  return { amountCents, currency }
}

/** Converts the decimal digits, not the float, so that 19.99 is exactly 1999. */
function toCents(amount: number | string, decimals: number, name: string): number {
  const text = typeof amount === 'number' ? String(amount) : amount.trim()
  const match = /^(\d{1,12})(?:\.(\d+))?$/.exec(text)
  if (!match || (match[2]?.length ?? 0) > decimals) {
    throw refusal(
      'invalid_amount',
      `body.${name}`,
      `The amount must be a positive number with at most ${decimals} decimals.`,
    )
  }
  return Number(match[1]! + (match[2] ?? '').padEnd(decimals, '0'))
}

/** How many digits of a currency are after its point. */
export const decimalsOf = (currency: string): number => DECIMALS[currency] ?? 2

/** Formats minor units as a decimal: 100050 MXN → "1000.50". Balances may be negative. */
export function formatCents(cents: number, currency: string): string {
  const decimals = decimalsOf(currency)
  const digits = String(Math.abs(cents)).padStart(decimals + 1, '0')
  const whole = decimals === 0 ? digits : `${digits.slice(0, -decimals)}.${digits.slice(-decimals)}`
  return cents < 0 ? `-${whole}` : whole
}
