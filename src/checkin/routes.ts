/** Scans at the door, and their list. */
import type { FastifyPluginAsyncTypebox } from '@fastify/type-provider-typebox'
import { Type } from 'typebox'
import type { Deps } from '../deps.ts'
import { Failure } from '../platform/errors.ts'
import { forCaller, reachOf } from '../http/access.ts'
import { Page, PageQuery, readCursor, toPage } from '../http/page.ts'
import { AnswerOf, EventParams } from '../http/schemas.ts'
import { scan } from './checkin.ts'
import { viewManifest } from './manifest.ts'
import { Manifest, SyncBody, SyncReply } from './offline-schemas.ts'
import { isEventThere, listScans } from './scans-sql.ts'
import { syncScans } from './sync.ts'
import { RESULTS, ScanBody, ScanItem, ScanReply } from './schemas.ts'

/** A device scans at its own event alone (http/access.ts). */
const SCANNERS = ['staff', 'organizer', 'director', 'device'] as const
/** An event with more guests gets its manifest in parts. */
const ENTRIES_MAX = 10_000
/** 500 scans, with room for long codes. */
const UPLOAD_LIMIT = 2 * 1024 * 1024

export const checkinRoutes =
  (deps: Pick<Deps, 'db' | 'now' | 'metrics' | 'keyring'>): FastifyPluginAsyncTypebox =>
  async (app) => {
    app.post(
      '/scan/validate',
      {
        config: {
          access: SCANNERS,
          problems: ['event_not_found', 'invalid_date', 'scan_id_reused', 'scan_undone'],
        },
        schema: {
          operationId: 'validateScan',
          tags: ['Check-in'],
          summary: 'Admit the holder of a code',
          description:
            '`valid`: admitted now. `duplicate`: nobody more may enter with this code (`already_admitted`), or ' +
            'fewer than asked (`not_enough_places`; `remaining` says how many). `invalid`: `reason` and `message` ' +
            'say why. Unless the event has the `doorPolicy` `confirmed`, guests who have not answered or have ' +
            'declined are admitted too; `guest.answer` tells the door. `direction: "out"` records who leaves an ' +
            'event with `reentry`. The scans of a device name its own gate and name.',
          body: ScanBody,
          response: { 200: ScanReply },
        },
      },
      async (request, reply) => {
        const { answer, isRetry } = await scan(deps, { ...request.body, user: request.user, requestId: request.id })
        if (isRetry) void reply.header('idempotent-replayed', 'true')
        else deps.metrics.scans.inc({ result: answer.status })
        return answer
      },
    )

    app.post(
      '/scan/sync',
      {
        bodyLimit: UPLOAD_LIMIT,
        config: { access: SCANNERS, problems: ['event_not_found', 'invalid_date'] },
        schema: {
          operationId: 'syncScans',
          tags: ['Check-in'],
          summary: 'Upload the scans of a device that was offline',
          description:
            'Each scan is judged and ranked by the time at which it took place. An upload may be sent again whole: ' +
            'what is stored is not stored twice. An earlier scan takes the place of a later admission, which ' +
            'becomes a duplicate; with two gates, or two devices, that is a conflict (`GET ' +
            '/events/{eventId}/door/conflicts`). Name `gate` and `device`.',
          body: SyncBody,
          response: { 200: SyncReply },
        },
      },
      async (request) => {
        const synced = await syncScans(forCaller(deps, request), {
          ...request.body,
          user: request.user,
          requestId: request.id,
        })
        for (const one of synced.results)
          if (one.status !== 'rejected' && !one.isRetry) deps.metrics.scans.inc({ result: one.status })
        return synced
      },
    )

    app.get(
      '/scan/manifest/:eventId',
      {
        config: { access: SCANNERS, problems: ['event_not_found', 'invalid_cursor'] },
        schema: {
          operationId: 'showManifest',
          tags: ['Check-in'],
          summary: 'What a device needs to scan without a network',
          description:
            'All guests, or with `since` those that changed; ask again at once while `hasMore`. An entry replaces ' +
            'the one with the same `hash`, and some come twice. When a device has not as many entries as there are ' +
            '`guests`, one was deleted: begin without `since`. A hash in `revoked` is no entry any more: its code ' +
            'is `revoked`. `hash`: base64url, without padding, of the first 16 bytes of SHA-256 of ' +
            '`<eventId>:<code>`, the code in capitals with letters and digits only, O as 0, I and L as 1.',
          params: EventParams,
          querystring: Type.Object(
            {
              since: Type.Optional(Type.String({ maxLength: 300, description: '`cursor` of the answer before.' })),
              names: Type.Boolean({
                default: false,
                description: 'With the names of guests and the notes about them, for a search at the door.',
              }),
            },
            { additionalProperties: false },
          ),
          response: { 200: AnswerOf(Manifest) },
        },
      },
      (request) => {
        const { since, names: hasNames } = request.query
        const page = { since: readCursor(since), limit: ENTRIES_MAX }
        return viewManifest(forCaller(deps, request), {
          ...reachOf(request.user),
          eventId: request.params.eventId,
          hasNames,
          ...page,
        })
      },
    )

    app.get(
      '/events/:eventId/scans',
      {
        config: { access: ['staff', 'organizer', 'director'], problems: ['event_not_found'] },
        schema: {
          operationId: 'listScans',
          tags: ['Check-in'],
          summary: 'Scans of an event, refused ones included, newest first',
          params: EventParams,
          querystring: Type.Object(
            { ...PageQuery, result: Type.Optional(Type.Enum(RESULTS)) },
            { additionalProperties: false },
          ),
          response: { 200: Page(ScanItem) },
        },
      },
      async (request) => {
        const { limit, cursor, result = null } = request.query
        const { eventId } = request.params
        const reach = reachOf(request.user)
        const before = readCursor(cursor)
        if (!(await isEventThere(forCaller(deps, request).db, reach, eventId))) throw new Failure('event_not_found')
        const scans = await listScans(forCaller(deps, request).db, {
          scope: reach.scope,
          eventId,
          result,
          before,
          limit: limit + 1,
        })
        return toPage(scans, limit, ({ receivedAt, id }) => ({ at: receivedAt, id }))
      },
    )
  }
