/** What operators do: look at dead letters, channels and queues, and put right what the system could not. */
import type { FastifyPluginAsyncTypebox } from '@fastify/type-provider-typebox'
import { Type } from 'typebox'
import type { Deps } from '../deps.ts'
import { explainReason } from '../channels/channels.ts'
import { CHANNELS } from '../contacts/contacts.ts'
import { Failure } from '../platform/errors.ts'
import { Page, PageQuery, readCursor, toPage } from '../http/page.ts'
import { Answer, Id, Instant, NullableInstant, NullableString, NullableText } from '../http/request-id.ts'
import type { Job } from '../platform/queue.ts'
import { BOARD_CSP, openBoard } from './board.ts'
import { discardLetter, discardLetters, findOpenLetter } from './dead-letters.ts'
import { readDeadJob, retryAndEnqueue } from './jobs.ts'
import { LETTER_KINDS } from '../platform/dead-letters.ts'
import { countOpenLetters, listLetters, listOpenLetters } from './sql.ts'

const OUTCOMES = ['retried', 'arrived', 'superseded', 'moved', 'gone'] as const
const RETRY_LIMIT = 500
const BOARD = '/ops/queues'

const LetterId = Type.Object({ id: Type.String({ pattern: '^[1-9][0-9]{0,17}$' }) })
const NoBody = Type.Object({}, { additionalProperties: false })
const filterFields = {
  kind: Type.Optional(Type.Enum(LETTER_KINDS)),
  reason: Type.Optional(Type.String({ minLength: 1, maxLength: 200 })),
  channel: Type.Optional(Type.Enum(CHANNELS)),
  campaignId: Type.Optional(Id),
  eventId: Type.Optional(Id),
  organizerId: Type.Optional(Id),
}
const Filter = Type.Object(filterFields, { additionalProperties: false })
const DeliveryOfLetter = Type.Object({
  eventId: Type.String(),
  guestId: Type.String(),
  organizerId: Type.String(),
  campaignId: NullableString,
  channel: Type.Enum(CHANNELS),
  template: Type.String(),
  status: Type.String(),
  attempts: Type.Integer(),
  attemptsMax: Type.Integer(),
  replays: Type.Integer(),
})
const InboundOfLetter = Type.Object({ source: Type.String(), status: Type.String(), attempts: Type.Integer() })
const Letter = Type.Object({
  id: Type.String(),
  kind: Type.Enum(LETTER_KINDS),
  refId: Type.String({ description: 'Id of the delivery or webhook, or `name:data` of the job.' }),
  reason: Type.String(),
  explanation: NullableText,
  attempts: Type.Integer(),
  firstAt: Instant,
  lastAt: Instant,
  resolvedAt: NullableInstant,
  resolvedBy: NullableString,
  resolution: NullableString,
  delivery: Type.Union([DeliveryOfLetter, Type.Null()]),
  inboundEvent: Type.Union([InboundOfLetter, Type.Null()]),
})
const director = { access: ['director'] as const }
const tags = ['Operations']

