/** What an API key may do (docs/decisions/0032): its scopes open routes, within the role that the key has. */

export const SCOPES = ['read', 'write', 'door', 'payments'] as const
export type Scope = (typeof SCOPES)[number]

/** A credential that a key made would outlive it. */
const OF_PEOPLE = /^\/(auth|users|api-keys|devices)(\/|$)/
const OF_DOOR = /^\/scan\/|^\/events\/:eventId\/(scans|door)(\/|$)/
const OF_MONEY =
  /^\/payments(\/|$)|^\/director\/(payments|assignments|organizers)(\/|$)|^\/organizers\/:organizerId\/(balance|ledger)/

/**
 * The scopes that open a route; one of them is enough, and without any it is for people alone. `door` and `payments` open all
 * that belongs to them. Of everything else `read` opens what changes nothing, theirs too, and `write` what changes something.
 */
export function listScopes(method: string, url: string): readonly Scope[] {
  if (OF_PEOPLE.test(url)) return []
  const own: Scope[] = OF_DOOR.test(url) ? ['door'] : OF_MONEY.test(url) ? ['payments'] : []
  if (method === 'GET' || method === 'HEAD') return ['read', ...own]
  return own.length > 0 ? own : ['write']
}
