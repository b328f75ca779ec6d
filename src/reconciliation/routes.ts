/** What the reconciler found. */
import type { FastifyPluginAsyncTypebox } from '@fastify/type-provider-typebox'
import { Type } from 'typebox'
import type { Deps } from '../deps.ts'
import { Page, PageQuery, readCursor, toPage } from '../http/page.ts'
import { Instant, NullableInstant, NullableString } from '../http/schemas.ts'
import { Failure } from '../platform/errors.ts'
import { DIFFERENCE_KINDS, listDifferences, type FoundDifference } from './sql.ts'

const DifferenceView = Type.Object(
  {
    id: Type.String(),
    paymentId: Type.String(),
    organizerId: NullableString,
    provider: Type.String(),
    kind: Type.Enum([...DIFFERENCE_KINDS], {
      title: 'DifferenceKind',
      description:
        'status, or an amount in minor units · missing: the provider does not know it · unreadable: its answer makes no sense · never_created: its call left nothing.',
    }),
    ours: Type.String(),
    theirs: Type.String(),
    currency: Type.String({ description: 'Of the payment, and so of the amounts.' }),
    isFixed: Type.Boolean({ description: 'Whether ours is theirs now.' }),
    foundAt: Instant,
    fixedAt: NullableInstant,
  },
  { title: 'PaymentDifference' },
)
function describeDifference(difference: FoundDifference) {
  const { id, paymentId, organizerId, provider, kind, ours, theirs, currency, isFixed, foundAt, fixedAt } = difference
  return { id, paymentId, organizerId, provider, kind, ours, theirs, currency, isFixed, foundAt, fixedAt }
}

export const reconciliationRoutes =
  (deps: Deps): FastifyPluginAsyncTypebox =>
  async (app) => {
    app.get(
      '/payments/differences',
      {
        config: { access: ['director'], problems: [] },
        schema: {
          operationId: 'listPaymentDifferences',
          tags: ['Payments'],
          summary: 'Where payments differed from their provider, newest first',
          description: 'The reconciler mends what is clear, and lists that too.',
          querystring: Type.Object(
            { ...PageQuery, isFixed: Type.Optional(Type.Boolean()) },
            { additionalProperties: false },
          ),
          response: { 200: Page(DifferenceView) },
        },
      },
      async (request) => {
        const { limit, cursor, isFixed = null } = request.query
        const before = readCursor(cursor)
        if (before && !/^\d{1,18}$/.test(before.id)) throw new Failure('invalid_cursor')
        const rows = await listDifferences(deps.db, { isFixed, before, limit: limit + 1 })
        const { data, page } = toPage(rows, limit, ({ foundAt: at, id }) => ({ at, id }))
        return { data: data.map(describeDifference), page }
      },
    )
  }