export const operationsRoutes =
  (deps: Deps, jobs: readonly Job[]): FastifyPluginAsyncTypebox =>
  async (app) => {
    app.get(
      '/ops/dead-letters',
      {
        config: director,
        schema: {
          tags,
          summary: 'What could not be done and waits for a person, newest first',
          querystring: Type.Object(
            { ...filterFields, resolved: Type.Boolean({ default: false }), ...PageQuery },
            { additionalProperties: false },
          ),
          response: { 200: Page(Letter) },
        },
      },
      async (request) => {
        const { limit, cursor, resolved, ...filter } = request.query
        const before = readCursor(cursor)
        if (before && !/^\d{1,18}$/.test(before.id)) throw new Failure('invalid_cursor')
        const letters = await listLetters(deps.db, { filter, resolved, before, limit: limit + 1 })
        const explained = letters.map((one) => ({
          ...one,
          explanation: one.kind === 'delivery' ? explainReason(one.reason) : null,
        }))
        return toPage(explained, limit, ({ lastAt, id }) => ({ at: lastAt, id }))
      },
    )

    app.post(
      '/ops/dead-letters/:id/retry',
      {
        config: { ...director, idempotent: true, optionalBody: true },
        schema: {
          tags,
          summary: 'Try one dead letter again',
          description:
            '`retried`: it is due now. `arrived`: the message proved to be delivered. `superseded`: the same was asked for anew. `moved`: it is on its way already. `gone`: its guest or event was deleted. The letter is closed in every case.',
          params: LetterId,
          body: NoBody,
          response: { 200: Answer({ id: Type.String(), outcome: Type.Enum(OUTCOMES) }) },
        },
      },
      async (request) => {
        const letter = await findOpenLetter(deps.db, request.params.id)
        if (letter.kind === 'job' && !readDeadJob(jobs, letter.refId))
          throw new Failure('dead_letter_not_replayable', {
            detail: 'The data of this job was not kept whole, or no job of this program takes it.',
          })
        const [resolved] = await retryAndEnqueue(deps, jobs, [letter], request.user.id)
        if (!resolved) throw new Failure('dead_letter_resolved')
        request.log.info(
          { letterId: letter.id, kind: letter.kind, outcome: resolved.outcome },
          'A dead letter was retried',
        )
        return { id: request.params.id, outcome: resolved.outcome as (typeof OUTCOMES)[number] }
      },
    )

    app.post(
      '/ops/dead-letters/retry',
      {
        config: { ...director, idempotent: true },
        schema: {
          tags,
          summary: 'Try every dead letter again that a filter names, the oldest first',
          description: 'Call again while `remaining` falls. What arrived meanwhile is skipped and its letter closed.',
          body: Type.Object(
            { filter: Filter, limit: Type.Integer({ minimum: 1, maximum: 1000, default: RETRY_LIMIT }) },
            { additionalProperties: false },
          ),
          response: {
            200: Answer({
              retried: Type.Integer(),
              skipped: Type.Integer(),
              remaining: Type.Integer({ description: 'Open letters that the filter still names.' }),
              outcomes: Type.Record(Type.String(), Type.Integer(), { description: 'How many letters ended how.' }),
            }),
          },
        },
      },
      async (request) => {
        const { filter, limit } = request.body
        const letters = await listOpenLetters(deps.db, filter, limit)
        const resolved = await retryAndEnqueue(deps, jobs, letters, request.user.id)
        const outcomes: Record<string, number> = {}
        for (const { outcome } of resolved) outcomes[outcome] = (outcomes[outcome] ?? 0) + 1
        const retried = outcomes['retried'] ?? 0
        request.log.info({ letters: letters.length, ...outcomes }, 'Dead letters were retried')
        const remaining = await countOpenLetters(deps.db, filter)
        return { retried, skipped: letters.length - retried, remaining, outcomes }
      },
    )

    app.post(
      '/ops/dead-letters/:id/discard',
      {
        config: { ...director, optionalBody: true },
        schema: {
          tags,
          summary: 'Close one dead letter without trying again',
          params: LetterId,
          body: NoBody,
          response: { 200: Answer({ id: Type.String(), outcome: Type.Literal('discarded') }) },
        },
      },
      async (request) => {
        await discardLetter(deps, request.params.id, request.user.id)
        return { id: request.params.id, outcome: 'discarded' as const }
      },
    )

    app.post(
      '/ops/dead-letters/discard',
      {
        config: director,
        schema: {
          tags,
          summary: 'Close every dead letter that a filter names, without trying again',
          body: Type.Object(
            { filter: Type.Object(filterFields, { additionalProperties: false, minProperties: 1 }) },
            { additionalProperties: false },
          ),
          response: { 200: Answer({ discarded: Type.Integer() }) },
        },
      },
      async (request) => {
        const discarded = await discardLetters(deps, request.body.filter, request.user.id)
        request.log.info({ discarded }, 'Dead letters were discarded')
        return { discarded }
      },
    )

    const board = openBoard(deps.queues, BOARD)
    for (const url of [BOARD, `${BOARD}/*`]) {
      app.get(url, { config: { ...director, basic: true }, schema: { hide: true } }, async (request, reply) => {
        const [address = ''] = request.url.split('?')
        const path = address.slice(BOARD.length) || '/'
        const answer = await board({ path, query: request.query })
        if (!answer) throw new Failure('not_found')
        void reply.code(answer.status).type(answer.type).header('content-security-policy', BOARD_CSP)
        if (path.startsWith('/static/')) void reply.header('cache-control', 'private, max-age=86400')
        return reply.send(answer.body)
      })
    }
  }
