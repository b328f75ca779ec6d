/** The statements of a scan. */
import { admitting, comingWith, isAssigned, type Admission } from '../events/events.ts'
import type { Reach } from '../http/access.ts'
import { sql, type Db, type Tx } from '../platform/db.ts'
import { OPEN_AFTER_END_MS, type EventFacts, type ScanReason } from './rules.ts'

export type NewScan = {
  id: string
  eventId: string
  scanId: string
  codeHash: Buffer
  direction: 'in' | 'out'
  requested: number
  gate: string | null
  device: string | null
  scannedBy: string
  scannedAt: Date
  receivedAt: Date
  /** Only of a scan that was uploaded later. */
  offlineAt: Date | null
  clockSkewMs: number | null
  /** How long the scan before this one took, by the device. */
  lastTookMs: number | null
  requestId: string
}

/**
 * A scan by a caller of this reach, of a code that may be spelled as in `codes`, the most literal first. `passVersion`: of a
 * signed pass.
 */
export type Asked = NewScan & Reach & { codes: string[]; passVersion: number | null }

/**
 * Admits the guests of new scans of entries with an exact code, an open door and enough places, and stores these scans, all in
 * one statement. It is the admitting part of rules.ts. Returns the admissions in the order of `asked`; null where something
 * else is the case, and nothing is written then. The second scan of one invitation or of one scanId is left out too.
 *
 * A concurrent scan with the same scanId violates `scans_once`, which undoes the admission as well.
 */
export async function admitScans(db: Db, asked: Asked[]): Promise<(Admission | null)[]> {
  const column = <T>(of: (scan: Asked) => T) => asked.map(of)
  const { rows } = await sql<Admission & { n: number }>`/* prepared admit_scans */
    with asked as (
      select *, coalesce(offline_at, received_at) as at
        from unnest(
               ${column(({ id }) => id)}::text[], ${column(({ scope }) => scope)}::text[],
               ${column(({ eventId }) => eventId)}::text[], ${column(({ scanId }) => scanId)}::text[],
               ${column(({ codes }) => codes.join(' '))}::text[], ${column(({ passVersion }) => passVersion)}::integer[],
               ${column(({ codeHash }) => codeHash)}::bytea[],
               ${column(({ requested }) => requested)}::integer[], ${column(({ gate }) => gate)}::text[],
               ${column(({ device }) => device)}::text[], ${column(({ scannedBy }) => scannedBy)}::text[],
               ${column(({ scannedAt }) => scannedAt)}::timestamptz[],
               ${column(({ receivedAt }) => receivedAt)}::timestamptz[],
               ${column(({ offlineAt }) => offlineAt)}::timestamptz[],
               ${column(({ clockSkewMs }) => clockSkewMs)}::bigint[],
               ${column(({ lastTookMs }) => lastTookMs)}::integer[],
               ${column(({ requestId }) => requestId)}::text[], ${column(({ staffId }) => staffId)}::text[])
             with ordinality
             a (id, scope, event_id, scan_id, codes, pass_version, code_hash, count, gate, device, scanned_by, scanned_at,
                received_at, offline_at, clock_skew_ms, last_took_ms, request_id, staff_id, n)),
    -- A scan whose text spells two codes of the event means the more literal one.
    found as (
      select a.*, i.id as invitation_id, e.door_policy = 'confirmed' as must_confirm,
             row_number() over (partition by i.id order by a.n) as nth_of_invitation,
             row_number() over (
               partition by a.event_id, a.scan_id
                   order by a.n, array_position(string_to_array(a.codes, ' '), i.code)) as nth_of_scan
        from asked a
        join events e on e.id = a.event_id and (a.scope is null or e.organizer_id = a.scope)
        join invitations i on i.code = any(string_to_array(a.codes, ' ')) and i.event_id = a.event_id
       where (a.pass_version is null or a.pass_version = i.pass_version)
         and i.revoked_at is null
         and ${isAssigned(sql`a.staff_id`, sql`e.id`)}
         and e.status in ('active', 'archived', 'expired')
         and a.at >= e.starts_at - make_interval(mins => e.doors_open_minutes)
         and a.at <= e.ends_at + make_interval(secs => ${OPEN_AFTER_END_MS / 1000})
         and not exists (
               select from scans s
                where s.event_id = a.event_id
                  and s.scan_id = a.scan_id)),
    -- Whoever is being changed is left to a transaction of its own, so that one guest does not hold up the others.
    chosen as (
      select f.*
        from found f
        join invitations i on i.id = f.invitation_id
       where f.nth_of_invitation = 1
         and f.nth_of_scan = 1
         for no key update of i skip locked),
    admitted as (${admitting(sql`chosen`)}),
    stored as (
      insert into scans (id, event_id, scan_id, code_hash, requested, gate, device, scanned_by, scanned_at, received_at,
                         offline_at, clock_skew_ms, last_took_ms, request_id, result, invitation_id, admitted, remaining)
      select id, event_id, scan_id, code_hash, count, gate, device, scanned_by, scanned_at, received_at,
             offline_at, clock_skew_ms, last_took_ms, request_id, 'valid', invitation_id, admitted, remaining
        from admitted)
    select n, invitation_id, guest_name, notes, companions, answer, admitted, remaining from admitted`.execute(db)
  const admissions = new Map(rows.map((row) => [row.n, row]))
  return asked.map((_, index) => admissions.get(index + 1) ?? null)
}

