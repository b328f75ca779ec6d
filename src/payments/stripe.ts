/**
 * Stripe through its official SDK (stripe@23, API 2026-10-28.endive). Vendor documents: docs.stripe.com/api
 * (payment_intents, errors, idempotent_requests) and docs.stripe.com/webhooks (signatures).
 */
import { createHmac, timingSafeEqual } from 'node:crypto'
import { Stripe } from 'stripe'
import { GiveUp } from '../platform/errors.ts'
import { asFlag, asInteger, asObject, asText, asUnixTime, parseObject } from '../platform/json.ts'
import { modesOf, type IntentInput, type IntentOutcome, type PaymentEvent, type PaymentProvider } from './provider.ts'

export type StripeOptions = {
  secretKey: string
  /** Scheme, host and port. */
  apiUrl: string
  webhookSecret: string | undefined
  timeoutMs?: number
}

export const isStripeKey = (key: string): boolean => /^(sk|rk)_(test|live)_[A-Za-z0-9_]+$/.test(key)

const TOLERANCE_SECONDS = 300

export function openStripe({ secretKey, apiUrl, webhookSecret, timeoutMs = 15_000 }: StripeOptions): PaymentProvider {
  const { protocol, hostname, port } = new URL(apiUrl)
  const client = new Stripe(secretKey, {
    host: hostname,
    port: port || (protocol === 'http:' ? 80 : 443),
    protocol: protocol === 'http:' ? 'http' : 'https',
    timeout: timeoutMs,
    maxNetworkRetries: 0, // the row decides about retries; the SDK still retries a closed connection once, with the same key
    telemetry: false,
  })
  const mode = /^.k_live_/.test(secretKey) ? 'live' : 'test'
  return {
    name: 'stripe',
    mode,
    keyMode: mode,
    needsCustomer: false,
    canRepeat: true,
    async createIntent(input) {
      try {
        const intent = await client.paymentIntents.create(paramsOf(input), { idempotencyKey: input.paymentId })
        return outcomeOf(intent, mode)
      } catch (error) {
        return failureOf(error)
      }
    },
    verifyWebhook(raw, headers, now) {
      const header = [headers['stripe-signature'] ?? ''].flat().join(',')
      return Boolean(webhookSecret) && isSigned(raw, header, webhookSecret!, now)
    },
    readEvent,
  }
}

function paramsOf({ customer, methods, isChosen, ...input }: IntentInput): Stripe.PaymentIntentCreateParams {
  return {
    amount: input.amountCents,
    currency: input.currency.toLowerCase(),
    description: input.description,
    metadata: { ...input.metadata, payment_id: input.paymentId, request_id: input.requestId },
    ...(customer.email ? { receipt_email: customer.email } : {}),
    // payment_method_types was removed from the request in 2026-09-30.endive.
    ...(isChosen ? { allowed_payment_method_types: methods } : { automatic_payment_methods: { enabled: true } }),
  }
}

const STATUSES: Record<string, 'requires_payment' | 'requires_action' | 'confirmed'> = {
  requires_payment_method: 'requires_payment',
  requires_confirmation: 'requires_payment',
  requires_action: 'requires_action',
  succeeded: 'confirmed',
}

function outcomeOf(intent: Stripe.PaymentIntent, keyMode: 'test' | 'live'): IntentOutcome {
  const isLive = asFlag(intent.livemode)
  if (!intent.id) return { kind: 'unknown', reason: 'unreadable_answer' }
  return {
    kind: 'created',
    providerRef: intent.id,
    clientSecret: intent.client_secret,
    nextAction: intent.next_action ? { ...intent.next_action } : null,
    status: STATUSES[intent.status] ?? 'processing',
    mode: isLive === null ? keyMode : isLive ? 'live' : 'test',
  }
}

/**
 * An error answer is a rejection; no answer is unknown. Stripe's messages may quote what the payer typed, so only
 * codes are kept.
 */
function failureOf(error: unknown): IntentOutcome {
  if (!(error instanceof Stripe.errors.StripeError)) throw error
  const httpStatus = error.statusCode ?? null
  if (httpStatus === null || httpStatus < 300) return { kind: 'unknown', reason: 'no_answer' }
  if (httpStatus === 409) return { kind: 'unknown', reason: 'in_progress_at_provider' }
  const code = error.code ?? error.rawType ?? `http_${httpStatus}`
  return { kind: 'rejected', reason: /^[a-z0-9_]{1,80}$/.test(code) ? code : `http_${httpStatus}`, httpStatus }
}

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

const VOUCHER_EXPIRED = 'payment_intent_payment_attempt_expired'

/**
 * Event types: docs.stripe.com/api/events/types. A failed attempt may be followed by a successful one. Events of the v2
 * API («thin events») only point at an object and carry none, so they are ignored, like every event without an object.
 */
function readEvent(raw: Buffer): PaymentEvent {
  const event = parseObject(raw, 'unreadable_event')
  const id = asText(event['id'])
  const type = asText(event['type'])
  if (!id || !type) throw new GiveUp('unreadable_event')
  const isThin = (event['object'] ?? 'event') !== 'event'
  const intent = isThin ? null : asObject(asObject(event['data'])?.['object'])
  const read = {
    dedupeKey: id,
    providerRef: asText(intent?.['id']),
    paymentId: asText(asObject(intent?.['metadata'])?.['payment_id']),
    amountCents: asInteger(intent?.['amount']),
    currency: asText(intent?.['currency'])?.toUpperCase() ?? null,
    modes: modesOf(event, intent),
    isOtherAccount: asText(event['account']) !== null,
    occurredAt: asUnixTime(event['created']),
    reason: null,
  }
  if (!intent) return { ...read, kind: 'ignored' }
  switch (type) {
    case 'payment_intent.succeeded':
      return { ...read, kind: 'confirmed', amountCents: asInteger(intent?.['amount_received']) }
    case 'payment_intent.processing':
      return { ...read, kind: 'processing' }
    case 'payment_intent.payment_failed': {
      const reason = asText(asObject(intent?.['last_payment_error'])?.['code']) ?? 'attempt_failed'
      return { ...read, kind: reason === VOUCHER_EXPIRED ? 'expired' : 'failed', reason }
    }
    case 'payment_intent.canceled': {
      const reason = asText(intent?.['cancellation_reason']) ?? 'canceled'
      return { ...read, kind: reason === 'expired' ? 'expired' : 'failed', reason }
    }
    default:
      return { ...read, kind: 'ignored', providerRef: null, paymentId: null, amountCents: null }
  }
}
