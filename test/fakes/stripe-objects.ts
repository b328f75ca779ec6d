/** The objects of the fake Stripe, in the shapes of the SDK's types for API 2026-10-28. */
import { randomBytes, randomInt } from 'node:crypto'
import type { Stripe } from 'stripe'

export type Params = Record<string, string>
export type MethodType = 'card' | 'oxxo' | 'customer_balance'
type Base = { created: number; livemode: boolean }

export const makeId = (prefix: string): string => `${prefix}_${randomBytes(12).toString('hex')}`
export const makeDigits = (count: number): string => Array.from({ length: count }, () => randomInt(10)).join('')

export function readMetadata(params: Params): Record<string, string> {
  const entries = Object.entries(params).filter(([key]) => key.startsWith('metadata['))
  return Object.fromEntries(entries.map(([key, value]) => [key.slice(9, -1), value]))
}

export function newCustomer(params: Params, { created, livemode }: Base): Stripe.Customer {
  return {
    id: makeId('cus'),
    object: 'customer',
    address: null,
    balance: 0,
    created,
    currency: null,
    default_source: null,
    delinquent: false,
    description: params['description'] ?? null,
    discount: null,
    email: params['email'] ?? null,
    invoice_settings: { custom_fields: null, default_payment_method: null, footer: null, rendering_options: null },
    livemode,
    metadata: readMetadata(params),
    name: params['name'] ?? null,
    phone: params['phone'] ?? null,
    preferred_locales: [],
    shipping: null,
    tax_exempt: 'none',
    test_clock: null,
  }
}

export function newIntent(params: Params, { created, livemode }: Base): Stripe.PaymentIntent {
  const id = makeId('pi')
  const allowed = Object.keys(params).filter((key) => key.startsWith('allowed_payment_method_types'))
  const types = allowed.map((key) => params[key] ?? '')
  return {
    id,
    object: 'payment_intent',
    allowed_payment_method_types: types.length > 0 ? types : null,
    amount: Number(params['amount']),
    amount_capturable: 0,
    amount_received: 0,
    application: null,
    application_fee_amount: null,
    automatic_payment_methods:
      types.length > 0
        ? null
        : {
            allow_redirects: params['automatic_payment_methods[allow_redirects]'] === 'never' ? 'never' : 'always',
            enabled: true,
          },
    canceled_at: null,
    cancellation_reason: null,
    capture_method: 'automatic_async',
    client_secret: `${id}_secret_${randomBytes(8).toString('hex')}`,
    confirmation_method: 'automatic',
    created,
    currency: params['currency'] ?? '',
    customer: params['customer'] ?? null,
    customer_account: null,
    description: params['description'] ?? null,
    excluded_payment_method_types: null,
    last_payment_error: null,
    latest_charge: null,
    livemode,
    managed_payments: null,
    metadata: readMetadata(params),
    next_action: null,
    on_behalf_of: null,
    payment_method: null,
    payment_method_configuration_details: null,
    payment_method_options: {},
    payment_method_types: types.length > 0 ? types : ['card', 'oxxo'],
    payment_record: null,
    processing: null,
    receipt_email: params['receipt_email'] ?? null,
    review: null,
    setup_future_usage: null,
    shipping: null,
    source: null,
    statement_descriptor: null,
    statement_descriptor_suffix: null,
    status: 'requires_payment_method',
    transfer_data: null,
    transfer_group: null,
  }
}

/** Vouchers end at 23:59 in Mexico City, which is UTC-6 all year. */
export function voucherOf(days: number, at: number): Stripe.PaymentIntent.NextAction {
  const today = Math.floor((at - 6 * 3600) / 86_400) * 86_400 + 6 * 3600
  return {
    type: 'oxxo_display_details',
    oxxo_display_details: {
      expires_after: today + days * 86_400 + 86_340,
      hosted_voucher_url: `https://payments.stripe.com/oxxo/voucher/test_${randomBytes(12).toString('hex')}`,
      number: makeDigits(32),
    },
  }
}

