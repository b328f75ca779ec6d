/** The refunds and disputes of the fake Stripe. */
import type { Stripe } from 'stripe'
import type { Account } from './stripe-intents.ts'
import { newDispute, newRefund, type Params } from './stripe-objects.ts'
import { noSuch, Refusal } from './stripe-rules.ts'

const DISPUTE_FEE = 30_000

export function openReversals(account: Account) {
  const { charges, refunds, disputes, emit, seconds, book } = account

  /** The charge that a refund or a dispute is about: an id of a charge, or of an intent with a paid one. */
  function chargeOf(id: string): Stripe.Charge {
    const charge = charges.get(id) ?? charges.get(idOf(account.intents.get(id)?.latest_charge))
    if (charge?.paid) return charge
    const param = id.startsWith('ch_') ? 'charge' : 'payment_intent'
    if (!charge && !account.intents.has(id)) throw noSuch(param, id, param)
    throw new Refusal(`This PaymentIntent (${id}) does not have a successful charge to refund.`, {
      code: 'payment_intent_unexpected_state',
      param,
    })
  }
  const disputesOf = (charge: Stripe.Charge) => [...disputes.values()].filter((one) => one.charge === charge.id)

  /** POST /v1/refunds. A card's refund succeeds at once; others wait for the bank. */
  function createRefund(params: Params, status?: string): Stripe.Refund {
    const charge = chargeOf(params['charge'] ?? params['payment_intent'] ?? '')
    const left = charge.amount - charge.amount_refunded
    if (left === 0)
      throw new Refusal(`Charge ${charge.id} has already been refunded.`, { code: 'charge_already_refunded' })
    if (disputesOf(charge).some((one) => !one.is_charge_refundable && one.status !== 'won'))
      throw new Refusal(`Charge ${charge.id} has been charged back; cannot issue a refund.`, {
        code: 'charge_disputed',
      })
    const amount = params['amount'] === undefined ? left : Number(params['amount'])
    if (amount > left)
      throw new Refusal(`Refund amount (${amount}) is greater than unrefunded amount on charge (${left})`, {
        code: 'amount_too_large',
        param: 'amount',
      })
    const usual = charge.payment_method_details?.type === 'card' ? 'succeeded' : 'pending'
    const refund = newRefund(charge, { amount, params, status: status ?? usual, created: seconds() })
    refunds.set(refund.id, refund)
    const previous = { amount_refunded: charge.amount_refunded, refunded: charge.refunded }
    changeRefunded(charge, amount)
    if (refund.status === 'succeeded') bookRefund(refund, -amount)
    emit('refund.created', refund)
    emit('charge.refunded', charge, { previous })
    return refund
  }
  function changeRefunded(charge: Stripe.Charge, amount: number): void {
    charge.amount_refunded += amount
    charge.refunded = charge.amount_refunded === charge.amount
  }
  function bookRefund(refund: Stripe.Refund, amount: number): void {
    const { id: source, currency } = refund
    const isBack = amount > 0
    const booking = { amount, fee: 0, source, currency, category: isBack ? 'refund_failure' : 'refund' }
    const { id } = book({ ...booking, type: isBack ? 'refund_failure' : 'refund' })
    if (isBack) refund.failure_balance_transaction = id
    else refund.balance_transaction = id
  }
  function getRefund(id: string): Stripe.Refund {
    const refund = refunds.get(id)
    if (!refund) throw new Error(`the fake Stripe has no refund ${id}`)
    return refund
  }
  /** A pending refund arrives. */
  function refundSettles(id: string): Stripe.Refund {
    const refund = getRefund(id)
    if (refund.status !== 'pending') throw new Error(`${id} is ${refund.status}`)
    refund.status = 'succeeded'
    bookRefund(refund, -refund.amount)
    for (const type of ['refund.updated', 'charge.refund.updated'])
      emit(type, refund, { previous: { status: 'pending' } })
    return refund
  }
  /** The bank returns a refund, even one that succeeded: the money is ours again. */
  function failRefund(id: string, reason = 'expired_or_canceled_card'): Stripe.Refund {
    const refund = getRefund(id)
    const { status } = refund
    if (status !== 'pending' && status !== 'succeeded') throw new Error(`${id} is ${status}`)
    refund.status = 'failed'
    refund.failure_reason = reason
    if (status === 'succeeded') bookRefund(refund, refund.amount)
    changeRefunded(chargeOf(idOf(refund.charge)), -refund.amount)
    for (const type of ['refund.failed', 'refund.updated', 'charge.refund.updated'])
      emit(type, refund, { previous: { status } })
    return refund
  }
  /** A refund that somebody makes in the Dashboard: without metadata, and without our doing. */
  const refund = (id: string, amount?: number): Stripe.Refund =>
    createRefund({ payment_intent: id, ...(amount === undefined ? {} : { amount: String(amount) }) })

  /** The bank takes the money back at once, and Stripe its fee. */
  function dispute(id: string, { amount, fee = DISPUTE_FEE, reason = 'fraudulent' }: DisputeOptions = {}) {
    const made = openDispute(id, { amount, reason })
    emit('charge.dispute.created', made)
    withdraw(made, fee)
    return made
  }
  function openDispute(id: string, { amount, reason }: { amount: number | undefined; reason: string }) {
    const charge = chargeOf(id)
    const type = charge.payment_method_details?.type ?? ''
    if (type !== 'card') throw new Error(`a payment by ${type} has no disputes`)
    const made = newDispute(charge, { amount: amount ?? charge.amount, reason, created: seconds() })
    disputes.set(made.id, made)
    charge.disputed = true
    return made
  }
  function withdraw(made: Stripe.Dispute, fee: number): void {
    const { id: source, amount, currency } = made
    made.balance_transactions.push(
      book({ amount: -amount, fee, category: 'dispute', type: 'adjustment', source, currency }),
    )
    emit('charge.dispute.funds_withdrawn', made)
  }
  /** The bank asks, and takes nothing. */
  function inquiry(id: string, { amount, reason = 'general' }: { amount?: number; reason?: string } = {}) {
    const made = openDispute(id, { amount, reason })
    made.status = 'warning_needs_response'
    made.is_charge_refundable = true
    emit('charge.dispute.created', made)
    return made
  }
  function getDispute(id: string): Stripe.Dispute {
    const found = disputes.get(id)
    if (!found) throw new Error(`the fake Stripe has no dispute ${id}`)
    return found
  }
  /** An inquiry becomes a dispute. */
  function escalate(id: string, { fee = DISPUTE_FEE } = {}): Stripe.Dispute {
    const found = getDispute(id)
    const previous = { status: found.status }
    if (!found.status.startsWith('warning_')) throw new Error(`${id} is ${found.status}`)
    found.status = 'needs_response'
    found.is_charge_refundable = false
    emit('charge.dispute.updated', found, { previous })
    withdraw(found, fee)
    return found
  }
  /** `feeReturned`: what Stripe gives back of its fee when the dispute is won. An inquiry ends as `warning_closed`. */
  function closeDispute(id: string, outcome: 'won' | 'lost' | 'warning_closed', { feeReturned = 0 } = {}) {
    const found = getDispute(id)
    const previous = { status: found.status }
    const isInquiry = found.status.startsWith('warning_')
    if (['won', 'lost', 'warning_closed'].includes(found.status)) throw new Error(`${id} is ${found.status}`)
    if (isInquiry !== (outcome === 'warning_closed')) throw new Error(`${id} is ${found.status}, so not ${outcome}`)
    found.status = outcome
    if (outcome === 'won') {
      const { id: source, amount, currency } = found
      const booking = { amount, fee: feeReturned === 0 ? 0 : -feeReturned, category: 'dispute_reversal' }
      found.balance_transactions.push(book({ ...booking, type: 'adjustment', source, currency }))
      emit('charge.dispute.funds_reinstated', found)
    }
    emit('charge.dispute.closed', found, { previous })
    return found
  }
  return { createRefund, refund, refundSettles, failRefund, dispute, inquiry, escalate, closeDispute }
}

const idOf = (reference: string | { id: string } | null | undefined): string =>
  typeof reference === 'string' ? reference : (reference?.id ?? '')

export type Reversals = ReturnType<typeof openReversals>
export type DisputeOptions = { amount?: number; fee?: number; reason?: string }
