/** The shapes of refunds, reviews and differences on the wire. */
import { Type } from 'typebox'
import { Instant, NullableInstant, NullableString } from '../http/schemas.ts'
import { AmountOutput, formatCents } from '../platform/values/money.ts'
import type { Fact } from './fact.ts'
import type { Refund } from './refunds-sql.ts'
import { REVIEW_REASONS, REVIEW_STATUSES, type Review } from './reviews-sql.ts'
import type { PaymentTransition } from './sql.ts'

export const NextActionView = Type.Unsafe<{ type: string; [name: string]: unknown } | null>({
  title: 'NextAction',
  type: ['object', 'null'],
  required: ['type'],
  properties: {
    type: { type: 'string', enum: ['redirect', 'voucher', 'bank_transfer'] },
    url: { type: ['string', 'null'], description: "The provider's page." },
    number: { type: ['string', 'null'], description: 'voucher: the digits that the shop types.' },
    barcodeUrl: { type: ['string', 'null'] },
    clabe: { type: ['string', 'null'], description: 'bank_transfer: 18 digits.' },
    bank: { type: ['string', 'null'] },
    reference: { type: ['string', 'null'] },
    expiresAt: { type: ['string', 'null'], format: 'date-time', description: 'Until when it can be paid.' },
  },
  description: 'What the payer must do. Null: nothing, or what the page of the provider shows with clientSecret.',
})

export const RefundView = Type.Object(
  {
    id: Type.String(),
    paymentId: Type.String(),
    status: Type.Enum(['creating', 'unknown', 'requested', 'rejected'], {
      description:
        'creating, unknown: the provider has not answered yet, the reconciler asks again · rejected: it refused.',
    }),
    state: Type.Unsafe<Refund['state']>({
      enum: ['pending', 'succeeded', 'failed', null],
      description: 'How far the provider is. The ledger counts it while it is succeeded.',
    }),
    ...AmountOutput,
    reason: NullableString,
    failure: NullableString,
    providerRef: NullableString,
    createdBy: Type.String(),
    createdAt: Instant,
  },
  { title: 'Refund' },
)
/** An organizer does not see who of the platform did something, and what they wrote for each other. */
export function describeRefund({ objectId: providerRef, ...refund }: Refund, isDirector = true) {
  const { id, paymentId, status, state, amountCents, currency, failure, createdAt } = refund
  const reason = isDirector ? refund.reason : null
  const createdBy = isDirector ? refund.createdBy : nameOf(refund.createdBy)
  const amount = formatCents(amountCents, currency)
  return {
    id,
    paymentId,
    status,
    state,
    amount,
    amountCents,
    currency,
    reason,
    failure,
    providerRef,
    createdBy,
    createdAt,
  }
}

export const FactView = Type.Object(
  {
    kind: Type.Enum(['charge', 'refund', 'dispute']),
    objectId: Type.String({ description: "The provider's id." }),
    state: Type.Enum(['paid', 'pending', 'succeeded', 'failed', 'open', 'withdrawn', 'lost', 'won']),
    ...AmountOutput,
    feeCents: Type.Integer({ description: 'What the provider takes for a dispute.' }),
    occurredAt: Instant,
  },
  { title: 'PaymentFact' },
)
export function describeFact({ kind, objectId, state, amountCents, currency, feeCents, occurredAt }: Fact) {
  const amount = formatCents(amountCents, currency)
  return { kind, objectId, state, amount, amountCents, currency, feeCents, occurredAt }
}

const ReviewReasonName = Type.Enum([...REVIEW_REASONS], { title: 'ReviewReason' })
export const ReviewStatus = Type.Enum([...REVIEW_STATUSES], { title: 'ReviewStatus' })
export const ReviewView = Type.Object(
  {
    id: Type.String(),
    reason: ReviewReasonName,
    status: ReviewStatus,
    kind: Type.Enum(['charge', 'refund', 'dispute']),
    state: Type.String(),
    provider: Type.String(),
    mode: Type.String(),
    objectId: Type.String(),
    providerRef: Type.String({ description: 'The intent or order that it belongs to.' }),
    paymentId: NullableString,
    organizerId: NullableString,
    ...AmountOutput,
    occurredAt: Instant,
    causedBy: Type.String({ description: 'The webhook or job that told it.' }),
    decidedBy: NullableString,
    decidedAt: NullableInstant,
    decision: NullableString,
    createdAt: Instant,
  },
  { title: 'PaymentReview' },
)
export function describeReview(review: Review) {
  const { id, reason, status, kind, state, provider, mode, objectId, providerRef, paymentId, organizerId } = review
  const { amountCents, currency, occurredAt, requestId: causedBy, decidedBy, decidedAt, decision, createdAt } = review
  const what = { id, reason, status, kind, state, provider, mode, objectId, providerRef, paymentId, organizerId }
  const money = { amount: formatCents(amountCents, currency), amountCents, currency }
  return { ...what, ...money, occurredAt, causedBy, decidedBy, decidedAt, decision, createdAt }
}

export const TransitionView = Type.Object(
  {
    from: NullableString,
    to: Type.String(),
    reason: NullableString,
    by: Type.String({ description: 'A user, a provider or the clock.' }),
    requestId: Type.String({ description: 'Of the request, webhook or job.' }),
    at: Instant,
  },
  { title: 'PaymentTransition' },
)
export function describeTransition(transition: PaymentTransition, isDirector = true) {
  return isDirector ? transition : { ...transition, by: nameOf(transition.by) }
}

/** A provider and the clock have names; a person is one. */
const nameOf = (by: string): string => (by.startsWith('usr_') ? 'person' : by)
