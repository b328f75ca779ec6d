/**
 * What each provider takes: one row per provider, method and currency. A pair without a row is not offered. The rows hold in
 * mock mode too, so that a checkout that works there works with a key.
 */
import { Failure } from '../platform/errors.ts'
import { CURRENCIES, formatCents, MAX_CENTS, type Money } from '../platform/values/money.ts'
import type { PaymentMethod, ProviderName } from './provider.ts'

type Limit = {
  provider: ProviderName
  method: PaymentMethod
  currency: string
  minCents: number
  maxCents: number
}

/** Eight digits: docs.stripe.com/currencies#minimum-and-maximum-charge-amounts. */
const STRIPE_MAX = 99_999_999
/** docs.stripe.com/currencies gives no minimum for other currencies: Stripe converts those to the account's currency. */
const STRIPE_CARD_MIN: Record<string, number> = { MXN: 1000, USD: 50, EUR: 50, JPY: 50 }
/** A shop's till takes at most MXN 10,000.00 in one payment, whoever made the voucher. */
const SHOP_MAX = 1_000_000
/** Conekta refuses every order below MXN 3.00 (help.conekta.com), and its `unit_price` is an int32. */
const CONEKTA = { provider: 'conekta', currency: 'MXN', minCents: 300, maxCents: 2_147_483_647 } as const

const LIMITS: readonly Limit[] = [
  ...CURRENCIES.map((currency) => ({
    provider: 'stripe' as const,
    method: 'card' as const,
    currency,
    minCents: STRIPE_CARD_MIN[currency] ?? 1,
    maxCents: STRIPE_MAX,
  })),
  // docs.stripe.com/payments/oxxo: 10.00 to 10,000.00 MXN.
  { provider: 'stripe', method: 'oxxo', currency: 'MXN', minCents: 1000, maxCents: SHOP_MAX },
  // docs.stripe.com/payments/bank-transfers: for a Customer of Stripe, which is made with the intent.
  { provider: 'stripe', method: 'spei', currency: 'MXN', minCents: 1000, maxCents: STRIPE_MAX },
  { ...CONEKTA, method: 'card' },
  { ...CONEKTA, method: 'oxxo', maxCents: SHOP_MAX },
  { ...CONEKTA, method: 'spei' },
  // The mock stands for no provider. Its shop has the stricter of the two floors.
  ...CURRENCIES.map((currency) => ({
    provider: 'mock' as const,
    method: 'card' as const,
    currency,
    minCents: 1,
    maxCents: MAX_CENTS,
  })),
  { provider: 'mock', method: 'oxxo', currency: 'MXN', minCents: 1000, maxCents: SHOP_MAX },
  { provider: 'mock', method: 'spei', currency: 'MXN', minCents: 1, maxCents: MAX_CENTS },
]

/**
 * Returns the methods to offer: those asked for, which must all take the amount, or else every method that takes it.
 * Throws unsupported_currency, unsupported_method, amount_too_small or amount_too_large, naming the method.
 */
export function findMethods(provider: ProviderName, money: Money, asked: PaymentMethod[] | undefined): PaymentMethod[] {
  const ofProvider = LIMITS.filter((limit) => limit.provider === provider)
  const ofCurrency = ofProvider.filter((limit) => limit.currency === money.currency)
  if (ofCurrency.length === 0) {
    const currencies = [...new Set(ofProvider.map(({ currency }) => currency))].join(', ')
    throw new Failure('unsupported_currency', { detail: `${provider} takes ${currencies}.` })
  }
  for (const method of asked ?? []) {
    const limit = ofCurrency.find((one) => one.method === method)
    if (!limit) throw describeMissing(provider, method, ofProvider)
    const failure = findBreach(limit, money)
    if (failure) throw failure
  }
  if (asked) return asked
  const breaches = ofCurrency.map((limit) => ({ limit, failure: findBreach(limit, money) }))
  const fitting = breaches.filter(({ failure }) => failure === null).map(({ limit }) => limit.method)
  if (fitting.length === 0) throw breaches[0]!.failure! // the card's, which has the widest range
  return fitting
}

function describeMissing(provider: ProviderName, method: PaymentMethod, ofProvider: Limit[]): Failure {
  const currencies = ofProvider.filter((limit) => limit.method === method).map(({ currency }) => currency)
  if (currencies.length > 0)
    return new Failure('unsupported_currency', { detail: `${method} with ${provider} takes ${currencies.join(', ')}.` })
  const methods = [...new Set(ofProvider.map((limit) => limit.method))].join(', ')
  return new Failure('unsupported_method', { detail: `${provider} takes ${methods}, not ${method}.` })
}

function findBreach({ provider, method, ...limit }: Limit, { amountCents, currency }: Money): Failure | null {
  const say = (code: 'amount_too_small' | 'amount_too_large', words: string, cents: number) =>
    new Failure(code, {
      detail: `${method} with ${provider} takes ${words} ${formatCents(cents, currency)} ${currency}.`,
    })
  if (amountCents < limit.minCents) return say('amount_too_small', 'at least', limit.minCents)
  if (amountCents > limit.maxCents) return say('amount_too_large', 'at most', limit.maxCents)
  return null
}

/** The rows in pesos, for the API's documentation: `stripe: card from 10.00 to 999999.99, oxxo …`. */
export function describeLimits(): string {
  const rowsOf = (provider: ProviderName) =>
    LIMITS.filter((limit) => limit.provider === provider && limit.currency === 'MXN').map(
      ({ method, minCents, maxCents }) =>
        `${method} from ${formatCents(minCents, 'MXN')} to ${formatCents(maxCents, 'MXN')}`,
    )
  return (['stripe', 'conekta', 'mock'] as const).map((name) => `${name}: ${rowsOf(name).join(', ')}`).join('; ')
}
