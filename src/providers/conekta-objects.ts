/**
 * Reads Conekta's objects and events. Vendor documents: github.com/conekta/openapi (order_response, charge_response,
 * charge_response_refunds, chargeback_response, events). An order is paid by its charges, and refunds and chargebacks
 * are inside the charges; their ids make them count once, whichever event tells of them.
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

const ORDER_STATUSES: Record<string, OpenStatus> = {
  pending_payment: 'requires_action',
  pre_authorized: 'processing',
  declined: 'failed',
  expired: 'expired',
  canceled: 'cancelled',
  voided: 'cancelled',
}
/** The events of an order that say more than that it exists: `order.paid`, `order.expired` … */
const STATUS_OF_TYPE = /^order\.(paid|pending_payment|pre_authorized|declined|expired|canceled|voided)$/

/** Reads a webhook body. Throws GiveUp when it is no event, or one of money without an amount. */
export function readEvent(raw: Buffer): PaymentEvent {
  const event = parseObject(raw, 'unreadable_event')
  const id = asText(event['id'])
  const type = asText(event['type'])
  if (!id || !type) throw new GiveUp('unreadable_event')
  const object = asObject(asObject(event['data'])?.['object'])
  const at = asUnixTime(event['created_at'])
  const told = { dedupeKey: id, modes: modesOf(event, object), occurredAt: at }
  return { ...EMPTY_UPDATE, ...(object ? readObject(type, object, at) : {}), ...told }
}

function readObject(type: string, object: Json, at: Date | null): Partial<ProviderUpdate> {
  if (type.startsWith('charge.')) return readChargeEvent(object, at)
  if (!type.startsWith('order.')) return {}
  const [, told] = STATUS_OF_TYPE.exec(type) ?? []
  return readOrder(object, at, told)
}

function readChargeEvent(object: Json, at: Date | null): Partial<ProviderUpdate> {
  const chargeId = asText(object['charge_id'])
  if (object['object'] === 'chargeback') {
    // A chargeback alone names its charge but no amount. The charge leads to the order, which is read.
    return { providerRef: chargeId, isIncomplete: chargeId !== null }
  }
  const providerRef = asText(object['order_id'])
  return providerRef === null ? {} : { providerRef, facts: factsOf(object, currencyOf(object), at) }
}

/** Reads an order with its charges. `told`: the status that an event names, when the order has none. */
export function readOrder(order: Json, at: Date | null = null, told?: string): Partial<ProviderUpdate> {
  const charges = chargesOf(order)
  const word = asText(order['payment_status']) ?? (charges.length === 0 ? told : null) ?? ''
  const status = ORDER_STATUSES[word] ?? ORDER_STATUSES[told ?? ''] ?? null
  const ofCharges = charges.flatMap((charge) => factsOf(charge, currencyOf(charge) ?? currencyOf(order), at))
  // An order that is told without its charges is one itself.
  const facts =
    charges.length > 0 ? ofCharges : factsOf({ ...order, status: word, paid_at: null }, currencyOf(order), at)
  return {
    providerRef: asText(order['id']),
    paymentId: asText(asObject(order['metadata'])?.['payment_id']),
    status,
    reason: status === null || isOpen(status) ? null : `order_${word || told}`,
    nextAction: readNextAction(order),
    isOver: status === 'expired' || status === 'cancelled',
    facts: settled(facts, order),
    isIncomplete: isMissingRefund(facts, order),
  }
}

const isOpen = (status: OpenStatus) => status === 'requires_action' || status === 'processing'

const chargesOf = (order: Json): Json[] =>
  asList(asObject(order['charges'])?.['data']).map((charge) => asObject(charge) ?? {})

const PAID = ['paid', 'refunded', 'partially_refunded', 'charged_back']

