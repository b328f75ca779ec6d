/** The objects of the fake Conekta, in the shapes of the vendor's OpenAPI 2.3.0. */
import { randomBytes, randomInt, randomUUID } from 'node:crypto'
import { makeHexId } from './conekta-events.ts'

export type Method = 'card' | 'cash' | 'spei'
export type ConektaOrder = {
  currency: string
  customer_info: { name: string; email: string; phone: string }
  line_items: { name: string; unit_price: number; quantity: number }[]
  /** Missing in an order with charges. */
  checkout: { type: string; allowed_payment_methods: string[]; expires_at: number }
  charges?: ChargeRequest[]
  metadata: Record<string, string>
}
export type ChargeRequest = {
  amount?: number
  payment_method: { type: Method; expires_at?: number; token_id?: string }
  reference_id?: string
}
export type Refund = {
  id: string
  object: 'refund'
  /** Negative. */
  amount: number
  auth_code: string
  created_at: number
  expires_at?: number
  status: 'pending' | 'refunded' | 'failed'
}
export type Chargeback = {
  id: string
  object: 'chargeback'
  charge_id: string
  created_at: number
  evidence_due_by: number
  files: []
  followup_status: null
  note: null
  reason: string
  response_from_client: null
  status: 'action_required' | 'won' | 'lost'
}
type List<Item> = { object: 'list'; has_more: boolean; total: number; data: Item[] }
export type Charge = {
  id: string
  object: 'charge'
  amount: number
  chargeback: Chargeback | null
  created_at: number
  currency: string
  customer_id: string
  description: string
  failure_code: string | null
  failure_message: string | null
  fee?: number
  is_refundable: boolean
  livemode: boolean
  order_id: string
  paid_at: number | null
  payment_method: Record<string, unknown>
  reference_id: string | null
  refunds: List<Refund> | null
  status: string
}
export type Order = {
  id: string
  object: 'order'
  amount: number
  amount_refunded: number
  charges?: List<Charge>
  checkout?: Record<string, unknown>
  created_at: number
  currency: string
  customer_info: object
  is_refundable: boolean
  line_items: List<object>
  livemode: boolean
  metadata: Record<string, unknown>
  /** Missing until there is a charge. */
  payment_status?: string
  split_payment: boolean
  updated_at: number
}
type Base = { at: number; livemode: boolean }

const STORES = ['7 Eleven', 'Farmacias del Ahorro', 'CIRCLE K', 'Tiendas Extra', 'Farmacia Benavides', 'Soriana']
const CASH_SECONDS = 30 * 86_400
const SPEI_SECONDS = 3 * 86_400

const makeId = (prefix: string): string => `${prefix}_${randomBytes(12).toString('base64url').replace(/[-_]/g, 'x')}`
const makeDigits = (count: number): string => Array.from({ length: count }, () => randomInt(10)).join('')
const listOf = <Item>(data: Item[]): List<Item> => ({ object: 'list', has_more: false, total: data.length, data })

export const amountOf = ({ line_items: items }: Pick<ConektaOrder, 'line_items'>): number =>
  items.reduce((sum, item) => sum + item.unit_price * item.quantity, 0)

export function newOrder(request: ConektaOrder, { at, livemode }: Base): Order {
  const id = makeId('ord')
  const items = request.line_items.map((item) => ({
    ...item,
    object: 'line_item',
    id: makeId('line_item'),
    parent_id: id,
    metadata: {},
    antifraud_info: {},
  }))
  return {
    id,
    object: 'order',
    amount: amountOf(request),
    amount_refunded: 0,
    ...(request.charges ? {} : { checkout: checkoutOf(request.checkout, { at, livemode }) }),
    created_at: at,
    currency: request.currency,
    customer_info: { ...request.customer_info, object: 'customer_info' },
    is_refundable: false,
    line_items: listOf(items),
    livemode,
    metadata: request.metadata ?? {},
    split_payment: (request.charges?.length ?? 1) > 1,
    updated_at: at,
  }
}

function checkoutOf(request: ConektaOrder['checkout'], { at, livemode }: Base): Record<string, unknown> {
  const id = randomUUID()
  const slug = id.replaceAll('-', '')
  return {
    id,
    object: 'checkout',
    name: 'ord',
    livemode,
    status: 'Issued',
    starts_at: at,
    ...request,
    slug,
    url: `https://pay.conekta.com/checkout/${slug}`,
  }
}

export function newCharge(order: Order, request: ChargeRequest, at: number): Charge {
  return {
    id: makeHexId(),
    object: 'charge',
    amount: request.amount ?? order.amount,
    chargeback: null,
    created_at: at,
    currency: order.currency,
    customer_id: '',
    description: 'Payment from order',
    failure_code: null,
    failure_message: null,
    is_refundable: false,
    livemode: order.livemode,
    order_id: order.id,
    paid_at: null,
    payment_method: methodOf(request.payment_method, at),
    reference_id: request.reference_id ?? null,
    refunds: null,
    status: 'pending_payment',
  }
}

function methodOf(
  { type, expires_at: expiresAt }: ChargeRequest['payment_method'],
  at: number,
): Charge['payment_method'] {
  if (type === 'card')
    return { object: 'card_payment', type: 'credit', last4: '4242', brand: 'visa', issuer: 'banamex', auth_code: '1' }
  if (type === 'cash') {
    const reference = makeDigits(20)
    return {
      ...{ object: 'cash_payment', type, service_name: 'Cash', reference, product_type: 'cash_in' },
      barcode_url: `https://barcodes.conekta.com/cash/cashin/datalogic/${reference}.png`,
      expires_at: expiresAt ?? at + CASH_SECONDS,
      store_names: STORES,
    }
  }
  const [clabe, bank] = [`646180${makeDigits(12)}`, 'STP']
  return {
    ...{ object: 'bank_transfer_payment', type, clabe, bank, expires_at: expiresAt ?? at + SPEI_SECONDS },
    ...{ receiving_account_number: clabe, receiving_account_bank: bank, receiving_account_holder_name: null },
    ...{ issuing_account_bank: null, issuing_account_number: null, issuing_account_holder_name: null },
    ...{ reference_number: null, tracking_code: null, executed_at: null, payment_attempts: [] },
  }
}

export const addCharge = (order: Order, charge: Charge): void => {
  order.charges = listOf([...(order.charges?.data ?? []), charge])
}
export const chargesOf = (order: Order): Charge[] => order.charges?.data ?? []
export const refundsOf = (charge: Charge): Refund[] => charge.refunds?.data ?? []

export function addRefund(
  charge: Charge,
  { cents, status, at }: { cents: number; status: Refund['status']; at: number },
) {
  const refund: Refund = {
    id: makeHexId(),
    object: 'refund',
    amount: -cents,
    auth_code: makeDigits(6),
    created_at: at,
    status,
  }
  charge.refunds = listOf([...refundsOf(charge), refund])
  return refund
}

export const newChargeback = (charge: Charge, reason: string, at: number): Chargeback => ({
  id: makeId('chbk'),
  object: 'chargeback',
  charge_id: charge.id,
  created_at: at,
  evidence_due_by: at + 7 * 86_400,
  files: [],
  followup_status: null,
  note: null,
  reason,
  response_from_client: null,
  status: 'action_required',
})
