/**
 * Applies what providers say about payments. Each charge, refund and dispute is a row; a payment's sums and status follow
 * from its rows (payment_money_status in migrations/0019), and so does what is booked. Updates may therefore come twice, late or
 * in any order.
 */
import { newId, type Tx } from '../platform/db.ts'
import { bookFacts } from './booking.ts'
import type { Cause, KnownFact, LatePolicy } from './fact.ts'
import { lockPaymentOfRef, updateFromFacts, upsertFacts, type Told } from './facts-sql.ts'
import type { MoneyFact, ProviderUpdate, PaymentProviders, ProviderName } from '../providers/providers.ts'
import { insertRefund, linkRefunds } from './refunds-sql.ts'
import { closeReviewsOf, reviewFacts, type ReviewReason } from './reviews-sql.ts'
import { findPayment, type Payment } from './sql.ts'

/**
 * applied: something changed · kept: nothing new · unmatched: no such payment · review: money that a person must give to a
 * payment · other_mode: a test event about a live payment, or the reverse.
 */
export type Applied = 'applied' | 'kept' | 'unmatched' | 'review' | 'other_mode'
export type Outcome = { outcome: Applied; payment: Payment | null }

/**
 * Applies an update inside the caller's transaction. It locks the payment's row first, so concurrent updates of one payment
 * run one after another. Metadata is read to find a payment, never for an amount.
 */
export async function applyUpdate(
  tx: Tx,
  {
    provider,
    update,
    cause,
    latePolicy,
  }: { provider: ProviderName; update: ProviderUpdate; cause: Cause; latePolicy: LatePolicy },
): Promise<Outcome> {
  const payment = await lockPaymentOfRef(tx, provider, update.providerRef, update.paymentId)
  if (!payment) return { outcome: 'unmatched', payment }
  if (isOfOtherMode(payment, update)) return { outcome: 'other_mode', payment }
  const facts = update.facts.map((fact) => completed(fact, payment, cause.at))
  const doubts = facts.map((fact) => doubtOf(fact, payment))
  const sure = facts.filter((_, index) => doubts[index] === null)
  const doubted = facts.flatMap((fact, index) => (doubts[index] ? [{ ...fact, reason: doubts[index] }] : []))
  const providerRef = update.providerRef ?? payment.providerRef ?? payment.id
  if (doubted.length > 0) {
    await reviewFacts(tx, doubted, { provider, providerRef, paymentId: payment.id, mode: payment.mode, cause })
    if (sure.length === 0) return { outcome: 'review', payment }
  }
  const told = { ...update, facts: sure, providerRef }
  const { payment: after, isChanged } = await applyFacts(tx, payment, told, cause, latePolicy)
  return { outcome: doubted.length > 0 ? 'review' : isChanged ? 'applied' : 'kept', payment: after }
}

/** Writes what was told about a locked payment, and books what follows. */
export async function applyFacts(
  tx: Tx,
  payment: Payment,
  { facts: given, ...told }: Told & { facts: KnownFact[] },
  cause: Cause,
  latePolicy: LatePolicy,
): Promise<{ payment: Payment; isChanged: boolean }> {
  const providerRef = told.providerRef ?? payment.providerRef ?? payment.id
  const facts = ofOneLevel(given, providerRef)
  const owner = { payment: { id: payment.id, provider: payment.provider }, providerRef, at: cause.at }
  const changed = await upsertFacts(tx, facts, owner)
  await linkRefunds(tx, payment.id, facts, cause.at)
  await closeReviewsOf(tx, payment, facts, cause)
  const after = await updateFromFacts(tx, payment.id, told, cause, latePolicy === 'hold')
  if (changed > 0) await bookFacts(tx, after, cause)
  if (after.isHeld && !payment.isHeld) await reviewLate(tx, after, cause)
  if (latePolicy === 'refund' && after.isLate && payment.receivedCents === 0) await refundLate(tx, after, cause)
  return { payment: after, isChanged: changed > 0 || after.status !== payment.status }
}

/** An order that was told without its charges is a charge of its own; beside its charges it would be the same money twice. */
function ofOneLevel<F extends { kind: string; objectId: string }>(facts: F[], providerRef: string): F[] {
  const isOrder = ({ kind, objectId }: F) => kind === 'charge' && objectId === providerRef
  const hasCharges = facts.some((fact) => fact.kind === 'charge' && !isOrder(fact))
  return hasCharges ? facts.filter((fact) => !isOrder(fact)) : facts
}

