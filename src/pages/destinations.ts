/** Which pages a person may open, and where to go after a login. */
import type { CallerRole } from '../http/access.ts'

/** Pages by their path; what lies below it belongs to it. */
const PLACES: [string, readonly CallerRole[]][] = [
  ['/panel', ['director']],
  ['/organizer', ['organizer', 'viewer', 'director']],
  ['/door', ['staff', 'organizer', 'director']],
  ['/ops/queues', ['director']],
]
const NEXT_MAX = 2000
/** Only for reading a path; nothing is ever sent there. */
const BASE = 'http://local.invalid'

/** The first page of a role. */
const homeOf = (role: CallerRole): string => PLACES.find(([, roles]) => roles.includes(role))?.[0] ?? '/'

/** `next`, when it is one of our pages and this role may open it; else the role's first page. */
export function chooseDestination(next: string | undefined, role: CallerRole): string {
  const local = next === undefined ? undefined : readLocal(next)
  const place = local && PLACES.find(([path]) => local.pathname === path || local.pathname.startsWith(`${path}/`))
  return local && place?.[1].includes(role) ? local.pathname + local.search + local.hash : homeOf(role)
}

/**
 * A path of this site as a browser would read it. Browsers take `//x` and `/\x` for another site, drop tabs and line breaks, and
 * resolve `..`; so what is not plain is refused, and the rest is compared after it is resolved.
 */
function readLocal(next: string): URL | undefined {
  if (next.length > NEXT_MAX || !/^\/(?![/\\])[^\\\p{Cc}\s]*$/u.test(next) || !URL.canParse(next, BASE))
    return undefined
  const url = new URL(next, BASE)
  return url.origin === BASE ? url : undefined
}
