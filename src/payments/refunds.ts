/**
 * Refunds that a Director asks for, or LATE_PAYMENT_POLICY=refund. Row, call, settle: the request is committed before the
 * provider is called, so a crash neither loses nor repeats it. What the provider then says is a fact like any other.
 */
import assert from 'node:assert/strict'
import type { User } from '../http/access.ts'
import { newId, withTx, type Db, type Tx } from '../platform/db.ts'
import { Failure } from '../platform/errors.ts'
import { formatCents, readMoney } from '../platform/values/money.ts'
import {
  EMPTY_UPDATE,
  ProviderUnreachable,
  type MoneyFact,
  type PaymentProvider,
  type PaymentProviders,
  type RefundOutcome,
} from '../providers/providers.ts'
import type { Cause } from './fact.ts'
import { applyFacts, completed, reviewLate } from './facts.ts'
import {
  findRefund,
  findRefundByKey,
  findUnlinkedRefund,
  insertRefund,
  listRefundable,
  settleRefund,
  type Refund,
} from './refunds-sql.ts'
import { findPayment, lockPayment, type Payment } from './sql.ts'

export type RefundRequest = {
  paymentId: string
  amount?: number | string
  amountCents?: number
  reason: string
  user: User
  requestId: string
  idempotencyKey: string | null
}
type Context = { db: Db; now: () => Date; providers: PaymentProviders }

const REFUND_WAIT_MS = 60_000
/** After so many tries a refund that its provider does not have is given up. */
const TRIES_MAX = 5

/**
 * Gives money of a payment back, all that is left of it by default. Returns the refund, with status `unknown` when the
 * provider did not answer. Throws payment_not_found, payment_not_refundable, above_refundable, invalid_amount,
 * idempotency_key_reused and provider_error (the refund stays `rejected`).
 */
export async function requestRefund(context: Context, request: RefundRequest): Promise<Refund> {
  const { db, now, providers } = context
  const cause = { by: request.user.id, requestId: request.requestId, at: now() }
  const { refund, isNew } = await withTx(db, (tx) => insertRequested(tx, providers, request, cause))
  const settled = isNew ? await callProvider(context, refund, cause) : refund
  if (settled.status === 'rejected')
    throw new Failure('provider_error', {
      detail: `The provider rejected refund ${settled.id} (${settled.failure ?? 'no reason'}); the payment is unchanged.`,
    })
  return settled
}

async function insertRequested(
  tx: Tx,
  providers: PaymentProviders,
  request: RefundRequest,
  cause: Cause,
): Promise<{ refund: Refund; isNew: boolean }> {
  const payment = await lockPayment(tx, request.paymentId)
  if (!payment) throw new Failure('payment_not_found')
  const { id: paymentId, currency } = payment
  const earlier = request.idempotencyKey ? await findRefundByKey(tx, cause.by, request.idempotencyKey) : null
  const isWhole = request.amount === undefined && request.amountCents === undefined
  const asked = isWhole ? null : readMoney({ ...request, currency }).amountCents
  if (earlier) {
    const isSame = earlier.paymentId === paymentId && (asked === null || asked === earlier.amountCents)
    if (!isSame) throw new Failure('idempotency_key_reused', { detail: 'This key was used for another refund.' })
    return { refund: earlier, isNew: false }
  }
  const left = await findRefundable(tx, providers, payment)
  const amountCents = asked ?? left.cents
  if (amountCents > left.cents)
    throw new Failure('above_refundable', {
      detail: `At most ${formatCents(left.cents, currency)} ${currency} can be given back at once.`,
    })
  const { reason, idempotencyKey } = request
  const { providerRef } = left
  const nextCheckAt = new Date(cause.at.getTime() + REFUND_WAIT_MS)
  const wanted = { paymentId, providerRef, amountCents, currency, reason, idempotencyKey, cause, nextCheckAt }
  return { refund: await insertRefund(tx, { id: newId('ref'), ...wanted }), isNew: true }
}

/** The intent or order of a locked payment of which the most can be given back. Throws payment_not_refundable. */
async function findRefundable(
  tx: Tx,
  providers: PaymentProviders,
  payment: Payment,
): Promise<{ providerRef: string; cents: number }> {
  const say = (detail: string) => new Failure('payment_not_refundable', { detail })
  if (payment.kind === 'manual') throw say('A payment that was entered by hand is reversed, not refunded.')
  if (payment.receivedCents === 0) throw say('No money has come for this payment.')
  if (payment.disputedCents > 0) throw say('A bank holds the money while it decides a dispute.')
  if (!mayAsk(providers, payment)) throw say(`The key of ${payment.provider} for this payment is missing.`)
  const [left] = await listRefundable(tx, payment.id)
  if (!left || left.cents <= 0) throw say('Everything was given back or is on its way.')
  return left
}

