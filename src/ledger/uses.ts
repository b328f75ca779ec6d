/**
 * Booking tickets as used. A place uses tickets when its guest gets a message or enters, as TICKET_USE says; one at a premium
 * event uses TICKET_PREMIUM_FACTOR of them. Nothing waits for it: a job books once a minute what has happened since.
 */
import { dayOf } from '../platform/values/days.ts'
import { sql, withTx, type Db, type Tx } from '../platform/db.ts'
import { book, findBalance, lockOrganizer, type Cause } from './ledger.ts'
import { use } from './movements.ts'

export type UsePolicy = { use: 'scan' | 'delivery'; premiumFactor: number }
type EventOf = { organizerId: string; eventId: string }

/** The places of a guest that are in use now, the tickets of those that are not booked yet, and when they were used. */
type Use = { guestId: string; places: number; newTickets: number; usedAt: Date }

/**
 * Books what is not booked yet. `since`: looks only at events with a message or a scan after it; null: at all. The uses of an
 * event and a day are one transaction, which counts on that day. Returns how many tickets were booked.
 */
export async function bookUses(db: Db, policy: UsePolicy, since: Date | null, cause: Cause): Promise<number> {
  let booked = 0
  for (const event of await listDueEvents(db, policy, since))
    booked += await withTx(db, (tx) => bookUsesOf(tx, event, policy, cause))
  return booked
}

/** The lock keeps two runs from booking the same use. */
async function bookUsesOf(tx: Tx, { organizerId, eventId }: EventOf, policy: UsePolicy, cause: Cause): Promise<number> {
  await lockOrganizer(tx, organizerId)
  const uses = await listUses(tx, eventId, policy, cause.at)
  let { left } = (await findBalance(tx, organizerId, 'MXN')).prepaid
  for (const ofDay of groupByDay(uses).values()) {
    const tickets = sumTickets(ofDay)
    const effectiveAt = ofDay.at(-1)!.usedAt
    await book(tx, { kind: 'use', organizerId, eventId, entries: use(tickets, left) }, { ...cause, effectiveAt })
    left -= Math.min(tickets, Math.max(left, 0))
  }
  await noteUses(tx, eventId, uses, cause.at)
  return sumTickets(uses)
}

const sumTickets = (uses: Use[]): number => uses.reduce((sum, { newTickets }) => sum + newTickets, 0)

function groupByDay(uses: Use[]): Map<string, Use[]> {
  const days = new Map<string, Use[]>()
  for (const one of uses) {
    const day = dayOf(one.usedAt)
    const ofDay = days.get(day)
    if (ofDay) ofDay.push(one)
    else days.set(day, [one])
  }
  return days
}

/** The places of guest `i` that are in use, and since when. */
const IN_USE = {
  scan: {
    places: sql`i.admitted`,
    at: sql`(select max(s.received_at) from scans s where s.invitation_id = i.id and s.result = 'valid')`,
  },
  delivery: {
    places: sql`case when exists (select from deliveries d
                                   where d.event_id = i.event_id
                                     and d.guest_id = i.guest_id
                                     and d.status in ('sent', 'delivered', 'read'))
                     then i.places else 0 end`,
    at: sql`(select min(d.sent_at)
               from deliveries d
              where d.event_id = i.event_id
                and d.guest_id = i.guest_id
                and d.status in ('sent', 'delivered', 'read'))`,
  },
}

/** Guests `i` of events `e` with more places in use than are booked in `u`. */
const dueUses = ({ use: policy }: UsePolicy) => sql`
      from invitations i
      join events e on e.id = i.event_id
      left join ticket_uses u on u.event_id = i.event_id and u.guest_id = i.guest_id
     where ${IN_USE[policy].places} > coalesce(u.places, 0)`

async function listDueEvents(db: Db, policy: UsePolicy, since: Date | null): Promise<EventOf[]> {
  const events =
    policy.use === 'scan'
      ? sql`select s.event_id from scans s where s.received_at >= ${since}`
      : sql`select d.event_id
              from delivery_attempts a
              join deliveries d on d.id = a.delivery_id
             where a.started_at >= ${since}`
  // Materialized, so that PostgreSQL begins with the few recent rows instead of asking for every event.
  const { rows } = await sql<EventOf>`
    with recent as materialized (${since === null ? sql`select id as event_id from events` : events})
    select distinct e.organizer_id, e.id as event_id
      ${dueUses(policy)}
       and e.id in (select event_id from recent)
     order by 1, 2`.execute(db)
  return rows
}

/** A factor or a type of event that has changed meanwhile counts for the new places only. */
async function listUses(tx: Tx, eventId: string, policy: UsePolicy, now: Date): Promise<Use[]> {
  const { places, at } = IN_USE[policy.use]
  const { rows } = await sql<Use>`
    select i.guest_id, ${places} as places,
           ceil((${places} - coalesce(u.places, 0))
                * case e.type when 'premium' then ${policy.premiumFactor}::numeric else 1 end)::bigint as new_tickets,
           least(coalesce(${at}, i.first_admitted_at), ${now}) as used_at
      ${dueUses(policy)}
       and e.id = ${eventId}
     order by used_at, i.guest_id`.execute(tx)
  return rows
}

async function noteUses(tx: Tx, eventId: string, uses: Use[], at: Date): Promise<void> {
  const column = <T>(of: (one: Use) => T) => uses.map(of)
  await sql`
    insert into ticket_uses as u (event_id, guest_id, places, tickets, updated_at)
    select ${eventId}, guest_id, places, tickets, ${at}
      from unnest(${column(({ guestId }) => guestId)}::text[], ${column(({ places }) => places)}::integer[],
                  ${column(({ newTickets }) => newTickets)}::bigint[])
           n (guest_id, places, tickets)
    on conflict (event_id, guest_id)
    do update set places = excluded.places, tickets = u.tickets + excluded.tickets, updated_at = excluded.updated_at`.execute(
    tx,
  )
}
