/** The Director's reports, as pages of JSON or as files. */
import { addAbortSignal, type Readable } from 'node:stream'
import type { FastifyPluginAsyncTypebox } from '@fastify/type-provider-typebox'
import { Type, type Static } from 'typebox'
import type { Deps } from '../deps.ts'
import { PageQuery } from '../http/page.ts'
import { ROWS_PER_ANSWER } from './exports.ts'
import { FORMATS, headersOf, MEDIA_TYPES, openFile } from './files.ts'
import { FILTER_PROBLEMS, FILTERS, filtersOf, readFilter } from './filters.ts'
import { REPORTS } from './list.ts'
import type { Report } from './report.ts'
import { readReport } from './pages.ts'
import { answerOf } from './schemas.ts'

const QUERY = {
  ...PageQuery,
  format: Type.Enum(['json', ...FORMATS], {
    default: 'json',
    description:
      `csv, xlsx: all rows in a file, at most ${ROWS_PER_ANSWER} (else 409 \`export_required\`); limit and cursor do not ` +
      'apply. csv: UTF-8 with a byte order mark, money with decimals, an apostrophe before formulas. xlsx: numbers are ' +
      'numbers, days are days, and the last line has the totals.',
  }),
}

/** A handler sees all filters; a report that does not take one refuses it. */
const queryOf = (report: Report) =>
  Type.Unsafe<Static<typeof Query>>(Type.Object({ ...QUERY, ...filtersOf(report) }, { additionalProperties: false }))
const Query = Type.Object({ ...QUERY, ...FILTERS })

/** A download holds a connection, so a client that reads slower than this loses it. */
const DOWNLOAD_MS = 120_000

export const reportRoutes =
  (deps: Deps): FastifyPluginAsyncTypebox =>
  async (app) => {
    for (const report of REPORTS)
      app.get(
        `/director/reports/${report.name}`,
        {
          config: {
            access: ['director'],
            problems: [...FILTER_PROBLEMS, 'invalid_cursor', 'export_required'],
          },
          schema: {
            operationId: `report${report.title}`,
            tags: ['Director'],
            summary: report.summary,
            description: report.description,
            querystring: queryOf(report),
            response: {
              200: {
                description: report.summary,
                content: {
                  'application/json': { schema: answerOf(report) as never },
                  'text/csv': { schema: Type.Unsafe<Readable>({ type: 'string' }) },
                  [MEDIA_TYPES.xlsx]: { schema: Type.Unsafe<Readable>({ type: 'string', format: 'binary' }) },
                },
              },
            },
          },
        },
        async (request, reply) => {
          const { format, cursor, limit } = request.query
          const filter = await readFilter(deps, report, request.query, 'querystring')
          if (format === 'json')
            return {
              currency: filter.currency,
              ...(await readReport(deps.db, report, filter, { cursor, limit })),
            } as never
          const hasLeft = new AbortController()
          reply.raw.on('close', () => hasLeft.abort())
          const context = { db: deps.db, slowDb: deps.slowDb, signal: hasLeft.signal, rowsMax: ROWS_PER_ANSWER }
          const { bytes } = await openFile(context, report, filter, format)
          return reply
            .headers(headersOf(report.name, format))
            .send(addAbortSignal(AbortSignal.timeout(DOWNLOAD_MS), bytes))
        },
      )
  }
