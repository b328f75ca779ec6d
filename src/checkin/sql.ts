import type { Admission } from '../events/events.ts'
import { sql, type Db, type Tx } from '../platform/db.ts'
import type { Position } from '../http/page.ts'

export type NewScan = {
  id: string
  eventId: string
  scanId: string
  codeHash: Buffer
  requested: number
  gate: string | null
  device: string | null
  scannedBy: string
  scannedAt: Date
  receivedAt: Date
  requestId: string
}

export type Door = { eventStatus: 'draft' | 'active' | 'archived' | 'expired'; endsAt: Date; isNew: boolean }

/**
 * Stores a scan before it is checked. Returns null when this organizer has no such event. `isNew` is false when the
 * event already has a scan with this id; a concurrent scan with the same id waits on the unique index.
 */
export async function insertScan(tx: Tx, scope: string | null, s: NewScan): Promise<Door | null> {
  const { rows } = await sql<Door>`
    with door as (
      select id, status, ends_at from events
       where id = ${s.eventId} and (${scope}::text is null or organizer_id = ${scope})),
    scan as (
      insert into scans (id, event_id, scan_id, code_hash, requested, gate, device, scanned_by, scanned_at, received_at, request_id)
      select ${s.id}, id, ${s.scanId}, ${s.codeHash}, ${s.requested}, ${s.gate}, ${s.device}, ${s.scannedBy},
             ${s.scannedAt}, ${s.receivedAt}, ${s.requestId} from door
      on conflict (event_id, scan_id) do nothing returning id)
    select status as event_status, ends_at, exists (select from scan) as is_new from door`.execute(tx)
  return rows[0] ?? null
}

/** The first scan that admitted somebody; all null when nobody was admitted. */
export type First = { firstAt: Date | null; firstGate: string | null; firstDevice: string | null }

const FIRST = sql`left join lateral (
    select received_at, gate, device from scans f where f.invitation_id = i.id and f.result = 'valid'
     order by f.received_at, f.id limit 1) first on true`

/** Reads the admission state of an invitation. Returns null when the event has no such code. */
export async function findAdmission(tx: Tx, eventId: string, code: string): Promise<(Admission & First) | null> {
  const { rows } = await sql<Admission & First>`
    select i.id as invitation_id, g.name as guest_name, i.answer, i.admitted,
           door_places(i.answer, i.answered_places, i.places) - i.admitted as remaining,
           first.received_at as first_at, first.gate as first_gate, first.device as first_device
      from invitations i
      join guests g on g.event_id = i.event_id and g.id = i.guest_id ${FIRST}
     where i.event_id = ${eventId} and i.code = ${code}`.execute(tx)
  return rows[0] ?? null
}

export type ScanResult = { result: 'valid' | 'duplicate' | 'invalid'; reason: string | null }

/** Writes the result of a scan. */
export async function settleScan(
  tx: Tx,
  scanId: string,
  s: ScanResult & { invitationId: string | null; admitted: number | null; remaining: number | null },
): Promise<void> {
  await sql`update scans set result = ${s.result}, reason = ${s.reason}, invitation_id = ${s.invitationId},
      admitted = ${s.admitted}, remaining = ${s.remaining}
     where id = ${scanId} and result is null`.execute(tx)
}

export type StoredScan = ScanResult & First & { codeHash: Buffer } & { [K in keyof Admission]: Admission[K] | null }

/** Reads an earlier scan with the counts of its time. */
export async function findStoredScan(tx: Tx, eventId: string, scanId: string): Promise<StoredScan | null> {
  const { rows } = await sql<StoredScan>`
    select s.code_hash, s.result, s.reason, s.invitation_id, s.admitted, s.remaining, g.name as guest_name, i.answer,
           first.received_at as first_at, first.gate as first_gate, first.device as first_device
      from scans s
      left join invitations i on i.id = s.invitation_id
      left join guests g on g.event_id = i.event_id and g.id = i.guest_id ${FIRST}
     where s.event_id = ${eventId} and s.scan_id = ${scanId}`.execute(tx)
  return rows[0] ?? null
}

export async function isEventThere(db: Db, scope: string | null, eventId: string): Promise<boolean> {
  const { rows } = await sql`
    select id from events where id = ${eventId} and (${scope}::text is null or organizer_id = ${scope})`.execute(db)
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
  gate: string | null
  device: string | null
  scannedBy: string
  scannedAt: Date
  receivedAt: Date
}

/** Lists scans older than `before`, newest first by the time of receipt. */
export async function listScans(
  db: Db,
  f: { scope: string | null; eventId: string; result: string | null; before: Position | null; limit: number },
): Promise<ScanView[]> {
  const { rows } = await sql<ScanView>`
    select s.id, s.scan_id, g.id as guest_id, g.name as guest_name, s.result, s.reason, s.requested, s.admitted, s.remaining,
           s.gate, s.device, s.scanned_by, s.scanned_at, s.received_at
      from scans s
      join events e on e.id = s.event_id
      left join invitations i on i.id = s.invitation_id
      left join guests g on g.event_id = i.event_id and g.id = i.guest_id
     where s.event_id = ${f.eventId} and (${f.scope}::text is null or e.organizer_id = ${f.scope})
       and (${f.result}::text is null or s.result = ${f.result})
       and (${f.before?.at ?? null}::timestamptz is null or (s.received_at, s.id) < (${f.before?.at ?? null}::timestamptz, ${f.before?.id ?? null}))
     order by s.received_at desc, s.id desc limit ${f.limit}`.execute(db)
  return rows
}
