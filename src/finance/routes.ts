/** The Director's overview, and payments entered by hand. */
import type { FastifyPluginAsyncTypebox } from '@fastify/type-provider-typebox'
import { Type } from 'typebox'
import type { Deps } from '../deps.ts'
import { namesTag } from '../http/etag.ts'
import { Page, PageQuery, readCursor, toPage } from '../http/page.ts'
import { Id } from '../http/schemas.ts'
import { readDays } from '../platform/days.ts'
import { AmountInput, CurrencyInput, readCurrency } from '../platform/money.ts'
import { listPayments } from '../payments/payments.ts'
import { enterPayment, openOverview, reversePayment } from './finance.ts'
import { describePayment } from './overview.ts'
import {
  METHODS,
  OverviewAnswer,
  PaidAt,
  PaymentAnswer,
  PaymentStatus,
  PaymentView,
  PERIOD,
  Reference,
} from './schemas.ts'

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

export const financeRoutes =
  (deps: Deps): FastifyPluginAsyncTypebox =>
  async (app) => {
    const readOverview = openOverview(deps)
    app.get(
      '/director/overview',
      {
        config: { access: ['director'], problems: ['organizer_not_found', 'invalid_date', 'unsupported_currency'] },
        schema: {
          operationId: 'showOverview',
          tags: ['Director'],
          summary: "The Director's numbers, with their age",
          description:
            'Events, guests and places count by the day an event starts; deliveries by the day they were requested; ' +
            'payments by the day they were paid, else made; the ledger by its effective day, a reversal by its own. ' +
            'Every day is one of Mexico City. A payment that was reversed or refunded leaves `confirmed` for `refunded`, ' +
            'on the day it was paid. tickets.prepaid, tickets.onLoan, finance, payments, recentPayments and ' +
            'organizers.top are read live and are never older than the request; asOf tells the age of the rest. ' +
            'X-Cache says hit or miss. Send If-None-Match with the ETag to get 304 while nothing changed.',
          querystring: Type.Object({ ...PERIOD, currency: CurrencyInput }, { additionalProperties: false }),
          response: {
            200: OverviewAnswer,
            304: Type.Unsafe<undefined>({ type: 'null', description: 'Nothing changed.' }),
          },
        },
      },
      async (request, reply) => {
        const { organizerId = null, currency } = request.query
        const days = readDays(request.query)
        const shown = await readOverview({
          organizerId,
          ...days,
          currency: readCurrency(currency, 'querystring.currency'),
        })
        void reply
          .header('x-cache', shown.isHit ? 'hit' : 'miss')
          .header('etag', shown.etag)
          .header('cache-control', 'private, no-cache')
        if (namesTag(request.headers['if-none-match'], shown.etag)) return reply.code(304).send(undefined)
        const { ageSeconds, members } = shown
        return reply
          .type('application/json; charset=utf-8')
          .send(`{"requestId":${JSON.stringify(request.id)},"ageSeconds":${ageSeconds},${members}` as never)
      },
    )

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
        const { payment, balance } = await enterPayment(deps, { ...body, user, requestId, idempotencyKey })
        request.log.info(
          { requestId, paymentId: payment.id, organizerId: payment.organizerId },
          'A payment was entered',
        )
        return reply.code(201).send({ payment: describePayment(payment), balance })
      },
    )

    app.get(
      '/director/payments',
      {
        config: { access: ['director'], problems: ['invalid_date', 'unsupported_currency'] },
        schema: {
          operationId: 'listPayments',
          tags: ['Director'],
          summary: 'Payments of every kind, newest first',
          description:
            'from and to go by the day on which a payment was paid, else made, so that the list agrees with ' +
            '`payments` of the overview of the same days, status by status.',
          querystring: Type.Object(
            {
              ...PageQuery,
              ...PERIOD,
              status: Type.Optional(PaymentStatus),
              currency: Type.Optional(
                Type.String({
                  minLength: 3,
                  maxLength: 3,
                  description: 'ISO 4217, in any case. Default: MXN for a list of days, as in the overview; else all.',
                }),
              ),
            },
            { additionalProperties: false },
          ),
          response: { 200: Page(PaymentView) },
        },
      },
      async (request) => {
        const { limit, cursor, organizerId = null, status = null } = request.query
        const { from, to } = readDays(request.query)
        const { currency = from || to ? 'MXN' : null } = request.query
        const filter = {
          organizerId,
          status,
          currency: currency && readCurrency(currency, 'querystring.currency'),
          ...{ from, to },
          before: readCursor(cursor),
          limit: limit + 1,
        }
        const { data, page } = toPage(await listPayments(deps.db, filter), limit, ({ createdAt, id }) => ({
          at: createdAt,
          id,
        }))
        return { data: data.map(describePayment), page }
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
        const { payment, balance } = await reversePayment(deps, {
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
