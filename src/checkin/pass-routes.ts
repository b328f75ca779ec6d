/** Passes that are revoked, and the keys that sign them. */
import type { FastifyPluginAsyncTypebox } from '@fastify/type-provider-typebox'
import { Type } from 'typebox'
import type { Deps } from '../deps.ts'
import { revokeCode } from '../events/events.ts'
import { Failure } from '../platform/errors.ts'
import { cleanLine } from '../platform/values/text.ts'
import { forCaller, scopeOf } from '../http/access.ts'
import { Answer, AnswerOf, GuestParams, NoBody } from '../http/schemas.ts'
import { describeKey } from './manifest.ts'
import { DoorKey } from './offline-schemas.ts'

export const passRoutes =
  (deps: Pick<Deps, 'db' | 'now' | 'keyring'>): FastifyPluginAsyncTypebox =>
  async (app) => {
    app.post(
      '/events/:eventId/guests/:guestId/pass/revoke',
      {
        config: { access: ['organizer', 'director'], problems: ['guest_not_found'] },
        schema: {
          operationId: 'revokePass',
          tags: ['Check-in'],
          summary: 'Replace a pass that is in the wrong hands',
          description:
            'The guest gets a new code: a new link, a new QR, a new code to type. With the old ones the door ' +
            'answers `revoked`, and the old link 404. Who is inside stays inside. Send the guest the invitation ' +
            'again.',
          params: GuestParams,
          body: Type.Object(
            { reason: Type.Optional(Type.String({ minLength: 1, maxLength: 500, pattern: '\\S' })) },
            { additionalProperties: false },
          ),
          response: {
            200: Answer(
              { guestId: Type.String(), code: Type.String(), passVersion: Type.Integer() },
              { title: 'RenewedPass' },
            ),
          },
        },
      },
      async (request) => {
        const { params, body, user } = request
        const reason = body.reason === undefined ? null : cleanLine(body.reason)
        const revocation = { ...params, reason, scope: scopeOf(request), by: user.id, now: deps.now() }
        const renewed = await revokeCode(forCaller(deps, request).db, revocation)
        if (!renewed) throw new Failure('guest_not_found')
        request.log.info({ guestId: params.guestId }, 'A pass was revoked')
        return { guestId: params.guestId, ...renewed }
      },
    )

    app.post(
      '/door-keys/rotate',
      {
        config: { access: ['director'] },
        schema: {
          operationId: 'rotateDoorKey',
          tags: ['Check-in'],
          summary: 'Make a new key, which signs passes after an hour',
          description:
            'By then devices have read it with their manifest. Passes that were signed before stay valid until they expire.',
          body: NoBody,
          response: { 201: AnswerOf(DoorKey) },
        },
      },
      async (request, reply) => {
        const key = describeKey(await deps.keyring.rotate(request.user.id))
        request.log.info({ kid: key.kid }, 'A new key signs passes')
        void reply.code(201)
        return key
      },
    )
  }
