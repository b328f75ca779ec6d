/**
 * Stripe's validation rules for API 2026-10-28. Sources: docs.stripe.com/api (payment_intents, refunds, errors,
 * idempotent_requests), docs.stripe.com/payments/oxxo and /payments/bank-transfers, and the SDK's types.
 */
import type { Asked } from './http.ts'
import { STRIPE_VERSION } from './stripe-events.ts'
import type { Params } from './stripe-objects.ts'

type Details = { status?: number; type?: string; code?: string; param?: string }

/** What Stripe answers with an error object. */
export class Refusal extends Error {
  readonly status: number
  readonly body: object
  constructor(message: string, { status = 400, type = 'invalid_request_error', code, param }: Details = {}) {
    super(message)
    this.status = status
    const link = code ? { code, doc_url: `https://docs.stripe.com/error-codes/${code.replaceAll('_', '-')}` } : {}
    this.body = { error: { type, message, ...link, ...(param ? { param } : {}) } }
  }
}

export const missing = (param: string) =>
  new Refusal(`Missing required param: ${param}.`, { code: 'parameter_missing', param })
/** An id in a parameter answers 400, an id in the path 404. */
export const noSuch = (what: string, id: string, param: string, status = 400) =>
  new Refusal(`No such ${what}: '${id}'`, { status, code: 'resource_missing', param })

const METADATA = /^metadata\[[^[\]]{1,40}\]$/
const COMMON = /^expand\[\d+\]$/
const LIST = /^(limit|starting_after|ending_before|created(\[(gt|gte|lt|lte)\])?)$/
/** The parameters of each endpoint that the fake knows; Stripe has more. */
const KNOWN: Record<string, RegExp> = {
  'POST customers': /^(name|email|phone|description)$/,
  'POST payment_intents':
    /^(amount|currency|customer|description|receipt_email|confirm|return_url|automatic_payment_methods\[(enabled|allow_redirects)\]|allowed_payment_method_types\[\d\]|payment_method_data\[(type|billing_details\]\[(name|email|phone))\]|payment_method_options\[(oxxo\]\[expires_after_days|customer_balance\]\[(funding_type|bank_transfer\]\[type))\])$/,
  'POST payment_intents/cancel': /^cancellation_reason$/,
  'POST refunds': /^(payment_intent|charge|amount|reason|instructions_email)$/,
  'GET payment_intents/search': /^(query|limit|page)$/,
  'GET payment_intents': /^customer$/,
  'GET refunds': /^(payment_intent|charge)$/,
  'GET charges': /^(payment_intent|customer)$/,
  'GET disputes': /^(payment_intent|charge)$/,
  'GET balance_transactions': /^(type|source|currency)$/,
  'GET events': /^(type|types\[\d+\])$/,
}

export function checkHeaders({ method, headers, body }: Asked, key: string): void {
  const basic = `Basic ${Buffer.from(`${key}:`).toString('base64')}`
  if (!headers.authorization) throw new Refusal('You did not provide an API key.', { status: 401 })
  if (headers.authorization !== `Bearer ${key}` && headers.authorization !== basic)
    throw new Refusal('Invalid API Key provided: sk_test_****', { status: 401 })
  if (headers['stripe-version'] !== STRIPE_VERSION)
    throw new Refusal(`Invalid Stripe API version: ${String(headers['stripe-version'])}`)
  if ('x-stripe-client-telemetry' in headers) throw new Refusal('telemetry must be off') // a rule of ours
  if (method !== 'POST') return
  if (body !== '' && !headers['content-type']?.startsWith('application/x-www-form-urlencoded'))
    throw new Refusal('Invalid request: the body is not form encoded.')
  const idempotencyKey = headers['idempotency-key']
  if (typeof idempotencyKey !== 'string' || idempotencyKey === '') throw new Refusal('no Idempotency-Key') // ours too
  if (idempotencyKey.length > 255) throw new Refusal('Idempotency keys may be at most 255 characters long.')
}

