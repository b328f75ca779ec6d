/** The list of money that waits for a person, and the person's two answers: apply and dismiss. */
import type { User } from '../http/access.ts'
import { newId, withTx, type Db, type Tx } from '../platform/db.ts'
import { Failure } from '../platform/errors.ts'
import { EMPTY_UPDATE } from '../providers/providers.ts'
import { bookFacts } from './booking.ts'
import type { Cause, KnownFact } from './fact.ts'
import { applyFacts } from './facts.ts'
import { findOtherOwner } from './facts-sql.ts'
import { planPayment } from './readings-sql.ts'
import { decideReviews, findReview, lockReview, lockReviewsOfRef, type Review } from './reviews-sql.ts'
import { findPayer, insertFoundPayment, lockPayment, releaseHeld, type Payment } from './sql.ts'

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
 * is open about the same intent or order moves with it. A dismissed review can still be applied. Throws review_not_found,
 * review_decided, review_not_applicable, payment_not_found and organizer_not_found.
 */
export async function applyReview({ db, now }: Context, decision: ReviewDecision): Promise<Review> {
  const cause = causeOf(decision, now())
  const seen = await findReview(db, decision.id)
  if (!seen) throw new Failure('review_not_found')
  return withTx(db, async (tx) => {
    const isLate = seen.reason === 'late'
    const target = isLate ? await lockPayment(tx, seen.paymentId!) : await findTarget(tx, seen, decision)
    const review = await lockReview(tx, seen.id)
    if (review?.status === 'applied') throw new Failure('review_decided', { detail: 'The review is applied.' })
    const together = isLate ? [] : await lockReviewsOfRef(tx, seen.provider, seen.providerRef)
    const reviews = [review!, ...together.filter(({ id }) => id !== seen.id)].filter(
      (one) => isLate || one.reason !== 'late',
    )
    const payment = isLate
      ? await release(tx, target!, cause)
      : await give(tx, target ?? (await openPayment(tx, reviews, decision, cause)), reviews, cause)
    const ids = reviews.map(({ id }) => id)
    await decideReviews(tx, { ids, status: 'applied', decision: decision.reason, paymentId: payment.id, cause })
    return (await findReview(tx, seen.id))!
  })
}

/** Takes the money off the list without booking it: it is not ours, or was given back. Throws review_not_found, review_decided. */
export async function dismissReview({ db, now }: Context, decision: ReviewDecision): Promise<Review> {
  return withTx(db, async (tx) => {
    const review = await lockReview(tx, decision.id)
    if (!review) throw new Failure('review_not_found')
    if (review.status !== 'open') throw new Failure('review_decided', { detail: `The review is ${review.status}.` })
    const cause = causeOf(decision, now())
    await decideReviews(tx, { ids: [review.id], status: 'dismissed', decision: decision.reason, cause })
    return (await findReview(tx, review.id))!
  })
}

const causeOf = ({ user, requestId }: ReviewDecision, at: Date): Cause => ({ by: user.id, requestId, at })
const refuse = (detail: string) => new Failure('review_not_applicable', { detail })

/** Books money that came late and was held. */
async function release(tx: Tx, payment: Payment, cause: Cause): Promise<Payment> {
  const released = await releaseHeld(tx, payment.id, cause)
  await bookFacts(tx, released, cause)
  return released
}

/** The payment to give the money to, locked. Null: the organizer gets a new one. */
async function findTarget(
  tx: Tx,
  review: Review,
  { paymentId = review.paymentId ?? undefined, organizerId }: ReviewDecision,
): Promise<Payment | null> {
  if (organizerId !== undefined) return null
  if (paymentId === undefined) throw refuse('Nobody knows whose money it is: give paymentId or organizerId.')
  const payment = await lockPayment(tx, paymentId)
  if (!payment) throw new Failure('payment_not_found')
  const { provider, currency, mode, kind } = payment
  if (kind === 'intent' && provider === review.provider && currency === review.currency && mode === review.mode)
    return payment
  throw refuse(
    `The money is ${review.currency} at ${review.provider} (${review.mode}), and the payment is not. ` +
      'Give organizerId instead: the organizer gets a payment of its own for it.',
  )
}

/** Opens a payment of an organizer for money that came without one. */
async function openPayment(
  tx: Tx,
  reviews: Review[],
  { organizerId, user }: ReviewDecision,
  cause: Cause,
): Promise<Payment> {
  const payer = await findPayer(tx, user.organizerId, organizerId ?? null, null)
  if (!payer.found) throw new Failure(payer.missing)
  const [review] = reviews
  const amountCents = reviews.reduce((sum, one) => sum + (one.kind === 'charge' ? one.amountCents : 0), 0)
  if (amountCents === 0) throw refuse('No charge of it has been told yet, only what followed.')
  const { provider, mode, currency } = review!
  const id = newId('pay')
  await insertFoundPayment(tx, { id, organizerId: payer.organizerId!, provider, mode, amountCents, currency, cause })
  return (await lockPayment(tx, id))!
}

async function give(tx: Tx, payment: Payment, reviews: Review[], cause: Cause): Promise<Payment> {
  const other = await findOtherOwner(
    tx,
    payment,
    reviews.map(({ objectId }) => objectId),
  )
  if (other) throw refuse(`It belongs to payment ${other} already.`)
  const facts = reviews.map(factOf)
  const told = { ...EMPTY_UPDATE, providerRef: reviews[0]!.providerRef }
  const { payment: after } = await applyFacts(tx, payment, { ...told, facts }, cause, 'apply')
  // What happened to it in the meantime is read at the provider.
  if (payment.mode !== 'mock') await planPayment(tx, payment.id, cause.at)
  return after
}

const factOf = ({ kind, state, objectId, amountCents, feeCents, currency, occurredAt }: Review) =>
  ({ kind, state, objectId, amountCents, feeCents, currency, occurredAt }) as KnownFact
