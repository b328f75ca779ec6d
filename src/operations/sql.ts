/** The statements of dead letters. */
import { sql, type Db, type Tx } from '../platform/db.ts'
import type { LetterKind, Resolution } from '../platform/dead-letters.ts'
import type { Position } from '../http/page.ts'

/** Which letters; an absent field means any. `reason` is the column `code`. Letters of jobs have no event or organizer. */
export type LetterFilter = {
  kind?: LetterKind
  reason?: string
  channel?: 'whatsapp' | 'email'
  eventId?: string
  campaignId?: string
  organizerId?: string
}

export type Letter = { id: number; kind: LetterKind; refId: string; resolvedAt: Date | null }

export type LetterView = Omit<Letter, 'id'> & {
  id: string
  reason: string
  attempts: number
  firstAt: Date
  lastAt: Date
  resolvedBy: string | null
  resolution: Resolution | null
  delivery: {
    eventId: string
    eventName: string
    guestId: string
    guestName: string
    organizerId: string
    campaignId: string | null
    channel: 'whatsapp' | 'email'
    template: string
    status: string
    attempts: number
    attemptsMax: number
    replays: number
  } | null
  inboundEvent: { source: string; status: string; attempts: number } | null
}

const FROM = sql`dead_letters l
  left join deliveries d on l.kind = 'delivery' and d.id = l.ref_id
  left join inbound_events i on l.kind = 'inbound_event' and i.id = l.ref_id`

const matches = ({ kind, reason: code, channel, eventId, campaignId, organizerId }: LetterFilter) => sql`(
  (${kind ?? null}::text is null or l.kind = ${kind ?? null})
  and (${code ?? null}::text is null or l.code = ${code ?? null})
  and (${channel ?? null}::text is null or coalesce(d.channel, i.source) = ${channel ?? null})
  and (${eventId ?? null}::text is null or d.event_id = ${eventId ?? null})
  and (${campaignId ?? null}::text is null or d.campaign_id = ${campaignId ?? null})
  and (${organizerId ?? null}::text is null or d.organizer_id = ${organizerId ?? null}))`

/** A page of letters, those that were given up last first. */
export async function listLetters(
  db: Db,
  f: { filter: LetterFilter; resolved: boolean; before: Position | null; limit: number },
): Promise<LetterView[]> {
  const { rows } = await sql<LetterView>`
    select l.id::text as id, l.kind, l.ref_id, l.code as reason, l.attempts, l.first_at, l.last_at,
           l.resolved_at, l.resolved_by, l.resolution,
           case when d.id is not null then
             jsonb_build_object(
               'eventId', d.event_id, 'eventName', (select name from events where id = d.event_id),
               'guestId', d.guest_id,
               'guestName', (select name from guests where event_id = d.event_id and id = d.guest_id),
               'organizerId', d.organizer_id,
               'campaignId', d.campaign_id, 'channel', d.channel, 'template', d.template,
               'status', d.status, 'attempts', d.attempts, 'attemptsMax', d.attempts_max,
               'replays', d.replays)
           end as delivery,
           case when i.id is not null then
             jsonb_build_object('source', i.source, 'status', i.status, 'attempts', i.attempts)
           end as inbound_event
      from ${FROM}
     where (l.resolved_at is not null) = ${f.resolved}::boolean
       and ${matches(f.filter)}
       -- the page after the cursor
       and (${f.before?.at ?? null}::timestamptz is null
            or (l.last_at, l.id) < (${f.before?.at ?? null}::timestamptz, ${f.before?.id ?? null}::bigint))
     order by l.last_at desc, l.id desc
     limit ${f.limit}`.execute(db)
  return rows
}

export async function findLetter(db: Db, id: string): Promise<Letter | null> {
  const { rows } = await sql<Letter>`
    select id, kind, ref_id, resolved_at
      from dead_letters
     where id = ${id}::bigint`.execute(db)
  return rows[0] ?? null
}

/** Open letters, the oldest first. */
export async function listOpenLetters(db: Db, filter: LetterFilter, limit: number | null = null): Promise<Letter[]> {
  const { rows } = await sql<Letter>`
    select l.id, l.kind, l.ref_id, l.resolved_at
      from ${FROM}
     where l.resolved_at is null
       and ${matches(filter)}
     order by l.id
     limit ${limit}`.execute(db)
  return rows
}

export async function countOpenLetters(db: Db, filter: LetterFilter): Promise<number> {
  const { rows } = await sql<{ open: number }>`
    select count(*) as open
      from ${FROM}
     where l.resolved_at is null
       and ${matches(filter)}`.execute(db)
  return rows[0]!.open
}

/** Of these letters, the open ones whose delivery was deleted together with its guest or event. */
export async function listGone(tx: Tx, letterIds: number[]): Promise<number[]> {
  const { rows } = await sql<{ id: number }>`
    select id
      from dead_letters l
     where id = any(${letterIds}::bigint[])
       and kind = 'delivery'
       and resolved_at is null
       and not exists (select 1 from deliveries d where d.id = l.ref_id)`.execute(tx)
  return rows.map(({ id }) => id)
}
