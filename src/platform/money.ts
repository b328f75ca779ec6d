/** Money: integer minor units plus an ISO 4217 currency. Never a float. */
import { Type } from 'typebox'
import { Failure } from './errors.ts'

/** Currencies we take, with their number of decimals (ISO 4217). */
const DECIMALS: Record<string, number> = { MXN: 2, USD: 2, EUR: 2, GTQ: 2, COP: 2, CLP: 0, JPY: 0 }
/** 999,999,999.99: far above any event, far below 2^53. */
const MAX_CENTS = 99_999_999_999

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

/** Reads amount or amountCents. Throws unsupported_currency or invalid_amount. */
export function readMoney(input: { amount?: number | string; amountCents?: number; currency: string }): Money {
  const currency = input.currency.toUpperCase()
  const decimals = DECIMALS[currency]
  if (decimals === undefined) {
    throw new Failure('unsupported_currency', { detail: `Currencies: ${Object.keys(DECIMALS).join(', ')}.` })
  }
  if ((input.amount === undefined) === (input.amountCents === undefined)) {
    throw new Failure('invalid_amount', {
      detail: 'Give amount (major units) or amountCents (minor units), one of them.',
    })
  }
  const amountCents = input.amountCents ?? toCents(input.amount!, decimals)
  if (!Number.isSafeInteger(amountCents) || amountCents <= 0 || amountCents > MAX_CENTS) {
    throw new Failure('invalid_amount', { detail: 'The amount must be positive and at most 999,999,999.99.' })
  }
  return { amountCents, currency }
}

/** Exact: works on the decimal digits, so that 19.99 is 1999 and never 1998. */
function toCents(amount: number | string, decimals: number): number {
  const text = typeof amount === 'number' ? String(amount) : amount.trim()
  const match = /^(\d{1,12})(?:\.(\d+))?$/.exec(text)
  if (!match || (match[2]?.length ?? 0) > decimals) {
    throw new Failure('invalid_amount', { detail: `A positive number with at most ${decimals} decimals.` })
  }
  return Number(match[1]! + (match[2] ?? '').padEnd(decimals, '0'))
}

/** 100050 MXN → "1000.50". Also for negative amounts (balances). */
export function formatCents(cents: number, currency: string): string {
  const decimals = DECIMALS[currency] ?? 2
  const digits = String(Math.abs(cents)).padStart(decimals + 1, '0')
  const whole = decimals === 0 ? digits : `${digits.slice(0, -decimals)}.${digits.slice(-decimals)}`
  return cents < 0 ? `-${whole}` : whole
}