/** `endpoint`: as in KNOWN. Lists also take LIST, and creations METADATA. */
export function checkNames(endpoint: string, params: Params, isList: boolean): void {
  const known = KNOWN[endpoint]
  const takesMetadata = ['POST customers', 'POST payment_intents', 'POST refunds'].includes(endpoint)
  const isKnown = (name: string) =>
    COMMON.test(name) || known?.test(name) || (takesMetadata && METADATA.test(name)) || (isList && LIST.test(name))
  const param = Object.keys(params).find((name) => !isKnown(name))
  if (param) throw new Refusal(`Received unknown parameter: ${param}`, { code: 'parameter_unknown', param })
  const empty = Object.keys(params).find((name) => params[name] === '' && !name.startsWith('metadata'))
  if (empty)
    throw new Refusal(`You passed an empty string for '${empty}'.`, { code: 'parameter_invalid_empty', param: empty })
  const metadata = Object.entries(params).filter(([name]) => name.startsWith('metadata['))
  if (metadata.length > 50) throw new Refusal('Metadata can have at most 50 keys.', { param: 'metadata' })
  const long = metadata.find(([, value]) => value.length > 500)
  if (long) throw new Refusal('Metadata values can have up to 500 characters.', { param: long[0] })
}

/** Reads a whole number within a range. */
export function readInteger(params: Params, param: string, [min, max]: [number, number]): number {
  const text = params[param] ?? ''
  if (!/^-?\d+$/.test(text)) throw new Refusal(`Invalid integer: ${text}`, { code: 'parameter_invalid_integer', param })
  if (Number(text) < min || Number(text) > max)
    throw new Refusal(`This value must be between ${min} and ${max}.`, { code: 'parameter_invalid_integer', param })
  return Number(text)
}

function checkOneOf(params: Params, param: string, allowed: string[]): void {
  const value = params[param]
  if (value !== undefined && !allowed.includes(value))
    throw new Refusal(`Invalid ${param}: must be one of ${allowed.join(', ')}`, { param })
}

const EMAIL = /^[^\s@]+@[^\s@]+\.[^\s@]+$/
function checkEmail(params: Params, param: string): void {
  const value = params[param]
  if (value !== undefined && !EMAIL.test(value))
    throw new Refusal(`Invalid email address in ${param}`, { code: 'email_invalid', param })
}

export function checkCustomer(params: Params): void {
  checkEmail(params, 'email')
  if ((params['name'] ?? '').length > 256) throw new Refusal('name: at most 256 characters', { param: 'name' })
  if ((params['phone'] ?? '').length > 20) throw new Refusal('phone: at most 20 characters', { param: 'phone' })
}

/** docs.stripe.com/currencies gives these minimums; the maximum has eight digits. */
const MIN_CENTS: Record<string, number> = { mxn: 1000, usd: 50, eur: 50, jpy: 50 }
const MAX_CENTS = 99_999_999

function checkAmount(params: Params): void {
  const [amount, currency = ''] = [params['amount'], params['currency']]
  if (amount === undefined) throw missing('amount')
  if (params['currency'] === undefined) throw missing('currency')
  if (!/^[a-z]{3}$/.test(currency)) throw new Refusal(`Invalid currency: ${currency}`, { param: 'currency' })
  if (!/^\d+$/.test(amount))
    throw new Refusal(`Invalid integer: ${amount}`, { code: 'parameter_invalid_integer', param: 'amount' })
  const least = MIN_CENTS[currency] ?? 1
  if (Number(amount) < least)
    throw new Refusal(`Amount must be at least ${least} ${currency}`, { code: 'amount_too_small', param: 'amount' })
  if (Number(amount) > MAX_CENTS)
    throw new Refusal('Amount must be no more than $999,999.99', { code: 'amount_too_large', param: 'amount' })
}

const allowedTypesOf = (params: Params): string[] =>
  Object.entries(params).flatMap(([name, value]) => (name.startsWith('allowed_payment_method_types[') ? [value] : []))

export function checkIntent(params: Params): void {
  checkAmount(params)
  checkEmail(params, 'receipt_email')
  checkOneOf(params, 'confirm', ['true', 'false'])
  checkOneOf(params, 'automatic_payment_methods[enabled]', ['true', 'false'])
  checkOneOf(params, 'automatic_payment_methods[allow_redirects]', ['always', 'never'])
  for (const type of allowedTypesOf(params))
    if (!['card', 'oxxo', 'customer_balance'].includes(type))
      throw new Refusal(`Invalid allowed_payment_method_types: ${type}`, { param: 'allowed_payment_method_types' })
  const type = params['payment_method_data[type]']
  if (allowedTypesOf(params).includes('oxxo') || type === 'oxxo') checkOxxoAmount(params)
  if (params['payment_method_options[oxxo][expires_after_days]'] !== undefined)
    readInteger(params, 'payment_method_options[oxxo][expires_after_days]', [1, 7])
  if (params['confirm'] === 'true') checkConfirmation(params, type)
  else if (params['return_url'] !== undefined)
    throw new Refusal('return_url can only be used with confirm=true.', { param: 'return_url' })
  if (type !== undefined) checkMethod(params, type)
}

