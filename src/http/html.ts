/** HTML pages that need no scripts: escaping, the document around a body, and its Content-Security-Policy. */
import { createHash } from 'node:crypto'

/** What forms of pages without scripts send. */
export const FORM = 'application/x-www-form-urlencoded'

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

/** Allows this style by its hash (CSP Level 3, §2.3.1) and forms to this site, and nothing else. */
export function contentSecurityPolicyOf(style: string): string {
  const hash = createHash('sha256').update(style).digest('base64')
  return `default-src 'none'; style-src 'sha256-${hash}'; form-action 'self'; base-uri 'none'; frame-ancestors 'none'`
}
