/** Payments: those entered by hand, and the lists of all of them. */
import type { FastifyPluginAsyncTypebox } from '@fastify/type-provider-typebox'
import { Type } from 'typebox'
import type { Deps } from '../deps.ts'
import { forCaller, scopeOf } from '../http/access.ts'
import { Page, PageQuery, readCursor, toPage } from '../http/page.ts'
import { Id } from '../http/schemas.ts'
import { listMovementsOfPayment } from '../ledger/ledger.ts'
import {
  describeFact,
  describeRefund,
  describeTransition,
  findPayment,
  listFacts,
  listPayments,
  listPaymentTransitions,
  listRefunds,
  PAYMENT_GROUPS,
} from '../payments/payments.ts'
import { readDays } from '../platform/values/days.ts'
import { Failure } from '../platform/errors.ts'
import { AmountInput, CurrencyInput, readCurrency } from '../platform/values/money.ts'
import { enterPayment, reversePayment } from './finance.ts'
import { PaymentDetailsAnswer } from './ledger-schemas.ts'
import { describeMovement } from './ledger-views.ts'
import { describePayment } from './overview.ts'
import { METHODS, PaidAt, PaymentAnswer, PaymentStatus, PaymentView, PERIOD, Reference } from './schemas.ts'

const PaymentBody = Type.Object(
  {
    organizerId: Id,
    ...AmountInput,
    currency: CurrencyInput,
    method: Type.Enum([...METHODS], { default: 'transfer' }),
    reference: Type.Optional(Reference),
    note: Type.Optional(Type.String({ maxLength: 1000 })),
    eventId: Type.Optional(Id),
    paidAt: Type.Optional(PaidAt),
  },
  { additionalProperties: false, title: 'NewPayment' },
)

export const directorPaymentRoutes =
  (deps: Deps): FastifyPluginAsyncTypebox =>
  async (app) => {
    app.post(
      '/director/payments',
      {
        config: {
          access: ['director'],
          problems: [
            'organizer_not_found',
            'event_not_found',
            'duplicate_reference',
            'invalid_amount',
            'invalid_date',
            'unsupported_currency',
          ],
        },
        schema: {
          operationId: 'enterPayment',
          tags: ['Director'],
          summary: 'Record a payment received outside the providers',
          body: PaymentBody,
          response: { 201: PaymentAnswer },
        },
      },
      async (request, reply) => {
        const { body, user, id: requestId, idempotencyKey } = request
        const { payment, balance } = await enterPayment(forCaller(deps, request), {
          ...body,
          user,
          requestId,
          idempotencyKey,
        })
        request.log.info(
          { requestId, paymentId: payment.id, organizerId: payment.organizerId },
          'A payment was entered',
        )
        return reply.code(201).send({ payment: describePayment(payment), balance })
      },
    )

    const LIST = {
      ...PageQuery,
      ...PERIOD,
      status: Type.Optional(PaymentStatus),
      group: Type.Optional(
        Type.Enum(PAYMENT_GROUPS, {
          title: 'PaymentGroupName',
          description: 'The rows behind a number of the overview: confirmed, money is there · refunded, money went.',
        }),
      ),
      eventId: Type.Optional(Id),
      method: Type.Optional(
        Type.String({ maxLength: 20, description: 'How it came; the provider, when it tells none.' }),
      ),
      currency: Type.Optional(
        Type.String({
          minLength: 3,
          maxLength: 3,
          description: 'ISO 4217, in any case. Default: MXN for a list of days, as in the overview; else all.',
        }),
      ),
    }
    for (const { url, access, operationId, tag } of [
      { url: '/director/payments', access: ['director'], operationId: 'listPayments', tag: 'Director' },
      { url: '/payments', access: ['organizer', 'director'], operationId: 'listOwnPayments', tag: 'Payments' },
    ] as const)
      app.get(
        url,
        {
          config: {
            access: [...access],
            problems: [
              'invalid_date',
              'unsupported_currency',
              ...(tag === 'Payments' ? ['organizer_not_found' as const] : []),
            ],
          },
          schema: {
            operationId,
            tags: [tag],
            summary: tag === 'Director' ? 'Payments of every kind, newest first' : 'Your payments, newest first',
            description:
              'from and to go by the day on which a payment was paid, else made, so that the list agrees with ' +
              '`payments` of the overview of the same days, group by group.',
            querystring: Type.Object(LIST, { additionalProperties: false }),
            response: { 200: Page(PaymentView) },
          },
        },
        async (request) => {
          const scope = scopeOf(request)
          const { limit, cursor, organizerId = scope, status = null, group, eventId, method } = request.query
          if (scope !== null && organizerId !== scope) throw new Failure('organizer_not_found')
          const { from, to } = readDays(request.query)
          const { currency = from || to ? 'MXN' : null } = request.query
          const filter = {
            organizerId,
            status,
            ...{ group: group ?? null, eventId: eventId ?? null, method: method ?? null },
            currency: currency && readCurrency(currency, 'querystring.currency'),
            ...{ from, to },
            before: readCursor(cursor),
            limit: limit + 1,
          }
          const { data, page } = toPage(
            await listPayments(forCaller(deps, request).db, filter),
            limit,
            ({ createdAt, id }) => ({
              at: createdAt,
              id,
            }),
          )
          return { data: data.map(describePayment), page }
        },
      )

    app.get(
      '/payments/:paymentId',
      {
        config: { access: ['organizer', 'director'], problems: ['payment_not_found'] },
        schema: {
          operationId: 'showPayment',
          tags: ['Payments'],
          summary: 'A payment, what its payer must do, and what it moved in the ledger',
          params: Type.Object({ paymentId: Id }),
          response: { 200: PaymentDetailsAnswer },
        },
      },
      async (request) => {
        const payment = await findPayment(forCaller(deps, request).db, scopeOf(request), request.params.paymentId)
        if (!payment) throw new Failure('payment_not_found')
        const movements = await listMovementsOfPayment(forCaller(deps, request).db, payment.id)
        const { providerRef } = payment
        const nextAction = payment.receivedCents > 0 ? null : payment.nextAction
        const isDirector = request.user.role === 'director'
        return {
          payment: { ...describePayment(payment), providerRef, nextAction },
          facts: (await listFacts(forCaller(deps, request).db, payment.id)).map(describeFact),
          refunds: (await listRefunds(forCaller(deps, request).db, payment.id)).map((refund) =>
            describeRefund(refund, isDirector),
          ),
          history: (await listPaymentTransitions(forCaller(deps, request).db, payment.id)).map((one) =>
            describeTransition(one, isDirector),
          ),
          movements: movements.map(describeMovement),
        }
      },
    )

    app.post(
      '/director/payments/:paymentId/reverse',
      {
        config: { access: ['director'], problems: ['payment_not_found', 'payment_not_reversible'] },
        schema: {
          operationId: 'reversePayment',
          tags: ['Director'],
          summary: 'Reverse a manual payment',
          params: Type.Object({ paymentId: Id }),
          body: Type.Object(
            { reason: Type.String({ minLength: 1, maxLength: 500, pattern: '\\S' }) },
            { additionalProperties: false },
          ),
          response: { 200: PaymentAnswer },
        },
      },
      async (request) => {
        const { params, body, user, id: requestId } = request
        const { payment, balance } = await reversePayment(forCaller(deps, request), {
          id: params.paymentId,
          reason: body.reason,
          user,
          requestId,
        })
        request.log.info(
          { requestId, paymentId: payment.id, organizerId: payment.organizerId },
          'A payment was reversed',
        )
        return { payment: describePayment(payment), balance }
      },
    )
  }
