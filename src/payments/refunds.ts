/**
 * Refunds that a Director asks for, or LATE_PAYMENT_POLICY=refund. Row, call, settle: the request is committed before the
 * provider is called, so a crash neither loses nor repeats it. What the provider then says is a fact like any other.
 */
import assert from 'node:assert/strict'
import type { User } from '../http/access.ts'
import { newId, withTx, type Db, type Tx } from '../platform/db.ts'
import { Failure } from '../platform/errors.ts'
import { formatCents, readMoney } from '../platform/money.ts'
import type { Cause, KnownFact } from './fact.ts'
import { applyFacts } from './facts.ts'
import {
  ProviderSilent,
  type PaymentProvider,
  type PaymentProviders,
  type RefundOutcome,
} from '../providers/providers.ts'
import {
  findRefund,
  findRefundByKey,
  findUnlinkedFact,
  insertRefund,
  settleRefund,
  sumUnsettledRefunds,
  type Refund,
} from './refunds-sql.ts'
import { lockPayment, type Payment } from './sql.ts'

export { listRefunds, type Refund } from './refunds-sql.ts'

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

/** A repeated call of Conekta is a second refund, so nothing is called again before its lists can show the first. */
const REFUND_WAIT_MS = 60_000

/**
 * Gives money of a payment back, all that is left of it by default. Returns the refund, with status `unknown` when the
 * provider did not answer. Throws payment_not_found, payment_not_refundable, above_refundable, invalid_amount,
 * idempotency_key_reused and provider_error (the refund stays `rejected`).
 */
export async function requestRefund(context: Context, request: RefundRequest): Promise<Refund> {
  const { db, now } = context
  const cause = { by: request.user.id, requestId: request.requestId, at: now() }
  const { refund, isNew } = await withTx(db, (tx) => insertRequested(tx, request, cause))
  const settled = isNew ? await callProvider(context, refund, cause) : refund
  if (settled.status === 'rejected')
    throw new Failure('provider_error', {
      detail: `The provider rejected refund ${settled.id} (${settled.failure ?? 'no reason'}); the payment is unchanged.`,
    })
  return settled
}

async function insertRequested(
  tx: Tx,
  request: RefundRequest,
  cause: Cause,
): Promise<{ refund: Refund; isNew: boolean }> {
  const payment = await lockPayment(tx, request.paymentId)
  if (!payment) throw new Failure('payment_not_found')
  const earlier = request.idempotencyKey ? await findRefundByKey(tx, cause.by, request.idempotencyKey) : null
  const isWhole = request.amount === undefined && request.amountCents === undefined
  const asked = isWhole ? null : readMoney({ ...request, currency: payment.currency }).amountCents
  if (earlier) {
    const isSame = earlier.paymentId === payment.id && (asked === null || asked === earlier.amountCents)
    if (!isSame) throw new Failure('idempotency_key_reused', { detail: 'This key was used for another refund.' })
    return { refund: earlier, isNew: false }
  }
  const left = await findRefundable(tx, payment)
  const amountCents = asked ?? left
  if (amountCents > left)
    throw new Failure('above_refundable', {
      detail: `${formatCents(left, payment.currency)} ${payment.currency} of the payment can be given back.`,
    })
  const { reason, idempotencyKey } = request
  const refund = await insertRefund(tx, {
    id: newId('ref'),
    ...{ paymentId: payment.id, amountCents, currency: payment.currency, reason, idempotencyKey, cause },
    nextCheckAt: new Date(cause.at.getTime() + REFUND_WAIT_MS),
  })
  return { refund, isNew: true }
}

