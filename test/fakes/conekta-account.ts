/** The account behind the fake Conekta: its orders, and what happens to them. */
import {
  addCharge,
  addRefund,
  chargesOf,
  newCharge,
  newChargeback,
  newOrder,
  refundsOf,
  type Charge,
  type ChargeRequest,
  type ConektaOrder,
  type Method,
  type Order,
  type Refund,
} from './conekta-objects.ts'
import { notFound, Refusal } from './conekta-rules.ts'

export type Emit = (type: string, object: object, previous?: object) => void
type AccountOptions = { now: () => Date; emit: Emit }
/** `at`: a time in ISO format, or a Date. */
type When = { at?: Date | string }
export type Account = ReturnType<typeof openAccount>

const CLOSED = ['paid', 'partially_refunded', 'refunded', 'charged_back', 'expired', 'canceled']
/** Conekta keeps about 3 % and 2.50 MXN, and the VAT on both. */
const feeOf = (amount: number): number => Math.round((amount * 0.03 + 250) * 1.16)

export function openAccount({ now, emit }: AccountOptions) {
  const orders = new Map<string, Order>()
  const secondsOf = (at: Date | string = now()) => Math.floor(new Date(at).getTime() / 1000)

  function get(id: string): Order {
    const order = orders.get(id)
    if (!order) throw notFound(`order ${id}`)
    return order
  }
  function getOpen(id: string): Order {
    const order = get(id)
    if (CLOSED.includes(order.payment_status ?? '')) throw new Error(`${id} is ${order.payment_status}`)
    return order
  }
  /** Changes the order's status, and tells it. */
  function move(order: Order, status: string, type = `order.${status}`): void {
    const previous = order.payment_status === undefined ? {} : { payment_status: order.payment_status }
    order.payment_status = status
    order.updated_at = secondsOf()
    emit(type, order, previous)
  }
  function moveCharge(charge: Charge, status: string, type = `charge.${status}`): void {
    const previous = { status: charge.status }
    charge.status = status
    emit(type, charge, previous)
  }
  function createOrder(request: ConektaOrder, livemode: boolean): Order {
    const order = newOrder(request, { at: secondsOf(), livemode })
    orders.set(order.id, order)
    emit('order.created', order)
    for (const charge of request.charges ?? []) charging(order, charge)
    return order
  }
  /** A card is charged at once; `tok_test_card_declined` and `tok_test_insufficient_funds` are declined. */
  function charging(order: Order, request: ChargeRequest): void {
    const { type, token_id: token = '' } = request.payment_method
    if (type !== 'card') return void openCharge(order, request)
    if (/declined|insufficient/.test(token)) {
      const code = token.includes('insufficient') ? 'insufficient_funds' : 'declined'
      declineOrder(order, code, request)
      const options = { status: 402, type: 'processing_error', code: `conekta.errors.processing.bank.${code}` }
      throw new Refusal(code, options)
    }
    const charge = openCharge(order, request)
    settleCharge(order, charge, secondsOf())
  }
  function openCharge(order: Order, request: ChargeRequest): Charge {
    const charge = newCharge(order, request, secondsOf())
    addCharge(order, charge)
    emit('charge.created', charge)
    if (request.payment_method.type !== 'card') move(order, 'pending_payment')
    return charge
  }
  /** One payment makes a pair of events, of the charge and of the order. */
  function settleCharge(order: Order, charge: Charge, at: number): void {
    charge.paid_at = at
    charge.fee = feeOf(charge.amount)
    charge.is_refundable = charge.payment_method['object'] !== 'cash_payment'
    moveCharge(charge, 'paid')
    if (!chargesOf(order).every(({ status }) => status !== 'pending_payment')) return
    order.is_refundable = charge.is_refundable
    move(order, 'paid')
  }
  /** The payer chooses cash or SPEI on the page, and gets a reference. */
  function choose(id: string, type: Method): Charge {
    const order = getOpen(id)
    const allowed = (order.checkout?.['allowed_payment_methods'] ?? []) as string[]
    const asked = type === 'spei' ? 'bank_transfer' : type
    if (!allowed.includes(asked)) throw new Error(`${id} does not offer ${asked}`)
    return openCharge(order, { payment_method: { type } })
  }
  const pendingOf = (id: string, object: string) =>
    chargesOf(getOpen(id)).find(
      ({ status, payment_method: method }) => status === 'pending_payment' && method['object'] === object,
    )
  /** A shop may take the money after the end. */
  const endedOf = (id: string, object: string) =>
    chargesOf(get(id)).find(
      ({ status, payment_method: method }) => ['expired', 'canceled'].includes(status) && method['object'] === object,
    )
  function payWithCard(id: string, { at }: When = {}): Order {
    const charge = choose(id, 'card')
    settleCharge(get(id), charge, secondsOf(at))
    return get(id)
  }
  function payCash(id: string, { at }: When = {}): Order {
    const charge = endedOf(id, 'cash_payment') ?? pendingOf(id, 'cash_payment') ?? choose(id, 'cash')
    settleCharge(get(id), charge, secondsOf(at))
    return get(id)
  }
  /** A CLABE is for one amount: a transfer of another one comes back to its sender. */
  function paySpei(id: string, { at, amount }: When & { amount?: number } = {}): Order {
    const charge = pendingOf(id, 'bank_transfer_payment') ?? choose(id, 'spei')
    const seconds = secondsOf(at)
    const attempts = charge.payment_method['payment_attempts'] as object[]
    if (amount !== undefined && amount !== charge.amount) {
      attempts.push({ amount, created_at: seconds, status: 'rejected' })
      return get(id)
    }
    Object.assign(charge.payment_method, {
      ...{ issuing_account_bank: 'BBVA', issuing_account_number: '012180000000000001', tracking_code: 'FAKE1' },
      executed_at: new Date(seconds * 1000).toISOString(),
    })
    settleCharge(get(id), charge, seconds)
    return get(id)
  }
  function closePending(order: Order, status: 'expired' | 'canceled'): Order {
    for (const charge of chargesOf(order)) if (charge.status === 'pending_payment') moveCharge(charge, status)
    if (order.checkout) order.checkout['status'] = status === 'expired' ? 'Expired' : 'Canceled'
    move(order, status)
    return order
  }
  const expire = (id: string): Order => closePending(getOpen(id), 'expired')
  /** Also POST /orders/{id}/cancel. */
  function cancel(id: string): Order {
    const order = get(id)
    if (!CLOSED.includes(order.payment_status ?? '')) return closePending(order, 'canceled')
    throw new Refusal(`the order is ${order.payment_status}`, {
      status: 428,
      type: 'precondition_required_error',
      code: 'conekta.errors.processing.order.not_cancelable',
    })
  }
  /** A bank declines a card; the payer may try again. */
  function decline(id: string, { code = 'insufficient_funds' } = {}): Order {
    declineOrder(getOpen(id), code, { payment_method: { type: 'card' } })
    return get(id)
  }
  function declineOrder(order: Order, code: string, request: ChargeRequest): void {
    const charge = openCharge(order, request)
    charge.failure_code = code
    charge.failure_message = 'La tarjeta fue declinada.'
    moveCharge(charge, 'declined')
    move(order, 'declined')
  }
  return {
    ...{ orders, get, move, moveCharge, secondsOf, emit, createOrder, choose },
    ...{ payWithCard, payCash, paySpei, expire, cancel, decline },
  }
}

