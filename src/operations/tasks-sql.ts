/** The statement of what waits for the Director. */
import { sql, type Db } from '../platform/db.ts'

export type Tasks = {
  reviews: number
  differences: number
  deadLetters: number
  doorConflicts: { eventId: string; name: string; conflicts: number }[]
}

/** Counts what is open. Nobody closes a conflict at the door: those found after `conflictsSince` count. */
export async function countTasks(db: Db, conflictsSince: Date): Promise<Tasks> {
  const { rows } = await sql<Tasks>`
    select (select count(*)::integer from payment_reviews where status = 'open') as reviews,
           (select count(*)::integer from payment_differences where not is_fixed) as differences,
           (select count(*)::integer from dead_letters where resolved_at is null) as dead_letters,
           coalesce((
             select jsonb_agg(jsonb_build_object('eventId', e.id, 'name', e.name, 'conflicts', c.conflicts)
                              order by c.newest desc, e.id)
               from (select event_id, count(*) as conflicts, max(received_at) as newest
                       from scans
                      where conflicts_with is not null
                        and received_at >= ${conflictsSince}
                      group by event_id) c
               join events e on e.id = c.event_id), '[]') as door_conflicts`.execute(db)
  return rows[0]!
}
