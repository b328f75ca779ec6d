/** The account behind the fake Stripe: what it holds, and what happens to its payment intents. */
import type { Stripe } from 'stripe'
import {
  makeId,
  newCharge,
  newCustomer,
  newIntent,
  newTransaction,
  transferInstructionsOf,
  voucherOf,
  type Booking,
  type MethodType,
  type Params,
} from './stripe-objects.ts'
import { noSuch, Refusal } from './stripe-rules.ts'

/** `previous`: the former values of what changed. `at`: when it happened, in Unix seconds. */
export type Emit = (type: string, object: object, more?: { previous?: object; at?: number }) => void
export type AccountOptions = { now: () => Date; livemode: boolean; emit: Emit }
export type Account = ReturnType<typeof openAccount>
/** `at`: a time in ISO format, or a Date. */
export type Payment = { amount?: number; at?: Date | string; method?: MethodType }

/** Mexico: 3.6 % and 3.00 MXN, and 16 % of VAT on both. */
const feeOf = (amount: number): number => Math.round((amount * 0.036 + 300) * 1.16)
const secondsOf = (at: Date): number => Math.floor(at.getTime() / 1000)

export function openAccount({ now, livemode, emit }: AccountOptions) {
  const customers = new Map<string, Stripe.Customer>()
  const intents = new Map<string, Stripe.PaymentIntent>()
  const charges = new Map<string, Stripe.Charge>()
  const refunds = new Map<string, Stripe.Refund>()
  const disputes = new Map<string, Stripe.Dispute>()
  const transactions = new Map<string, Stripe.BalanceTransaction>()
  /** How the payer of an intent chose to pay. */
  const methods = new Map<string, MethodType>()

  const seconds = () => secondsOf(now())
  function book(booking: Omit<Booking, 'created'>, created = seconds()): Stripe.BalanceTransaction {
    const transaction = newTransaction({ ...booking, created })
    transactions.set(transaction.id, transaction)
    return transaction
  }
  function createCustomer(params: Params): Stripe.Customer {
    const customer = newCustomer(params, { created: seconds(), livemode })
    customers.set(customer.id, customer)
    emit('customer.created', customer)
    return customer
  }
  function createIntent(params: Params): Stripe.PaymentIntent {
    const { customer } = params
    if (customer !== undefined && !customers.has(customer)) throw noSuch('customer', customer, 'customer')
    const intent = newIntent(params, { created: seconds(), livemode })
    intents.set(intent.id, intent)
    emit('payment_intent.created', intent)
    const type = params['payment_method_data[type]']
    if (type !== 'oxxo' && type !== 'customer_balance') return intent
    intent.payment_method = makeId('pm')
    methods.set(intent.id, type)
    if (params['confirm'] !== 'true') intent.status = 'requires_confirmation'
    else if (type === 'oxxo')
      showVoucher(intent.id, Number(params['payment_method_options[oxxo][expires_after_days]'] ?? 3))
    else askForTransfer(intent)
    return intent
  }
  function askForTransfer(intent: Stripe.PaymentIntent): void {
    intent.payment_method_options = {
      customer_balance: { funding_type: 'bank_transfer', bank_transfer: { type: 'mx_bank_transfer' } },
    }
    intent.status = 'requires_action'
    intent.next_action = transferInstructionsOf(intent)
    emit('payment_intent.requires_action', intent)
  }
  /** The payer chooses OXXO, here or on the page, and gets a voucher. */
  function showVoucher(id: string, days = 3): Stripe.PaymentIntent {
    const intent = getOpen(id)
    methods.set(id, 'oxxo')
    intent.payment_method ??= makeId('pm')
    intent.payment_method_options = { oxxo: { expires_after_days: days } }
    intent.status = 'requires_action'
    intent.next_action = voucherOf(days, seconds())
    emit('payment_intent.requires_action', intent)
    return intent
  }
  function get(id: string): Stripe.PaymentIntent {
    const intent = intents.get(id)
    if (!intent) throw new Error(`the fake Stripe has no payment intent ${id}`)
    return intent
  }
  function getOpen(id: string): Stripe.PaymentIntent {
    const intent = get(id)
    if (intent.status === 'succeeded' || intent.status === 'canceled') throw new Error(`${id} is ${intent.status}`)
    return intent
  }
  /** The payment arrives. Stripe knows its fee a moment later: `charge.updated`. */
  function pay(id: string, { amount, at = now(), method }: Payment = {}): Stripe.PaymentIntent {
    const intent = getOpen(id)
    const type = method ?? methods.get(id) ?? 'card'
    const created = secondsOf(new Date(at))
    const charge = newCharge(intent, { amount: amount ?? intent.amount, type, created })
    charges.set(charge.id, charge)
    intent.status = 'succeeded'
    intent.amount_received = charge.amount
    intent.latest_charge = charge.id
    intent.payment_method = charge.payment_method
    intent.next_action = null
    intent.processing = null
    intent.last_payment_error = null
    emit('charge.succeeded', charge, { at: created })
    emit('payment_intent.succeeded', intent, { at: created })
    const { currency } = charge
    const kind = type === 'card' ? 'charge' : 'payment'
    charge.balance_transaction = book(
      { amount: charge.amount, fee: feeOf(charge.amount), category: 'charge', type: kind, source: charge.id, currency },
      created,
    ).id
    emit('charge.updated', charge, { previous: { balance_transaction: null }, at: created })
    return intent
  }
  /** A bank transfer of less than what is missing; one that completes the amount pays the intent. */
  function partiallyFund(id: string, amount: number): Stripe.PaymentIntent {
    const intent = getOpen(id)
    const instructions = intent.next_action?.display_bank_transfer_instructions
    if (!instructions) throw new Error(`${id} awaits no bank transfer`)
    const remaining = (instructions.amount_remaining ?? 0) - amount
    if (remaining <= 0) return pay(id)
    instructions.amount_remaining = remaining
    emit('payment_intent.partially_funded', intent)
    return intent
  }
  function process(id: string): Stripe.PaymentIntent {
    const intent = getOpen(id)
    intent.status = 'processing'
    intent.next_action = null
    emit('payment_intent.processing', intent)
    return intent
  }
  /** An attempt to pay by card is declined; the payer may try again. */
  function failAttempt(id: string, { code = 'card_declined', declineCode = 'generic_decline' } = {}) {
    const intent = getOpen(id)
    const charge = newCharge(intent, { amount: intent.amount, type: 'card', created: seconds() })
    const message = 'Your card was declined.'
    Object.assign(charge, { status: 'failed', paid: false, captured: false, amount_captured: 0 })
    Object.assign(charge, { failure_code: code, failure_message: message })
    charges.set(charge.id, charge)
    intent.status = 'requires_payment_method'
    intent.latest_charge = charge.id
    intent.next_action = null
    intent.processing = null
    intent.last_payment_error = { type: 'card_error', code, decline_code: declineCode, message, charge: charge.id }
    emit('charge.failed', charge)
    emit('payment_intent.payment_failed', intent)
    return intent
  }
  /** A voucher ends unpaid. The intent stays open: the payer may choose again. */
  function expire(id: string): Stripe.PaymentIntent {
    const intent = getOpen(id)
    if (!intent.next_action?.oxxo_display_details) throw new Error(`${id} has no voucher`)
    intent.status = 'requires_payment_method'
    intent.next_action = null
    intent.payment_method = null
    methods.delete(id)
    intent.last_payment_error = {
      type: 'invalid_request_error',
      code: 'payment_intent_payment_attempt_expired',
      message: 'The payment failed because the voucher expired.',
    }
    emit('payment_intent.payment_failed', intent)
    return intent
  }
  function cancel(id: string, reason: string | null = null): Stripe.PaymentIntent {
    const intent = get(id)
    if (['succeeded', 'canceled', 'processing'].includes(intent.status))
      throw new Refusal(`You cannot cancel this PaymentIntent because it has a status of ${intent.status}.`, {
        code: 'payment_intent_unexpected_state',
      })
    intent.status = 'canceled'
    intent.canceled_at = seconds()
    intent.cancellation_reason = reason
    intent.next_action = null
    emit('payment_intent.canceled', intent)
    return intent
  }
  return {
    ...{ customers, intents, charges, refunds, disputes, transactions, now, emit, seconds, book, get },
    ...{ createCustomer, createIntent, showVoucher, pay, partiallyFund, process, failAttempt, expire, cancel },
  }
}
