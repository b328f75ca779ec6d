/** The door as its organizer watches it, and scans that are taken back. */
import type { Readable } from 'node:stream'
import type { FastifyPluginAsyncTypebox } from '@fastify/type-provider-typebox'
import { Type } from 'typebox'
import type { Deps } from '../deps.ts'
import { Failure } from '../platform/errors.ts'
import { forCaller, reachOf } from '../http/access.ts'
import { openStreams } from '../http/event-stream.ts'
import { Page, PageQuery, readCursor, toPage } from '../http/page.ts'
import { Answer, AnswerOf, EventParams, FileAnswer, Id } from '../http/schemas.ts'
import { describeGuest } from './answers.ts'
import { viewDoor, watchDoor } from './door.ts'
import { listArrivals, listConflicts, type ConflictRow } from './door-sql.ts'
import { Arrival, Conflict, DoorState, GuestAtDoor, ScanId, ScanItem } from './schemas.ts'
import { isEventThere } from './scans-sql.ts'
import { undoScan } from './undo.ts'

const WATCHERS = ['staff', 'organizer', 'director'] as const
/** A device watches the door of its own event (http/access.ts). */
const VIEWERS = [...WATCHERS, 'device'] as const

export const doorRoutes =
  (deps: Pick<Deps, 'db' | 'now' | 'revocations'>): FastifyPluginAsyncTypebox =>
  async (app) => {
    app.post(
      '/events/:eventId/scans/:scanId/undo',
      {
        config: {
          access: WATCHERS,
          problems: ['supervisor_required', 'scan_not_found', 'scan_undone', 'scan_not_undoable'],
        },
        schema: {
          operationId: 'undoScan',
          tags: ['Check-in'],
          summary: 'Take back a scan that was a mistake',
          description:
            'The places are free again; after an exit, its people are inside again. The scan stays in the list, ' +
            'with `undoneAt`, `undoneBy` and `undoReason`. Of the staff, supervisors may. 409 `scan_not_undoable`: ' +
            'it let nobody pass, or its people have passed once more since.',
          params: Type.Object({ eventId: Id, scanId: ScanId }),
          body: Type.Object(
            { reason: Type.String({ minLength: 1, maxLength: 500, pattern: '\\S' }) },
            { additionalProperties: false },
          ),
          response: { 200: Answer({ scan: ScanItem, guest: GuestAtDoor }) },
        },
      },
      async (request) => {
        const { params, body, user } = request
        if (user.role === 'staff' && !user.isSupervisor) throw new Failure('supervisor_required')
        const undo = { ...params, ...body, reach: reachOf(user), by: user.id }
        const { scan, admission } = await undoScan(forCaller(deps, request), undo)
        request.log.info({ scanId: scan.id }, 'A scan was taken back')
        return { scan, guest: describeGuest(admission) }
      },
    )

    app.get(
      '/events/:eventId/door',
      {
        config: { access: VIEWERS, problems: ['event_not_found'] },
        schema: {
          operationId: 'showDoor',
          tags: ['Check-in'],
          summary: 'Who is inside, and how each gate is doing',
          params: EventParams,
          response: { 200: AnswerOf(DoorState) },
        },
      },
      (request) => viewDoor(forCaller(deps, request), reachOf(request.user), request.params.eventId),
    )

    app.get(
      '/events/:eventId/door/arrivals',
      {
        config: { access: WATCHERS, problems: ['event_not_found'] },
        schema: {
          operationId: 'listDoorArrivals',
          tags: ['Check-in'],
          summary: 'Who came in, by five minutes and gate, the first first',
          description: 'Of the last day on which anybody came, by the time of the scan, also of offline devices.',
          params: EventParams,
          response: { 200: Answer({ data: Type.Array(Arrival) }) },
        },
      },
      async (request) => {
        const { eventId } = request.params
        const { db } = forCaller(deps, request)
        if (!(await isEventThere(db, reachOf(request.user), eventId))) throw new Failure('event_not_found')
        return { data: await listArrivals(db, eventId) }
      },
    )

    app.get(
      '/events/:eventId/door/conflicts',
      {
        config: { access: WATCHERS, problems: ['event_not_found'] },
        schema: {
          operationId: 'listDoorConflicts',
          tags: ['Check-in'],
          summary: 'Codes that two gates admitted while one was offline, newest first',
          description:
            'The earlier scan stands (`first`); the later one is a duplicate, but its people were let in (`second`).',
          params: EventParams,
          querystring: Type.Object(PageQuery, { additionalProperties: false }),
          response: { 200: Page(Conflict) },
        },
      },
      async (request) => {
        const { eventId } = request.params
        const { limit, cursor } = request.query
        const before = readCursor(cursor)
        if (!(await isEventThere(forCaller(deps, request).db, reachOf(request.user), eventId)))
          throw new Failure('event_not_found')
        const rows = await listConflicts(forCaller(deps, request).db, { eventId, before, limit: limit + 1 })
        const { data, page } = toPage(rows, limit, ({ receivedAt, id }) => ({ at: receivedAt, id }))
        return { data: data.map(describeConflict), page }
      },
    )

    const stream = openStreams(app, deps)
    app.get(
      '/events/:eventId/door/stream',
      {
        config: { access: VIEWERS, problems: ['event_not_found'] },
        schema: {
          operationId: 'streamDoor',
          tags: ['Check-in'],
          summary: 'The door as server-sent events',
          description:
            'Each `door` event carries all of `GET /events/{eventId}/door`, at once and then within two seconds of ' +
            'a change. The stream ends after 15 minutes and when the access token expires; an EventSource ' +
            'reconnects by itself.',
          params: EventParams,
          response: { 200: FileAnswer<Readable>('text/event-stream', 'Events `door`; the data is JSON.') },
        },
      },
      async (request, reply) => {
        const reach = reachOf(request.user)
        const { eventId } = request.params
        if (!(await isEventThere(forCaller(deps, request).db, reach, eventId))) throw new Failure('event_not_found')
        return stream(request, reply, (life) => watchDoor(forCaller(deps, request), { ...life, reach, eventId }))
      },
    )
  }

const describeConflict = (row: ConflictRow) => ({
  ...{ id: row.id, guestId: row.guestId, guestName: row.guestName, receivedAt: row.receivedAt },
  persons: row.requested,
  first: { scanId: row.firstScanId, at: row.firstAt, gate: row.firstGate, device: row.firstDevice, by: row.firstBy },
  second: {
    scanId: row.secondScanId,
    at: row.secondAt,
    gate: row.secondGate,
    device: row.secondDevice,
    by: row.secondBy,
  },
})
