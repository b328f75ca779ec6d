/**
 * Stripe through its official SDK (stripe@23, API 2026-10-28.endive). Vendor documents: docs.stripe.com/api
 * (payment_intents, refunds, errors, idempotent_requests), docs.stripe.com/payments/oxxo, docs.stripe.com/payments/
 * bank-transfers and docs.stripe.com/webhooks (signatures).
 */
import { createHmac, timingSafeEqual } from 'node:crypto'
import { Stripe } from 'stripe'
import { GiveUp } from '../platform/errors.ts'
import { asFlag, asObject, asText, type Json } from '../platform/json.ts'
import {
  EMPTY_UPDATE,
  modesOf,
  ProviderUnreachable,
  type IntentInput,
  type IntentOutcome,
  type ProviderUpdate,
  type PaymentProvider,
  type RefundInput,
  type RefundOutcome,
} from './provider.ts'
import { codeOf, readDispute, readEvent, readIntent, readNextAction, readRefund } from './stripe-objects.ts'

export type StripeOptions = {
  secretKey: string
  /** Scheme, host and port. */
  apiUrl: string
  /** One secret, or several with commas between them while one is replaced. */
  webhookSecret: string | undefined
  timeoutMs?: number
}

export const isStripeKey = (key: string): boolean => /^(sk|rk)_(test|live)_[A-Za-z0-9_]+$/.test(key)

const TOLERANCE_SECONDS = 300
const VOUCHER_DAYS = 3
/** Stripe may forget a key after a day: docs.stripe.com/api/idempotent_requests. */
const KEYS_LAST_MS = 23 * 3_600_000
/** More than any payment has; a list is read in one page. */
const LISTED_MAX = 100

export function openStripe({ secretKey, apiUrl, webhookSecret, timeoutMs = 15_000 }: StripeOptions): PaymentProvider {
  const { protocol, hostname, port } = new URL(apiUrl)
  const client = new Stripe(secretKey, {
    host: hostname,
    port: port || (protocol === 'http:' ? 80 : 443),
    protocol: protocol === 'http:' ? 'http' : 'https',
    timeout: timeoutMs,
    // The SDK's own timeout begins again with every byte.
    httpClient: Stripe.createFetchHttpClient((url, init) =>
      fetch(url, { ...init, signal: AbortSignal.timeout(timeoutMs) }),
    ),
    maxNetworkRetries: 0, // the row decides about retries; the SDK still retries a closed connection once, with the same key
    telemetry: false,
  })
  const mode = /^.k_live_/.test(secretKey) ? 'live' : 'test'
  const secrets = (webhookSecret ?? '')
    .split(',')
    .map((secret) => secret.trim())
    .filter(Boolean)
  return {
    name: 'stripe',
    mode,
    keyMode: mode,
    needsCustomer: false,
    keysLastMs: KEYS_LAST_MS,
    createIntent: (input) => createIntent(client, mode, input),
    read: (providerRef) => readAll(client, providerRef),
    find: (paymentId) => find(client, mode, paymentId),
    refund: (input) => refund(client, input),
    verifyWebhook(raw, headers, now) {
      const header = [headers['stripe-signature'] ?? ''].flat().join(',')
      return secrets.some((secret) => isSigned(raw, header, secret, now))
    },
    readEvent,
  }
}

async function createIntent(client: Stripe, mode: 'test' | 'live', input: IntentInput): Promise<IntentOutcome> {
  try {
    const customer = isTransfer(input) ? await createCustomer(client, input) : null
    const params = { ...paramsOf(input), ...(customer ? { customer } : {}) }
    const intent = await client.paymentIntents.create(params, { idempotencyKey: input.paymentId })
    return outcomeOf(intent, mode)
  } catch (error) {
    return failureOf(error)
  }
}