export function transferInstructionsOf({ amount, currency }: Stripe.PaymentIntent): Stripe.PaymentIntent.NextAction {
  const address = { city: null, country: 'MX', line1: null, line2: null, postal_code: null, state: null }
  const spei = {
    account_holder_address: address,
    account_holder_name: 'Monotickets',
    bank_address: address,
    bank_code: '002',
    bank_name: 'BANAMEX',
    clabe: `002${makeDigits(15)}`,
  }
  return {
    type: 'display_bank_transfer_instructions',
    display_bank_transfer_instructions: {
      amount_remaining: amount,
      currency,
      financial_addresses: [{ type: 'spei', spei, supported_networks: ['spei'] }],
      hosted_instructions_url: `https://payments.stripe.com/bank_transfers/instructions/test_${randomBytes(12).toString('hex')}`,
      reference: makeDigits(7),
      type: 'mx_bank_transfer',
    },
  }
}

export function newCharge(
  intent: Stripe.PaymentIntent,
  { amount, type, created }: { amount: number; type: MethodType; created: number },
): Stripe.Charge {
  return {
    id: makeId('ch'),
    object: 'charge',
    amount,
    amount_captured: amount,
    amount_refunded: 0,
    application: null,
    application_fee: null,
    application_fee_amount: null,
    balance_transaction: null,
    billing_details: { address: null, email: intent.receipt_email, name: null, phone: null, tax_id: null },
    calculated_statement_descriptor: null,
    captured: true,
    created,
    currency: intent.currency,
    customer: intent.customer,
    description: intent.description,
    disputed: false,
    failure_balance_transaction: null,
    failure_code: null,
    failure_message: null,
    fraud_details: {},
    livemode: intent.livemode,
    metadata: { ...intent.metadata },
    on_behalf_of: null,
    outcome: null,
    paid: true,
    payment_intent: intent.id,
    payment_method: makeId('pm'),
    payment_method_details: { type },
    receipt_email: intent.receipt_email,
    receipt_number: null,
    receipt_url: null,
    refunded: false,
    review: null,
    shipping: null,
    source: null,
    source_transfer: null,
    statement_descriptor: null,
    statement_descriptor_suffix: null,
    status: 'succeeded',
    transfer_data: null,
    transfer_group: null,
  }
}

export function newRefund(
  charge: Stripe.Charge,
  { amount, params, status, created }: { amount: number; params: Params; status: string; created: number },
): Stripe.Refund {
  return {
    id: makeId('re'),
    object: 'refund',
    amount,
    balance_transaction: null,
    charge: charge.id,
    created,
    currency: charge.currency,
    customer: charge.customer,
    customer_account: null,
    metadata: readMetadata(params),
    payment_intent: charge.payment_intent,
    payment_method: charge.payment_method,
    reason: params['reason'] ?? null,
    receipt_number: null,
    source_transfer_reversal: null,
    status,
    transfer_reversal: null,
  }
}

export function newDispute(
  charge: Stripe.Charge,
  { amount, reason, created }: { amount: number; reason: string; created: number },
): Stripe.Dispute {
  return {
    id: makeId('dp'),
    object: 'dispute',
    amount,
    balance_transactions: [],
    charge: charge.id,
    created,
    currency: charge.currency,
    enhanced_eligibility_types: [],
    evidence: {} as Stripe.Dispute.Evidence, // always without evidence; its many fields would all be null
    evidence_details: {
      due_by: created + 7 * 86_400,
      enhanced_eligibility: {},
      has_evidence: false,
      past_due: false,
      submission_count: 0,
      submission_method: 'not_submitted',
    },
    intended_submission_method: null,
    is_charge_refundable: false,
    livemode: charge.livemode,
    metadata: {},
    payment_intent: charge.payment_intent,
    reason,
    status: 'needs_response',
  }
}

export type Booking = {
  amount: number
  fee: number
  category: string
  type: Stripe.BalanceTransaction.Type
  source: string
  currency: string
  created: number
}

/** `net` is what the balance changes by. */
export function newTransaction({ amount, fee, category, type, source, currency, created }: Booking) {
  const described = {
    amount: fee,
    application: null,
    currency,
    description: 'Stripe fees',
    type: 'stripe_fee' as const,
  }
  const transaction: Stripe.BalanceTransaction = {
    id: makeId('txn'),
    object: 'balance_transaction',
    amount,
    available_on: created + 7 * 86_400,
    balance_type: 'payments',
    created,
    currency,
    description: null,
    exchange_rate: null,
    fee,
    fee_details: fee === 0 ? [] : [described],
    net: amount - fee,
    reporting_category: category,
    source,
    status: 'pending',
    type,
  }
  return transaction
}
