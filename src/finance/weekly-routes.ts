/** The link that turns the weekly e-mail off. */
import type { FastifyPluginAsyncTypebox } from '@fastify/type-provider-typebox'
import { Type } from 'typebox'
import { stopWeeklyEmail } from '../auth/auth.ts'
import type { Deps } from '../deps.ts'
import { FileAnswer } from '../http/schemas.ts'
import { ONE_CLICK_FORMS, openStopPages, sendStopPage } from '../http/stop-page.ts'
import { Failure } from '../platform/errors.ts'
import { findReader, type Reader } from './weekly-sql.ts'
import { WEEKLY_WORDS } from './weekly-words.ts'

const ByToken = Type.Object({ stopToken: Type.String({ minLength: 1, maxLength: 300 }) })

export const weeklyEmailRoutes =
  (deps: Deps): FastifyPluginAsyncTypebox =>
  async (app) => {
    const open = { config: { access: 'public', problems: ['not_found'], hasPages: true } as const }
    openStopPages(app, 'not_found')

    async function find(stopToken: string): Promise<Reader> {
      const reader = /^[0-9a-f]{32}$/i.test(stopToken) ? await findReader(deps.db, stopToken.toLowerCase()) : null
      if (!reader) throw new Failure('not_found')
      return reader
    }

    app.get(
      '/public/weekly-email/:stopToken',
      {
        ...open,
        schema: {
          operationId: 'showWeeklyEmailPage',
          tags: ['Landing'],
          summary: 'The page that asks whether to stop the weekly e-mail',
          params: ByToken,
          response: { 200: FileAnswer<string>('text/html', 'The page.') },
        },
      },
      async (request, reply) => {
        const { language: locale } = await find(request.params.stopToken)
        return sendStopPage(reply, { locale, ...WEEKLY_WORDS[locale].ask, isQuestion: true })
      },
    )

    app.post(
      '/public/weekly-email/:stopToken',
      {
        ...open,
        schema: {
          operationId: 'stopWeeklyEmail',
          tags: ['Landing'],
          summary: 'Stop the weekly e-mail to this director (RFC 8058 one-click)',
          consumes: ONE_CLICK_FORMS,
          params: ByToken,
          response: { 200: FileAnswer<string>('text/html', 'A page that confirms it.') },
        },
      },
      async (request, reply) => {
        const { userId, language: locale } = await find(request.params.stopToken)
        await stopWeeklyEmail(deps.db, userId)
        return sendStopPage(reply, { locale, ...WEEKLY_WORDS[locale].done })
      },
    )
  }
