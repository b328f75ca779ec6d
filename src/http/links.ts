/** Addresses that people open from a chat, an e-mail or a sentence, with what was glued to their end. */

/** Pages that people open. */
const OPENED_BY_PEOPLE = /^\/(public|i)\//
/** Up to the last letter or digit. What follows is glue: `.`, `)`, `*`, `_`, `…`, `»`, an emoji, an invisible space. */
const UNGLUED = /^.*[\p{L}\p{N}]/su

/**
 * Removes what chat programs and punctuation add to the end of the path of such a page: `/public/invite/CODE).` is
 * `/public/invite/CODE`. A query that was encoded into the path (`CODE%3Ffbclid=…`) or joined by `&` is cut off. Every other
 * address stays as it is.
 */
export function trimGlue(url: string): string {
  if (!OPENED_BY_PEOPLE.test(url)) return url
  const [path = ''] = url.split(/[?#]/, 1)
  const segments = path.split('/')
  const least = path.startsWith('/i/') ? 3 : 4 // the code itself
  while (segments.length >= least) {
    const last = segments.pop()!
    const text = decode(last)
    const kept = text.split(/[?&#]/, 1)[0]!.match(UNGLUED)?.[0]
    if (kept === undefined) continue
    const trimmed = kept === text ? last : encodeURIComponent(kept)
    return `${segments.join('/')}/${trimmed}${url.slice(path.length)}`
  }
  return url
}

/** Also reads bytes that are not encoded, which Node gives as Latin-1, and malformed ones, which become U+FFFD. */
const decode = (segment: string): string =>
  Buffer.from(
    segment.replace(/%([0-9a-f]{2})/gi, (_, hex: string) => String.fromCharCode(parseInt(hex, 16))),
    'latin1',
  ).toString('utf8')
