/**
 * Booking tickets as used. A place uses tickets when its guest gets a message or enters, as TICKET_USE says; one at a premium
 * event uses TICKET_PREMIUM_FACTOR of them. Nothing waits for it: a job books once a minute what has happened since.
 */
import { sql, withTx, type Db, type Tx } from '../platform/db.ts'
import { book, findBalance, lockOrganizer, type Cause } from './ledger.ts'
import { use } from './movements.ts'

export type UsePolicy = { use: 'scan' | 'delivery'; premiumFactor: number }

/** The places of a guest that count by now, and the tickets that they use in all. */
type Use = { eventId: string; guestId: string; places: number; tickets: number; newTickets: number }

/**
 * Books what is not booked yet. `since`: looks only at events with a message or a scan after it; null: at all. Each event of an
 * organizer is one transaction. Returns how many tickets were booked.
 */
export async function bookUses(db: Db, policy: UsePolicy, since: Date | null, cause: Cause): Promise<number> {
  let booked = 0
  for (const organizerId of await listUsers(db, policy, since))
    booked += await withTx(db, (tx) => bookUsesOf(tx, organizerId, policy, since, cause))
  return booked
}

/** The lock keeps two runs from booking the same use. */
async function bookUsesOf(
  tx: Tx,
  organizerId: string,
  policy: UsePolicy,
  since: Date | null,
  cause: Cause,
): Promise<number> {
  await lockOrganizer(tx, organizerId)
  const uses = await listUses(tx, organizerId, policy, since)
  let { left } = (await findBalance(tx, organizerId, 'MXN')).prepaid
  for (const eventId of new Set(uses.map((one) => one.eventId))) {
    const tickets = sumTickets(uses.filter((one) => one.eventId === eventId))
    await book(tx, { kind: 'use', organizerId, eventId, entries: use(tickets, left) }, cause)
    left -= Math.min(tickets, Math.max(left, 0))
  }
  await noteUses(tx, uses, cause.at)
  return sumTickets(uses)
}

const sumTickets = (uses: Use[]): number => uses.reduce((sum, { newTickets }) => sum + newTickets, 0)

/** Guests `i` of events `e` with more places in use than are booked in `u`. */
function dueUses({ use: policy }: UsePolicy, since: Date | null) {
  const isRecent =
    policy === 'scan'
      ? sql`e.id in (select s.event_id from scans s where s.received_at >= ${since})`
      : sql`e.id in (select d.event_id
                       from delivery_attempts a
                       join deliveries d on d.id = a.delivery_id
                      where a.started_at >= ${since})`
  return sql`
      from invitations i
      join events e on e.id = i.event_id
      left join ticket_uses u on u.event_id = i.event_id and u.guest_id = i.guest_id
     where ${inUse(policy)} > coalesce(u.places, 0)
       and ${since === null ? sql`true` : isRecent}`
}

const inUse = (policy: UsePolicy['use']) =>
  policy === 'scan'
    ? sql`i.admitted`
    : sql`case when exists (select from deliveries d
                             where d.event_id = i.event_id
                               and d.guest_id = i.guest_id
                               and d.status in ('sent', 'delivered', 'read'))
               then i.places else 0 end`

async function listUsers(db: Db, policy: UsePolicy, since: Date | null): Promise<string[]> {
  const { rows } = await sql<{ organizerId: string }>`
    select distinct e.organizer_id ${dueUses(policy, since)} order by 1`.execute(db)
  return rows.map(({ organizerId }) => organizerId)
}

async function listUses(tx: Tx, organizerId: string, policy: UsePolicy, since: Date | null): Promise<Use[]> {
  const places = inUse(policy.use)
  const tickets = sql`ceil(${places} * case e.type when 'premium' then ${policy.premiumFactor}::numeric else 1 end)::bigint`
  const { rows } = await sql<Use>`
    select i.event_id, i.guest_id, ${places} as places, ${tickets} as tickets,
           ${tickets} - coalesce(u.tickets, 0) as new_tickets
      ${dueUses(policy, since)}
       and e.organizer_id = ${organizerId}
     order by 1, 2`.execute(tx)
  // A factor that was lowered meanwhile gives nothing back.
  return rows.filter(({ newTickets }) => newTickets > 0)
}

async function noteUses(tx: Tx, uses: Use[], at: Date): Promise<void> {
  const column = <T>(of: (one: Use) => T) => uses.map(of)
  await sql`
    insert into ticket_uses as u (event_id, guest_id, places, tickets, updated_at)
    select event_id, guest_id, places, tickets, ${at}
      from unnest(${column(({ eventId }) => eventId)}::text[], ${column(({ guestId }) => guestId)}::text[],
                  ${column(({ places }) => places)}::integer[], ${column(({ tickets }) => tickets)}::bigint[])
           n (event_id, guest_id, places, tickets)
    on conflict (event_id, guest_id)
    do update set places = excluded.places, tickets = excluded.tickets, updated_at = excluded.updated_at`.execute(tx)
}
