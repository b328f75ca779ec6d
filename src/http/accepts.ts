/** Content negotiation (RFC 9110, 12.5.1) between the page of a resource and its JSON. */
import type { FastifyRequest } from 'fastify'
import Negotiator from 'negotiator'

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
