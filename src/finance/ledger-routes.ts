/** Tickets that organizers get, what they owe, and every movement of the ledger. */
import type { FastifyPluginAsyncTypebox } from '@fastify/type-provider-typebox'
import { Type } from 'typebox'
import type { Deps } from '../deps.ts'
import { forCaller, scopeOf } from '../http/access.ts'
import { Page, PageQuery, readCursor, toPage } from '../http/page.ts'
import { Id } from '../http/schemas.ts'
import { findBalance, listTransactions, MOVEMENT_KINDS, TICKET_KINDS, type Transaction } from '../ledger/ledger.ts'
import { readDays } from '../platform/values/days.ts'
import type { Db } from '../platform/db.ts'
import { Failure } from '../platform/errors.ts'
import { AmountInput, CurrencyInput, readCurrency } from '../platform/values/money.ts'
import { assignTickets, reverseAssignment, writeDebtOff } from './assignments.ts'
import { describeAccount, describeAssignment, describeMovement } from './ledger-views.ts'
import {
  AccountAnswer,
  AssignmentAnswer,
  AssignmentBody,
  AssignmentView,
  MovementAnswer,
  MovementView,
} from './ledger-schemas.ts'
import { describePayment } from './overview.ts'
import { PERIOD } from './schemas.ts'
import { findOrganizer } from './sql.ts'

const OrganizerParams = Type.Object({ organizerId: Id })
const Reason = Type.String({ minLength: 1, maxLength: 500, pattern: '\\S' })
const MOVEMENTS = {
  ...PageQuery,
  from: PERIOD.from,
  to: PERIOD.to,
  eventId: Type.Optional(Id),
  kind: Type.Optional(Type.Enum(MOVEMENT_KINDS, { title: 'MovementKind' })),
}

