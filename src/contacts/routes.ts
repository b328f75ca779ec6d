/** Whether free-form messages may be sent to a number now. */
import type { FastifyPluginAsyncTypebox } from '@fastify/type-provider-typebox'
import { Type } from 'typebox'
import type { Deps } from '../deps.ts'
import { forCaller, reachOf } from '../http/access.ts'
import { Answer, NullableInstant } from '../http/schemas.ts'
import { readPhone } from '../platform/values/phone.ts'
import { describeWindow, findWindow } from './windows.ts'

const Session = Answer(
  {
    phone: Type.String({ description: 'E.164.' }),
    status: Type.Enum(['open', 'closed']),
    lastInboundAt: NullableInstant,
    openedAt: NullableInstant,
    expiresAt: NullableInstant,
    secondsRemaining: Type.Integer(),
  },
  { title: 'WhatsAppWindow' },
)

export const contactRoutes =
  (deps: Deps): FastifyPluginAsyncTypebox =>
  async (app) => {
    app.get(
      '/wa/session/:phone',
      {
        config: { access: ['organizer', 'staff', 'director'], problems: ['invalid_phone'] },
        schema: {
          operationId: 'showWhatsAppWindow',
          tags: ['WhatsApp'],
          summary: 'The 24-hour window of a number',
          description:
            'An unknown number is `closed`. An organizer sees only the windows of its own guests, and staff those ' +
            'of the events they are assigned to.',
          params: Type.Object({ phone: Type.String({ maxLength: 40 }) }),
          response: { 200: Session },
        },
      },
      async (request) => {
        const phone = readPhone(request.params.phone)
        const window = await findWindow(forCaller(deps, request).db, reachOf(request.user), phone)
        return { phone, ...describeWindow(window, deps.now(), deps.config.whatsapp.windowMs) }
      },
    )
  }
