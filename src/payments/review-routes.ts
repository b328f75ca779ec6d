/** Refunds, and the money that waits for a person. */
import type { FastifyPluginAsyncTypebox } from '@fastify/type-provider-typebox'
import { Type } from 'typebox'
import { forCaller } from '../http/access.ts'
import type { Deps } from '../deps.ts'
import { Page, PageQuery, readCursor, toPage } from '../http/page.ts'
import { Answer, Id } from '../http/schemas.ts'
import { AmountInput } from '../platform/values/money.ts'
import { requestRefund } from './refunds.ts'
import { applyReview, dismissReview, listReviews } from './reviews.ts'
import { describeRefund, describeReview, RefundView, ReviewStatus, ReviewView } from './schemas.ts'

const Reason = Type.String({
  minLength: 1,
  maxLength: 500,
  pattern: '\\S',
  description: 'For the people who look later.',
})
const ReviewAnswer = Answer({ review: ReviewView }, { title: 'ReviewReceipt' })
const RefundAnswer = Answer({ refund: RefundView }, { title: 'RefundReceipt' })

export const reviewRoutes =
  (deps: Deps): FastifyPluginAsyncTypebox =>
  async (app) => {
    app.post(
      '/payments/:paymentId/refunds',
      {
        config: {
          access: ['director'],
          problems: [
            'payment_not_found',
            'payment_not_refundable',
            'above_refundable',
            'invalid_amount',
            'provider_error',
          ],
        },
        schema: {
          operationId: 'refundPayment',
          tags: ['Payments'],
          summary: 'Give money of a payment back, through its provider',
          description:
            'Without an amount, all that is left. 202: the provider did not answer; the reconciler asks again, and it is ' +
            'never given back twice. A payment that was entered by hand is reversed instead.',
          params: Type.Object({ paymentId: Id }),
          body: Type.Object({ ...AmountInput, reason: Reason }, { additionalProperties: false, title: 'NewRefund' }),
          response: { 201: RefundAnswer, 202: RefundAnswer },
        },
      },
      async (request, reply) => {
        const { params, body, user, id: requestId, idempotencyKey } = request
        const refund = await requestRefund(forCaller(deps, request), {
          ...params,
          ...body,
          user,
          requestId,
          idempotencyKey,
        })
        const { id: refundId, paymentId, status, state } = refund
        request.log.info({ requestId, refundId, paymentId, status, state }, 'A refund was asked for')
        const isAnswered = status === 'requested'
        if (!isAnswered) request.isFinal = false
        return reply.code(isAnswered ? 201 : 202).send({ refund: describeRefund(refund) })
      },
    )

    app.get(
      '/payments/reviews',
      {
        config: { access: ['director'], problems: [] },
        schema: {
          operationId: 'listPaymentReviews',
          tags: ['Payments'],
          summary: 'Money that waits for a person, newest first',
          description:
            'unknown_payment: nobody knows its reference · other_reference: it names a payment that has another one · ' +
            'other_amount, other_currency: it is not what was asked for · late: it came after the payment had ended.',
          querystring: Type.Object(
            { ...PageQuery, status: Type.Optional(ReviewStatus) },
            { additionalProperties: false },
          ),
          response: { 200: Page(ReviewView) },
        },
      },
      async (request) => {
        const { limit, cursor, status = null } = request.query
        const rows = await listReviews(deps.db, { status, before: readCursor(cursor), limit: limit + 1 })
        const { data, page } = toPage(rows, limit, ({ createdAt: at, id }) => ({ at, id }))
        return { data: data.map(describeReview), page }
      },
    )

    app.post(
      '/payments/reviews/:reviewId/apply',
      {
        config: {
          access: ['director'],
          problems: [
            'review_not_found',
            'review_decided',
            'review_not_applicable',
            'payment_not_found',
            'organizer_not_found',
          ],
        },
        schema: {
          operationId: 'applyPaymentReview',
          tags: ['Payments'],
          summary: 'Give the money to a payment',
          description:
            'To the payment that the review names, or to paymentId; with organizerId that organizer gets a payment of its ' +
            'own for it. Refunds and disputes of the same intent or order move with it.',
          params: Type.Object({ reviewId: Id }),
          body: Type.Object(
            { reason: Reason, paymentId: Type.Optional(Id), organizerId: Type.Optional(Id) },
            { additionalProperties: false, title: 'ReviewApplication' },
          ),
          response: { 200: ReviewAnswer },
        },
      },
      async (request) => {
        const { params, body, user, id: requestId } = request
        const review = await applyReview(forCaller(deps, request), { ...body, id: params.reviewId, user, requestId })
        request.log.info({ requestId, reviewId: review.id, paymentId: review.paymentId }, 'A review was applied')
        return { review: describeReview(review) }
      },
    )

    app.post(
      '/payments/reviews/:reviewId/dismiss',
      {
        config: { access: ['director'], problems: ['review_not_found', 'review_decided'] },
        schema: {
          operationId: 'dismissPaymentReview',
          tags: ['Payments'],
          summary: 'Take the money off the list without booking it',
          params: Type.Object({ reviewId: Id }),
          body: Type.Object({ reason: Reason }, { additionalProperties: false, title: 'ReviewDismissal' }),
          response: { 200: ReviewAnswer },
        },
      },
      async (request) => {
        const { params, body, user, id: requestId } = request
        const review = await dismissReview(forCaller(deps, request), { ...body, id: params.reviewId, user, requestId })
        request.log.info({ requestId, reviewId: review.id }, 'A review was dismissed')
        return { review: describeReview(review) }
      },
    )
  }
