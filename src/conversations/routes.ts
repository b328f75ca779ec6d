/** The conversation with a guest on WhatsApp. */
import type { FastifyPluginAsyncTypebox } from '@fastify/type-provider-typebox'
import { Type } from 'typebox'
import type { Deps } from '../deps.ts'
import { findGuest } from '../events/events.ts'
import { scopeOf } from '../http/access.ts'
import { Answer, GuestParams, Instant, NullableInstant, NullableString } from '../http/schemas.ts'
import { Failure } from '../platform/errors.ts'
import { listThread } from './thread.ts'

const Message = Type.Object(
  {
    id: Type.String({ description: "WhatsApp's id of the message." }),
    direction: Type.Enum(['in', 'out'], { description: '`out`: written by us in WhatsApp itself.' }),
    type: Type.String({ description: 'As WhatsApp names it: text, button, image, reaction …' }),
    origin: Type.Enum(['live', 'forwarded', 'history'], {
      description: "`forwarded`: somebody else's words. `history`: imported from before.",
    }),
    text: NullableString,
    sentAt: Instant,
    editedAt: NullableInstant,
    withdrawnAt: NullableInstant,
    replyTo: NullableString,
    reactionTo: NullableString,
    intent: NullableString,
    outcome: NullableString,
  },
  { title: 'ConversationMessage' },
)

export const conversationRoutes =
  (deps: Deps): FastifyPluginAsyncTypebox =>
  async (app) => {
    app.get(
      '/events/:eventId/conversations/:guestId',
      {
        config: { access: ['organizer', 'director', 'viewer'], problems: ['guest_not_found'] },
        schema: {
          operationId: 'showConversation',
          tags: ['WhatsApp'],
          summary: 'What a guest wrote on WhatsApp, newest first',
          description:
            'With reactions, and with what was edited or withdrawn. Messages that we send are deliveries. Words about no event are left out while another organizer has the same number.',
          params: GuestParams,
          querystring: Type.Object(
            { limit: Type.Integer({ minimum: 1, maximum: 200, default: 50 }) },
            { additionalProperties: false },
          ),
          response: { 200: Answer({ data: Type.Array(Message) }, { title: 'Conversation' }) },
        },
      },
      async (request) => {
        const { eventId, guestId } = request.params
        if (!(await findGuest(deps.db, scopeOf(request), eventId, guestId))) throw new Failure('guest_not_found')
        return { data: await listThread(deps.db, { eventId, guestId, limit: request.query.limit }) }
      },
    )
  }
