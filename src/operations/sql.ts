/** The statements of dead letters. */
import { sql, type Db, type Tx } from '../platform/db.ts'
import type { Position } from '../http/page.ts'

export const KINDS = ['delivery', 'inbound_event', 'job'] as const
export type Kind = (typeof KINDS)[number]
export type Resolution = 'retried' | 'discarded' | 'arrived' | 'superseded' | 'moved' | 'gone'

/** Which letters: absent means any. A letter without an event, organizer or campaign has no place under such a filter. */
export type LetterFilter = {
  kind?: Kind
  reason?: string
  channel?: 'whatsapp' | 'email'
  eventId?: string
  campaignId?: string
  organizerId?: string
}

export type Letter = { id: number; kind: Kind; refId: string; resolvedAt: Date | null }

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
    guestId: string
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

const matches = ({ kind, reason, channel, eventId, campaignId, organizerId }: LetterFilter) => sql`(
  (${kind ?? null}::text is null or l.kind = ${kind ?? null})
  and (${reason ?? null}::text is null or l.reason = ${reason ?? null})
  and (${channel ?? null}::text is null or coalesce(d.channel, i.source) = ${channel ?? null})
  and (${eventId ?? null}::text is null or d.event_id = ${eventId ?? null})
  and (${campaignId ?? null}::text is null or d.campaign_id = ${campaignId ?? null})
  and (${organizerId ?? null}::text is null or d.organizer_id = ${organizerId ?? null}))`

/** Those that died last come first. */
export async function listLetters(
  db: Db,
  f: { filter: LetterFilter; resolved: boolean; before: Position | null; limit: number },
): Promise<LetterView[]> {
  const { rows } = await sql<LetterView>`
    select l.id::text as id, l.kind, l.ref_id, l.reason, l.attempts, l.first_at, l.last_at, l.resolved_at, l.resolved_by,
           l.resolution,
           case when d.id is not null then jsonb_build_object('eventId', d.event_id, 'guestId', d.guest_id,
             'organizerId', d.organizer_id, 'campaignId', d.campaign_id, 'channel', d.channel, 'template', d.template,
             'status', d.status, 'attempts', d.attempts, 'attemptsMax', d.attempts_max, 'replays', d.replays) end as delivery,
           case when i.id is not null then
             jsonb_build_object('source', i.source, 'status', i.status, 'attempts', i.attempts) end as inbound_event
      from ${FROM}
     where (l.resolved_at is not null) = ${f.resolved}::boolean and ${matches(f.filter)}
       and (${f.before?.at ?? null}::timestamptz is null
            or (l.last_at, l.id) < (${f.before?.at ?? null}::timestamptz, ${f.before?.id ?? null}::bigint))
     order by l.last_at desc, l.id desc limit ${f.limit}`.execute(db)
  return rows
}

export async function findLetter(db: Db, id: string): Promise<Letter | null> {
  const { rows } = await sql<Letter>`
    select id, kind, ref_id, resolved_at from dead_letters where id = ${id}::bigint`.execute(db)
  return rows[0] ?? null
}

/** Open letters, the oldest first. */
export async function chooseLetters(db: Db, filter: LetterFilter, limit: number): Promise<Letter[]> {
  const { rows } = await sql<Letter>`
    select l.id, l.kind, l.ref_id, l.resolved_at from ${FROM}
     where l.resolved_at is null and ${matches(filter)} order by l.id limit ${limit}`.execute(db)
  return rows
}

export async function countOpenLetters(db: Db, filter: LetterFilter): Promise<number> {
  const { rows } = await sql<{ open: number }>`
    select count(*) as open from ${FROM} where l.resolved_at is null and ${matches(filter)}`.execute(db)
  return rows[0]!.open
}

export type Resolved = { letterId: number; outcome: Resolution }

/** Closes letters. Returns those that were open. */
export async function resolveLetters(
  db: Db,
  letters: Resolved[],
  { by, now }: { by: string; now: Date },
): Promise<Resolved[]> {
  const { rows } = await sql<Resolved>`
    update dead_letters l set resolved_at = ${now}, resolved_by = ${by}, resolution = v.outcome
      from unnest(${letters.map(({ letterId }) => letterId)}::bigint[], ${letters.map(({ outcome }) => outcome)}::text[])
           v (id, outcome)
     where l.id = v.id and l.resolved_at is null returning l.id as letter_id, l.resolution as outcome`.execute(db)
  return rows
}

/** Of these letters, those whose delivery was deleted, with its guest or event. */
export async function listGone(tx: Tx, letterIds: number[]): Promise<number[]> {
  const { rows } = await sql<{ id: number }>`
    select id from dead_letters l where id = any(${letterIds}::bigint[]) and kind = 'delivery' and resolved_at is null
       and not exists (select 1 from deliveries d where d.id = l.ref_id)`.execute(tx)
  return rows.map(({ id }) => id)
}

/** Closes every letter that the filter names, without trying again. Returns how many. */
export async function discardLetters(
  db: Db,
  filter: LetterFilter,
  { by, now }: { by: string; now: Date },
): Promise<number> {
  const { rows } = await sql`
    update dead_letters set resolved_at = ${now}, resolved_by = ${by}, resolution = 'discarded'
     where resolved_at is null and id in (select l.id from ${FROM} where l.resolved_at is null and ${matches(filter)})
    returning id`.execute(db)
  return rows.length
}
