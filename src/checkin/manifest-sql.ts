/** The guests of an event as an offline door needs them. */
import { sql, type Db } from '../platform/db.ts'
import type { Position } from '../http/page.ts'

export type ManifestRow = {
  id: string
  code: string
  guestId: string
  name: string
  notes: string | null
  places: number
  answer: 'pending' | 'yes' | 'no' | 'maybe'
  inside: number
  passVersion: number
  isRevoked: boolean
  changedAt: Date
}

/** Lists guests that changed after `since`, in the order of their changes. */
export async function listChanged(
  db: Db,
  m: { eventId: string; since: Position | null; limit: number },
): Promise<ManifestRow[]> {
  const { rows } = await sql<ManifestRow>`
    with guest as (
      select i.id, i.code, i.guest_id, g.name, g.notes, door_places(i.answer, i.answered_places, i.places) as places, i.answer,
             i.admitted - i.outside as inside, i.pass_version, i.revoked_at is not null as is_revoked,
             -- As precise as a cursor.
             date_trunc('milliseconds', greatest(i.updated_at, g.updated_at)) as changed_at
        from invitations i
        join guests g on g.event_id = i.event_id and g.id = i.guest_id
       where i.event_id = ${m.eventId})
    select *
      from guest
     where ${m.since?.at ?? null}::timestamptz is null
        or (changed_at, id) > (${m.since?.at ?? null}::timestamptz, ${m.since?.id ?? null})
     order by changed_at, id
     limit ${m.limit}`.execute(db)
  return rows
}

export async function countGuests(db: Db, eventId: string): Promise<number> {
  const { rows } = await sql<{ count: number }>`
    select count(*)::integer as count from invitations where event_id = ${eventId}`.execute(db)
  return rows[0]?.count ?? 0
}