/** The event as the rules need it. `isNew` is false when the event already has a scan with this id. */
export type Door = Omit<EventFacts, 'startsAtMs' | 'endsAtMs'> & { startsAt: Date; endsAt: Date; isNew: boolean }

/**
 * Stores a scan before it is checked. Returns null when there is no such event within reach. A concurrent scan with the same id
 * waits on the unique index.
 */
export async function insertScan(tx: Tx, { scope, staffId }: Reach, s: NewScan): Promise<Door | null> {
  const { rows } = await sql<Door>`
    with door as (
      select id, status, starts_at, ends_at, doors_open_minutes, door_policy, reentry
        from events
       where id = ${s.eventId}
         and (${scope}::text is null or organizer_id = ${scope})
         and ${isAssigned(staffId, sql`events.id`)}),
    scan as (
      insert into scans (id, event_id, scan_id, code_hash, direction, requested, gate, device, scanned_by, scanned_at,
                         received_at, offline_at, clock_skew_ms, last_took_ms, request_id)
      select ${s.id}, id, ${s.scanId}, ${s.codeHash}, ${s.direction}, ${s.requested}, ${s.gate}, ${s.device},
             ${s.scannedBy}, ${s.scannedAt}, ${s.receivedAt}, ${s.offlineAt}::timestamptz, ${s.clockSkewMs}::bigint,
             ${s.lastTookMs}::integer, ${s.requestId}
        from door
      on conflict (event_id, scan_id) do nothing
      returning id)
    select status, starts_at, ends_at, doors_open_minutes, door_policy, reentry, exists (select from scan) as is_new
      from door`.execute(tx)
  return rows[0] ?? null
}

/** The earliest admission that stands; all null when nobody was admitted. `firstBy`: who scanned. */
export type First = {
  firstAt: Date | null
  firstGate: string | null
  firstDevice: string | null
  firstBy: string | null
}

/** Joins the first admission of invitation `i`. */
const FIRST = sql`left join lateral (
    select coalesce(f.offline_at, f.received_at) as at, f.gate, f.device, coalesce(u.name, f.scanned_by) as by
      from scans f
      left join users u on u.id = f.scanned_by
     where f.invitation_id = i.id
       and f.result = 'valid'
       and f.direction = 'in'
       and f.undone_at is null
     order by coalesce(f.offline_at, f.received_at), f.id
     limit 1) first on true`
const FIRST_COLUMNS = sql`
  first.at as first_at, first.gate as first_gate, first.device as first_device, first.by as first_by`

/** Reads the state of an invitation that is locked. */
export async function findAdmission(tx: Tx, invitationId: string): Promise<Admission & First> {
  const { rows } = await sql<Admission & First>`
    select i.id as invitation_id, g.name as guest_name, g.notes, ${comingWith}, i.answer, i.admitted - i.outside as admitted,
           door_places(i.answer, i.answered_places, i.places) - (i.admitted - i.outside) as remaining,
           ${FIRST_COLUMNS}
      from invitations i
      join guests g on g.event_id = i.event_id and g.id = i.guest_id ${FIRST}
     where i.id = ${invitationId}`.execute(tx)
  const [found] = rows
  if (!found) throw new Error('A locked invitation is gone.')
  return found
}

/** Whether a code that this event does not have belongs to another event of its organizer. */
export async function isOfSiblingEvent(
  tx: Tx,
  eventId: string,
  { exact, keys }: { exact: string[]; keys: string[] },
): Promise<boolean> {
  const { rows } = await sql`
    select 1
      from invitations i
      join events other on other.id = i.event_id
      join events e on e.id = ${eventId} and e.organizer_id = other.organizer_id and e.id <> other.id
     where i.code = any(${exact}::text[]) or code_key(i.code) = any(${keys}::text[])
     limit 1`.execute(tx)
  return rows.length === 1
}

export type ScanResult = { result: 'valid' | 'duplicate' | 'invalid'; reason: ScanReason | null }

type Settled = ScanResult & {
  invitationId: string | null
  admitted: number | null
  remaining: number | null
  conflictsWith: string | null
}

/** Writes the result of a scan. */
export async function settleScan(tx: Tx, id: string, s: Settled): Promise<void> {
  await sql`
    update scans
       set result = ${s.result}, reason = ${s.reason}, invitation_id = ${s.invitationId}, admitted = ${s.admitted},
           remaining = ${s.remaining}, conflicts_with = ${s.conflictsWith}
     where id = ${id} and result is null`.execute(tx)
}

export type StoredScan = ScanResult &
  First & { codeHash: Buffer; conflictsWith: string | null; undoneAt: Date | null } & {
    [K in keyof Admission]: Admission[K] | null
  }

/** Reads an earlier scan with the counts of its time. */
export async function findStoredScan(tx: Tx, eventId: string, scanId: string): Promise<StoredScan | null> {
  const { rows } = await sql<StoredScan>`
    select s.code_hash, s.result, s.reason, s.conflicts_with, s.undone_at, s.invitation_id, s.admitted, s.remaining,
           g.name as guest_name, g.notes, ${comingWith}, i.answer, ${FIRST_COLUMNS}
      from scans s
      left join invitations i on i.id = s.invitation_id
      left join guests g on g.event_id = i.event_id and g.id = i.guest_id ${FIRST}
     where s.event_id = ${eventId} and s.scan_id = ${scanId}`.execute(tx)
  return rows[0] ?? null
}