/** The mock stands in for a provider without a key, and must not give back money that it never had. */
const mayAsk = (providers: PaymentProviders, payment: Payment): boolean =>
  (providerOf(providers, payment).mode === 'mock') === (payment.mode === 'mock')

const providerOf = (providers: PaymentProviders, { provider }: Payment): PaymentProvider => {
  assert(provider !== 'manual', 'a manual payment has no provider')
  return providers[provider]
}

/** Asks the provider and writes its answer. */
async function callProvider(context: Context, refund: Refund, cause: Cause): Promise<Refund> {
  const { db, now, providers } = context
  const payment = await findPayment(db, null, refund.paymentId)
  assert(payment, 'a refund has a payment')
  const { id: refundId, providerRef, amountCents, requestId } = refund
  const outcome = await providerOf(providers, payment).refund({ refundId, providerRef, amountCents, requestId })
  return withTx(db, (tx) => writeAnswer(tx, refund, outcome, { ...cause, at: now() }))
}

async function writeAnswer(tx: Tx, refund: Refund, outcome: RefundOutcome, cause: Cause): Promise<Refund> {
  if (outcome.kind === 'requested') {
    await tell(tx, refund, outcome.facts, cause)
    const objectId = outcome.objectId ?? (await findUnlinkedRefund(tx, refund))
    assert(objectId, 'the answer to a refund has the refund')
    return settleRefund(tx, refund.id, { status: 'requested', objectId }, cause.at)
  }
  const settled = await settleRefund(tx, refund.id, { status: outcome.kind, failure: outcome.reason }, cause.at)
  if (settled.status === 'rejected') await afterRejection(tx, settled, cause)
  return settled
}

/** Writes what the provider says of the refunds of an intent or order. */
async function tell(tx: Tx, refund: Refund, facts: MoneyFact[], cause: Cause): Promise<void> {
  const payment = await lockPayment(tx, refund.paymentId)
  assert(payment, 'a refund has a payment')
  const known = facts.map((fact) => completed(fact, { ...payment, amountCents: refund.amountCents }, cause.at))
  const told = { ...EMPTY_UPDATE, providerRef: refund.providerRef, facts: known }
  await applyFacts(tx, payment, told, cause, 'apply')
}

/** Nobody has asked for a refund of late money, so a person must hear that it failed: cash, for one, cannot go back. */
async function afterRejection(tx: Tx, { paymentId, createdBy }: Refund, cause: Cause): Promise<void> {
  if (createdBy !== 'clock') return
  const payment = await lockPayment(tx, paymentId)
  if (payment) await reviewLate(tx, payment, cause)
}

/**
 * Takes up a refund whose call was interrupted or not answered, or that was never called (`tries`: this one included). The
 * payment is read first: a refund that is there is not made again. Throws ProviderUnreachable.
 */
export async function resumeRefund(
  context: Context,
  { id, tries }: { id: string; tries: number },
  cause: Cause,
): Promise<Refund | null> {
  const { db, providers } = context
  const refund = await findRefund(db, id)
  if (!refund || (refund.status !== 'creating' && refund.status !== 'unknown')) return refund
  const payment = await findPayment(db, null, refund.paymentId)
  assert(payment, 'a refund has a payment')
  if (!mayAsk(providers, payment)) throw new ProviderUnreachable(`${payment.provider}: its key is missing`)
  const provider = providerOf(providers, payment)
  const wasCalled = refund.createdBy !== 'clock' || tries > 1
  if (wasCalled) {
    const found = await lookFor(db, provider, refund, cause)
    if (found.status === 'requested') return found
  }
  const ageMs = cause.at.getTime() - refund.createdAt.getTime()
  const isKeyForgotten = provider.keysLastMs > 0 && ageMs > provider.keysLastMs
  if (tries > TRIES_MAX || (isKeyForgotten && wasCalled))
    return withTx(db, async (tx) => {
      const given = await settleRefund(tx, id, { status: 'rejected', failure: 'no_answer' }, cause.at)
      await afterRejection(tx, given, cause)
      return given
    })
  return callProvider(context, refund, cause)
}

/** Reads the payment; the refund is settled when it is there. */
async function lookFor(db: Db, provider: PaymentProvider, refund: Refund, cause: Cause): Promise<Refund> {
  const update = provider.mode === 'mock' ? null : await provider.read(refund.providerRef)
  if (!update) return refund
  return withTx(db, async (tx) => {
    await tell(
      tx,
      refund,
      update.facts.filter(({ kind }) => kind === 'refund'),
      cause,
    )
    const linked = await findRefund(tx, refund.id)
    if (linked?.status === 'requested') return linked
    // A provider with keys echoes our id, so its refund would be linked.
    const objectId = provider.keysLastMs > 0 ? null : await findUnlinkedRefund(tx, refund)
    return objectId ? settleRefund(tx, refund.id, { status: 'requested', objectId }, cause.at) : refund
  })
}