/** Lists late money for review: it is held, or its refund failed. */
export function reviewLate(tx: Tx, payment: Payment, cause: Cause): Promise<void> {
  const { id: paymentId, provider, providerRef, mode, receivedCents: amountCents, currency } = payment
  const fact = { kind: 'charge' as const, state: 'paid' as const, objectId: `late:${paymentId}`, amountCents, currency }
  const late = { ...fact, feeCents: 0, occurredAt: payment.paidAt ?? cause.at, reason: 'late' as const }
  return reviewFacts(tx, [late], { provider, providerRef: providerRef ?? paymentId, paymentId, mode, cause })
}

/** Requests a refund of late money; the reconciler calls the provider within a minute. */
async function refundLate(tx: Tx, payment: Payment, { requestId, at }: Cause): Promise<void> {
  const { id: paymentId, receivedCents: amountCents, currency } = payment
  await insertRefund(tx, {
    id: newId('ref'),
    ...{ paymentId, providerRef: payment.providerRef ?? paymentId, amountCents, currency },
    ...{ reason: 'The payment came late.', idempotencyKey: `late:${paymentId}`, nextCheckAt: at },
    cause: { by: 'clock', requestId, at },
  })
}

/** The mock tells no amount, and a provider's clock may be ahead: a payment must not count on a later day. */
export function completed(fact: MoneyFact, payment: Pick<Payment, 'amountCents' | 'currency'>, now: Date): KnownFact {
  const { amountCents, currency, occurredAt } = fact
  return {
    ...fact,
    amountCents: amountCents ?? payment.amountCents,
    currency: currency ?? payment.currency,
    occurredAt: occurredAt && occurredAt < now ? occurredAt : now,
  }
}

/**
 * Money in another currency is in doubt; so is a charge that is found by our id alone and has another amount. A transfer to
 * the intent that we know may be short or too much: it is what came.
 */
function doubtOf({ kind, amountCents, currency }: KnownFact, payment: Payment): ReviewReason | null {
  if (currency !== payment.currency) return 'other_currency'
  const isCertain = payment.providerRef !== null
  return kind === 'charge' && !isCertain && amountCents !== payment.amountCents ? 'other_amount' : null
}

/** Conekta's key does not show the mode: until an order was answered, the row's mode is a guess. */
function isOfOtherMode(payment: Payment, { modes }: ProviderUpdate): boolean {
  const isGuess = payment.provider === 'conekta' && payment.providerRef === null && !modes.includes('mock')
  return isGuess ? modes.length > 1 : modes.some((mode) => mode !== payment.mode)
}

/** Says why an update that matches no payment is not ours. Null: it may be ours and have arrived too early. */
export function whyNotOurs(
  providers: PaymentProviders,
  name: ProviderName,
  update: ProviderUpdate,
): 'other_account' | 'other_mode' | null {
  if (update.isOtherAccount) return 'other_account'
  const { keyMode } = providers[name]
  return keyMode !== null && update.modes.some((mode) => mode !== keyMode) ? 'other_mode' : null
}

/** Lists money that matches no payment for review. Returns false when the update carries no money that can be listed. */
export async function reviewUnmatched(
  tx: Tx,
  provider: ProviderName,
  update: ProviderUpdate,
  cause: Cause,
): Promise<boolean> {
  const named = update.paymentId ? await findPayment(tx, null, update.paymentId) : null
  const providerRef = update.providerRef ?? ''
  const known = ofOneLevel(update.facts, providerRef).flatMap((fact) => {
    const { amountCents, currency } = fact
    if (amountCents === null || currency === null) return []
    return [{ ...fact, amountCents, currency, occurredAt: fact.occurredAt ?? cause.at }]
  })
  if (known.length === 0) return false
  const reason = named ? ('other_reference' as const) : ('unknown_payment' as const)
  const mode = update.modes[0] ?? 'live'
  const facts = known.map((fact) => ({ ...fact, reason }))
  const source = { provider, providerRef: providerRef || known[0]!.objectId, paymentId: named?.id ?? null, mode, cause }
  await reviewFacts(tx, facts, source)
  return true
}
