/**
 * The pages of links that stop an e-mail: GET shows a question with one button and changes nothing, because mail scanners
 * open links; POST is the button, and the one click of a mailbox (RFC 8058).
 */
import type { FastifyInstance, FastifyReply } from 'fastify'
import { Failure, statusOf, type FailureCode } from '../platform/errors.ts'
import type { Locale } from '../platform/values/languages.ts'
import { localeOf } from './accepts.ts'
import { contentSecurityPolicyOf, escapeHtml, renderPage } from './html.ts'
import { TOKENS_CSS } from './tokens.ts'

const STYLE = `${TOKENS_CSS}
*{box-sizing:border-box}
body{margin:0;min-height:100vh;background:var(--ground);color:var(--ink);font:17px/1.5 system-ui,-apple-system,"Segoe UI",Roboto,sans-serif;padding:24px 16px;display:grid;place-items:center}
main{width:100%;max-width:440px;background:var(--paper);border-top:6px solid var(--accent);border-radius:20px;padding:32px 24px;text-align:center;overflow-wrap:anywhere}
h1{margin:0 0 12px;font:500 28px/1.2 Georgia,"Times New Roman",serif;text-wrap:balance}
p{margin:0 0 20px;color:var(--soft)}
button{font:inherit;font-weight:600;width:100%;min-height:52px;border:0;border-radius:14px;background:var(--accent);color:var(--on-accent);cursor:pointer}
:focus-visible{outline:3px solid var(--ink);outline-offset:2px}`
const POLICY = contentSecurityPolicyOf(STYLE)

type Text = { title: string; text: string }
const WORDS: Record<Locale, { unknown: Text; later: Text; button: string }> = {
  'es-MX': {
    unknown: { title: 'Enlace desconocido', text: 'Revisa que el enlace esté completo.' },
    later: { title: 'Demasiados intentos', text: 'Espera un minuto y vuelve a intentarlo.' },
    button: 'Sí, darme de baja',
  },
  en: {
    unknown: { title: 'Unknown link', text: 'Please check that the link is complete.' },
    later: { title: 'Too many attempts', text: 'Please wait a minute and try again.' },
    button: 'Yes, unsubscribe me',
  },
}

/** What RFC 8058 posts: either kind of form, always with the same field. */
export const ONE_CLICK_FORMS = ['application/x-www-form-urlencoded', 'multipart/form-data']

/** Prepares a plugin whose routes are such pages. `unknown`: the problem of a link that nobody has. */
export function openStopPages(app: FastifyInstance, unknown: FailureCode): void {
  const pages: Partial<Record<FailureCode, 'unknown' | 'later'>> = { [unknown]: 'unknown', rate_limited: 'later' }
  app.addContentTypeParser(ONE_CLICK_FORMS, { parseAs: 'string', bodyLimit: 4096 }, async () => ({}))
  app.addHook('onRequest', async (_request, reply) => {
    void reply.header('cache-control', 'no-store').header('x-robots-tag', 'noindex')
  })
  app.setErrorHandler(async (error, request, reply) => {
    const page = error instanceof Failure ? pages[error.code] : undefined
    if (!(error instanceof Failure) || !page) throw error
    const { retryAfterSeconds } = error.details
    if (retryAfterSeconds) void reply.header('retry-after', retryAfterSeconds)
    const locale = localeOf(request)
    return sendStopPage(reply.code(statusOf(error.code)), { locale, ...WORDS[locale][page] })
  })
}

type StopPage = Text & { locale: Locale; isQuestion?: boolean }

/** Sends a page without scripts. `isQuestion`: with the button. */
export function sendStopPage(reply: FastifyReply, { locale, title, text, isQuestion = false }: StopPage): FastifyReply {
  const form = isQuestion
    ? `<form method="post"><button name="List-Unsubscribe" value="One-Click">${WORDS[locale].button}</button></form>`
    : ''
  const body = `<main><h1>${escapeHtml(title)}</h1><p>${escapeHtml(text)}</p>${form}</main>`
  return reply
    .type('text/html; charset=utf-8')
    .header('content-security-policy', POLICY)
    .send(renderPage({ lang: locale, title, style: STYLE, body }))
}
