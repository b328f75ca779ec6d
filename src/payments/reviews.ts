/** The list of money that waits for a person, and the person's two answers: apply and dismiss. */
import type { User } from '../http/access.ts'
import { newId, withTx, type Db, type Tx } from '../platform/db.ts'
import { Failure } from '../platform/errors.ts'
import { bookFacts } from './booking.ts'
import type { Cause, KnownFact } from './fact.ts'
import { applyFacts } from './facts.ts'
import { planPayment } from './reconciler-sql.ts'
import { decideReviews, lockReview, lockReviewsOfRef, type Review } from './reviews-sql.ts'
import { findPayer, findPaymentById, insertFoundPayment, lockPayment, releaseHeld, type Payment } from './sql.ts'

export { listReviews, REVIEW_REASONS, REVIEW_STATUSES, type Review } from './reviews-sql.ts'

export type ReviewDecision = {
  id: string
  reason: string
  /** For apply: the payment that the money belongs to, or the organizer who gets a payment of its own for it. */
  paymentId?: string
  organizerId?: string
  user: User
  requestId: string
}
type Context = { db: Db; now: () => Date }

/**
 * Gives the money to a payment: the one that the review names, another one, or a new one of an organizer. Everything that
 * is open about the same intent or order moves with it. Throws review_not_found, review_decided, review_not_applicable,
 * payment_not_found and organizer_not_found.
 */
export async function applyReview({ db, now }: Context, decision: ReviewDecision): Promise<Review> {
  const cause = causeOf(decision, now())
  return withTx(db, async (tx) => {
    const review = await lockOpen(tx, decision.id)
    const payment =
      review.reason === 'late' ? await release(tx, review, cause) : await give(tx, review, decision, cause)
    const together =
      review.reason === 'late' ? [review] : await lockReviewsOfRef(tx, review.provider, review.providerRef)
    const ids = together.filter(({ reason }) => reason !== 'late' || review.reason === 'late').map(({ id }) => id)
    await decideReviews(tx, { ids, status: 'applied', decision: decision.reason, paymentId: payment.id, cause })
    return (await lockReview(tx, review.id))!
  })
}

/** Takes the money off the list without booking it: it is not ours, or was given back. Throws review_not_found, review_decided. */
export async function dismissReview({ db, now }: Context, decision: ReviewDecision): Promise<Review> {
  return withTx(db, async (tx) => {
    const { id } = await lockOpen(tx, decision.id)
    const cause = causeOf(decision, now())
    await decideReviews(tx, { ids: [id], status: 'dismissed', decision: decision.reason, cause })
    return (await lockReview(tx, id))!
  })
}

const causeOf = ({ user, requestId }: ReviewDecision, at: Date): Cause => ({ by: user.id, requestId, at })

async function lockOpen(tx: Tx, id: string): Promise<Review> {
  const review = await lockReview(tx, id)
  if (!review) throw new Failure('review_not_found')
  if (review.status !== 'open') throw new Failure('review_decided', { detail: `The review is ${review.status}.` })
  return review
}

/** Books money that came late and was held. */
async function release(tx: Tx, review: Review, cause: Cause): Promise<Payment> {
  const payment = await releaseHeld(tx, review.paymentId!, cause)
  await bookFacts(tx, payment, cause)
  return payment
}

async function give(tx: Tx, review: Review, decision: ReviewDecision, cause: Cause): Promise<Payment> {
  const payment = await findTarget(tx, review, decision, cause)
  if (payment.provider !== review.provider || payment.currency !== review.currency || payment.kind !== 'intent')
    throw new Failure('review_not_applicable', {
      detail:
        `The money is ${review.currency} at ${review.provider}, and the payment is not. ` +
        'Give organizerId instead: the organizer gets a payment of its own for it.',
    })
  const open = await lockReviewsOfRef(tx, review.provider, review.providerRef)
  const facts = open.filter(({ reason }) => reason !== 'late').map(factOf)
  const told = {
    providerRef: review.providerRef,
    status: null,
    reason: null,
    nextAction: null,
    modes: [],
    occurredAt: null,
  }
  const { payment: after } = await applyFacts(tx, payment, { ...told, facts }, cause, 'apply')
  // What happened to it in the meantime is read at the provider.
  if (payment.mode !== 'mock') await planPayment(tx, payment.id, cause.at)
  return after
}

/** The payment to give the money to, locked. */
async function findTarget(
  tx: Tx,
  review: Review,
  { paymentId = review.paymentId ?? undefined, organizerId, user }: ReviewDecision,
  cause: Cause,
): Promise<Payment> {
  if (organizerId === undefined) {
    if (paymentId === undefined)
      throw new Failure('review_not_applicable', {
        detail: 'Nobody knows whose money it is: give paymentId or organizerId.',
      })
    const payment = await lockPayment(tx, paymentId)
    if (!payment) throw new Failure('payment_not_found')
    return payment
  }
  const payer = await findPayer(tx, user.organizerId, organizerId, null)
  if (!payer.found) throw new Failure(payer.missing)
  const { provider, mode, amountCents, currency } = review
  const id = newId('pay')
  await insertFoundPayment(tx, { id, organizerId, provider, mode, amountCents, currency, cause })
  return (await findPaymentById(tx, id))!
}

const factOf = ({ kind, state, objectId, amountCents, feeCents, currency, occurredAt }: Review) =>
  ({ kind, state, objectId, amountCents, feeCents, currency, occurredAt }) as KnownFact
