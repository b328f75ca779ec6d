/** Lists of guests: import a file, and see what an import did. */
import { createHash } from 'node:crypto'
import type { Readable } from 'node:stream'
import multipart from '@fastify/multipart'
import type { FastifyPluginAsyncTypebox } from '@fastify/type-provider-typebox'
import type { FastifyReply, FastifyRequest } from 'fastify'
import { Type, type Static } from 'typebox'
import type { Deps } from '../deps.ts'
import { findEvent } from '../events/events.ts'
import { forCaller, scopeOf } from '../http/access.ts'
import { Page, PageQuery, readCursor, toPage } from '../http/page.ts'

import { AnswerOf, EventParams, FileAnswer, Id, localeWith } from '../http/schemas.ts'
import { Failure } from '../platform/errors.ts'
import { importGuests, isRejected, JOB_ROWS_MAX, ROWS_MAX } from './imports.ts'
import { importGuestList, importJobId } from './jobs.ts'
import { requestImport } from './long-imports.ts'
import { openRejectedCsv, readRejects } from './rejected.ts'
import { describeImport, describeResult, ImportAnswer, ImportShape } from './schemas.ts'
import { findImport, listImports } from './sql.ts'
import { FILE_MAX, readMapping } from './upload.ts'

const WRITERS = ['organizer', 'director'] as const
const FILE_PROBLEMS = [
  ...(['invalid_file', 'too_many_columns', 'columns_not_found', 'too_many_rows'] as const),
  ...(['unsupported_file', 'file_has_macros'] as const),
]
const ImportParams = Type.Object({ eventId: Id, importId: Id })
const FileQuery = Type.Object(
  { locale: localeWith({ default: 'es-MX', description: 'Of the headings and texts.' }) },
  { additionalProperties: false },
)
const ImportBody = Type.Object(
  {
    file: Type.String({ format: 'binary', description: `CSV or XLSX, at most ${FILE_MAX / 1024 / 1024} MiB.` }),
    mapping: Type.Optional(
      Type.String({
        description: 'JSON: a field by the heading of its column, `{"name": "Quién viene"}`; null leaves it out.',
      }),
    ),
  },
  { title: 'GuestList' },
)

declare module 'fastify' {
  interface FastifyRequest {
    /** The file of an upload. The body has its hash instead, which also tells requests with one Idempotency-Key apart. */
    uploaded: Buffer | null
  }
}

