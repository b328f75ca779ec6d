/**
 * The mock provider, which moves no money. It replaces Stripe or Conekta while their keys are missing; POST
 * /payments/webhook with `{ id, providerRef, status: "confirmed" | "failed" }` confirms or fails a mock payment.
 */
import { createHash } from 'node:crypto'
import { asText, parseObject } from '../platform/json.ts'
import type { PaymentEvent, PaymentProvider, ProviderName } from './provider.ts'

/** `announce` is called for every intent; the caller logs that the payment is not real. */
export function openMock(name: ProviderName, announce: () => void): PaymentProvider {
  return {
    name,
    mode: 'mock',
    keyMode: null,
    needsCustomer: false,
    canRepeat: true,
    async createIntent({ paymentId }) {
      announce()
      return {
        kind: 'created',
        providerRef: `mock_${paymentId}`,
        clientSecret: `mock_${paymentId}_secret`,
        nextAction: null,
        status: 'requires_payment',
        mode: 'mock',
      }
    },
    verifyWebhook: () => true,
    readEvent,
  }
}

/** A body of any other shape is an ignored event. */
function readEvent(raw: Buffer): PaymentEvent {
  const body = parseObject(raw, 'unreadable_event')
  const status = body['status']
  return {
    dedupeKey: asText(body['id']) ?? `sha256:${createHash('sha256').update(raw).digest('hex')}`,
    providerRef: asText(body['providerRef']),
    paymentId: null,
    kind: status === 'confirmed' || status === 'failed' ? status : 'ignored',
    amountCents: null,
    currency: null,
    modes: [],
    isOtherAccount: false,
    occurredAt: null,
    reason: status === 'failed' ? 'mock_failed' : null,
  }
}
