/** The statements about stored scans. */
import { isAssigned } from '../events/events.ts'
import type { Reach } from '../http/access.ts'
import { sql, type Db, type Tx } from '../platform/db.ts'
import type { Position } from '../http/page.ts'
import type { ScanResult } from './sql.ts'

export async function isEventThere(db: Db, { scope, staffId }: Reach, eventId: string): Promise<boolean> {
  const { rows } = await sql`
    select id
      from events
     where id = ${eventId}
       and (${scope}::text is null or organizer_id = ${scope})
       and ${isAssigned(staffId, sql`events.id`)}`.execute(db)
  return rows.length === 1
}

export type ScanView = ScanResult & {
  id: string
  scanId: string
  guestId: string | null
  guestName: string | null
  requested: number
  admitted: number | null
  remaining: number | null
  direction: 'in' | 'out'
  gate: string | null
  device: string | null
  scannedBy: string
  scannedAt: Date
  receivedAt: Date
  offlineAt: Date | null
  clockSkewMs: number | null
  undoneAt: Date | null
  undoneBy: string | null
  undoReason: string | null
}

const SCANS = sql`
    select s.id, s.scan_id, g.id as guest_id, g.name as guest_name, s.result, s.reason, s.requested, s.admitted, s.remaining,
           s.direction, s.gate, s.device, s.scanned_by, s.scanned_at, s.received_at, s.offline_at,
           s.clock_skew_ms::double precision as clock_skew_ms, s.undone_at, s.undone_by, s.undo_reason
      from scans s
      join events e on e.id = s.event_id
      left join invitations i on i.id = s.invitation_id
      left join guests g on g.event_id = i.event_id and g.id = i.guest_id`

/** Lists scans older than `before`, newest first by the time of receipt. */
export async function listScans(
  db: Db,
  f: { scope: string | null; eventId: string; result: string | null; before: Position | null; limit: number },
): Promise<ScanView[]> {
  const { rows } = await sql<ScanView>`${SCANS}
     where s.event_id = ${f.eventId}
       and (${f.scope}::text is null or e.organizer_id = ${f.scope})
       and (${f.result}::text is null or s.result = ${f.result})
       and (${f.before?.at ?? null}::timestamptz is null
            or (s.received_at, s.id) < (${f.before?.at ?? null}::timestamptz, ${f.before?.id ?? null}))
     order by s.received_at desc, s.id desc
     limit ${f.limit}`.execute(db)
  return rows
}

/** Finds a scan by our id, or by the id that its device gave it. */
export async function findScan(
  db: Db,
  { scope, staffId }: Reach,
  eventId: string,
  scanId: string,
): Promise<(ScanView & { invitationId: string | null }) | null> {
  const { rows } = await sql<ScanView & { invitationId: string | null }>`
    select found.*, s.invitation_id
      from (${SCANS}
             where s.event_id = ${eventId}
               and (s.scan_id = ${scanId} or s.id = ${scanId})
               and (${scope}::text is null or e.organizer_id = ${scope})
               and ${isAssigned(staffId, sql`e.id`)}) found
      join scans s on s.id = found.id
     order by (found.id = ${scanId}) desc
     limit 1`.execute(db)
  return rows[0] ?? null
}

/** Whether the places of an admission are those of people of another scan, too: it took their place, or somebody has been out. */
export async function isEntwined(tx: Tx, id: string, invitationId: string): Promise<boolean> {
  const { rows } = await sql`
    select id
      from scans
     where conflicts_with = ${id}
       and result = 'duplicate'
     union all
    select id
      from scans
     where invitation_id = ${invitationId}
       and result = 'valid'
       and direction = 'out'
       and undone_at is null
     limit 1`.execute(tx)
  return rows.length > 0
}

/** Marks a scan that stands as undone. Returns false when it does not stand any more. */
export async function markUndone(tx: Tx, id: string, u: { by: string; reason: string; now: Date }): Promise<boolean> {
  const { rows } = await sql`
    update scans
       set undone_at = ${u.now}, undone_by = ${u.by}, undo_reason = ${u.reason}
     where id = ${id}
       and result = 'valid'
       and undone_at is null
    returning id`.execute(tx)
  return rows.length === 1
}

/** How many scans one statement deletes. */
const DELETED_MAX = 20_000

/** Deletes scans of these events. Returns whether none is left. */
export async function deleteScansOf(db: Db, eventIds: string[]): Promise<boolean> {
  const { rows } = await sql`
    delete from scans
     where id in (
       select id
         from scans
        where event_id = any(${eventIds}::text[])
        limit ${DELETED_MAX})
    returning id`.execute(db)
  return rows.length < DELETED_MAX
}
