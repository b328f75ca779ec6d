/** A guest's invitation as JSON, page, QR and calendar entry, and the guest's answer. */
import type { FastifyPluginAsyncTypebox } from '@fastify/type-provider-typebox'
import type { FastifyReply, FastifyRequest } from 'fastify'
import { Type } from 'typebox'
import type { Deps } from '../deps.ts'
import { Failure, statusOf, type FailureCode } from '../platform/errors.ts'
import { Answer, FileAnswer, Instant, Locale, NullableInteger, NullableString } from '../http/schemas.ts'
import { wantsPage } from '../http/accepts.ts'
import { etagOf, namesTag } from '../http/etag.ts'
import { limitGuesses } from '../http/rate-limit.ts'
import { answerByCode, viewInvitation, type InvitationView } from './landing.ts'
import { PAGE_POLICY, PREVIEW_PATH, renderInvitation, renderMessage } from './page.ts'
import { drawQrPng, drawQrSvg, writeCalendar } from './pass.ts'
import { PREVIEW_PNG } from './preview.ts'
import { findCalendarEvent } from './sql.ts'
import { WORDS, type Notice } from './words.ts'

const ANSWERS = ['yes', 'no', 'maybe'] as const
const ByCode = Type.Object({ code: Type.String({ minLength: 1, maxLength: 300 }) })
const Rsvp = Type.Object(
  {
    answer: Type.Enum(ANSWERS),
    partySize: Type.Optional(
      Type.Integer({
        minimum: 1,
        maximum: 20,
        description: 'How many come, for yes; all that were invited if absent.',
      }),
    ),
  },
  { additionalProperties: false, title: 'Rsvp' },
)
const Invitation = Answer(
  {
    code: Type.String(),
    status: Type.Enum(['active', 'archived', 'expired'], { description: 'Of the event.' }),
    isOpen: Type.Boolean({ description: 'Answers are taken: the event is active and has not ended.' }),
    locale: Locale,
    event: Type.Object({
      id: Type.String(),
      name: Type.String(),
      startsAt: Instant,
      endsAt: Instant,
      timeZone: Type.String(),
      location: NullableString,
    }),
    guest: Type.Object({ name: Type.String(), partySize: Type.Integer({ description: 'As many as were invited.' }) }),
    answer: Type.Enum(['pending', ...ANSWERS]),
    answeredPlaces: NullableInteger,
    admitted: Type.Integer(),
  },
  { title: 'Invitation' },
)
const JsonOrPage = {
  description: 'The invitation; a page for a browser.',
  content: { 'application/json': { schema: Invitation }, ...FileAnswer<string>('text/html', '').content },
}

const PAGES: Partial<Record<FailureCode, keyof (typeof WORDS)['en']['messages']>> = {
  invitation_not_found: 'unknown',
  invitation_expired: 'expired',
  invitation_revoked: 'revoked',
  rate_limited: 'later',
}
const NOT_MODIFIED = Type.Unsafe<undefined>({ type: 'null', description: 'If-None-Match has its ETag.' })
const INVITATION = '/public/invite/:code'
const FORM = 'application/x-www-form-urlencoded'
const isForm = ({ headers }: FastifyRequest) => headers['content-type']?.startsWith(FORM) ?? false
/** Opened without a preference, the invitation is a page; its files and answers are no pages. */
const showsPage = (request: FastifyRequest) =>
  isForm(request) || wantsPage(request, request.routeOptions.url === INVITATION ? 'page' : 'json')

