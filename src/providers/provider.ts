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

/** A status before money has come. */
export type OpenStatus = 'requires_payment' | 'requires_action' | 'processing' | 'failed' | 'cancelled' | 'expired'

/** What the payer must do: the words of every provider in one shape. docs: `nextAction` in openapi.json. */
export type NextAction =
  | { type: 'redirect'; url: string | null; expiresAt: Date | null }
  | { type: 'voucher'; number: string | null; barcodeUrl: string | null; url: string | null; expiresAt: Date | null }
  | {
      type: 'bank_transfer'
      clabe: string | null
      bank: string | null
      reference: string | null
      url: string | null
      expiresAt: Date | null
    }

/** Money at a provider: one object of it and its state. The states and their order are in migrations/0019. */
export type MoneyFact = {
  /** The provider's id of the object. */
  objectId: string
  /** Null only for the mock provider: the whole amount of the payment. For a dispute, what the bank has taken. */
  amountCents: number | null
  /** What the provider takes for a dispute. */
  feeCents: number
  currency: string | null
  occurredAt: Date | null
  /** Our id of the refund that the provider made of it, when it echoes that. */
  refundId?: string | null
} & (
  | { kind: 'charge'; state: 'paid' }
  | { kind: 'refund'; state: 'pending' | 'succeeded' | 'failed' }
  | { kind: 'dispute'; state: 'open' | 'withdrawn' | 'lost' | 'won' }
)

/** What a provider says about an intent or order, in an event or when it is read. */
export type ProviderUpdate = {
  providerRef: string | null
  /** Our own id, echoed by the provider: it finds the payment when the answer to createIntent was lost. */
  paymentId: string | null
  /** How far the intent is. Null: the update says nothing about that. */
  status: OpenStatus | null
  reason: string | null
  nextAction: NextAction | null
  /** Whether the provider takes no more money for the intent, so that what comes after is late. */
  isOver: boolean
  facts: MoneyFact[]
  /** Whether real money moved, as the event and the object in it say: of one event both must be alike. */
  modes: ('mock' | 'test' | 'live')[]
  /** Whether the event says that it is about another account (of Stripe Connect). */
  isOtherAccount: boolean
  occurredAt: Date | null
  /** Whether it names more than it carries, so that the intent must be read at the provider. */
  isIncomplete: boolean
}

/** An update that says nothing. */
export const EMPTY_UPDATE: ProviderUpdate = {
  providerRef: null,
  paymentId: null,
  status: null,
  reason: null,
  nextAction: null,
  isOver: false,
  facts: [],
  modes: [],
  isOtherAccount: false,
  occurredAt: null,
  isIncomplete: false,
}

/** A provider's webhook event, translated to our terms. `dedupeKey`: equal for every delivery of the same event. */
export type PaymentEvent = ProviderUpdate & { dedupeKey: string }

/** Whether nothing follows from the update. */
export const isEmpty = ({ status, facts, isIncomplete }: ProviderUpdate): boolean =>
  status === null && facts.length === 0 && !isIncomplete

/** The result of a call that creates an intent. `unknown`: the provider may or may not have created it. */
export type IntentOutcome =
  | {
      kind: 'created'
      providerRef: string
      clientSecret: string | null
      status: 'requires_payment' | 'requires_action' | 'processing'
      mode: 'mock' | 'test' | 'live'
      nextAction: NextAction | null
      /** Money that has come already. */
      facts: MoneyFact[]
    }
  | { kind: 'rejected'; reason: string; httpStatus: number | null }
  | { kind: 'unknown'; reason: string }

export type RefundInput = { refundId: string; providerRef: string; amountCents: number; requestId: string }
/** The result of a call that asks for a refund. `unknown`: the provider may or may not have made it. */
export type RefundOutcome =
  /** `objectId`: which of the refunds it is; null when the answer does not tell. */
  | { kind: 'requested'; objectId: string | null; facts: MoneyFact[] }
  | { kind: 'rejected'; reason: string; httpStatus: number | null }
  | { kind: 'unknown'; reason: string }

/** The provider could not be asked; the caller tries again later. */
export class ProviderUnreachable extends Error {}

export type PaymentProvider = {
  name: ProviderName
  mode: 'mock' | 'test' | 'live'
  /** The mode of every event that the key can cause; null when the key does not show it. */
  keyMode: 'test' | 'live' | null
  /** Whether customer.name, .email and .phone are required. */
  needsCustomer: boolean
  /**
   * For how long a repeated call with the same id gets the first answer instead of a second intent or refund; 0: never. A
   * provider with such keys also echoes our ids.
   */
  keysLastMs: number
  createIntent(input: IntentInput): Promise<IntentOutcome>
  /** Reads an intent with its charges, refunds and disputes. Null: there is none. Throws ProviderUnreachable. */
  read(providerRef: string): Promise<ProviderUpdate | null>
  /** Finds an intent by our own id, when the answer to createIntent was lost. Throws ProviderUnreachable. */
  find(paymentId: string, createdAt: Date): Promise<IntentOutcome | null>
  /** Asks for a refund. The caller has checked the amount. */
  refund(input: RefundInput): Promise<RefundOutcome>
  verifyWebhook(raw: Buffer, headers: IncomingHttpHeaders, now: Date): boolean
  /** Reads a webhook body. Throws GiveUp when it is not an event of this provider. */
  readEvent(raw: Buffer): PaymentEvent
}
export type PaymentProviders = Record<ProviderName, PaymentProvider>

/** The modes that `livemode` of an event and of its object tell, each once. */
export const modesOf = (...flagged: (Json | null)[]): ('test' | 'live')[] => [
  ...new Set(
    flagged
      .map((one) => asFlag(one?.['livemode']))
      .filter((isLive) => isLive !== null)
      .map((isLive) => (isLive ? ('live' as const) : ('test' as const))),
  ),
]
