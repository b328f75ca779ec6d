/** Content negotiation (RFC 9110, 12.5): the page of a resource or its JSON, and the language of a page. */
import type { FastifyRequest } from 'fastify'
import Negotiator from 'negotiator'
import type { Locale } from '../platform/values/languages.ts'

const PAGE = 'text/html'
const JSON_TYPE = 'application/json'
/** Browsers send some 150 characters. */
const ACCEPT_MAX = 1000
/** `application/hal+json`, `application/*+json`: every JSON is the one that we have. */
const ANY_JSON = /\bapplication\/[^\s;,]*\+json\b/gi
/** `charset=utf-8`, `level=1`: we have one version of each type, and only the weight `q` says which is preferred. */
const PARAMETERS = /;\s*(?!q=)[^;,=\s]+=("[^"]*"|[^;,]*)/gi

/**
 * Whether to answer with a page. `usual` is what a client gets that does not care (`*`/`*`, or no Accept at all) or asks for
 * something that we do not have: link previews do not care, and need a page.
 */
export function wantsPage({ headers }: Pick<FastifyRequest, 'headers'>, usual: 'page' | 'json'): boolean {
  const accept = headers.accept?.slice(0, ACCEPT_MAX).replace(ANY_JSON, JSON_TYPE).replace(PARAMETERS, '')
  const types = usual === 'page' ? [PAGE, JSON_TYPE] : [JSON_TYPE, PAGE]
  const chosen = new Negotiator({ headers: accept === undefined ? {} : { accept } }).mediaType(types)
  return (chosen ?? types[0]) === PAGE
}

/** The language of a reader whom nobody knows: what the browser asks for, else Spanish. */
export function localeOf({ headers }: Pick<FastifyRequest, 'headers'>): Locale {
  const accept = headers['accept-language']?.slice(0, ACCEPT_MAX)
  const chosen = new Negotiator({ headers: accept === undefined ? {} : { 'accept-language': accept } })
  return chosen.language(['es', 'en']) === 'en' ? 'en' : 'es-MX'
}
