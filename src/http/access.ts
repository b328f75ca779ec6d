/**
 * Authorization. Every route declares `config.access`; the program does not boot when one does not, and
 * test/access.test.ts compares the table of all routes with a committed copy.
 */
import type { FastifyInstance, FastifyReply, FastifyRequest } from 'fastify'
import type { Actor } from '../platform/acting.ts'
import { actOn, type Db } from '../platform/db.ts'
import { Failure, isConnectionLost } from '../platform/errors.ts'
import { credentialsOf, readCookies } from './cookies.ts'
import { listScopes, type Scope } from './scopes.ts'

export const ROLES = ['director', 'organizer', 'staff', 'viewer'] as const
export type Role = (typeof ROLES)[number]
/** What a caller may be: a person or an API key with a role, or a device at a door. */
export type CallerRole = Role | 'device'

/** The caller. `organizerId` is null for a director, who sees every organizer. `expiresAt`: when the token expires. */
export type User = {
  id: string
  role: CallerRole
  organizerId: string | null
  expiresAt?: Date
  /** Of the staff: whether they may undo what the door did. */
  isSupervisor?: boolean
  /** Which change of the account the token knows, and the login that it came from. */
  version?: number
  sessionId?: string
  /** Of an API key: what it may do. */
  scopes?: readonly Scope[]
  /** Of a device: the only event that it reaches, and what its scans name. */
  device?: { eventId: string; gate: string; name: string }
  /** Of an API key or a device: the hash of its token. */
  tokenHash?: string
}

export type Access = 'public' | readonly CallerRole[]
/** `mayBeBasic`: the route also accepts HTTP Basic. `address`: the client's address, for the rate limit of attempts. */
export type Authenticate = (
  authorization: string | undefined,
  from: { address: string; mayBeBasic: boolean },
) => Promise<User>

declare module 'fastify' {
  interface FastifyContextConfig {
    access?: Access
    /** Whether the body may be missing; it is {} then. */
    optionalBody?: boolean
    /** Why this POST ignores `Idempotency-Key`. Every other POST of a known caller honours it. */
    withoutKey?: string
    /** Whether HTTP Basic is accepted too, for pages that are opened in a browser. */
    basic?: boolean
    /** Whether a public page looks at who is logged in: `request.visitor`. */
    greets?: boolean
  }
  interface FastifyRequest {
    user: User
    /** Who is logged in by cookie, on pages that greet; null when nobody is, or nobody knows. */
    visitor: User | null
    /** On whose behalf the database acts. */
    actor: Actor
  }
}

export type Rule = { method: string; url: string; access: Access }

declare module 'fastify' {
  interface FastifyInstance {
    /** Every route with its access rule, in the order of registration. */
    accessTable: Rule[]
  }
}

export function guardRoutes(app: FastifyInstance, authenticate: Authenticate): void {
  const rules: Rule[] = []
  app.decorate('accessTable', rules)
  app.decorateRequest('visitor', null)
  const greet = async (request: FastifyRequest) => {
    const { access } = readCookies(request)
    if (access === undefined) return
    const from = { address: request.ip, mayBeBasic: false }
    request.visitor = await authenticate(`Bearer ${access}`, from).catch((error: unknown) => {
      if (error instanceof Failure || isConnectionLost(error)) return null
      throw error
    })
  }
  app.addHook('onRoute', (route) => {
    const { method, url, config } = route
    const { access, basic: mayBeBasic = false } = config ?? {}
    if (!access) throw new Error(`${[method].flat().join(',')} ${url} does not declare config.access`)
    for (const one of [method].flat()) rules.push({ method: one, url, access })
    if (access === 'public') {
      if (config?.greets) route.onRequest = [greet, ...[route.onRequest ?? []].flat()]
      return
    }
    const opening = listScopes([method].flat()[0] ?? '', url)
    const guard = async (request: FastifyRequest, reply: FastifyReply) => {
      // What a cookie opens is for this browser now, not for whoever uses it next.
      if (request.headers.cookie !== undefined) void reply.header('cache-control', 'no-store')
      const user = await authenticate(credentialsOf(request), { address: request.ip, mayBeBasic })
      request.user = user
      request.actor = { id: user.id, organizerId: user.organizerId, requestId: request.id }
      if (!access.includes(request.user.role))
        throw new Failure('forbidden', { detail: `This needs the role ${access.join(' or ')}.` })
      const { scopes } = request.user
      if (scopes && !opening.some((scope) => scopes.includes(scope)))
        throw new Failure('forbidden', {
          detail: opening.length > 0 ? `This needs the scope ${opening.join(' or ')}.` : 'This is for people alone.',
        })
    }
    route.onRequest = [guard, ...[route.onRequest ?? []].flat()]
    if (access.includes('device')) route.preHandler = [keepToEvent, ...[route.preHandler ?? []].flat()]
  })
}

/** A device is at the door of one event; no other exists to it. */
const keepToEvent = async ({ user, params, body }: FastifyRequest): Promise<void> => {
  if (!user.device) return
  const asked: { eventId?: unknown } = Object.assign({}, body, params)
  if (asked.eventId !== user.device.eventId) throw new Failure('event_not_found')
}

/** The organizer whose rows this user may access, for the WHERE clause; null means every organizer. */
export const scopeOf = (request: Pick<FastifyRequest, 'user'>): string | null => request.user.organizerId

/**
 * The dependencies with a database that acts on behalf of the caller (platform/acting.ts). What a director only reads needs
 * no more than the pool. Statements that several requests share are not anybody's: they take `deps` as they are.
 */
export function forCaller<D extends { db: Db }>(deps: D, request: Pick<FastifyRequest, 'actor' | 'method'>): D {
  if (request.actor.organizerId === null && ['GET', 'HEAD'].includes(request.method)) return deps
  return { ...deps, db: actOn(deps.db, request.actor) }
}
/** Which events a user may access: those of an organizer, or all (`scope` null); of the staff only where they are assigned. */
export type Reach = { scope: string | null; staffId: string | null }

export const reachOf = ({ id, role, organizerId }: Pick<User, 'id' | 'role' | 'organizerId'>): Reach => ({
  scope: organizerId,
  staffId: role === 'staff' ? id : null,
})

/**
 * The same for what reaches the rows of everybody, such as erasing a person: without the wall, and with the caller in the audit
 * log.
 */
export const forPlatform = <D extends { db: Db }>(deps: D, request: Pick<FastifyRequest, 'actor'>): D => ({
  ...deps,
  db: actOn(deps.db, { ...request.actor, organizerId: null }),
})

/** Who causes a change and by which request, for the audit log. `now`: the time of the change. */
export const causeOf = (request: Pick<FastifyRequest, 'user' | 'id'>, now: () => Date) => ({
  by: request.user.id,
  requestId: request.id,
  at: now(),
})