/** A bank transfer belongs to a customer of Stripe: its CLABE is the customer's. */
async function createCustomer(client: Stripe, { paymentId, customer }: IntentInput): Promise<string> {
  const params = { ...customer, metadata: { payment_id: paymentId } }
  const { id } = await client.customers.create(params, { idempotencyKey: `${paymentId}:customer` })
  return id
}

const isTransfer = ({ isChosen, methods }: IntentInput) => isChosen && methods.includes('spei')

function paramsOf({ customer, metadata, ...input }: IntentInput): Stripe.PaymentIntentCreateParams {
  return {
    amount: input.amountCents,
    currency: input.currency.toLowerCase(),
    description: input.description,
    metadata: { ...metadata, payment_id: input.paymentId, request_id: input.requestId },
    ...(customer.email ? { receipt_email: customer.email } : {}),
    ...methodsOf({ ...input, customer }),
  }
}

type Chosen = Pick<IntentInput, 'methods' | 'isChosen' | 'customer'>

/**
 * The payer's page confirms the intent. One for cash or a transfer alone is confirmed here, so that the answer has its
 * voucher or CLABE; a voucher needs the payer's name and address. payment_method_types was removed in 2026-09-30.endive.
 */
function methodsOf({
  methods,
  isChosen,
  customer: { name, email },
}: Chosen): Partial<Stripe.PaymentIntentCreateParams> {
  if (!isChosen) return { automatic_payment_methods: { enabled: true } }
  const types = methods.map((method) => (method === 'spei' ? ('customer_balance' as const) : method))
  const chosen = {
    allowed_payment_method_types: types,
    payment_method_options: {
      ...(methods.includes('oxxo') ? { oxxo: { expires_after_days: VOUCHER_DAYS } } : {}),
      ...(methods.includes('spei') ? { customer_balance: TRANSFER } : {}),
    },
  }
  const [only, ...others] = methods
  if (others.length > 0) return chosen
  if (only === 'spei') return { ...chosen, confirm: true, payment_method_data: { type: 'customer_balance' } }
  if (only === 'oxxo' && name && email)
    return { ...chosen, confirm: true, payment_method_data: { type: 'oxxo', billing_details: { name, email } } }
  return chosen
}
const TRANSFER = { funding_type: 'bank_transfer' as const, bank_transfer: { type: 'mx_bank_transfer' as const } }

const STATUSES: Record<string, 'requires_payment' | 'requires_action'> = {
  requires_payment_method: 'requires_payment',
  requires_confirmation: 'requires_payment',
  requires_action: 'requires_action',
}

function outcomeOf(intent: Stripe.PaymentIntent, keyMode: 'test' | 'live'): IntentOutcome {
  const isLive = asFlag(intent.livemode)
  if (!intent.id) return { kind: 'unknown', reason: 'unreadable_answer' }
  return {
    kind: 'created',
    providerRef: intent.id,
    clientSecret: intent.client_secret,
    nextAction: readNextAction(intent.next_action),
    status: STATUSES[intent.status] ?? 'processing',
    mode: isLive === null ? keyMode : isLive ? 'live' : 'test',
    facts: intent.status === 'succeeded' ? (readIntent(jsonOf(intent)).facts ?? []) : [],
  }
}

/** An error answer is a rejection; no answer, and a 5xx, which may come after the work was done, are unknown. */
function failureOf(error: unknown): { kind: 'unknown'; reason: string } | Rejection {
  if (error instanceof GiveUp) return { kind: 'unknown', reason: 'unreadable_answer' }
  if (!(error instanceof Stripe.errors.StripeError)) throw error
  const httpStatus = error.statusCode ?? null
  if (httpStatus === null || httpStatus < 300) return { kind: 'unknown', reason: 'no_answer' }
  if (httpStatus === 409) return { kind: 'unknown', reason: 'in_progress_at_provider' }
  // The first call of this key had other words, so its intent may be there.
  if (error.rawType === 'idempotency_error') return { kind: 'unknown', reason: 'idempotency_error' }
  const reason = codeOf(error.code ?? error.rawType) ?? `http_${httpStatus}`
  return httpStatus >= 500 ? { kind: 'unknown', reason } : { kind: 'rejected', reason, httpStatus }
}
type Rejection = { kind: 'rejected'; reason: string; httpStatus: number }