/** The refunds and chargebacks of an account. */
export function openReversals({ orders, get, move, moveCharge, secondsOf, emit }: Account) {
  /** POST /orders/{id}/refunds. A card's refund is done at once; a transfer back waits for the bank. */
  function createRefund(id: string, cents: number, status?: string): Order {
    const order = get(id)
    const charge = chargesOf(order).find((one) => ['paid', 'partially_refunded', 'refunded'].includes(one.status))
    const invalid = (what: string) =>
      new Refusal(what, { param: 'amount', code: 'conekta.errors.parameter_validation.order.refund' })
    if (!charge || order.payment_status === 'charged_back') throw invalid('the order is not paid')
    if (charge.payment_method['object'] === 'cash_payment') throw invalid('cash cannot be refunded')
    const left = charge.amount - sumOf(refundsOf(charge).filter((one) => one.status !== 'failed'))
    if (cents > left) throw invalid(`only ${left} centavos are left`)
    const isPending = (status ?? (charge.payment_method['object'] === 'card_payment' ? '' : 'pending')) === 'pending'
    const refund = addRefund(charge, { cents, status: 'pending', at: secondsOf() })
    if (!isPending) settleRefund(order, charge, refund)
    return order
  }
  function settleRefund(order: Order, charge: Charge, refund: Refund): void {
    refund.status = 'refunded'
    order.amount_refunded += -refund.amount
    const status = sumOf(refundsOf(charge).filter((one) => one.status === 'refunded')) === charge.amount
    moveCharge(charge, status ? 'refunded' : 'partially_refunded', 'charge.refunded')
    order.is_refundable = order.amount_refunded < order.amount
    move(order, order.is_refundable ? 'partially_refunded' : 'refunded')
  }
  function findRefund(id: string): { order: Order; charge: Charge; refund: Refund } {
    for (const order of orders.values())
      for (const charge of chargesOf(order))
        for (const refund of refundsOf(charge)) if (refund.id === id) return { order, charge, refund }
    throw new Error(`the fake Conekta has no refund ${id}`)
  }
  function refundSettles(id: string): Order {
    const { order, charge, refund } = findRefund(id)
    if (refund.status !== 'pending') throw new Error(`${id} is ${refund.status}`)
    settleRefund(order, charge, refund)
    return order
  }
  /** The bank returns a refund, even one that was done. */
  function failRefund(id: string): Order {
    const { order, charge, refund } = findRefund(id)
    if (refund.status === 'failed') throw new Error(`${id} is failed`)
    const wasDone = refund.status === 'refunded'
    refund.status = 'failed'
    if (!wasDone) {
      emit('order.updated', order)
      return order
    }
    order.amount_refunded -= -refund.amount
    order.is_refundable = true
    const status = order.amount_refunded > 0 ? 'partially_refunded' : 'paid'
    charge.status = status
    move(order, status, 'order.updated')
    return order
  }
  /** The payer's bank takes the money of a card back. */
  function chargeback(id: string, { reason = 'unrecognized' } = {}): Order {
    const order = get(id)
    const charge = chargesOf(order).find(
      ({ paid_at: paidAt, payment_method: method }) => paidAt !== null && method['object'] === 'card_payment',
    )
    if (!charge || charge.chargeback) throw new Error(`${id} has no payment by card that can be charged back`)
    charge.chargeback = newChargeback(charge, reason, secondsOf())
    moveCharge(charge, 'charged_back', 'charge.chargeback.created')
    move(order, 'charged_back')
    return order
  }
  function closeChargeback(id: string, outcome: 'won' | 'lost'): Order {
    const order = get(id)
    const charge = chargesOf(order).find((one) => one.chargeback?.status === 'action_required')
    if (!charge?.chargeback) throw new Error(`${id} has no open chargeback`)
    if (outcome !== 'won' && outcome !== 'lost') throw new Error('outcome: won or lost')
    charge.chargeback.status = outcome
    emit('charge.chargeback.updated', charge)
    const back = order.amount_refunded > 0 ? 'partially_refunded' : 'paid'
    moveCharge(charge, outcome === 'won' ? back : charge.status, `charge.chargeback.${outcome}`)
    if (outcome === 'won') move(order, back, 'order.updated')
    return order
  }
  const refund = (id: string, amount: number): Order => createRefund(id, amount)
  return { createRefund, refund, refundSettles, failRefund, chargeback, closeChargeback }
}

const sumOf = (refunds: Refund[]): number => refunds.reduce((sum, { amount }) => sum - amount, 0)
