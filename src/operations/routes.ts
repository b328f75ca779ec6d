/** The routes for operators: dead letters and the board of the queues. */
import type { FastifyPluginAsyncTypebox } from '@fastify/type-provider-typebox'
import { Type, type Static } from 'typebox'
import type { Deps } from '../deps.ts'
import { explainReason } from '../channels/channels.ts'
import { forCaller } from '../http/access.ts'
import { Failure } from '../platform/errors.ts'
import { Page, PageQuery, readCursor, toPage } from '../http/page.ts'
import { Answer, NoBody } from '../http/schemas.ts'
import type { Job } from '../platform/queue.ts'
import { BOARD_CSP, openBoard } from './board.ts'
import { discardLetter, discardLetters, findOpenLetter } from './dead-letters.ts'
import { readDeadJob, retryAndEnqueue } from './jobs.ts'
import { Filter, filterFields, Letter, LetterParams } from './schemas.ts'
import { countOpenLetters, listLetters, listOpenLetters } from './sql.ts'

const OUTCOMES = ['retried', 'arrived', 'superseded', 'moved', 'gone'] as const
const RETRY_LIMIT = 500
const BOARD = '/ops/queues'

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
          operationId: 'listDeadLetters',
          tags,
          summary: 'Dead letters, newest first',
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
      '/ops/dead-letters/:letterId/retry',
      {
        config: {
          ...director,
          optionalBody: true,
          problems: ['dead_letter_not_found', 'dead_letter_resolved', 'dead_letter_not_replayable'],
        },
        schema: {
          operationId: 'retryDeadLetter',
          tags,
          summary: 'Retry a dead letter',
          description:
            '`retried`: it is due now. `arrived`: the message had been delivered. `superseded`: the same message ' +
            'was requested again. `moved`: it is already in progress. `gone`: its guest or event was deleted. The ' +
            'letter is closed in every case.',
          params: LetterParams,
          body: NoBody,
          response: { 200: Answer({ id: Type.String(), outcome: Type.Enum(OUTCOMES) }) },
        },
      },
      async (request) => {
        const letter = await findOpenLetter(deps.db, request.params.letterId)
        if (letter.kind === 'job' && !readDeadJob(jobs, letter.refId))
          throw new Failure('dead_letter_not_replayable', {
            detail: 'The data of this job is incomplete, or this program has no such job.',
          })
        const [resolved] = await retryAndEnqueue(forCaller(deps, request), jobs, [letter], request.user.id)
        if (!resolved) throw new Failure('dead_letter_resolved')
        request.log.info(
          { letterId: letter.id, kind: letter.kind, outcome: resolved.outcome },
          'A dead letter was retried',
        )
        return { id: request.params.letterId, outcome: resolved.outcome as (typeof OUTCOMES)[number] }
      },
    )

    app.post(
      '/ops/dead-letters/retry',
      {
        config: { ...director },
        schema: {
          operationId: 'retryDeadLetters',
          tags,
          summary: 'Retry all dead letters that match a filter, oldest first',
          description:
            'Repeat while `remaining` decreases. A message that has arrived meanwhile is skipped, and its letter is closed.',
          body: Type.Object(
            { filter: Filter, limit: Type.Integer({ minimum: 1, maximum: 1000, default: RETRY_LIMIT }) },
            { additionalProperties: false },
          ),
          response: {
            200: Answer({
              retried: Type.Integer(),
              skipped: Type.Integer(),
              remaining: Type.Integer({ description: 'Open letters that still match the filter.' }),
              outcomes: Type.Record(Type.String(), Type.Integer(), { description: 'Number of letters by outcome.' }),
            }),
          },
        },
      },
      async (request) => {
        const { filter, limit } = request.body
        const letters = await listOpenLetters(deps.db, filter, limit)
        const resolved = await retryAndEnqueue(forCaller(deps, request), jobs, letters, request.user.id)
        const outcomes: Record<string, number> = {}
        for (const { outcome } of resolved) outcomes[outcome] = (outcomes[outcome] ?? 0) + 1
        const retried = outcomes['retried'] ?? 0
        request.log.info({ letters: letters.length, ...outcomes }, 'Dead letters were retried')
        const remaining = await countOpenLetters(deps.db, filter)
        return { retried, skipped: letters.length - retried, remaining, outcomes }
      },
    )

    app.post(
      '/ops/dead-letters/:letterId/discard',
      {
        config: { ...director, optionalBody: true, problems: ['dead_letter_not_found', 'dead_letter_resolved'] },
        schema: {
          operationId: 'discardDeadLetter',
          tags,
          summary: 'Close a dead letter without retrying it',
          params: LetterParams,
          body: NoBody,
          response: { 200: Answer({ id: Type.String(), outcome: Type.Literal('discarded') }) },
        },
      },
      async (request) => {
        await discardLetter(forCaller(deps, request), request.params.letterId, request.user.id)
        return { id: request.params.letterId, outcome: 'discarded' as const }
      },
    )

    app.post(
      '/ops/dead-letters/discard',
      {
        config: director,
        schema: {
          operationId: 'discardDeadLetters',
          tags,
          summary: 'Close all dead letters that match a filter, without retrying them',
          body: Type.Object(
            { filter: Type.Unsafe<Static<typeof Filter>>({ allOf: [Filter], minProperties: 1 }) },
            { additionalProperties: false },
          ),
          response: { 200: Answer({ discarded: Type.Integer() }) },
        },
      },
      async (request) => {
        const discarded = await discardLetters(forCaller(deps, request), request.body.filter, request.user.id)
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