export const guestListRoutes =
  (deps: Deps): FastifyPluginAsyncTypebox =>
  async (app) => {
    await app.register(multipart, {
      limits: { files: 1, fileSize: FILE_MAX, fields: 5, fieldSize: 20_000, parts: 6 },
    })
    app.decorateRequest('uploaded', null)

    app.post(
      '/events/:eventId/guests/import',
      {
        bodyLimit: FILE_MAX + 1024 * 1024,
        config: { access: WRITERS, problems: ['event_not_found', ...FILE_PROBLEMS] },
        preValidation: readUpload,
        schema: {
          operationId: 'importGuests',
          tags: ['Guests'],
          summary: 'Import a list of guests',
          description:
            'Adds who is new, changes who has changed, deletes nobody; an empty cell changes nothing. A row means the guest with ' +
            'its `id`, else with its phone or e-mail and the same name. Encoding, delimiter and headings (Spanish or English) are ' +
            `found by themselves. Rows that cannot be read are rejected alone. More than ${ROWS_MAX} rows (at most ${JOB_ROWS_MAX}) are ` +
            'imported by a job: 202. Macros are refused.',
          consumes: ['multipart/form-data'],
          params: EventParams,
          querystring: Type.Object(
            {
              dryRun: Type.Boolean({ default: false, description: 'The same answer, and nothing is written.' }),
              partial: Type.Boolean({
                default: false,
                description: `A dry run of a longer list looks at its first ${ROWS_MAX} rows, instead of refusing it.`,
              }),
              async: Type.Boolean({ default: false, description: 'By a job, however short.' }),
            },
            { additionalProperties: false },
          ),
          body: ImportBody,
          response: { 200: ImportAnswer, 202: AnswerOf(ImportShape) },
        },
      },
      async (request, reply) => {
        const { eventId } = request.params
        const { dryRun: isDryRun, partial: isPartial, async: isAsync } = request.query
        const asked = askedOf(request)
        const result =
          isAsync && !isDryRun ? null : await importGuests(forCaller(deps, request), { ...asked, isDryRun, isPartial })
        if (result) return describeResult(eventId, result)
        const made = await requestImport(forCaller(deps, request), asked)
        await deps.queues.enqueue(importGuestList, { importId: made.id }, { id: importJobId({ ...made, attempt: 0 }) })
        return reply.code(202).header('location', `/events/${eventId}/imports/${made.id}`).send(describeImport(made))
      },
    )
    app.post(
      '/events/:eventId/guests/import/rejected.csv',
      {
        bodyLimit: FILE_MAX + 1024 * 1024,
        config: { access: WRITERS, problems: ['event_not_found', ...FILE_PROBLEMS], withoutKey: 'It only reads.' },
        preValidation: readUpload,
        schema: {
          operationId: 'previewRejectedRows',
          tags: ['Guests'],
          summary: 'The rows that an import would reject, as CSV',
          description:
            'The file that a real import would leave, of a dry run. Nothing is written. Of a longer list, the first ' +
            `${ROWS_MAX} rows are looked at.`,
          consumes: ['multipart/form-data'],
          params: EventParams,
          querystring: FileQuery,
          body: ImportBody,
          response: { 200: FileAnswer<Readable>('text/csv', 'The rows.') },
        },
      },
      async (request, reply) => {
        const asked = { ...askedOf(request), isDryRun: true, isPartial: true }
        const { results, headings } = (await importGuests(forCaller(deps, request), asked))!
        const names = headings.columns.map(({ heading }) => heading)
        return sendCsv(reply, 'rejected', openRejectedCsv(results.filter(isRejected), names, request.query.locale))
      },
    )
    app.get(
      '/events/:eventId/imports',
      {
        config: { access: WRITERS, problems: ['event_not_found'] },
        schema: {
          operationId: 'listImports',
          tags: ['Guests'],
          summary: 'Imports of an event, newest first',
          params: EventParams,
          querystring: Type.Object(PageQuery, { additionalProperties: false }),
          response: { 200: Page(ImportShape) },
        },
      },
      async (request) => {
        const { eventId } = request.params
        const { limit, cursor } = request.query
        if (!(await findEvent(forCaller(deps, request).db, scopeOf(request), eventId)))
          throw new Failure('event_not_found')
        const rows = await listImports(forCaller(deps, request).db, eventId, readCursor(cursor), limit + 1)
        return toPage(rows.map(describeImport), limit, ({ createdAt, importId }) => ({ at: createdAt, id: importId }))
      },
    )
    app.get(
      '/events/:eventId/imports/:importId',
      {
        config: { access: WRITERS, problems: ['import_not_found'] },
        schema: {
          operationId: 'showImport',
          tags: ['Guests'],
          summary: 'What an import did, or how far it is',
          params: ImportParams,
          response: { 200: AnswerOf(ImportShape) },
        },
      },
      async (request) => describeImport(await requireImport(forCaller(deps, request), request)),
    )
    app.get(
      '/events/:eventId/imports/:importId/rejected.csv',
      {
        config: { access: WRITERS, problems: ['import_not_found'] },
        schema: {
          operationId: 'downloadRejectedRows',
          tags: ['Guests'],
          summary: 'The rows that an import rejected, as CSV',
          description:
            'As they were sent, after row number, what to mend and codes. Mended, the file can be imported as it is.',
          params: ImportParams,
          querystring: FileQuery,
          response: { 200: FileAnswer<Readable>('text/csv', 'The rejected rows.') },
        },
      },
      async (request, reply) => {
        const { db } = forCaller(deps, request)
        const { id, headings } = await requireImport(forCaller(deps, request), request)
        return sendCsv(reply, `${id}-rejected`, openRejectedCsv(readRejects(db, id), headings, request.query.locale))
      },
    )
  }

function askedOf(request: FastifyRequest<{ Params: Static<typeof EventParams>; Body: Static<typeof ImportBody> }>) {
  const { params, body, user, id: requestId } = request
  return {
    ...{ scope: scopeOf(request), eventId: params.eventId, bytes: request.uploaded! },
    ...{ mapping: readMapping(body.mapping), requestedBy: user.id, requestId },
  }
}

const sendCsv = (reply: FastifyReply, name: string, csv: Readable) =>
  reply
    .type('text/csv; charset=utf-8')
    .header('content-disposition', `attachment; filename="${name}.csv"`)
    .header('cache-control', 'no-store')
    .send(csv)

async function requireImport(
  { db }: Deps,
  request: Pick<FastifyRequest, 'user'> & { params: { eventId: string; importId: string } },
) {
  const { eventId, importId } = request.params
  const found = await findImport(db, scopeOf(request), eventId, importId)
  if (found) return found
  throw new Failure('import_not_found', { detail: 'There is no such import; what an import did is kept for 30 days.' })
}

/** Reads the multipart body, and puts the hash of the file in its place. */
async function readUpload(request: FastifyRequest): Promise<void> {
  if (!request.isMultipart())
    throw new Failure('unsupported_media_type', { detail: 'Send multipart/form-data with the field «file».' })
  const body: Record<string, string> = {}
  try {
    for await (const part of request.parts()) {
      if (part.type === 'field') {
        body[part.fieldname] = String(part.value)
      } else {
        const bytes = await part.toBuffer()
        if (part.fieldname !== 'file') continue
        request.uploaded = bytes
        body['file'] = createHash('sha256').update(bytes).digest('hex')
      }
    }
  } catch (error) {
    const isTooLarge = (error as { statusCode?: number }).statusCode === 413
    throw isTooLarge
      ? new Failure('payload_too_large', { detail: `A file has at most ${FILE_MAX / 1024 / 1024} MiB.`, cause: error })
      : new Failure('invalid_request', { detail: 'The multipart body is malformed.', cause: error })
  }
  if (!request.uploaded) delete body['file'] // a text named «file» is no file
  request.body = body
}
