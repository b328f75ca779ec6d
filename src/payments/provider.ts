/** What a payment provider is given and answers; Stripe, Conekta and the mock are behind it. */
import { asFlag, type Json } from '../platform/json.ts'
import type { IncomingHttpHeaders } from 'node:http'

export const PROVIDER_NAMES = ['stripe', 'conekta', 'mock'] as const
export type ProviderName = (typeof PROVIDER_NAMES)[number]
export const PAYMENT_METHODS = ['card', 'oxxo', 'spei'] as const
export type PaymentMethod = (typeof PAYMENT_METHODS)[number]

export type IntentInput = {
  paymentId: string
  requestId: string
  amountCents: number
  currency: string
  description: string
  customer: { name?: string; email?: string; phone?: string }
  /** What the payer may choose from: the methods that were asked for, else all that take the amount. */
  methods: PaymentMethod[]
  /** Whether the caller asked for these methods. */
  isChosen: boolean
  metadata: Record<string, string>
  /** The URL to which the provider's page returns the payer. */
  returnUrl: string
  now: Date
}

/** The result of a call that creates an intent. `unknown`: the provider may or may not have created it. */
export type IntentOutcome =
  | {
      kind: 'created'
      providerRef: string
      clientSecret: string | null
      nextAction: Record<string, unknown> | null
      status: 'requires_payment' | 'requires_action' | 'processing' | 'confirmed'
      mode: 'mock' | 'test' | 'live'
    }
  | { kind: 'rejected'; reason: string; httpStatus: number | null }
  | { kind: 'unknown'; reason: string }

/** A provider's webhook event, translated to our terms. */
export type PaymentEvent = {
  /** Equal for every delivery of the same event. */
  dedupeKey: string
  providerRef: string | null
  /** Our own id, echoed by the provider: it finds the payment when the answer to createIntent was lost. */
  paymentId: string | null
  kind: 'confirmed' | 'failed' | 'processing' | 'expired' | 'ignored'
  /** Null only for the mock provider, whose events have no amount. */
  amountCents: number | null
  currency: string | null
  /** Whether real money moved, as the event and the object in it say: of one event both must be alike. */
  modes: ('test' | 'live')[]
  /** Whether the event says that it is about another account (of Stripe Connect). */
  isOtherAccount: boolean
  occurredAt: Date | null
  reason: string | null
}

export type PaymentProvider = {
  name: ProviderName
  mode: 'mock' | 'test' | 'live'
  /** The mode of every event that the key can cause; null when the key does not show it. */
  keyMode: 'test' | 'live' | null
  /** Whether customer.name, .email and .phone are required. */
  needsCustomer: boolean
  /** Whether creating the same paymentId again returns the first intent instead of a second one. */
  canRepeat: boolean
  createIntent(input: IntentInput): Promise<IntentOutcome>
  verifyWebhook(raw: Buffer, headers: IncomingHttpHeaders, now: Date): boolean
  /** Reads a webhook body. Throws GiveUp when it is not an event of this provider. */
  readEvent(raw: Buffer): PaymentEvent
}
export type PaymentProviders = Record<ProviderName, PaymentProvider>

/** The modes that `livemode` of an event and of its object tell, each once. */
export const modesOf = (...flagged: (Json | null)[]): PaymentEvent['modes'] => [
  ...new Set(
    flagged
      .map((one) => asFlag(one?.['livemode']))
      .filter((isLive) => isLive !== null)
      .map((isLive) => (isLive ? ('live' as const) : ('test' as const))),
  ),
]
