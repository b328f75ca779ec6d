/** Devices of a door. */
import type { FastifyPluginAsyncTypebox } from '@fastify/type-provider-typebox'
import { Type } from 'typebox'
import type { Deps } from '../deps.ts'
import { forCaller, scopeOf } from '../http/access.ts'
import { Page, PageQuery, readCursor, toPage } from '../http/page.ts'
import { Answer, Id, Instant, NullableInstant } from '../http/schemas.ts'
import { addDevice, claimToken, removeDevice } from './devices.ts'
import { listDevices } from './devices-sql.ts'

const MANAGERS = ['organizer', 'director'] as const
const Device = Type.Object(
  {
    id: Type.String(),
    organizerId: Type.String(),
    eventId: Type.String(),
    gate: Type.String(),
    name: Type.String(),
    codeExpiresAt: Instant,
    claimedAt: Type.Unsafe<Date | null>({ ...NullableInstant, description: 'When its code was used; null: not yet.' }),
    lastUsedAt: Type.Unsafe<Date | null>({ ...NullableInstant, description: 'As of the last minute.' }),
    createdBy: Type.String(),
    createdAt: Instant,
  },
  { title: 'Device' },
)
const Label = Type.String({ minLength: 1, maxLength: 100 })
const ONCE = 'Null when the answer is replayed.'
const DeviceEvent = Type.Object(
  {
    id: Type.String(),
    name: Type.String(),
    status: Type.String(),
    startsAt: Instant,
    endsAt: Instant,
    timeZone: Type.String(),
  },
  { title: 'DeviceEvent' },
)

export const deviceRoutes =
  (deps: Pick<Deps, 'db' | 'kv' | 'now' | 'config' | 'credentials'>): FastifyPluginAsyncTypebox =>
  async (app) => {
    app.get(
      '/devices',
      {
        config: { access: MANAGERS },
        schema: {
          operationId: 'listDevices',
          tags: ['Check-in'],
          summary: 'Devices of the doors, newest first',
          querystring: Type.Object({ ...PageQuery, eventId: Type.Optional(Id) }, { additionalProperties: false }),
          response: { 200: Page(Device) },
        },
      },
      async (request) => {
        const { limit, cursor, eventId = null } = request.query
        const page = { before: readCursor(cursor), limit: limit + 1 }
        const devices = await listDevices(forCaller(deps, request).db, { scope: scopeOf(request), eventId, ...page })
        return toPage(devices, limit, ({ createdAt, id }) => ({ at: createdAt, id }))
      },
    )
    app.post(
      '/devices',
      {
        config: {
          access: MANAGERS,
          shownOnce: ['code', 'qr'],
          problems: ['event_not_found', 'event_closed', 'device_exists'],
        },
        schema: {
          operationId: 'addDevice',
          tags: ['Check-in'],
          summary: 'Add a device to a gate; the answer has the code that sets it up, also as a QR',
          description:
            'The code is valid once within 15 minutes, for `POST /devices/claim`. Names are unique within an event.',
          body: Type.Object(
            { eventId: Id, gate: Label, name: Label },
            { additionalProperties: false, title: 'NewDeviceRequest' },
          ),
          response: {
            201: Answer(
              {
                device: Device,
                code: Type.Unsafe<string | null>({ type: ['string', 'null'], description: ONCE }),
                qr: Type.Unsafe<{ text: string; svg: string } | null>({
                  type: ['object', 'null'],
                  properties: { text: { type: 'string' }, svg: { type: 'string' } },
                  required: ['text', 'svg'],
                  description: ONCE,
                }),
              },
              { title: 'NewDevice' },
            ),
          },
        },
      },
      async (request, reply) => {
        void reply.code(201)
        return addDevice(forCaller(deps, request), request.user, request.body)
      },
    )
    app.post(
      '/devices/claim',
      {
        config: { access: 'public', problems: ['device_code_not_valid', 'device_code_of_other_event'] },
        schema: {
          operationId: 'claimDevice',
          tags: ['Check-in'],
          summary: 'Exchange the code of a device for its token, once',
          description:
            'The token is sent as `Authorization: Bearer`. It opens `/scan/*` and the state of the door for this ' +
            'event; its scans name its gate and its name. It ends when the device is deleted and when the event ' +
            'expires.',
          body: Type.Object(
            {
              code: Type.String({ minLength: 1, maxLength: 500, description: 'As typed, or the text of the QR.' }),
              eventId: Type.Optional(
                Type.Unsafe<string>({
                  ...Id,
                  description: 'The only one wanted: the code of another event is not used up.',
                }),
              ),
            },
            { additionalProperties: false, title: 'DeviceClaim' },
          ),
          response: {
            200: Answer({ token: Type.String(), device: Device, event: DeviceEvent }, { title: 'ClaimedDevice' }),
          },
        },
      },
      (request) => claimToken(deps, { ...request.body, address: request.ip }),
    )
    app.delete(
      '/devices/:deviceId',
      {
        config: { access: MANAGERS, problems: ['device_not_found'] },
        schema: {
          operationId: 'deleteDevice',
          tags: ['Check-in'],
          summary: 'Delete a device: its token ends at once, and its scans stay',
          params: Type.Object({ deviceId: Id }),
          response: { 200: Answer({ status: Type.Literal('deleted') }) },
        },
      },
      async (request) => {
        await removeDevice(forCaller(deps, request), scopeOf(request), request.params.deviceId)
        return { status: 'deleted' as const }
      },
    )
  }