/** What can be given back of a locked payment. Throws payment_not_refundable. */
async function findRefundable(tx: Tx, payment: Payment): Promise<number> {
  const say = (detail: string) => new Failure('payment_not_refundable', { detail })
  if (payment.kind === 'manual') throw say('A payment that was entered by hand is reversed, not refunded.')
  if (payment.receivedCents === 0) throw say('No money has come for this payment.')
  if (payment.disputedCents > 0) throw say('A bank holds the money while it decides a dispute.')
  const { receivedCents, refundedCents, lostCents } = payment
  const left = receivedCents - refundedCents - lostCents - (await sumUnsettledRefunds(tx, payment.id))
  if (left <= 0) throw say('Everything was given back or is on its way.')
  return left
}

/** Asks the provider and writes its answer. */
async function callProvider({ db, now, providers }: Context, refund: Refund, cause: Cause): Promise<Refund> {
  const payment = await withTx(db, (tx) => lockPayment(tx, refund.paymentId))
  assert(payment?.providerRef, 'a payment with money has a reference')
  const { id: refundId, amountCents, reason, requestId } = refund
  const { providerRef } = payment
  const outcome = await providerOf(providers, payment).refund({
    ...{ refundId, providerRef, amountCents, reason, requestId },
  })
  return withTx(db, (tx) => settle(tx, refund, outcome, { ...cause, at: now() }))
}

async function settle(tx: Tx, refund: Refund, outcome: RefundOutcome, cause: Cause): Promise<Refund> {
  const payment = await lockPayment(tx, refund.paymentId)
  assert(payment, 'a refund has a payment')
  if (outcome.kind === 'requested') {
    const { occurredAt, currency, amountCents } = outcome.fact
    const fact = {
      ...outcome.fact,
      ...{ amountCents: amountCents ?? refund.amountCents, currency: currency ?? refund.currency },
      occurredAt: occurredAt && occurredAt < cause.at ? occurredAt : cause.at,
    } as KnownFact
    await applyFacts(tx, payment, { ...SILENT, facts: [fact] }, cause, 'apply')
  }
  return settleRefund(tx, refund, outcome, cause.at)
}

const SILENT = { providerRef: null, status: null, reason: null, nextAction: null, modes: [], occurredAt: null }

const providerOf = (providers: PaymentProviders, { provider }: Payment): PaymentProvider => {
  assert(provider !== 'manual', 'a manual payment has no provider')
  return providers[provider]
}

/**
 * Takes up a refund whose call was interrupted or not answered, or that was never called. A provider that recognizes a
 * repeated call is called again; of another one the payment is read first, and a refund of this amount that nobody else
 * asked for is ours.
 */
export async function resumeRefund(
  context: Context,
  { id, checks }: { id: string; checks: number },
  cause: Cause,
): Promise<Refund | null> {
  const { db, providers } = context
  const refund = await findRefund(db, id)
  if (!refund || (refund.status !== 'creating' && refund.status !== 'unknown')) return refund
  const payment = await withTx(db, (tx) => lockPayment(tx, refund.paymentId))
  assert(payment?.providerRef, 'a payment with money has a reference')
  const provider = providerOf(providers, payment)
  const wasCalled = refund.createdBy !== 'clock' || checks > 1
  if (!provider.canRepeat && wasCalled) {
    const news = await provider.read(payment.providerRef)
    if (!news) throw new ProviderSilent(`${provider.name}: no such order`)
    const facts = news.facts.flatMap((fact) =>
      fact.kind === 'refund' && fact.amountCents !== null
        ? [
            {
              ...fact,
              currency: fact.currency ?? refund.currency,
              occurredAt: fact.occurredAt ?? cause.at,
            } as KnownFact,
          ]
        : [],
    )
    const linked = await withTx(db, async (tx) => {
      const locked = (await lockPayment(tx, payment.id))!
      await applyFacts(tx, locked, { ...SILENT, facts }, cause, 'apply')
      const fact = await findUnlinkedFact(tx, refund)
      return fact && settleRefund(tx, refund, { kind: 'requested', fact }, cause.at)
    })
    if (linked) return linked
  }
  return callProvider(context, refund, cause)
}
