/**
 * Conekta's validation rules. Sources: order_request, customer_info, order_checkout_request, charge_request and
 * orderRefund_request in the vendor's OpenAPI 2.3.0, and help.conekta.com.
 */
import type { Asked } from './http.ts'
import { amountOf, type ConektaOrder } from './conekta-objects.ts'

export const MEDIA_TYPE = 'application/vnd.conekta-v2.3.0+json'

type Details = { status?: number; type?: string; code?: string; param?: string }

/** What Conekta answers with an error object. */
export class Refusal extends Error {
  readonly status: number
  readonly body: object
  constructor(message: string, { status = 422, type = 'parameter_validation_error', code, param }: Details = {}) {
    super(message)
    this.status = status
    this.body = errorOf(type, code ?? 'conekta.errors.parameter_validation.invalid', message, param)
  }
}

export const errorOf = (type: string, code: string, debug = 'fake', param?: string): object => ({
  object: 'error',
  type,
  log_id: '000000000000000000000000',
  details: [{ code, message: 'No se pudo procesar.', debug_message: debug, ...(param ? { param } : {}) }],
})

export const notFound = (what: string) =>
  new Refusal(`no ${what}`, {
    status: 404,
    type: 'resource_not_found_error',
    code: 'conekta.errors.resource_not_found.entity',
  })

export function checkHeaders({ method, headers }: Asked, key: string): void {
  const basic = `Basic ${Buffer.from(`${key}:`).toString('base64')}`
  const isKnown = headers.authorization === `Bearer ${key}` || headers.authorization === basic
  if (!isKnown)
    throw new Refusal('wrong key', {
      status: 401,
      type: 'authentication_error',
      code: `conekta.errors.authentication.${headers.authorization ? 'invalid' : 'missing'}_key`,
    })
  if (headers.accept !== MEDIA_TYPE) throw new Refusal(`accept is ${headers.accept}`)
  if (method === 'POST' && headers['content-type'] !== 'application/json')
    throw new Refusal(`content-type is ${headers['content-type']}`)
}

const refuse = (param: string, what: string) => new Refusal(`${param}: ${what}`, { param })
const isText = (value: unknown): value is string => typeof value === 'string' && value.trim() !== ''

export function checkOrder(order: Partial<ConektaOrder>, at: number): asserts order is ConektaOrder {
  if (order.currency !== 'MXN') throw refuse('currency', 'only MXN')
  const { name, email, phone } = order.customer_info ?? {}
  if (![name, email, phone].every(isText)) throw refuse('customer_info', 'needs name, email and phone')
  const items = order.line_items
  if (!Array.isArray(items) || items.length === 0) throw refuse('line_items', 'must be an array')
  for (const item of items) {
    if (!isText(item.name) || item.name.length < 3 || item.name.length > 249)
      throw refuse('line_items.name', 'must have 3 to 249 characters')
    if (!Number.isInteger(item.unit_price) || item.unit_price < 0 || item.unit_price > 2_147_483_647)
      throw refuse('line_items.unit_price', 'must be an int32 of centavos')
    if (!Number.isInteger(item.quantity) || item.quantity < 1) throw refuse('line_items.quantity', 'at least 1')
  }
  if (amountOf({ line_items: items }) < 300) throw refuse('amount', 'has to be at least 3.00 MXN')
  checkMetadata(order.metadata ?? {})
  if (Boolean(order.charges) === Boolean(order.checkout)) throw refuse('charges', 'either charges or a checkout')
  if (order.charges) checkCharges(order as ConektaOrder, at)
  else checkCheckout(order as ConektaOrder, at)
}

function checkMetadata(metadata: Record<string, unknown>): void {
  const values = Object.values(metadata)
  if (values.length > 100) throw refuse('metadata', 'at most 100 keys')
  const isScalar = (value: unknown) => ['string', 'number', 'boolean'].includes(typeof value)
  if (!values.every((value) => isScalar(value) && String(value).length <= 249))
    throw refuse('metadata', 'values must be scalars of at most 249 characters')
}

const CHECKOUT_METHODS = ['cash', 'card', 'bank_transfer', 'bnpl', 'pay_by_bank', 'apple', 'google']

function checkCheckout(order: ConektaOrder, at: number): void {
  const { type, allowed_payment_methods: allowed, expires_at: expiresAt } = order.checkout
  if (type !== 'HostedPayment' && type !== 'Integration') throw refuse('checkout.type', type)
  if (!Array.isArray(allowed) || allowed.length === 0 || !allowed.every((one) => CHECKOUT_METHODS.includes(one)))
    throw refuse('checkout.allowed_payment_methods', `some of ${CHECKOUT_METHODS.join(', ')}`)
  if (allowed.includes('cash')) checkCash(order)
  if (!Number.isInteger(expiresAt)) throw refuse('checkout.expires_at', 'must be in unix seconds')
  if (expiresAt < at + 300 || expiresAt > at + 365 * 86_400)
    throw refuse('checkout.expires_at', 'from 5 minutes to 365 days ahead')
}

function checkCash(order: ConektaOrder): void {
  if (amountOf(order) > 1_000_000) throw refuse('amount', 'cash takes at most 10,000.00 MXN')
}

function checkCharges(order: ConektaOrder, at: number): void {
  const charges = order.charges ?? []
  if (!Array.isArray(charges) || charges.length === 0) throw refuse('charges', 'must be an array')
  for (const { payment_method: method } of charges) {
    const { type, expires_at: expiresAt, token_id: token } = method ?? {}
    if (type !== 'card' && type !== 'cash' && type !== 'spei') throw refuse('charges.payment_method.type', String(type))
    if (type === 'cash') checkCash(order)
    if (type === 'card' && !isText(token)) throw refuse('charges.payment_method.token_id', 'is missing')
    if (expiresAt !== undefined && (!Number.isInteger(expiresAt) || expiresAt <= at))
      throw refuse('charges.payment_method.expires_at', 'must be in unix seconds and ahead')
  }
  const total = charges.reduce((sum, { amount = amountOf(order) }) => sum + amount, 0)
  if (total !== amountOf(order)) throw refuse('charges.amount', 'must add up to the amount of the order')
}

/** Both fields are required; the list of reasons is not public. */
export function checkRefund({ amount, reason }: { amount?: unknown; reason?: unknown }): number {
  if (!isText(reason)) throw refuse('reason', 'is missing')
  if (!Number.isInteger(amount) || Number(amount) < 1) throw refuse('amount', 'must be a positive number of centavos')
  return Number(amount)
}

const LIST = /^(limit|search|next|payment_status|(created|updated)_at(\.(gte|lte))?)$/

export function checkList(query: URLSearchParams): void {
  const unknown = [...query.keys()].find((name) => !LIST.test(name))
  if (unknown) throw refuse(unknown, 'is no parameter of this list')
  const limit = query.get('limit') ?? '20'
  if (!/^\d{1,3}$/.test(limit) || Number(limit) < 1 || Number(limit) > 250) throw refuse('limit', '1 to 250')
}
