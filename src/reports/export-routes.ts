/** Exports: ask for a file, watch it being written, download it. */
import type { Readable } from 'node:stream'
import type { FastifyPluginAsyncTypebox } from '@fastify/type-provider-typebox'
import { Type } from 'typebox'
import type { Deps } from '../deps.ts'
import { AnswerOf, Id, Instant, NullableInstant, NullableInteger, NullableString } from '../http/schemas.ts'
import { forCaller } from '../http/access.ts'
import { Failure } from '../platform/errors.ts'
import { describeExport, openExport, requestExport, requireExport, ROWS_PER_ANSWER } from './exports.ts'
import { FORMATS, headersOf, MEDIA_TYPES } from './files.ts'
import { FILTER_PROBLEMS, FILTERS, filtersOf, readFilter } from './filters.ts'
import { exportJobId, writeExportJob } from './jobs.ts'
import { REPORTS } from './list.ts'
import type { Report } from './report.ts'

const Names = Type.Enum(REPORTS.map(({ name }) => name))
const Format = Type.Enum([...FORMATS])
const ExportView = Type.Object(
  {
    exportId: Type.String(),
    report: Type.String(),
    format: Format,
    filters: Type.Record(Type.String(), NullableString, { description: 'As they were read.' }),
    status: Type.Enum(['queued', 'running', 'completed', 'failed']),
    rowsDone: Type.Integer(),
    rowsTotal: Type.Unsafe<number | null>({ ...NullableInteger, description: 'Known once it runs.' }),
    bytes: Type.Integer(),
    createdAt: Instant,
    endedAt: NullableInstant,
    expiresAt: Type.Unsafe<Date>({ ...Instant, description: 'The file is deleted then.' }),
    downloadUrl: Type.Unsafe<string | null>({ ...NullableString, description: 'Once it is completed.' }),
  },
  { title: 'Export' },
)
const ExportBody = Type.Object(
  {
    report: Names,
    format: Format,
    filters: Type.Optional(Type.Object(FILTERS, { additionalProperties: false, description: 'Those of the report.' })),
  },
  { additionalProperties: false, title: 'ExportRequest' },
)
const ExportParams = Type.Object({ exportId: Id })

/** Throws `invalid_request` for filters that the report does not take. */
function refuseFilters(report: Report, filters: object): void {
  const taken = filtersOf(report)
  const refused = Object.keys(filters).filter((name) => !(name in taken))
  if (refused.length === 0) return
  const errors = refused.map((name) => ({ path: `body.filters.${name}`, message: `${report.name} does not take it` }))
  throw new Failure('invalid_request', { detail: `${report.name} does not take ${refused.join(', ')}.`, errors })
}

export const exportRoutes =
  (deps: Deps): FastifyPluginAsyncTypebox =>
  async (app) => {
    app.post(
      '/director/exports',
      {
        config: { access: ['director'], problems: FILTER_PROBLEMS },
        schema: {
          operationId: 'createExport',
          tags: ['Director'],
          summary: 'Ask for a report as a file',
          description:
            `For reports of any size; those of at most ${ROWS_PER_ANSWER} rows also come at once, with \`format\`. Files are ` +
            'written one after another and kept for 7 days.',
          body: ExportBody,
          response: { 202: AnswerOf(ExportView) },
        },
      },
      async (request, reply) => {
        const { report: name, format, filters = { currency: 'MXN' } } = request.body
        const report = REPORTS.find((one) => one.name === name)!
        const { currency, ...others } = filters
        refuseFilters(report, others)
        const filter = await readFilter(deps, report, { ...others, currency }, 'body.filters')
        const by = { requestedBy: request.user.id, requestId: request.id }
        const made = await requestExport(forCaller(deps, request), { report, format, filter, ...by })
        await deps.queues.enqueue(writeExportJob, { exportId: made.id }, { id: exportJobId(made) })
        return reply.code(202).header('location', `/director/exports/${made.id}`).send(describeExport(made))
      },
    )

    app.get(
      '/director/exports/:exportId',
      {
        config: { access: ['director'], problems: ['export_not_found'] },
        schema: {
          operationId: 'showExport',
          tags: ['Director'],
          summary: 'How far an export is',
          params: ExportParams,
          response: { 200: AnswerOf(ExportView) },
        },
      },
      async (request) => describeExport(await requireExport(deps.db, request.params.exportId)),
    )

    app.get(
      '/director/exports/:exportId/download',
      {
        config: { access: ['director'], problems: ['export_not_found', 'export_not_ready'] },
        schema: {
          operationId: 'downloadExport',
          tags: ['Director'],
          summary: 'The file of a completed export',
          params: ExportParams,
          response: {
            200: {
              description: 'The file.',
              content: {
                'text/csv': { schema: Type.Unsafe<Readable>({ type: 'string' }) },
                [MEDIA_TYPES.xlsx]: { schema: Type.Unsafe<Readable>({ type: 'string', format: 'binary' }) },
              },
            },
          },
        },
      },
      async (request, reply) => {
        const found = await requireExport(deps.db, request.params.exportId)
        const file = openExport(deps.db, found)
        return reply.headers({ ...headersOf(found.report, found.format), 'content-length': found.bytes }).send(file)
      },
    )
  }
