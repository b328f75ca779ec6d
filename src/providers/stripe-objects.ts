/**
 * Reads Stripe's objects and events. Vendor documents: docs.stripe.com/api (payment_intents/object, refunds/object,
 * disputes/object, events/types). An unknown word in a list is read as the mildest one.
 */
import { GiveUp } from '../platform/errors.ts'
import { asInteger, asList, asObject, asText, asUnixTime, parseObject, type Json } from '../platform/json.ts'
import {
  EMPTY_UPDATE,
  modesOf,
  type MoneyFact,
  type ProviderUpdate,
  type NextAction,
  type OpenStatus,
  type PaymentEvent,
} from './provider.ts'

const VOUCHER_EXPIRED = 'payment_intent_payment_attempt_expired'
const OPEN_STATUSES: Record<string, OpenStatus> = {
  requires_confirmation: 'requires_payment',
  requires_action: 'requires_action',
  processing: 'processing',
  requires_capture: 'processing',
}
/** What an event says when its object has no status. */
const STATUS_OF_TYPE: Record<string, string> = {
  'payment_intent.created': 'requires_payment_method',
  'payment_intent.requires_action': 'requires_action',
  'payment_intent.partially_funded': 'requires_action',
  'payment_intent.processing': 'processing',
  'payment_intent.payment_failed': 'payment_failed',
  'payment_intent.canceled': 'canceled',
  'payment_intent.succeeded': 'succeeded',
}

/**
 * Reads a webhook body. Throws GiveUp when it is no event, or one of money without an amount. Events of the v2 API («thin
 * events») only point at an object and carry none, so nothing follows from them.
 */
export function readEvent(raw: Buffer): PaymentEvent {
  const event = parseObject(raw, 'unreadable_event')
  const id = asText(event['id'])
  const type = asText(event['type'])
  if (!id || !type) throw new GiveUp('unreadable_event')
  const isThin = (event['object'] ?? 'event') !== 'event'
  const object = isThin ? null : asObject(asObject(event['data'])?.['object'])
  const told = {
    dedupeKey: id,
    modes: modesOf(event, object),
    isOtherAccount: asText(event['account']) !== null,
    occurredAt: asUnixTime(event['created']),
  }
  if (!object) return { ...EMPTY_UPDATE, ...told }
  return { ...EMPTY_UPDATE, ...readObject(type, object, told.occurredAt), ...told }
}

function readObject(type: string, object: Json, at: Date | null): Partial<ProviderUpdate> {
  if (type in STATUS_OF_TYPE) return readIntent(object, STATUS_OF_TYPE[type], at)
  const providerRef = idOf(object['payment_intent'])
  if (providerRef === null) return {}
  // It tells only how much was refunded in all; the refunds have ids of their own.
  if (type === 'charge.refunded') return { providerRef, isIncomplete: true }
  if (/^(refund\.|charge\.refund\.)/.test(type)) return { providerRef, facts: [readRefund(object, at)] }
  if (type.startsWith('charge.dispute.')) return { providerRef, facts: [readDispute(object, at, type)] }
  return {}
}

/** Reads a PaymentIntent. `toldStatus` counts when the object has none. */
export function readIntent(intent: Json, toldStatus?: string, at: Date | null = null): Partial<ProviderUpdate> {
  const providerRef = asText(intent['id'])
  const status = asText(intent['status']) ?? toldStatus
  const read = { providerRef, paymentId: asText(asObject(intent['metadata'])?.['payment_id']) }
  switch (status) {
    case 'succeeded':
      return { ...read, facts: [chargeOf(intent, at)] }
    case 'requires_payment_method':
    case 'payment_failed': {
      const error = asObject(intent['last_payment_error'])
      if (!error && status !== 'payment_failed') return { ...read, status: 'requires_payment' }
      const reason = codeOf(error?.['code']) ?? 'attempt_failed'
      return { ...read, status: reason === VOUCHER_EXPIRED ? 'expired' : 'failed', reason }
    }
    case 'canceled': {
      const reason = codeOf(intent['cancellation_reason']) ?? 'canceled'
      return { ...read, status: reason === 'expired' ? 'expired' : 'cancelled', reason, isOver: true }
    }
    default:
      return { ...read, status: OPEN_STATUSES[status ?? ''] ?? null, nextAction: readNextAction(intent['next_action']) }
  }
}

