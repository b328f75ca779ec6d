/** Payments that a Director enters by hand: bank transfers, cash, card terminals. */
import assert from 'node:assert/strict'
import { bookPayment, bookReversal, findMovementOfPayment } from '../ledger/ledger.ts'
import { newId, withTx, type Db, type Tx } from '../platform/db.ts'
import { readInstantOrDay } from '../platform/values/days.ts'
import { Failure, readFields } from '../platform/errors.ts'
import type { User } from '../http/access.ts'
import { readMoney } from '../platform/values/money.ts'
import { foldCode } from '../platform/values/text.ts'
import {
  findPayer,
  findPayment,
  findPaymentByKey,
  insertManualPayment,
  reverse,
  type NewManualPayment,
  type Payment,
} from './sql.ts'

export { listPayments, listRecentPayments, type PaymentFilter } from './sql.ts'
export { sumPayments, type PaymentSum } from './sums.ts'

export type ManualPaymentRequest = {
  organizerId: string
  amount?: number | string
  amountCents?: number
  currency: string
  method: string
  reference?: string
  note?: string
  eventId?: string
  paidAt?: string
  user: User
  requestId: string
  idempotencyKey: string | null
}

export type Reversal = { id: string; reason: string; user: User; requestId: string }

const DAY_MS = 86_400_000

/**
 * Records a payment and books it, inside the caller's transaction. A unique index on (organizer, reference) rejects the
 * same transfer entered twice. Throws organizer_not_found, event_not_found, duplicate_reference,
 * idempotency_key_reused, invalid_amount, unsupported_currency, invalid_date.
 */
export async function recordManualPayment(tx: Tx, request: ManualPaymentRequest, at: Date): Promise<Payment> {
  const { money, reference, paidAt } = readFields({
    money: () => readMoney(request),
    reference: () => readReference(request.reference),
    paidAt: () => readPaidAt(request.paidAt, at),
  })
  const payer = await findPayer(tx, request.user.organizerId, request.organizerId, request.eventId ?? null)
  if (!payer.found) throw new Failure(payer.missing)
  const payment: NewManualPayment = {
    id: newId('pay'),
    organizerId: request.organizerId,
    eventId: request.eventId ?? null,
    ...money,
    method: request.method,
    reference,
    referenceKey: reference && reference.toUpperCase(),
    note: request.note ?? null,
    paidAt,
    createdBy: request.user.id,
    idempotencyKey: request.idempotencyKey,
    requestId: request.requestId,
    now: at,
  }
  const row = await insertManualPayment(tx, payment)
  if (!row) return findEarlier(tx, payment)
  await bookPayment(tx, row, { by: request.user.id, requestId: request.requestId, at, effectiveAt: paidAt })
  return row
}

/** As it was typed or pasted, without what nobody sees: « 123 » and «123» are one reference. Throws invalid_request. */
function readReference(text: string | undefined): string | null {
  if (text === undefined) return null
  const reference = foldCode(text)
  if (reference === '') throw new Failure('invalid_request', { detail: 'The reference has no visible character.' })
  return reference
}

/** An instant, or a day of Mexico City, which is its first instant. Throws invalid_date. */
function readPaidAt(text: string | undefined, now: Date): Date {
  if (text === undefined) return now
  const paidAt = readInstantOrDay(text, 'paidAt')
  if (paidAt.getTime() > now.getTime() + DAY_MS) {
    throw new Failure('invalid_date', { detail: 'paidAt is more than 24 hours ahead.' })
  }
  return paidAt
}

/** Called when nothing was inserted: a retry of the same request gets its payment, anything else is a duplicate. */
async function findEarlier(tx: Tx, wanted: NewManualPayment): Promise<Payment> {
  const before = wanted.idempotencyKey ? await findPaymentByKey(tx, wanted.createdBy, wanted.idempotencyKey) : null
  if (!before) {
    throw new Failure('duplicate_reference', { detail: 'This organizer already has a payment with this reference.' })
  }
  const isSame =
    before.kind === 'manual' &&
    before.organizerId === wanted.organizerId &&
    before.amountCents === wanted.amountCents &&
    before.currency === wanted.currency &&
    before.reference === wanted.reference
  if (!isSame) throw new Failure('idempotency_key_reused', { detail: 'This key was used for another payment.' })
  return before
}

/**
 * Reverses a manual payment once: sets status `reversed` and books the opposite of its movement. Throws
 * payment_not_found, and payment_not_reversible for a second reversal and for a provider's payment, which only the
 * provider can refund.
 */
export async function reverseManualPayment(
  { db, now }: { db: Db; now: () => Date },
  { id, reason, user, requestId }: Reversal,
): Promise<Payment> {
  const at = now()
  const payment = await findPayment(db, user.organizerId, id)
  if (!payment) throw new Failure('payment_not_found')
  return withTx(db, async (tx) => {
    const reversed = await reverse(tx, id, reason, { by: user.id, requestId, at })
    if (!reversed) {
      const detail =
        payment.kind === 'manual' ? 'The payment is already reversed.' : 'Refund this payment at its provider.'
      throw new Failure('payment_not_reversible', { detail })
    }
    const movement = await findMovementOfPayment(tx, id)
    assert(movement, 'a confirmed manual payment has an organizer, so it is booked')
    await bookReversal(tx, movement, reason, { by: user.id, requestId, at })
    return reversed
  })
}
