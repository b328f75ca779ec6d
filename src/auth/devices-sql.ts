/** The SQL of devices. It reads `events`, because a device is nothing without the event whose door it stands at. */
import { sql, type Db } from '../platform/db.ts'
import type { Position } from '../http/page.ts'

export type Device = {
  id: string
  organizerId: string
  eventId: string
  gate: string
  name: string
  codeExpiresAt: Date
  /** When its code was used; null: not yet. */
  claimedAt: Date | null
  lastUsedAt: Date | null
  createdBy: string
  createdAt: Date
}

const DEVICE = sql`d.id, d.organizer_id, d.event_id, d.gate, d.name, d.code_expires_at, d.claimed_at, d.last_used_at,
  d.created_by, d.created_at`

export async function findStatusOfEvent(db: Db, scope: string | null, eventId: string): Promise<string | null> {
  const { rows } = await sql<{ status: string }>`
    select status
      from events
     where id = ${eventId}
       and (${scope}::text is null or organizer_id = ${scope})`.execute(db)
  return rows[0]?.status ?? null
}

export type NewDevice = Pick<
  Device,
  'id' | 'eventId' | 'gate' | 'name' | 'codeExpiresAt' | 'createdBy' | 'createdAt'
> & { codeHash: Buffer }

/** Returns null when there is no such event, or it has expired. */
export async function insertDevice(db: Db, scope: string | null, n: NewDevice): Promise<Device | null> {
  const { rows } = await sql<Device>`
    insert into devices as d (id, organizer_id, event_id, gate, name, code_hash, code_expires_at, created_by, created_at)
    select ${n.id}, organizer_id, id, ${n.gate}, ${n.name}, ${n.codeHash}::bytea, ${n.codeExpiresAt}::timestamptz,
           ${n.createdBy}, ${n.createdAt}::timestamptz
      from events
     where id = ${n.eventId}
       and (${scope}::text is null or organizer_id = ${scope})
       and status <> 'expired'
    returning ${DEVICE}`.execute(db)
  return rows[0] ?? null
}

export async function listDevices(
  db: Db,
  f: { scope: string | null; eventId: string | null; before: Position | null; limit: number },
): Promise<Device[]> {
  const { rows } = await sql<Device>`
    select ${DEVICE}
      from devices d
     where (${f.scope}::text is null or d.organizer_id = ${f.scope})
       and (${f.eventId}::text is null or d.event_id = ${f.eventId})
       and (${f.before?.at ?? null}::timestamptz is null
            or (d.created_at, d.id) < (${f.before?.at ?? null}::timestamptz, ${f.before?.id ?? null}))
     order by d.created_at desc, d.id desc
     limit ${f.limit}`.execute(db)
  return rows
}

/** Returns whether there was such a device. */
export async function deleteDevice(db: Db, scope: string | null, id: string): Promise<boolean> {
  const { rows } = await sql`
    delete from devices
     where id = ${id}
       and (${scope}::text is null or organizer_id = ${scope})
    returning id`.execute(db)
  return rows.length === 1
}

export type EventOfDevice = { id: string; name: string; status: string; startsAt: Date; endsAt: Date; timeZone: string }
type Claimed = Device & { event: Omit<EventOfDevice, 'startsAt' | 'endsAt'>; startsAt: Date; endsAt: Date }

type Claim = { codeHash: Buffer; tokenHash: Buffer; eventId: string | null; now: Date }

/**
 * Uses a code up and stores the token that it was exchanged for. Of concurrent callers one gets the device, the others null.
 * `eventId`: the only event whose code may be used.
 */
export async function claimDevice(db: Db, { codeHash, tokenHash, eventId, now }: Claim): Promise<Claimed | null> {
  const { rows } = await sql<Claimed>`
    update devices d
       set code_hash = null,
           token_hash = ${tokenHash},
           claimed_at = ${now}
      from events e
     where d.code_hash = ${codeHash}
       and d.code_expires_at > ${now}
       and e.id = d.event_id
       and e.status <> 'expired'
       and (${eventId}::text is null or e.id = ${eventId})
    returning ${DEVICE}, e.starts_at, e.ends_at,
              jsonb_build_object('id', e.id, 'name', e.name, 'status', e.status, 'timeZone', e.time_zone) as event`.execute(
    db,
  )
  return rows[0] ?? null
}

/** Whether a code could still be claimed. */
export async function isClaimable(db: Db, codeHash: Buffer, now: Date): Promise<boolean> {
  const { rows } = await sql`
    select 1
      from devices d
      join events e on e.id = d.event_id
     where d.code_hash = ${codeHash}
       and d.code_expires_at > ${now}
       and e.status <> 'expired'`.execute(db)
  return rows.length > 0
}

/** Deletes devices of expired events, and those whose code nobody used for a week. */
export async function deleteOldDevices(db: Db, now: Date): Promise<void> {
  await sql`
    delete from devices d
     using events e
     where e.id = d.event_id
       and (e.status = 'expired'
            or d.claimed_at is null and d.code_expires_at < ${now}::timestamptz - interval '7 days')`.execute(db)
}