/** A PaymentIntent is paid once, so it stands for its charge. The time of an expanded charge is better than an event's. */
function chargeOf(intent: Json, at: Date | null): MoneyFact {
  const objectId = asText(intent['id'])
  const amountCents = asInteger(intent['amount_received'])
  if (!objectId || amountCents === null || amountCents <= 0) throw new GiveUp('unreadable_amount')
  const occurredAt = asUnixTime(asObject(intent['latest_charge'])?.['created']) ?? at
  return { kind: 'charge', state: 'paid', objectId, amountCents, feeCents: 0, currency: currencyOf(intent), occurredAt }
}

const REFUND_STATES: Record<string, 'succeeded' | 'failed'> = {
  succeeded: 'succeeded',
  failed: 'failed',
  canceled: 'failed',
}

export function readRefund(refund: Json, at: Date | null = null): MoneyFact & { kind: 'refund' } {
  const objectId = asText(refund['id'])
  const amountCents = asInteger(refund['amount'])
  if (!objectId || amountCents === null || amountCents <= 0) throw new GiveUp('unreadable_amount')
  const state = REFUND_STATES[asText(refund['status']) ?? ''] ?? 'pending'
  const occurredAt = at ?? asUnixTime(refund['created'])
  const refundId = asText(asObject(refund['metadata'])?.['refund_id'])
  const known = { objectId, amountCents, feeCents: 0, currency: currencyOf(refund), occurredAt, refundId }
  return { kind: 'refund', state, ...known }
}

/** The money leaves when the funds are withdrawn, and is back when the dispute is won. A warning takes none. */
export function readDispute(dispute: Json, at: Date | null = null, type = ''): MoneyFact {
  const objectId = asText(dispute['id'])
  const disputed = asInteger(dispute['amount'])
  if (!objectId || disputed === null || disputed < 0) throw new GiveUp('unreadable_amount')
  const currency = currencyOf(dispute)
  const taken = asList(dispute['balance_transactions'])
    .map((one) => asObject(one) ?? {})
    .filter((one) => Number(one['amount']) < 0 && (currencyOf(one) ?? currency) === currency)
  const sum = (name: string) => taken.reduce((total, one) => total + Math.abs(asSigned(one[name])), 0)
  const state = stateOfDispute(asText(dispute['status']) ?? '', type, taken.length > 0)
  const isTaken = state === 'withdrawn' || state === 'lost'
  return {
    kind: 'dispute',
    state,
    objectId,
    amountCents: taken.length > 0 ? sum('amount') : isTaken ? disputed : 0,
    feeCents: sum('fee'),
    currency,
    occurredAt: at ?? asUnixTime(dispute['created']),
  }
}

function stateOfDispute(status: string, type: string, isTaken: boolean) {
  if (status === 'lost') return 'lost'
  if (['won', 'prevented', 'warning_closed'].includes(status) || type === 'charge.dispute.funds_reinstated')
    return 'won'
  if (status.startsWith('warning_')) return 'open'
  return isTaken || type === 'charge.dispute.funds_withdrawn' ? 'withdrawn' : 'open'
}

export function readNextAction(value: unknown): NextAction | null {
  const action = asObject(value)
  const voucher = asObject(action?.['oxxo_display_details'])
  if (voucher)
    return {
      type: 'voucher',
      number: asText(voucher['number']),
      barcodeUrl: null,
      url: asText(voucher['hosted_voucher_url']),
      expiresAt: asUnixTime(voucher['expires_after']),
    }
  const transfer = asObject(action?.['display_bank_transfer_instructions'])
  if (transfer) {
    const addresses = asList(transfer['financial_addresses']).map((one) => asObject(asObject(one)?.['spei']))
    const spei = addresses.find((one) => one !== null)
    return {
      type: 'bank_transfer',
      clabe: asText(spei?.['clabe']),
      bank: asText(spei?.['bank_name']),
      reference: asText(transfer['reference']),
      url: asText(transfer['hosted_instructions_url']),
      expiresAt: null,
    }
  }
  const redirect = asObject(action?.['redirect_to_url'])
  return redirect ? { type: 'redirect', url: asText(redirect['url']), expiresAt: null } : null
}

/** Stripe's messages may quote what the payer typed, so only codes are kept. */
export function codeOf(value: unknown): string | null {
  const code = asText(value)
  return code && /^[a-z0-9_]{1,80}$/.test(code) ? code : null
}

const currencyOf = (object: Json): string | null => asText(object['currency'])?.toUpperCase() ?? null
const asSigned = (value: unknown): number => (Number.isSafeInteger(value) ? (value as number) : 0)
/** An id, alone or in the object that it was expanded to. */
const idOf = (value: unknown): string | null => asText(value) ?? asText(asObject(value)?.['id'])
