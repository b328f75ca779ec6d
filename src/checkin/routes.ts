/** Scans at the door, and their list. */
import type { FastifyPluginAsyncTypebox } from '@fastify/type-provider-typebox'
import { Type } from 'typebox'
import type { Deps } from '../deps.ts'
import { Failure } from '../platform/errors.ts'
import { scopeOf } from '../http/access.ts'
import { Page, PageQuery, readCursor, toPage } from '../http/page.ts'
import { Answer, EventParams, Id, Instant, NullableInteger, NullableString } from '../http/schemas.ts'
import { scan, SCAN_REASONS } from './checkin.ts'
import { isEventThere, listScans } from './sql.ts'

const RESULTS = ['valid', 'duplicate', 'invalid'] as const
const Label = Type.String({ minLength: 1, maxLength: 100 })

const ScanBody = Type.Object(
  {
    eventId: Id,
    code: Type.String({
      minLength: 1,
      maxLength: 2048,
      description:
        'As scanned or typed: in any case, with or without hyphens, also from a scanner of another keyboard layout. The address ' +
        'of an invitation counts as its code. An exact code wins; a correction that could mean two invitations is unknown_code.',
    }),
    admit: Type.Integer({
      minimum: 1,
      maximum: 20,
      default: 1,
      description: 'How many people of the party enter now.',
    }),
    gate: Type.Optional(Label),
    device: Type.Optional(Label),
    scanId: Type.Optional(
      Type.String({
        pattern: '^[A-Za-z0-9._:-]{1,128}$',
        description: "The device's own id of this scan: a retry with it gets the same answer and admits nobody twice.",
      }),
    ),
    scannedAt: Type.Optional(
      Type.String({ format: 'date-time', description: "The device's clock. It is kept; our own clock orders scans." }),
    ),
  },
  { additionalProperties: false, title: 'ScanRequest' },
)

const ScanReply = Answer(
  {
    status: Type.Enum(RESULTS),
    reason: Type.Optional(
      Type.Enum(SCAN_REASONS, {
        description:
          'unknown_code: not of this event. already_admitted: no place is left. not_enough_places: fewer are left than ' +
          'were asked for. event_over: more than 12 hours after its end (an archived or expired landing does not ' +
          'matter before). event_draft: it is not published yet.',
      }),
    ),
    guest: Type.Optional(
      Type.Object({
        name: Type.String(),
        partySize: Type.Integer({
          description: 'Places of the door: as invited, or as confirmed if fewer; admitted + remaining.',
        }),
        admitted: Type.Integer(),
        remaining: Type.Integer(),
        answer: Type.Enum(['pending', 'yes', 'no', 'maybe'], {
          description: 'A guest who declined is admitted all the same; the door may look twice.',
        }),
      }),
    ),
    first: Type.Optional(
      Type.Object({ at: Instant, gate: NullableString, device: NullableString }, { description: 'Who came in first.' }),
    ),
  },
  { title: 'ScanResult' },
)

const ScanItem = Type.Object(
  {
    id: Type.String(),
    scanId: Type.String(),
    guestId: NullableString,
    guestName: NullableString,
    result: Type.Enum(RESULTS),
    reason: NullableString,
    requested: Type.Integer(),
    admitted: NullableInteger,
    remaining: NullableInteger,
    gate: NullableString,
    device: NullableString,
    scannedBy: Type.String(),
    scannedAt: Instant,
    receivedAt: Instant,
  },
  { title: 'Scan' },
)

export const checkinRoutes =
  (deps: Pick<Deps, 'db' | 'now' | 'metrics'>): FastifyPluginAsyncTypebox =>
  async (app) => {
    app.post(
      '/scan/validate',
      {
        config: {
          access: ['staff', 'organizer', 'director'],
          problems: ['event_not_found', 'invalid_date', 'scan_id_reused'],
        },
        schema: {
          operationId: 'validateScan',
          tags: ['Check-in'],
          summary: 'Admit the holder of a code',
          description:
            '`valid`: admitted now. `duplicate`: nobody more may enter with this code (`already_admitted`), or fewer than asked ' +
            '(`not_enough_places`; `remaining` says how many). `invalid`: the event has no such code, is a draft, or ended more ' +
            'than 12 hours ago. Guests who have not answered or have declined are admitted too; `guest.answer` tells the door.',
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
        const scope = scopeOf(request)
        const before = readCursor(cursor)
        if (!(await isEventThere(deps.db, scope, eventId))) throw new Failure('event_not_found')
        const scans = await listScans(deps.db, { scope, eventId, result, before, limit: limit + 1 })
        return toPage(scans, limit, ({ receivedAt, id }) => ({ at: receivedAt, id }))
      },
    )
  }
