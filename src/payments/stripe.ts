/**
 * Stripe through its official SDK (stripe@23, API 2026-10-28.endive). Vendor documents: docs.stripe.com/api
 * (payment_intents, errors, idempotent_requests) and docs.stripe.com/webhooks (signatures).
 */
import { Stripe } from 'stripe'
import { GiveUp } from '../platform/errors.ts'
import { asInteger, asObject, asText, asUnixTime, parseObject } from '../platform/json.ts'
import type { IntentInput, IntentOutcome, PaymentEvent, PaymentProvider } from './provider.ts'

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
        return outcomeOf(intent)
      } catch (error) {
        return failureOf(error)
      }
    },
    verifyWebhook(raw, headers, now) {
      const header = headers['stripe-signature']
      if (!webhookSecret || typeof header !== 'string') return false
      return isSigned(client, raw, header, webhookSecret, now)
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

function outcomeOf(intent: Stripe.PaymentIntent): IntentOutcome {
  if (!intent.id) return { kind: 'unknown', reason: 'unreadable_answer' }
  return {
    kind: 'created',
    providerRef: intent.id,
    clientSecret: intent.client_secret,
    nextAction: intent.next_action ? { ...intent.next_action } : null,
    status: STATUSES[intent.status] ?? 'processing',
    mode: intent.livemode ? 'live' : 'test',
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

/** The SDK rejects only old signatures; this also rejects one from the future. */
function isSigned(client: Stripe, raw: Buffer, header: string, secret: string, now: Date): boolean {
  const signedAt = [...header.matchAll(/(?:^|,)\s*t=(\d{1,12})(?=,|$)/g)]
  const signedSeconds = Number(signedAt[0]?.[1])
  if (signedAt.length !== 1 || signedSeconds * 1000 > now.getTime() + TOLERANCE_SECONDS * 1000) return false
  try {
    client.webhooks.constructEvent(raw, header, secret, TOLERANCE_SECONDS, undefined, now.getTime())
    return true
  } catch {
    return false // a wrong signature, or a right one over bytes that are not JSON
  }
}

const VOUCHER_EXPIRED = 'payment_intent_payment_attempt_expired'

/** Event types: docs.stripe.com/api/events/types. A failed attempt may be followed by a successful one. */
function readEvent(raw: Buffer): PaymentEvent {
  const event = parseObject(raw, 'unreadable_event')
  const id = asText(event['id'])
  const type = asText(event['type'])
  if (!id || !type) throw new GiveUp('unreadable_event')
  const intent = asObject(asObject(event['data'])?.['object'])
  const read = {
    dedupeKey: id,
    providerRef: asText(intent?.['id']),
    paymentId: asText(asObject(intent?.['metadata'])?.['payment_id']),
    amountCents: asInteger(intent?.['amount']),
    currency: asText(intent?.['currency'])?.toUpperCase() ?? null,
    occurredAt: asUnixTime(event['created']),
    reason: null,
  }
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
