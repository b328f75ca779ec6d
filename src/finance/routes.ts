/** The Director's overview. */
import type { FastifyPluginAsyncTypebox } from '@fastify/type-provider-typebox'
import { Type } from 'typebox'
import type { Deps } from '../deps.ts'
import { namesTag } from '../http/etag.ts'
import { readDays } from '../platform/values/days.ts'
import { CurrencyInput, readCurrency } from '../platform/values/money.ts'
import { openOverview } from './finance.ts'
import { OverviewAnswer, PERIOD } from './schemas.ts'

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
            'payments by the day they were paid, else made; the ledger by its effective day, a reversal by its own, and ' +
            'tickets.equivalent by the day of the scan or message. ' +
            'Every day is one of Mexico City. A payment that was reversed or refunded leaves `confirmed` for `refunded`, ' +
            'on the day it was paid. tickets.prepaid, tickets.onLoan, tickets.equivalent, tickets.remaining, finance, ' +
            'payments, recentPayments and ' +
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
  }
