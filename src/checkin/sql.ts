import { admitting, type Admission } from '../events/events.ts'
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

/** A scan by a caller of organizer `scope`, of a code that may be spelled as in `codes`, the most literal first. */
export type Asked = NewScan & { scope: string | null; codes: string[] }

/**
 * Admits the guests of new scans with an exact code, an open event and enough places, and stores these scans, all in one
 * statement. Returns the admissions in the order of `asked`; null where something else is the case, and nothing is written
 * then. The second scan of one invitation or of one scanId is left out too.
 *
 * A concurrent scan with the same scanId violates `scans_once`, which undoes the admission as well.
 */
export async function admitScans(db: Db, asked: Asked[], openAfterEndMs: number): Promise<(Admission | null)[]> {
  const column = <T>(of: (scan: Asked) => T) => asked.map(of)
  const { rows } = await sql<Admission & { n: number }>`/* prepared admit_scans */
    with asked as (
      select *
        from unnest(
               ${column(({ id }) => id)}::text[], ${column(({ scope }) => scope)}::text[],
               ${column(({ eventId }) => eventId)}::text[], ${column(({ scanId }) => scanId)}::text[],
               ${column(({ codes }) => codes.join(' '))}::text[], ${column(({ codeHash }) => codeHash)}::bytea[],
               ${column(({ requested }) => requested)}::integer[], ${column(({ gate }) => gate)}::text[],
               ${column(({ device }) => device)}::text[], ${column(({ scannedBy }) => scannedBy)}::text[],
               ${column(({ scannedAt }) => scannedAt)}::timestamptz[],
               ${column(({ receivedAt }) => receivedAt)}::timestamptz[],
               ${column(({ requestId }) => requestId)}::text[])
             with ordinality
             a (id, scope, event_id, scan_id, codes, code_hash, count, gate, device, scanned_by, scanned_at, at, request_id, n)),
    found as (
      select a.*, i.id as invitation_id,
             row_number() over (partition by i.id order by a.n) as nth_of_invitation,
             row_number() over (partition by a.event_id, a.scan_id order by a.n) as nth_of_scan
        from asked a
        join events e on e.id = a.event_id and (a.scope is null or e.organizer_id = a.scope)
       cross join lateral (
               select c.id
                 from invitations c
                where c.code = any(string_to_array(a.codes, ' '))
                  and c.event_id = a.event_id
                order by array_position(string_to_array(a.codes, ' '), c.code)
                limit 1) i
       where e.status <> 'draft'
         and a.at <= e.ends_at + make_interval(secs => ${openAfterEndMs / 1000})
         and not exists (
               select from scans s
                where s.event_id = a.event_id
                  and s.scan_id = a.scan_id)),
    chosen as (
      select * from found where nth_of_invitation = 1 and nth_of_scan = 1),
    admitted as (${admitting(sql`chosen`)}),
    stored as (
      insert into scans (id, event_id, scan_id, code_hash, requested, gate, device, scanned_by, scanned_at, received_at,
                         request_id, result, invitation_id, admitted, remaining)
      select id, event_id, scan_id, code_hash, count, gate, device, scanned_by, scanned_at, at, request_id, 'valid',
             invitation_id, admitted, remaining
        from admitted)
    select n, invitation_id, guest_name, answer, admitted, remaining from admitted`.execute(db)
  const admissions = new Map(rows.map((row) => [row.n, row]))
  return asked.map((_, index) => admissions.get(index + 1) ?? null)
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