/** What a charge says: its money, its refunds and its chargeback. Nothing, while it is not paid. */
function factsOf(charge: Json, currency: string | null, at: Date | null): MoneyFact[] {
  if (!PAID.includes(asText(charge['status']) ?? '')) return []
  const objectId = asText(charge['id'])
  const amountCents = asInteger(charge['amount'])
  if (!objectId || amountCents === null || amountCents <= 0) throw new GiveUp('unreadable_amount')
  const paidAt = asUnixTime(charge['paid_at']) ?? at
  const whole = { feeCents: 0, currency }
  const refunds = asList(asObject(charge['refunds'])?.['data']).map((one) => readRefund(asObject(one) ?? {}, currency))
  const left = amountCents - sumOfRefunds(refunds)
  const chargeback = asObject(charge['chargeback'])
  return [
    { kind: 'charge', state: 'paid', objectId, amountCents, occurredAt: paidAt, ...whole },
    ...refunds,
    ...(chargeback ? [readChargeback(chargeback, left, currency, at)] : []),
  ]
}

const FAILED = ['failed', 'declined', 'rejected', 'canceled', 'expired']

/** Refunds have negative amounts. */
function readRefund(refund: Json, currency: string | null): MoneyFact & { kind: 'refund' } {
  const objectId = asText(refund['id'])
  const amountCents = Math.abs(Number(refund['amount']))
  if (!objectId || !Number.isSafeInteger(amountCents) || amountCents === 0) throw new GiveUp('unreadable_amount')
  const status = asText(refund['status']) ?? ''
  const state = FAILED.includes(status) ? 'failed' : status.startsWith('pending') ? 'pending' : 'succeeded'
  const occurredAt = asUnixTime(refund['created_at'])
  return { kind: 'refund', state, objectId, amountCents, feeCents: 0, currency, occurredAt }
}

/**
 * Conekta takes what is left of the charge when it opens a chargeback; `covered` is one that it pays itself. The object has
 * the time of its beginning only, so its end counts when an event tells it.
 */
function readChargeback(chargeback: Json, amountCents: number, currency: string | null, at: Date | null): MoneyFact {
  const objectId = asText(chargeback['id'])
  if (!objectId) throw new GiveUp('unreadable_event')
  const status = asText(chargeback['status']) ?? ''
  const state = status === 'lost' ? 'lost' : status === 'won' || status === 'covered' ? 'won' : 'withdrawn'
  const occurredAt = state === 'withdrawn' ? asUnixTime(chargeback['created_at']) : at
  return { kind: 'dispute', state, objectId, amountCents, feeCents: 0, currency, occurredAt }
}

const sumOfRefunds = (facts: MoneyFact[]): number =>
  facts.reduce(
    (sum, { kind, state, amountCents }) => sum + (kind === 'refund' && state !== 'failed' ? amountCents! : 0),
    0,
  )

/** A refund that the order counts as given back is no longer pending. */
function settled(facts: MoneyFact[], order: Json): MoneyFact[] {
  const refunded = asInteger(order['amount_refunded']) ?? 0
  if (refunded === 0 || sumOfRefunds(facts) > refunded) return facts
  return facts.map((fact) =>
    fact.kind === 'refund' && fact.state === 'pending' ? { ...fact, state: 'succeeded' as const } : fact,
  )
}

const isMissingRefund = (facts: MoneyFact[], order: Json): boolean =>
  (asInteger(order['amount_refunded']) ?? 0) > sumOfRefunds(facts)

/** A voucher or CLABE of an open charge, else the address of the checkout. */
export function readNextAction(order: Json): NextAction | null {
  const open = chargesOf(order).find((charge) => charge['status'] === 'pending_payment')
  const method = asObject(open?.['payment_method'])
  const expiresAt = asUnixTime(method?.['expires_at'])
  if (method?.['object'] === 'cash_payment')
    return {
      type: 'voucher',
      number: asText(method['reference']),
      barcodeUrl: asText(method['barcode_url']),
      url: null,
      expiresAt,
    }
  if (method?.['object'] === 'bank_transfer_payment')
    return {
      type: 'bank_transfer',
      clabe: asText(method['clabe']) ?? asText(method['receiving_account_number']),
      bank: asText(method['bank']) ?? asText(method['receiving_account_bank']),
      reference: asText(method['reference_number']),
      url: null,
      expiresAt,
    }
  const checkout = asObject(order['checkout'])
  if (!checkout) return null
  return { type: 'redirect', url: asText(checkout['url']), expiresAt: asUnixTime(checkout['expires_at']) }
}

const currencyOf = (object: Json): string | null => asText(object['currency'])?.toUpperCase() ?? null
