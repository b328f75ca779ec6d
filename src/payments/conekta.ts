/**
 * Conekta through our own HTTP client, because its SDK disables TLS verification. API 2.3.0; vendor documents:
 * github.com/conekta/openapi (orders, events) and developers.conekta.com (webhook digest).
 *
 * An intent is an order with a hosted checkout, where the payer chooses card, OXXO or SPEI. Conekta has no
 * idempotency key, so a call whose answer was lost is never repeated.
 */
import { verify, createPublicKey, type KeyObject } from 'node:crypto'
import { GiveUp } from '../platform/errors.ts'
import { asInteger, asList, asObject, asText, asUnixTime, parseObject, type Json } from '../platform/json.ts'
import {
  modesOf,
  type IntentInput,
  type IntentOutcome,
  type PaymentEvent,
  type PaymentMethod,
  type PaymentProvider,
} from './provider.ts'

export type ConektaOptions = {
  apiKey: string
  apiUrl: string
  /** PEM of the webhook key's public half. */
  webhookPublicKey: string | undefined
  timeoutMs?: number
}

const MEDIA_TYPE = 'application/vnd.conekta-v2.3.0+json'
const CHECKOUT_MS = 3 * 86_400_000
/** A header that came twice reaches us joined by a comma; verifying more would only cost time. */
const DIGESTS_MAX = 3
/** `cash` offers the shop chains of the account, which Conekta's page lists; OXXO is one of them. */
const CHECKOUT_METHODS: Record<PaymentMethod, string> = { card: 'card', oxxo: 'cash', spei: 'bank_transfer' }

export function openConekta({ apiKey, apiUrl, webhookPublicKey, timeoutMs = 15_000 }: ConektaOptions): PaymentProvider {
  const publicKey = readPublicKey(webhookPublicKey)
  return {
    name: 'conekta',
    mode: 'live', // the key does not show the mode; each answer does (livemode)
    keyMode: null,
    needsCustomer: true,
    canRepeat: false,
    createIntent: (input) => createOrder({ apiKey, apiUrl, timeoutMs }, input),
    verifyWebhook(raw, headers) {
      const digests = [headers['digest'] ?? ''].flat().join(',').split(',').slice(0, DIGESTS_MAX)
      return publicKey !== null && digests.some((digest) => isSigned(raw, digest, publicKey))
    },
    readEvent,
  }
}

async function createOrder(
  { apiKey, apiUrl, timeoutMs }: { apiKey: string; apiUrl: string; timeoutMs: number },
  input: IntentInput,
): Promise<IntentOutcome> {
  let response: Response
  let body: Json
  try {
    response = await fetch(`${apiUrl}/orders`, {
      method: 'POST',
      redirect: 'error',
      signal: AbortSignal.timeout(timeoutMs),
      headers: {
        authorization: `Bearer ${apiKey}`,
        accept: MEDIA_TYPE,
        'accept-language': 'es',
        'content-type': 'application/json',
      },
      body: JSON.stringify(orderOf(input)),
    })
    body = asObject(await response.json().catch(() => null)) ?? {}
  } catch {
    return { kind: 'unknown', reason: 'no_answer' } // the connection failed or timed out, so the outcome is unknown
  }
  if (!response.ok) return { kind: 'rejected', reason: reasonOf(body, response.status), httpStatus: response.status }
  const providerRef = asText(body['id'])
  if (!providerRef) return { kind: 'unknown', reason: 'unreadable_answer' }
  const { id, url, expires_at: expiresAt } = asObject(body['checkout']) ?? {}
  return {
    kind: 'created',
    providerRef,
    clientSecret: null,
    nextAction: {
      type: 'redirect',
      url: asText(url),
      checkoutId: asText(id),
      expiresAt: asUnixTime(expiresAt)?.toISOString() ?? null,
    },
    status: body['payment_status'] === 'paid' ? 'confirmed' : 'requires_action',
    mode: body['livemode'] === true ? 'live' : 'test',
  }
}

function orderOf({ customer, methods, ...input }: IntentInput) {
  return {
    currency: input.currency,
    customer_info: { name: customer.name, email: customer.email, phone: customer.phone },
    line_items: [{ name: input.description.slice(0, 249).padEnd(3, '.'), unit_price: input.amountCents, quantity: 1 }],
    checkout: {
      type: 'HostedPayment',
      allowed_payment_methods: methods.map((method) => CHECKOUT_METHODS[method]),
      success_url: input.returnUrl,
      failure_url: input.returnUrl,
      expires_at: Math.floor((input.now.getTime() + CHECKOUT_MS) / 1000),
    },
    metadata: { ...input.metadata, payment_id: input.paymentId, request_id: input.requestId },
  }
}

/** details[].message depends on the language and may quote the payer, so only the stable code is kept. */
function reasonOf(body: Json, status: number): string {
  const [first] = Array.isArray(body['details']) ? (body['details'] as unknown[]) : []
  const code = asText(asObject(first)?.['code']) ?? asText(body['type'])
  return code && /^[A-Za-z0-9_.]{1,200}$/.test(code) ? code : `http_${status}`
}

/** Returns null for an unusable key; every webhook is rejected then. */
function readPublicKey(pem: string | undefined): KeyObject | null {
  if (!pem) return null
  try {
    return createPublicKey(pem)
  } catch {
    return null
  }
}

/** RSASSA-PKCS1-v1_5 with SHA-256 over the raw body, in base64. */
function isSigned(raw: Buffer, digest: string, key: KeyObject): boolean {
  const signature = digest.trim().replace(/^SHA-256=/i, '')
  if (!/^[A-Za-z0-9+/]{300,1400}={0,2}$/.test(signature)) return false
  return verify('RSA-SHA256', raw, key, Buffer.from(signature, 'base64'))
}

/** Conekta sends charge.paid and order.paid for one payment; only the order's events are read. */
const KINDS: Record<string, PaymentEvent['kind']> = {
  'order.paid': 'confirmed',
  'order.expired': 'expired',
  'order.declined': 'failed',
  'order.canceled': 'failed',
  'order.voided': 'failed',
  'order.pre_authorized': 'processing',
}

function readEvent(raw: Buffer): PaymentEvent {
  const event = parseObject(raw, 'unreadable_event')
  const id = asText(event['id'])
  const type = asText(event['type'])
  if (!id || !type) throw new GiveUp('unreadable_event')
  const object = asObject(asObject(event['data'])?.['object'])
  const isCharge = object?.['object'] === 'charge'
  const kind = (object && KINDS[type]) ?? 'ignored'
  return {
    dedupeKey: id,
    providerRef: asText(isCharge ? object['order_id'] : object?.['id']),
    paymentId: asText(asObject(object?.['metadata'])?.['payment_id']),
    kind: kind !== 'confirmed' || isPaid(object!) ? kind : 'ignored',
    amountCents: asInteger(object?.['amount']),
    currency: asText(object?.['currency'])?.toUpperCase() ?? null,
    modes: modesOf(event, object),
    isOtherAccount: false,
    occurredAt: asUnixTime(event['created_at']),
    reason: kind === 'failed' || kind === 'expired' ? type.replace('.', '_') : null,
  }
}

/** By the order's payment_status, or the status of a charge, or of one of the order's charges. */
function isPaid(object: Json): boolean {
  const status = object['payment_status'] ?? object['status']
  if (status !== undefined && status !== null) return status === 'paid'
  return asList(asObject(object['charges'])?.['data']).some((charge) => asObject(charge)?.['status'] === 'paid')
}
