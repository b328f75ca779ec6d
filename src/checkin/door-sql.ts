/** The statements that count what happens at a door. */
import { sql, type Db } from '../platform/db.ts'
import type { Position } from '../http/page.ts'

export type Persons = { invited: number; admitted: number; inside: number; places: number }

/** `invited`: guests; `places`: people whom the door expects; `admitted`: those who came, also if they have left. */
export async function countPersons(db: Db, eventId: string): Promise<Persons> {
  const { rows } = await sql<Persons>`
    select count(*)::integer as invited,
           coalesce(sum(door_places(answer, answered_places, places)), 0)::integer as places,
           coalesce(sum(admitted), 0)::integer as admitted,
           coalesce(sum(admitted - outside), 0)::integer as inside
      from invitations
     where event_id = ${eventId}`.execute(db)
  return rows[0] ?? { invited: 0, admitted: 0, inside: 0, places: 0 }
}

export type GateRow = {
  gate: string | null
  admitted: number
  left: number
  duplicates: number
  refused: number
  undone: number
  scansLastMinute: number
  lastSeenAt: Date
  /** The longest that a scan of the recent uploads had waited; null without one. */
  offlineLagSeconds: number | null
  /** How long 95 of 100 scans took at most, by the devices; null when none told it. */
  p95Ms: number | null
}

/** Counts the scans of an event by gate. `recentSince`: from when on uploads count for the lag, and scans for the p95. */
export async function listGates(
  db: Db,
  eventId: string,
  { minuteSince, recentSince }: { minuteSince: Date; recentSince: Date },
): Promise<GateRow[]> {
  const { rows } = await sql<GateRow>`
    select gate,
           coalesce(sum(requested) filter (where result = 'valid' and direction = 'in' and undone_at is null), 0)::integer
             as admitted,
           coalesce(sum(requested) filter (where result = 'valid' and direction = 'out' and undone_at is null), 0)::integer
             as left,
           (count(*) filter (where result = 'duplicate'))::integer as duplicates,
           (count(*) filter (where result = 'invalid'))::integer as refused,
           (count(*) filter (where undone_at is not null))::integer as undone,
           (count(*) filter (where received_at > ${minuteSince}))::integer as scans_last_minute,
           max(received_at) as last_seen_at,
           (max(extract(epoch from received_at - offline_at)) filter (where received_at > ${recentSince}))::integer
             as offline_lag_seconds,
           percentile_disc(0.95) within group (order by last_took_ms) filter (where received_at > ${recentSince})
             as p95_ms
      from scans
     where event_id = ${eventId}
     group by gate
     order by gate nulls last`.execute(db)
  return rows
}

/** `at`: the start of five minutes, by the time at which people passed. */
export type ArrivalRow = { at: Date; gate: string | null; persons: number }

/** Five minutes times this is a day, which is longer than a door is open. */
const ARRIVALS_MAX = 288

/** Who came in, by five minutes and gate, the first first. Minutes in which nobody came have no row. */
export async function listArrivals(db: Db, eventId: string): Promise<ArrivalRow[]> {
  const { rows } = await sql<ArrivalRow>`
    with passages as (
      select date_bin('5 minutes', coalesce(offline_at, received_at), 'epoch') as at, gate, requested
        from scans
       where event_id = ${eventId}
         and result = 'valid'
         and direction = 'in'
         and undone_at is null),
    recent as (select distinct at from passages order by at desc limit ${ARRIVALS_MAX})
    select at, gate, sum(requested)::integer as persons
      from passages
      join recent using (at)
     group by at, gate
     order by at, gate nulls last`.execute(db)
  return rows
}

export async function countConflicts(db: Db, eventId: string): Promise<number> {
  const { rows } = await sql<{ count: number }>`
    select count(*)::integer as count
      from scans
     where event_id = ${eventId}
       and conflicts_with is not null`.execute(db)
  return rows[0]?.count ?? 0
}

type Half = 'first' | 'second'
type OfHalf<H extends Half> = {
  [K in `${H}ScanId` | `${H}By`]: string
} & { [K in `${H}Gate` | `${H}Device`]: string | null } & { [K in `${H}At`]: Date }
export type ConflictRow = {
  id: string
  guestId: string
  guestName: string
  requested: number
  receivedAt: Date
} & OfHalf<'first'> &
  OfHalf<'second'>

/** One scan of a conflict, with the columns of `half`. */
const halfOf = (half: Half) => {
  const [scan, person] = half === 'first' ? [sql`f`, sql`fu`] : [sql`s`, sql`su`]
  const name = (what: string) => sql.ref(`${half}_${what}`)
  return sql`
           ${scan}.scan_id as ${name('scan_id')}, coalesce(${scan}.offline_at, ${scan}.received_at) as ${name('at')},
           ${scan}.gate as ${name('gate')}, ${scan}.device as ${name('device')},
           coalesce(${person}.name, ${scan}.scanned_by) as ${name('by')}`
}

/** Lists conflicts older than `before`, newest first by the time at which they were found. */
export async function listConflicts(
  db: Db,
  c: { eventId: string; before: Position | null; limit: number },
): Promise<ConflictRow[]> {
  const { rows } = await sql<ConflictRow>`
    select s.id, g.id as guest_id, g.name as guest_name, s.requested, s.received_at,
           ${halfOf('first')},
           ${halfOf('second')}
      from scans s
      join scans f on f.id = s.conflicts_with
      join invitations i on i.id = s.invitation_id
      join guests g on g.event_id = i.event_id and g.id = i.guest_id
      left join users su on su.id = s.scanned_by
      left join users fu on fu.id = f.scanned_by
     where s.event_id = ${c.eventId}
       and s.conflicts_with is not null
       and (${c.before?.at ?? null}::timestamptz is null
            or (s.received_at, s.id) < (${c.before?.at ?? null}::timestamptz, ${c.before?.id ?? null}))
     order by s.received_at desc, s.id desc
     limit ${c.limit}`.execute(db)
  return rows
}
