/** GET shows a page with one button and changes nothing; POST is the button and the one-click request of RFC 8058. */
import type { FastifyPluginAsyncTypebox } from '@fastify/type-provider-typebox'
import { Type } from 'typebox'
import type { Deps } from '../deps.ts'
import { FileAnswer } from '../http/schemas.ts'
import { limitGuesses } from '../http/rate-limit.ts'
import { ONE_CLICK_FORMS, openStopPages, sendStopPage } from '../http/stop-page.ts'
import { describeUnsubscribe, findUnsubscriber, unsubscribe } from './unsubscribe.ts'

const ByCode = Type.Object({ code: Type.String({ minLength: 1, maxLength: 300 }) })
const ByAddress = Type.Object({
  to: Type.Optional(Type.String({ maxLength: 100, description: 'Which address of the guest the link went to.' })),
})

export const unsubscribeRoutes =
  (deps: Deps): FastifyPluginAsyncTypebox =>
  async (app) => {
    const open = { config: { access: 'public', problems: ['invitation_not_found'], hasPages: true } as const }
    openStopPages(app, 'invitation_not_found')

    app.get(
      '/public/unsubscribe/:code',
      {
        ...open,
        schema: {
          operationId: 'showUnsubscribePage',
          tags: ['Landing'],
          summary: 'The page that asks whether to stop e-mails',
          params: ByCode,
          response: { 200: FileAnswer<string>('text/html', 'The page.') },
        },
      },
      async (request, reply) => {
        const found = await limitGuesses(deps.kv, request, () => findUnsubscriber(deps.db, request.params.code))
        return sendStopPage(reply, describeUnsubscribe(found, 'ask'))
      },
    )

    app.post(
      '/public/unsubscribe/:code',
      {
        ...open,
        schema: {
          operationId: 'unsubscribe',
          tags: ['Landing'],
          summary: 'Stop e-mail from this organizer to this guest (RFC 8058 one-click)',
          consumes: ONE_CLICK_FORMS,
          params: ByCode,
          querystring: ByAddress,
          response: { 200: FileAnswer<string>('text/html', 'A page that confirms it.') },
        },
      },
      async (request, reply) => {
        const { code } = request.params
        const found = await limitGuesses(deps.kv, request, () => unsubscribe(deps, code, request.query.to))
        return sendStopPage(reply, describeUnsubscribe(found, 'done'))
      },
    )
  }
