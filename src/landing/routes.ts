/** A guest's invitation as JSON, page, QR and calendar entry, and the guest's answer. */
import type { FastifyPluginAsyncTypebox } from '@fastify/type-provider-typebox'
import type { FastifyReply, FastifyRequest } from 'fastify'
import { Type } from 'typebox'
import type { Deps } from '../deps.ts'
import { Failure, statusOf, type FailureCode } from '../platform/errors.ts'
import { Answer, FileAnswer, Instant, Locale, NullableInteger, NullableString } from '../http/schemas.ts'
import { limitGuesses } from '../http/rate-limit.ts'
import { answerByCode, viewInvitation, type InvitationView } from './landing.ts'
import { PAGE_POLICY, renderInvitation, renderMessage } from './page.ts'
import { drawQrPng, drawQrSvg, writeCalendar } from './pass.ts'
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
  rate_limited: 'later',
}
const FORM = 'application/x-www-form-urlencoded'
const isForm = ({ headers }: FastifyRequest) => headers['content-type']?.startsWith(FORM) ?? false
const wantsPage = (request: FastifyRequest) =>
  isForm(request) || (request.headers.accept?.includes('text/html') ?? false)

export const landingRoutes =
  (deps: Deps): FastifyPluginAsyncTypebox =>
  async (app) => {
    const known = {
      access: 'public',
      problems: ['invitation_not_found', 'invitation_expired'],
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
      if (!page || !wantsPage(request)) throw error
      if (!(error instanceof Failure)) return sendPage(reply, renderMessage(localeOf(request), page), 400)
      const { code, details } = error
      if (details.retryAfterSeconds) void reply.header('retry-after', details.retryAfterSeconds)
      return sendPage(reply, renderMessage(localeOf(request), page), statusOf(code))
    })

    app.get(
      '/public/invite/:code',
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
        return wantsPage(request) ? sendPage(reply, await renderWithQr(view)) : view
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
          return sendPage(reply, await renderWithQr(view, error.code as Notice), statusOf(error.code))
        }
      },
    )

    for (const [file, operationId, summary, type, write] of [
      ['qr.svg', 'drawQrSvg', 'The QR code of an invitation as SVG', 'image/svg+xml', ({ code }) => drawQrSvg(code)],
      ['qr.png', 'drawQrPng', 'The QR code of an invitation as PNG', 'image/png', ({ code }) => drawQrPng(code)],
      [
        'event.ics',
        'downloadCalendar',
        'The event as a calendar file',
        'text/calendar; charset=utf-8',
        async (view) => writeCalendar(view, `${deps.config.http.publicBaseUrl}/public/invite/${view.code}`, deps.now()),
      ],
    ] as [string, string, string, string, (view: InvitationView) => Promise<string | Buffer>][]) {
      app.get(
        `/public/invite/:code/${file}`,
        {
          config: known,
          schema: {
            operationId,
            tags: ['Landing'],
            summary,
            params: ByCode,
            response: { 200: FileAnswer<string | Buffer>(type.split(';')[0]!, 'The file.') },
          },
        },
        async (request, reply) => {
          const view = await viewOrLimit(deps, request, request.params.code)
          if (file === 'event.ics') void reply.header('content-disposition', 'attachment; filename="event.ics"')
          return reply.type(type).send(await write(view))
        },
      )
    }
  }

const viewOrLimit = (deps: Deps, request: FastifyRequest, code: string) =>
  limitGuesses(deps.kv, request, () => viewInvitation(deps, code))

const sendPage = (reply: FastifyReply, html: string, status = 200) =>
  reply.code(status).type('text/html; charset=utf-8').header('content-security-policy', PAGE_POLICY).send(html)

async function renderWithQr(view: InvitationView, notice?: Notice): Promise<string> {
  const hasPass = view.isOpen && view.answer === 'yes'
  return renderInvitation(view, {
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