export const landingRoutes =
  (deps: Deps): FastifyPluginAsyncTypebox =>
  async (app) => {
    const baseUrl = deps.config.http.publicBaseUrl
    const known = {
      access: 'public',
      problems: ['invitation_not_found', 'invitation_expired', 'invitation_revoked'],
      hasPages: true,
    } as const

    // The page's form works without scripts. This parser applies only to the routes of this plugin.
    app.addContentTypeParser(FORM, { parseAs: 'string', bodyLimit: 4096 }, async (_request: unknown, body: unknown) =>
      readForm(String(body)),
    )
    app.addHook('onRequest', async (_request, reply) => {
      void reply.header('cache-control', 'no-store').header('x-robots-tag', 'noindex').header('vary', 'accept')
    })
    app.setErrorHandler(async (error, request, reply) => {
      const isUnreadable = (error as { validation?: unknown }).validation !== undefined
      const page = error instanceof Failure ? PAGES[error.code] : isUnreadable ? 'unreadable' : undefined
      if (!page || !showsPage(request)) throw error
      const message = renderMessage(localeOf(request), page, baseUrl)
      if (!(error instanceof Failure)) return sendPage(reply, message, 400)
      const { code, details } = error
      if (details.retryAfterSeconds) void reply.header('retry-after', details.retryAfterSeconds)
      return sendPage(reply, message, statusOf(code))
    })

    app.get(
      INVITATION,
      {
        config: known,
        schema: {
          operationId: 'showInvitation',
          tags: ['Landing'],
          summary: 'An invitation, as JSON or as a page',
          params: ByCode,
          response: { 200: JsonOrPage },
        },
      },
      async (request, reply) => {
        const view = await viewOrLimit(deps, request, request.params.code)
        return showsPage(request) ? sendPage(reply, await renderWithQr(view, baseUrl)) : view
      },
    )

    app.post(
      '/public/invite/:code/rsvp',
      {
        config: {
          ...known,
          problems: [
            ...known.problems,
            'event_not_open',
            'places_exceeded',
            'capacity_reached',
            'guest_already_admitted',
          ],
        },
        schema: {
          operationId: 'answerInvitation',
          tags: ['Landing'],
          summary: 'Answer an invitation; the answer may change until the event ends',
          consumes: ['application/json', FORM],
          params: ByCode,
          body: Rsvp,
          response: {
            200: Invitation,
            303: { type: 'null', description: 'To the page of the invitation, after its form.' },
          },
        },
      },
      async (request, reply) => {
        const { answer, partySize: places } = request.body
        const { code } = request.params
        const input = { code, answer, sourceRef: request.id, ...(places === undefined ? {} : { places }) }
        try {
          const view = await limitGuesses(deps.kv, request, () => answerByCode(deps, input))
          return isForm(request) ? await reply.redirect(`/public/invite/${encodeURIComponent(view.code)}`, 303) : view
        } catch (error) {
          if (!isForm(request) || !(error instanceof Failure) || !(error.code in WORDS.en.notices)) throw error
          const view = await viewInvitation(deps, code)
          return sendPage(reply, await renderWithQr(view, baseUrl, error.code as Notice), statusOf(error.code))
        }
      },
    )

    const readCalendar = async ({ code, event }: InvitationView) =>
      writeCalendar(
        (await findCalendarEvent(deps.db, event.id))!,
        `${baseUrl}/public/invite/${encodeURIComponent(code)}`,
        deps.now(),
      )
    for (const [file, operationId, summary, type, write] of [
      ['qr.svg', 'drawQrSvg', 'The QR code of an invitation as SVG', 'image/svg+xml', ({ code }) => drawQrSvg(code)],
      ['qr.png', 'drawQrPng', 'The QR code of an invitation as PNG', 'image/png', ({ code }) => drawQrPng(code)],
      ['event.ics', 'downloadCalendar', 'The event as a calendar file', 'text/calendar; charset=utf-8', readCalendar],
    ] as [string, string, string, string, (view: InvitationView) => Promise<string | Buffer>][]) {
      app.get(
        `${INVITATION}/${file}`,
        {
          config: known,
          schema: {
            operationId,
            tags: ['Landing'],
            summary,
            params: ByCode,
            response: { 200: FileAnswer<string | Buffer>(type.split(';')[0]!, 'The file.'), 304: NOT_MODIFIED },
          },
        },
        async (request, reply) => {
          const content = await write(await viewOrLimit(deps, request, request.params.code))
          if (file === 'event.ics') void reply.header('content-disposition', 'attachment; filename="event.ics"')
          return sendFile(request, reply, { type, content, caching: 'private, no-cache' })
        },
      )
    }

    app.get(
      PREVIEW_PATH,
      {
        config: { access: 'public' },
        schema: {
          operationId: 'showPreviewImage',
          tags: ['Landing'],
          summary: 'The picture beside the link of any invitation',
          response: { 200: FileAnswer<Buffer>('image/png', 'The picture.'), 304: NOT_MODIFIED },
        },
      },
      async (request, reply) =>
        sendFile(request, reply, { type: 'image/png', content: PREVIEW_PNG, caching: 'public, max-age=86400' }),
    )
  }

const viewOrLimit = (deps: Deps, request: FastifyRequest, code: string) =>
  limitGuesses(deps.kv, request, () => viewInvitation(deps, code))

const sendPage = (reply: FastifyReply, html: string, status = 200) =>
  reply.code(status).type('text/html; charset=utf-8').header('content-security-policy', PAGE_POLICY).send(html)

/** Webmail shows the file inside its own page, and Meta and calendars fetch it, so other origins may load it. */
function sendFile(
  request: FastifyRequest,
  reply: FastifyReply,
  file: { type: string; content: string | Buffer; caching: string },
) {
  const etag = etagOf(file.content)
  void reply
    .header('cross-origin-resource-policy', 'cross-origin')
    .header('cache-control', file.caching)
    .header('etag', etag)
  if (namesTag(request.headers['if-none-match'], etag)) return reply.code(304).send(undefined)
  return reply.type(file.type).send(file.content)
}

async function renderWithQr(view: InvitationView, baseUrl: string, notice?: Notice): Promise<string> {
  const hasPass = view.isOpen && view.answer === 'yes'
  return renderInvitation(view, {
    baseUrl,
    ...(notice ? { notice } : {}),
    ...(hasPass ? { qr: await drawQrSvg(view.code) } : {}),
  })
}

/** The language of a reader whose invitation is unknown. */
const localeOf = ({ headers }: FastifyRequest) => (/^en\b/i.test(headers['accept-language'] ?? '') ? 'en' : 'es-MX')

function readForm(body: string): Record<string, unknown> {
  const { partySize, ...rest } = Object.fromEntries(new URLSearchParams(body))
  return { ...rest, ...(partySize ? { partySize: Number(partySize) } : {}) }
}
