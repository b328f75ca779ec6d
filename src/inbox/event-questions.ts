/** What the question «which event» depends on: who can be asked now, and what was asked before. */
import { sql, type Tx } from '../db.ts'

/** Those of these events that are paused, or whose organizer is. */
export async function listPausedEvents(tx: Tx, eventIds: string[]): Promise<Set<string>> {
  const { rows } = await sql<{ id: string }>`
    select e.id from events e join organizers o on o.id = e.organizer_id
     where e.id = any(${eventIds}::text[]) and (e.sending_paused_at is not null or o.sending_paused_at is not null)`.execute(
    tx,
  )
  return new Set(rows.map(({ id }) => id))
}

/** Whether this guest was asked to choose among the very same answers at or after `since`. */
export async function wasOffered(
  tx: Tx,
  to: { eventId: string; guestId: string },
  choices: string,
  since: Date,
): Promise<boolean> {
  const { rows } = await sql`
    select 1 from deliveries
     where event_id = ${to.eventId} and guest_id = ${to.guestId} and template = 'event_question' and requested_at >= ${since}
       and answers_message is not null and variables ->> 'choices' = ${choices} limit 1`.execute(tx)
  return rows.length > 0
}