/** docs.stripe.com/payments/oxxo: 10.00 to 10,000.00 MXN. */
function checkOxxoAmount(params: Params): void {
  if (params['currency'] !== 'mxn')
    throw new Refusal('oxxo takes only mxn.', { code: 'payment_intent_invalid_parameter', param: 'currency' })
  if (Number(params['amount']) > 1_000_000)
    throw new Refusal('oxxo takes at most 10,000.00 MXN.', { code: 'amount_too_large', param: 'amount' })
}

function checkConfirmation(params: Params, type: string | undefined): void {
  if (type === undefined)
    throw new Refusal("You cannot confirm this PaymentIntent because it's missing a payment method.", {
      code: 'payment_intent_unexpected_state',
    })
  const allowed = allowedTypesOf(params)
  const isAutomatic = allowed.length === 0
  if (isAutomatic && params['automatic_payment_methods[allow_redirects]'] !== 'never' && !params['return_url'])
    throw new Refusal('Payment methods of the Dashboard may redirect the customer: provide a return_url.', {
      param: 'return_url',
    })
  if (params['return_url'] !== undefined && !/^[a-z][a-z0-9+.-]*:\/\/\S+$/i.test(params['return_url']))
    throw new Refusal('Not a valid URL', { code: 'url_invalid', param: 'return_url' })
}

function checkMethod(params: Params, type: string): void {
  const param = 'payment_method_data[type]'
  const allowed = allowedTypesOf(params)
  checkOneOf(params, param, ['oxxo', 'customer_balance'])
  if (allowed.length > 0 && !allowed.includes(type))
    throw new Refusal(`The payment method ${type} is not allowed for this PaymentIntent.`, {
      code: 'payment_intent_incompatible_payment_method',
      param,
    })
  if (type === 'oxxo') checkOxxoPayer(params)
  else checkBankTransfer(params)
}

/** The voucher names its payer: a first and a last name of at least two characters each. */
function checkOxxoPayer(params: Params): void {
  const [name, email] = ['name', 'email'].map((one) => `payment_method_data[billing_details][${one}]`) as [
    string,
    string,
  ]
  for (const param of [name, email]) if (params[param] === undefined) throw missing(param)
  checkEmail(params, email)
  const words = (params[name] ?? '').trim().split(/\s+/)
  if (words.length < 2 || [words[0], words.at(-1)].some((word) => (word ?? '').length < 2))
    throw new Refusal('oxxo needs a first and a last name of at least 2 characters each.', {
      code: 'payment_method_invalid_parameter',
      param: name,
    })
}

function checkBankTransfer(params: Params): void {
  const [funding, transfer] = ['funding_type', 'bank_transfer][type'].map(
    (one) => `payment_method_options[customer_balance][${one}]`,
  ) as [string, string]
  if (params['customer'] === undefined) throw missing('customer')
  for (const param of [funding, transfer]) if (params[param] === undefined) throw missing(param)
  checkOneOf(params, funding, ['bank_transfer'])
  checkOneOf(params, transfer, ['mx_bank_transfer'])
  if (params['currency'] !== 'mxn')
    throw new Refusal('mx_bank_transfer takes only mxn.', {
      code: 'payment_method_currency_mismatch',
      param: 'currency',
    })
}

export const CANCELLATION_REASONS = ['abandoned', 'duplicate', 'fraudulent', 'requested_by_customer']
export const checkCancellation = (params: Params): void =>
  checkOneOf(params, 'cancellation_reason', CANCELLATION_REASONS)

export function checkRefund(params: Params): void {
  const [intent, charge] = [params['payment_intent'], params['charge']]
  if (intent === undefined && charge === undefined)
    throw new Refusal('One of the following params should be provided for this request: payment_intent or charge.', {
      code: 'parameter_missing',
    })
  if (intent !== undefined && charge !== undefined)
    throw new Refusal('You may only specify one of these parameters: charge, payment_intent.', {
      code: 'parameters_exclusive',
    })
  checkOneOf(params, 'reason', ['duplicate', 'fraudulent', 'requested_by_customer'])
  checkEmail(params, 'instructions_email')
  if (params['amount'] !== undefined) readInteger(params, 'amount', [1, MAX_CENTS])
}