async function readAll(client: Stripe, providerRef: string): Promise<ProviderUpdate | null> {
  const intent = await asked(() => client.paymentIntents.retrieve(providerRef, { expand: ['latest_charge'] }))
  if (!intent) return null
  const page = { payment_intent: providerRef, limit: LISTED_MAX }
  const hasMoney = intent.status === 'succeeded'
  const refunds = hasMoney ? await asked(() => client.refunds.list(page)) : null
  const disputes = hasMoney ? await asked(() => client.disputes.list(page)) : null
  const read = readIntent(jsonOf(intent))
  const facts = [
    ...(read.facts ?? []),
    ...(refunds?.data ?? []).map((one) => readRefund(jsonOf(one))),
    ...(disputes?.data ?? []).map((one) => readDispute(jsonOf(one))),
  ]
  return { ...EMPTY_UPDATE, ...read, facts, modes: modesOf(jsonOf(intent)) }
}

/** The search is some seconds behind; an intent that it does not find may exist. docs.stripe.com/search */
async function find(client: Stripe, mode: 'test' | 'live', paymentId: string): Promise<IntentOutcome | null> {
  const found = await asked(() => client.paymentIntents.search({ query: `metadata['payment_id']:'${paymentId}'` }))
  const intent = found?.data[0]
  return intent ? outcomeOf(intent, mode) : null
}

/** Returns null for a 404. Throws ProviderUnreachable for every other failure. */
async function asked<T>(call: () => Promise<T>): Promise<T | null> {
  try {
    return await call()
  } catch (error) {
    if (!(error instanceof Stripe.errors.StripeError)) throw error
    if (error.statusCode === 404) return null
    throw new ProviderUnreachable(`stripe: ${codeOf(error.code ?? error.rawType) ?? error.statusCode ?? 'no answer'}`)
  }
}

async function refund(client: Stripe, { refundId, requestId, ...input }: RefundInput): Promise<RefundOutcome> {
  try {
    const params = {
      payment_intent: input.providerRef,
      amount: input.amountCents,
      reason: 'requested_by_customer' as const,
      metadata: { refund_id: refundId, request_id: requestId },
    }
    const made = await client.refunds.create(params, { idempotencyKey: refundId })
    if (!asText(made.id)) return { kind: 'unknown', reason: 'unreadable_answer' }
    return { kind: 'requested', objectId: made.id, facts: [readRefund(jsonOf(made))] }
  } catch (error) {
    return failureOf(error)
  }
}

const jsonOf = (object: object): Json => asObject(object) ?? {}

/**
 * Whether one of the header's `v1` is the HMAC-SHA256 of `t.body` and `t` is at most 300 s away, in either direction.
 * The bytes are verified here and not by the SDK, whose constructEvent also throws on right signatures: of events of its
 * v2 API, and of bodies that it decodes to other bytes.
 */
function isSigned(raw: Buffer, header: string, secret: string, now: Date): boolean {
  const parts = header.split(',').map((part) => part.split('=').map((text) => text.trim()))
  const valuesOf = (name: string) => parts.filter(([key]) => key === name).map(([, value = '']) => value)
  const [seconds = '', ...others] = new Set(valuesOf('t')) // a header that came twice names one time twice
  if (!/^\d{1,12}$/.test(seconds) || others.length > 0) return false
  if (Math.abs(Math.floor(now.getTime() / 1000) - Number(seconds)) > TOLERANCE_SECONDS) return false
  const expected = createHmac('sha256', secret).update(`${seconds}.`).update(raw).digest()
  return valuesOf('v1').some((hex) => {
    const given = Buffer.from(hex, 'hex')
    return given.length === expected.length && timingSafeEqual(given, expected)
  })
}
