/** The Director's reports, as pages of JSON or as files. */
import { addAbortSignal, type Readable } from 'node:stream'
import type { FastifyPluginAsyncTypebox } from '@fastify/type-provider-typebox'
import { Type, type TProperties } from 'typebox'
import type { Deps } from '../deps.ts'
import { PageQuery } from '../http/page.ts'
import { Answer, NullableNumber, NullableString } from '../http/schemas.ts'
import { FORMATS, MEDIA_TYPES, openFile } from './files.ts'
import { FILTER_PROBLEMS, FILTERS, readFilter } from './filters.ts'
import { REPORTS } from './list.ts'
import type { Column, Report } from './report.ts'
import { readReport } from './reports.ts'

const QUERY = Type.Object(
  {
    ...PageQuery,
    ...FILTERS,
    format: Type.Enum(['json', ...FORMATS], {
      default: 'json',
      description:
        'csv, xlsx: all rows in a file; limit and cursor do not apply. csv: UTF-8 with a byte order mark, money with ' +
        'decimals, an apostrophe before formulas. xlsx: numbers are numbers, days are days, and the last line has the totals.',
    }),
  },
  { additionalProperties: false },
)

/** A download holds a connection, so a client that reads slower than this loses it. */
const DOWNLOAD_MS = 120_000

/** The fields of a column. */
function fieldsOf({ name, kind, says }: Column): TProperties {
  const description = says
  if (kind === 'cents')
    return {
      [`${name}Cents`]: Type.Integer({ description: `Minor units. ${says}` }),
      [name]: Type.String({ description: 'The same in major units.' }),
    }
  if (kind === 'count') return { [name]: Type.Integer({ description }) }
  return { [name]: { ...(kind === 'share' ? NullableNumber : NullableString), description } }
}

function answerOf({ columns, title }: Report) {
  const isText = ({ kind }: Column) => kind === 'text' || kind === 'day'
  const ofAll = (some: Column[]): TProperties => Object.assign({}, ...some.map(fieldsOf)) as TProperties
  const row = Type.Object(
    {
      id: Type.String(),
      ...ofAll(columns),
      rowsUrl: Type.String({ description: 'Where the rows behind this line are.' }),
    },
    { title: `${title}Row` },
  )
  const totals = Type.Object(
    { rows: Type.Integer(), ...ofAll(columns.filter((column) => !isText(column))) },
    { title: `${title}Totals`, description: 'Of all rows, not only of this page.' },
  )
  return Answer(
    {
      currency: Type.String(),
      totals,
      data: Type.Array(row),
      page: Type.Object({ nextCursor: NullableString }, { title: 'PageCursor' }),
    },
    { title },
  )
}

export const reportRoutes =
  (deps: Deps): FastifyPluginAsyncTypebox =>
  async (app) => {
    for (const report of REPORTS)
      app.get(
        `/director/reports/${report.name}`,
        {
          config: {
            access: ['director'],
            problems: [...FILTER_PROBLEMS, 'invalid_cursor'],
          },
          schema: {
            operationId: `report${report.title}`,
            tags: ['Director'],
            summary: report.summary,
            description: report.description,
            querystring: QUERY,
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
          const filter = await readFilter(deps, request.query, 'querystring')
          if (format === 'json')
            return {
              currency: filter.currency,
              ...(await readReport(deps.db, report, filter, { cursor, limit })),
            } as never
          const { bytes } = await openFile(deps, report, filter, format)
          void reply
            .type(MEDIA_TYPES[format])
            .header('content-disposition', `attachment; filename="${report.name}.${format}"`)
            .header('cache-control', 'no-store')
          return reply.send(addAbortSignal(AbortSignal.timeout(DOWNLOAD_MS), bytes))
        },
      )
  }
