/**
 * What an invitation does when the organizer has no tickets left (TICKET_LIMIT): `warn` sends it and says so, `block` refuses
 * it. Reminders, thanks and answers always leave: their guests have been invited.
 */
import type { FastifyInstance, FastifyReply, FastifyRequest } from 'fastify'
import type { Deps } from '../deps.ts'
import { scopeOf } from '../http/access.ts'
import { Failure } from '../platform/errors.ts'
import { openMemory } from '../platform/memory.ts'
import { findTicketsLeft } from './sql.ts'

declare module 'fastify' {
  interface FastifyContextConfig {
    /** Whether an invitation that this route sends needs tickets. */
    needsTickets?: boolean
  }
}

/** Uses are booked once a minute, so a number may be a little older than it. */
const KNOWN_MS = 5000
const KNOWN_MAX = 1000

/** Looks at the tickets of the event's organizer before every route that declares `needsTickets`. */
export function limitTickets(app: FastifyInstance, { db, now, config, log }: Deps): void {
  const known = openMemory<Promise<number | null>>(KNOWN_MAX)

  function findLeft(eventId: string, scope: string | null): Promise<number | null> {
    const key = `${eventId} ${scope ?? ''}`
    const before = known.get(key, now())
    if (before) return before
    const finding = findTicketsLeft(db, eventId, scope)
    known.set(key, finding, new Date(now().getTime() + KNOWN_MS))
    finding.then(
      (left) => left !== null && left <= 0 && log.warn({ eventId, left }, 'Invitations are sent without tickets left'),
      () => known.set(key, finding, now()),
    )
    return finding
  }

  const check = async (request: FastifyRequest, reply: FastifyReply) => {
    const { eventId } = request.params as { eventId: string }
    const { template = 'event_invitation' } = (request.body ?? {}) as { template?: string }
    if (template !== 'event_invitation') return
    const left = await findLeft(eventId, scopeOf(request))
    if (left === null || left > 0) return
    if (config.tickets.limit === 'block') {
      request.isFinal = false // the same request may pass once there are tickets
      throw new Failure('no_tickets_left', { detail: `${left} tickets are left: assign some, and send again.` })
    }
    void reply.header('x-tickets-left', String(left))
  }
  app.addHook('onRoute', (route) => {
    if (!route.config?.needsTickets) return
    route.preHandler = [...[route.preHandler ?? []].flat(), check]
    route.config.problems = [...(route.config.problems ?? []), 'no_tickets_left']
  })
}
