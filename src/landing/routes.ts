/** A guest's invitation as JSON, page, QR and calendar entry, and the guest's answer. */
import type { FastifyPluginAsyncTypebox } from '@fastify/type-provider-typebox'
import type { FastifyReply, FastifyRequest } from 'fastify'
import { Type } from 'typebox'
import type { Deps } from '../deps.ts'
import { Failure, statusOf, type FailureCode } from '../platform/errors.ts'
import { FileAnswer } from '../http/schemas.ts'
import { cleanLine } from '../platform/values/text.ts'
import { wantsPage } from '../http/accepts.ts'
import { etagOf, namesTag } from '../http/etag.ts'
import { limitGuesses } from '../http/rate-limit.ts'
import { cardPathOf } from './cards.ts'
import { answerByCode, viewInvitation, type InvitationView } from './landing.ts'
import { PAGE_POLICY, pagePathOf, PREVIEW_PATH, renderInvitation, renderMessage } from './page.ts'
import { issuePass } from '../checkin/checkin.ts'
import { drawQrPng, drawQrSvg, writeCalendar } from './pass.ts'
import { PREVIEW_PNG } from './preview.ts'
import { ByCode, CHANGED, Rsvp, SHOWN } from './schemas.ts'
import { findCalendarEvent } from './sql.ts'
import { joinRoutes } from './waitlist-routes.ts'
import { WORDS, type Notice } from './words.ts'

const PAGES: Partial<Record<FailureCode, keyof (typeof WORDS)['en']['messages']>> = {
  invitation_not_found: 'unknown',
  invitation_expired: 'expired',
  invitation_revoked: 'revoked',
  rate_limited: 'later',
}
const NOT_MODIFIED = Type.Unsafe<undefined>({ type: 'null', description: 'If-None-Match has its ETag.' })
const INVITATION = '/public/invite/:code'
/** The page has a short address: it is read aloud, typed from paper and sent by WhatsApp. */
const PAGE = '/i/:code'
const FORM = 'application/x-www-form-urlencoded'
const isForm = ({ headers }: FastifyRequest) => headers['content-type']?.startsWith(FORM) ?? false
/** Opened without a preference, the invitation is a page; its files and answers are no pages. */
const showsPage = (request: FastifyRequest) =>
  isForm(request) ||
  request.routeOptions.url === PAGE ||
  wantsPage(request, request.routeOptions.url === INVITATION ? 'page' : 'json')

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
    app.addContentTypeParser(FORM, { parseAs: 'string', bodyLimit: 32_768 }, async (_request: unknown, body: unknown) =>
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

    /** After a form the page is shown again, with the reason of a refusal. */
    const respond = async (
      request: FastifyRequest<{ Params: { code: string } }>,
      reply: FastifyReply,
      change: () => Promise<InvitationView>,
    ) => {
      try {
        const view = await limitGuesses(deps.kv, request, change)
        return isForm(request) ? await reply.redirect(pagePathOf(view.code), 303) : view
      } catch (error) {
        if (!isForm(request) || !(error instanceof Failure) || !(error.code in WORDS.en.notices)) throw error
        const view = await viewInvitation(deps, request.params.code)
        return sendPage(reply, await renderWithQr(deps, view, error.code as Notice), statusOf(error.code))
      }
    }
    await app.register(joinRoutes(deps, { ...known, form: FORM, respond }))

    app.get(
      INVITATION,
      {
        config: known,
        schema: {
          operationId: 'showInvitation',
          tags: ['Landing'],
          summary: 'An invitation as JSON; who asks for a page is sent to it',
          params: ByCode,
          response: SHOWN,
        },
      },
      async (request, reply) => {
        const { code } = request.params
        return showsPage(request) ? reply.redirect(pagePathOf(code), 302) : viewOrLimit(deps, request, code)
      },
    )

    app.get(PAGE, { config: known, schema: { hide: true, params: ByCode } }, async (request, reply) =>
      sendPage(reply, await renderWithQr(deps, await viewOrLimit(deps, request, request.params.code))),
    )

    app.post(
      '/public/invite/:code/rsvp',
      {
        config: {
          ...known,
          problems: [
            ...known.problems,
            'event_not_open',
            'event_cancelled',
            'rsvp_closed',
            'places_exceeded',
            'capacity_reached',
            'guest_already_admitted',
            'companions_exceeded',
          ],
        },
        schema: {
          operationId: 'answerInvitation',
          tags: ['Landing'],
          summary: 'Answer an invitation; the answer may change until `rsvpUntil`, or until the event ends',
          consumes: ['application/json', FORM],
          params: ByCode,
          body: Rsvp,
          response: CHANGED,
        },
      },
      async (request, reply) => {
        const { answer, partySize: places, companions } = request.body
        const { code } = request.params
        const input = {
          ...{ code, answer, sourceRef: request.id },
          ...(places === undefined ? {} : { places }),
          ...(companions === undefined ? {} : { companions }),
        }
        return respond(request, reply, () => answerByCode(deps, input))
      },
    )

    const readCalendar = async ({ code, event }: InvitationView) =>
      writeCalendar((await findCalendarEvent(deps.db, event.id))!, baseUrl + pagePathOf(code), deps.now())
    const drawSvg = async (view: InvitationView) => drawQrSvg(await passOf(deps, view))
    const drawPng = async (view: InvitationView) => drawQrPng(await passOf(deps, view))
    for (const [file, operationId, summary, type, write] of [
      ['qr.svg', 'drawQrSvg', 'The signed pass of an invitation as an SVG with its QR code', 'image/svg+xml', drawSvg],
      ['qr.png', 'drawQrPng', 'The signed pass of an invitation as a PNG with its QR code', 'image/png', drawPng],
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
          summary: 'The picture beside a link that opens no invitation',
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

/** What the QR says: the signed pass. */
const passOf = ({ keyring }: Deps, { code, passVersion: version, event: { id: eventId, endsAt } }: InvitationView) =>
  issuePass(keyring, { code, version, eventId, endsAt })

async function renderWithQr(deps: Deps, view: InvitationView, notice?: Notice): Promise<string> {
  const hasPass = (view.isOpen || view.isPastCutoff) && view.answer === 'yes'
  const { event, locale, texts } = view
  return renderInvitation(view, {
    baseUrl: deps.config.http.publicBaseUrl,
    card: cardPathOf(deps.signingKey, event.id, { ...event, title: texts.title ?? event.name, locale }),
    ...(notice ? { notice } : {}),
    ...(hasPass ? { qr: await drawQrSvg(await passOf(deps, view)) } : {}),
  })
}

/** The language of a reader whose invitation is unknown. */
const localeOf = ({ headers }: FastifyRequest) => (/^en\b/i.test(headers['accept-language'] ?? '') ? 'en' : 'es-MX')

function readForm(body: string): Record<string, unknown> {
  const fields = new URLSearchParams(body)
  const { partySize, companion, ...rest } = Object.fromEntries(fields)
  const names = fields.getAll('companion').filter((name) => cleanLine(name) !== '')
  return {
    ...rest,
    ...(partySize ? { partySize: Number(partySize) } : {}),
    ...(companion === undefined ? {} : { companions: names.map((name) => ({ name })) }),
  }
}
