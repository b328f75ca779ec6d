/** The SQL of who of the staff works at which event. */
import { sql, type Db } from '../platform/db.ts'
import type { Position } from '../http/page.ts'

/**
 * The condition that a member of the staff is assigned to an event. Both are values or columns; everybody else (null) needs no
 * assignment.
 */
export const isAssigned = (staffId: unknown, eventId: unknown) => sql<boolean>`(${staffId}::text is null or exists (
         select from event_staff es
          where es.event_id = ${eventId}
            and es.user_id = ${staffId}))`

export type Assignment = { eventId: string; userId: string; gate: string | null; addedBy: string; addedAt: Date }
export type StaffRow = Omit<Assignment, 'eventId'> & { name: string; supervisor: boolean; disabled: boolean }

const STAFF = sql`es.user_id, u.name, u.supervisor, u.disabled_at is not null as disabled, es.gate, es.added_by, es.added_at`

/** The organizer and the role of a user who may be assigned to an event of `scope`; null when there is none. */
export async function findCandidate(
  db: Db,
  scope: string | null,
  { eventId, userId }: { eventId: string; userId: string },
): Promise<{ role: string } | null> {
  const { rows } = await sql<{ role: string }>`
    select u.role
      from users u
      join events e on e.organizer_id = u.organizer_id
     where e.id = ${eventId}
       and u.id = ${userId}
       and u.disabled_at is null
       and (${scope}::text is null or e.organizer_id = ${scope})`.execute(db)
  return rows[0] ?? null
}

/** Assigns a member of the staff, or changes the gate. `isNew`: they were not assigned before. Null: there is no such member. */
export async function assignStaff(
  db: Db,
  scope: string | null,
  a: Assignment,
): Promise<(StaffRow & { isNew: boolean }) | null> {
  const { rows } = await sql<StaffRow & { isNew: boolean }>`
    with es as (
      insert into event_staff as old (event_id, user_id, gate, added_by, added_at)
      select e.id, u.id, ${a.gate}::text, ${a.addedBy}::text, ${a.addedAt}::timestamptz
        from events e
        join users u on u.organizer_id = e.organizer_id
       where e.id = ${a.eventId}
         and u.id = ${a.userId}
         and u.role = 'staff'
         and u.disabled_at is null
         and (${scope}::text is null or e.organizer_id = ${scope})
      on conflict (event_id, user_id) do update
        set gate = excluded.gate
      returning user_id, gate, added_by, added_at, xmax = 0 as is_new)
    select ${STAFF}, es.is_new
      from es
      join users u on u.id = es.user_id`.execute(db)
  return rows[0] ?? null
}

/** Returns whether somebody was assigned. */
export async function removeStaff(
  db: Db,
  scope: string | null,
  { eventId, userId }: { eventId: string; userId: string },
): Promise<boolean> {
  const { rows } = await sql`
    delete from event_staff es
     using events e
     where e.id = es.event_id
       and es.event_id = ${eventId}
       and es.user_id = ${userId}
       and (${scope}::text is null or e.organizer_id = ${scope})
    returning es.user_id`.execute(db)
  return rows.length === 1
}

/** Lists who is assigned, the latest first. */
export async function listStaff(
  db: Db,
  f: { scope: string | null; eventId: string; before: Position | null; limit: number },
): Promise<StaffRow[]> {
  const { rows } = await sql<StaffRow>`
    select ${STAFF}
      from event_staff es
      join events e on e.id = es.event_id
      join users u on u.id = es.user_id
     where es.event_id = ${f.eventId}
       and (${f.scope}::text is null or e.organizer_id = ${f.scope})
       and (${f.before?.at ?? null}::timestamptz is null
            or (es.added_at, es.user_id) < (${f.before?.at ?? null}::timestamptz, ${f.before?.id ?? null}))
     order by es.added_at desc, es.user_id desc
     limit ${f.limit}`.execute(db)
  return rows
}
