/** HTML pages that need no scripts: escaping, the document around a body, and its Content-Security-Policy. */
import { createHash } from 'node:crypto'
import type { FastifyReply } from 'fastify'

/** What forms of pages without scripts send. */
export const FORM = 'application/x-www-form-urlencoded'

/** The fields of such a form; of several with one name the last. */
export const readForm = (body: string): Record<string, string> => Object.fromEntries(new URLSearchParams(body))

const ENTITIES: Record<string, string> = { '&': '&amp;', '<': '&lt;', '>': '&gt;', '"': '&quot;', "'": '&#39;' }

/** Makes a text safe inside an element and inside a quoted attribute. */
export const escapeHtml = (text: string): string => text.replace(/[&<>"']/g, (character) => ENTITIES[character]!)

/** `title` is plain text; `head` (further elements) and `body` are HTML. */
export type PageParts = { lang: string; title: string; style: string; head?: string; body: string }

/** A whole document, which search engines do not index. */
export function renderPage({ lang, title, style, head = '', body }: PageParts): string {
  return `<!doctype html>
<html lang="${lang}">
<head>
  <meta charset="utf-8">
  <meta name="viewport" content="width=device-width, initial-scale=1">
  <meta name="robots" content="noindex">
  <title>${escapeHtml(title)}</title>${head}
  <style>${style}</style>
</head>
<body>${body}</body>
</html>
`
}

/** Allows this style by its hash (CSP Level 3, §2.3.1), forms to this site, `more`, and nothing else. */
export function contentSecurityPolicyOf(style: string, more = ''): string {
  const hash = createHash('sha256').update(style).digest('base64')
  return `default-src 'none'; style-src 'sha256-${hash}'; ${more}form-action 'self'; base-uri 'none'; frame-ancestors 'none'`
}

/**
 * Sends a page for whoever is looking now, which nobody keeps. Its forms name where they come from: under `no-referrer` browsers
 * send `Origin: null` with a form, and csrf.ts could not tell that it is ours.
 */
export function sendOwnPage(reply: FastifyReply, html: string, { policy, status = 200 }: PageAnswer): FastifyReply {
  return reply
    .code(status)
    .type('text/html; charset=utf-8')
    .headers({
      'content-security-policy': policy,
      'referrer-policy': 'same-origin',
      'cache-control': 'no-store',
      'x-robots-tag': 'noindex',
      vary: 'accept, accept-language, cookie',
    })
    .send(html)
}
export type PageAnswer = { policy: string; status?: number }