export const ledgerRoutes =
  (deps: Deps): FastifyPluginAsyncTypebox =>
  async (app) => {
    app.post(
      '/director/assignments',
      {
        config: {
          access: ['director'],
          problems: [
            'organizer_not_found',
            'event_not_found',
            'payment_required',
            'duplicate_reference',
            'invalid_amount',
            'invalid_date',
            'unsupported_currency',
          ],
        },
        schema: {
          operationId: 'assignTickets',
          tags: ['Director'],
          summary: 'Give tickets to an organizer',
          description:
            'Tickets on loan can be used at once and are owed. Prepaid tickets must be covered by the credit of the ' +
            'organizer, or by `payment`, which is recorded together with them; otherwise nothing is written and the answer ' +
            'is 409 `payment_required`.',
          body: AssignmentBody,
          response: { 201: AssignmentAnswer },
        },
      },
      async (request, reply) => {
        const { body, user, id: requestId, idempotencyKey } = request
        const assigned = await assignTickets(forCaller(deps, request), { ...body, user, requestId, idempotencyKey })
        request.log.info(
          { requestId, assignmentId: assigned.transaction.id, organizerId: body.organizerId },
          'Tickets were assigned',
        )
        const { transaction, payment, balance, currency } = assigned
        return reply.code(201).send({
          assignment: describeAssignment(transaction),
          payment: payment && describePayment(payment),
          account: describeAccount(body.organizerId, balance, currency),
        })
      },
    )

    app.get(
      '/director/assignments',
      {
        config: { access: ['director'], problems: ['invalid_date'] },
        schema: {
          operationId: 'listAssignments',
          tags: ['Director'],
          summary: 'Assignments of tickets, newest first',
          querystring: Type.Object(
            {
              ...PageQuery,
              ...PERIOD,
              eventId: Type.Optional(Id),
              kind: Type.Optional(Type.Enum([...TICKET_KINDS], { title: 'TicketKind' })),
            },
            { additionalProperties: false },
          ),
          response: { 200: Page(AssignmentView) },
        },
      },
      async (request) => {
        const { organizerId = null, kind } = request.query
        const { data, page } = await listPage(forCaller(deps, request).db, {
          ...request.query,
          organizerId,
          kinds: kind ? [kind] : [...TICKET_KINDS],
        })
        return { data: data.map(describeAssignment), page }
      },
    )

    app.post(
      '/director/assignments/:assignmentId/reverse',
      {
        config: {
          access: ['director'],
          problems: ['assignment_not_found', 'assignment_reversed', 'tickets_used'],
        },
        schema: {
          operationId: 'reverseAssignment',
          tags: ['Director'],
          summary: 'Take back tickets that nobody has used',
          description: 'What they cost is no longer owed; what was paid for them becomes credit.',
          params: Type.Object({ assignmentId: Id }),
          body: Type.Object({ reason: Reason }, { additionalProperties: false }),
          response: { 200: AssignmentAnswer },
        },
      },
      async (request) => {
        const { params, body, user, id: requestId } = request
        const reversal = { id: params.assignmentId, reason: body.reason, user, requestId }
        const { transaction, balance, currency } = await reverseAssignment(forCaller(deps, request), reversal)
        request.log.info({ requestId, assignmentId: transaction.id }, 'An assignment of tickets was reversed')
        return {
          assignment: describeAssignment(transaction),
          payment: null,
          account: describeAccount(transaction.organizerId, balance, currency),
        }
      },
    )

    app.post(
      '/director/organizers/:organizerId/write-offs',
      {
        config: {
          access: ['director'],
          problems: ['organizer_not_found', 'above_debt', 'invalid_amount', 'unsupported_currency'],
        },
        schema: {
          operationId: 'writeDebtOff',
          tags: ['Director'],
          summary: 'Give up a debt, or a part of it',
          params: OrganizerParams,
          body: Type.Object(
            { ...AmountInput, currency: CurrencyInput, reason: Reason },
            { additionalProperties: false, title: 'NewWriteOff' },
          ),
          response: { 201: MovementAnswer },
        },
      },
      async (request, reply) => {
        const { params, body, user, id: requestId, idempotencyKey } = request
        const { organizerId } = params
        const written = await writeDebtOff(forCaller(deps, request), {
          ...body,
          organizerId,
          user,
          requestId,
          idempotencyKey,
        })
        request.log.info({ requestId, organizerId, movementId: written.transaction.id }, 'A debt was written off')
        return reply.code(201).send({
          movement: describeMovement(written.transaction),
          account: describeAccount(organizerId, written.balance, written.currency),
        })
      },
    )

    app.get(
      '/organizers/:organizerId/balance',
      {
        config: { access: ['organizer', 'director'], problems: ['organizer_not_found', 'unsupported_currency'] },
        schema: {
          operationId: 'showBalance',
          tags: ['Payments'],
          summary: 'What an organizer owes and holds in tickets',
          params: OrganizerParams,
          querystring: Type.Object({ currency: CurrencyInput }, { additionalProperties: false }),
          response: { 200: AccountAnswer },
        },
      },
      async (request) => {
        const currency = readCurrency(request.query.currency, 'querystring.currency')
        const organizerId = await requireOrganizer(
          forCaller(deps, request).db,
          scopeOf(request),
          request.params.organizerId,
        )
        return {
          account: describeAccount(
            organizerId,
            await findBalance(forCaller(deps, request).db, organizerId, currency),
            currency,
          ),
        }
      },
    )

    for (const { url, access, operationId, tag } of [
      {
        url: '/organizers/:organizerId/ledger',
        access: ['organizer', 'director'],
        operationId: 'showLedger',
        tag: 'Payments',
      },
      {
        url: '/director/organizers/:organizerId/ledger',
        access: ['director'],
        operationId: 'showLedgerAsDirector',
        tag: 'Director',
      },
    ] as const)
      app.get(
        url,
        {
          config: { access: [...access], problems: ['organizer_not_found', 'invalid_date'] },
          schema: {
            operationId,
            tags: [tag],
            summary: "Every movement of an organizer's money and tickets, newest first",
            description: 'from and to go by the day on which a movement counts; a payment counts when it was paid.',
            params: OrganizerParams,
            querystring: Type.Object(MOVEMENTS, { additionalProperties: false }),
            response: { 200: Page(MovementView) },
          },
        },
        async (request) => {
          const organizerId = await requireOrganizer(
            forCaller(deps, request).db,
            scopeOf(request),
            request.params.organizerId,
          )
          const { kind } = request.query
          const { data, page } = await listPage(forCaller(deps, request).db, {
            ...request.query,
            organizerId,
            kinds: kind ? [kind] : [...MOVEMENT_KINDS],
          })
          return { data: data.map(describeMovement), page }
        },
      )

    /** To an organizer, any other one does not exist. */
    async function requireOrganizer(db: Db, scope: string | null, id: string): Promise<string> {
      const isTheirs = scope === null || scope === id
      if (!isTheirs || !(await findOrganizer(db, id))) throw new Failure('organizer_not_found')
      return id
    }

    type Listing = {
      organizerId: string | null
      eventId?: string
      kinds: Transaction['kind'][]
      from?: string
      to?: string
      limit: number
      cursor?: string
    }
    async function listPage(db: Db, { organizerId, eventId, kinds, limit, cursor, ...days }: Listing) {
      const before = readCursor(cursor)
      const filter = { organizerId, eventId: eventId ?? null, kinds, before, limit: limit + 1, ...readDays(days) }
      return toPage(await listTransactions(db, filter), limit, ({ createdAt, id }) => ({ at: createdAt, id }))
    }
  }
