/** The numbers of an event from the guest list to the door, each with the list of its rows. */
import { sql, type Db } from '../platform/db.ts'

/** `guests`: as many as the list at `url` has. `persons`: the places that these guests have or, once they have answered, want. */
export type Step = { guests: number; persons: number; url: string }
type Count = { guests: number; persons: number }
type Counts = Record<
  'all' | 'delivered' | 'read' | 'yes' | 'no' | 'maybe' | 'pending' | 'admitted' | 'waiting',
  Count
> & {
  capacity: number | null
  taken: number
}

const count = (condition: ReturnType<typeof sql>, persons = sql`places`) => sql`
           json_build_object(
             'guests', count(*) filter (where ${condition}),
             'persons', coalesce(sum(${persons}) filter (where ${condition}), 0))`

/** Reads the invitations of the event and the latest message to each guest. */
async function countGuests(db: Db, scope: string | null, eventId: string): Promise<Counts> {
  const { rows } = await sql<Counts>`
    with own as (
      select id, capacity
        from events
       where id = ${eventId}
         and (${scope}::text is null or organizer_id = ${scope})),
    latest as (
      select distinct on (d.guest_id) d.guest_id, d.status
        from deliveries d
       where d.event_id = ${eventId}
       order by d.guest_id, d.requested_at desc, d.id desc),
    guest as (
      select i.places, i.answer, i.admitted, l.status, door_places(i.answer, i.answered_places, i.places) as wanted,
             i.revoked_at is not null as is_revoked
        from invitations i
        left join latest l on l.guest_id = i.guest_id
       where i.event_id = ${eventId})
    select ${count(sql`true`)} as all, ${count(sql`status = 'delivered'`)} as delivered,
           ${count(sql`status = 'read'`)} as read, ${count(sql`answer = 'yes'`, sql`wanted`)} as yes,
           ${count(sql`answer = 'no'`)} as no, ${count(sql`answer = 'maybe'`)} as maybe,
           ${count(sql`answer = 'pending'`)} as pending, ${count(sql`admitted > 0`, sql`admitted`)} as admitted,
           -- the rule of countConfirmed
           coalesce(sum(case when is_revoked then admitted else wanted end) filter (where answer = 'yes'), 0) as taken,
           (
             select json_build_object('guests', count(*), 'persons', coalesce(sum(w.party_size), 0))
               from waitlist_entries w
               join own on own.id = w.event_id) as waiting,
           (select capacity from own) as capacity
      from guest
     where exists (select 1 from own)`.execute(db)
  return rows[0]!
}

/** Of an event that the caller may see; of any other it counts nothing. */
export async function summarizeEvent(db: Db, scope: string | null, eventId: string) {
  const counts = await countGuests(db, scope, eventId)
  const { capacity, taken } = counts
  const step = (one: Count, filter = ''): Step => ({ ...one, url: `/events/${eventId}/guests${filter}` })
  return {
    guests: step(counts.all),
    delivered: step(counts.delivered, '?deliveryStatus=delivered'),
    read: step(counts.read, '?deliveryStatus=read'),
    answered: {
      yes: step(counts.yes, '?answer=yes'),
      no: step(counts.no, '?answer=no'),
      maybe: step(counts.maybe, '?answer=maybe'),
      pending: step(counts.pending, '?answer=pending'),
    },
    admitted: step(counts.admitted, '?status=scanned'),
    places: { capacity, taken, free: capacity === null ? null : Math.max(0, capacity - taken) },
    waiting: counts.waiting,
  }
}
