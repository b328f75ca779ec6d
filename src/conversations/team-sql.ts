/** The statements of what a team does with a conversation: read, assign, reply, write down an answer. */
import { reachColumns, type Reach } from '../contacts/contacts.ts'
import type { EventStatus } from '../events/events.ts'
import type { Position } from '../http/page.ts'
import { sql, type Db, type Tx } from '../platform/db.ts'
import type { Locale } from '../platform/values/languages.ts'
import { guestsOf, isOfGuest } from './shared-sql.ts'

/** A guest, and the caller who may see them. */
export type Whose = { scope: string | null; eventId: string; guestId: string }

const guestOf = ({ scope, eventId, guestId }: Whose) => sql`
    from guests g
    join events e on e.id = g.event_id
   where g.event_id = ${eventId}
     and g.id = ${guestId}
     and (${scope}::text is null or e.organizer_id = ${scope})`

/** Marks as read what was received until `until`. A second reader with an older page takes nothing back. */
export async function markRead(db: Db, whose: Whose, by: string, until: Date): Promise<boolean> {
  const { rows } = await sql`
    insert into conversations as c (event_id, guest_id, read_at, read_by)
    select g.event_id, g.id, ${until}::timestamptz, ${by}
      ${guestOf(whose)}
        on conflict (event_id, guest_id) do update
       set read_by = case when c.read_at is null or excluded.read_at >= c.read_at
                          then excluded.read_by else c.read_by end,
           read_at = greatest(c.read_at, excluded.read_at)
    returning guest_id`.execute(db)
  return rows.length === 1
}

/** Whether this is a user of the event's organizer who may log in. */
export async function isColleague(db: Db, eventId: string, userId: string): Promise<boolean> {
  const { rows } = await sql`
    select 1
      from users u
      join events e on e.organizer_id = u.organizer_id
     where u.id = ${userId}
       and e.id = ${eventId}
       and u.disabled_at is null`.execute(db)
  return rows.length === 1
}

export async function assign(
  db: Db,
  whose: Whose,
  { assigneeId, by, now }: { assigneeId: string | null; by: string; now: Date },
): Promise<boolean> {
  const { rows } = await sql`
    insert into conversations (event_id, guest_id, assignee_id, assigned_at, assigned_by)
    select g.event_id, g.id, ${assigneeId}, ${now}::timestamptz, ${by}
      ${guestOf(whose)}
        on conflict (event_id, guest_id) do update
       set assignee_id = excluded.assignee_id,
           assigned_at = excluded.assigned_at,
           assigned_by = excluded.assigned_by
    returning guest_id`.execute(db)
  return rows.length === 1
}

export type Addressee = Reach & {
  organizerId: string
  eventStatus: EventStatus
  locale: Locale
  lastInboundAt: Date | null
  /** The guest's last message in this conversation. */
  lastMessageId: string | null
}

/** The guest of a reply, with everything that decides whether it may be sent. */
export async function findAddressee(
  db: Db,
  whose: Whose,
  times: { now: Date; windowFloor: Date },
): Promise<Addressee | null> {
  const { rows } = await sql<Addressee>`
    select e.organizer_id, e.status as event_status, g.locale,
           (select w.last_inbound_at from wa_windows w where w.phone = g.phone) as last_inbound_at,
           (select m.id
              from wa_messages m
             where m.phone = g.phone
               and m.direction = 'in'
               and m.type not in ('edit', 'revoke', 'reaction', 'system')
               and ${isOfGuest(sql`e.organizer_id`)}
             order by m.sent_at desc, m.received_at desc
             limit 1) as last_message_id,
           ${reachColumns(sql`e.organizer_id`, times)}
      ${guestOf(whose)}`.execute(db)
  return rows[0] ?? null
}
export async function findInvitationOf(tx: Tx, whose: Whose): Promise<string | null> {
  const { eventId, guestId } = whose
  const { rows } = await sql<{ id: string }>`
    select i.id
      from invitations i
     where i.event_id = ${eventId}
       and i.guest_id = ${guestId}
       and exists (select 1 ${guestOf(whose)})`.execute(tx)
  return rows[0]?.id ?? null
}

export type GivenAnswer = {
  id: string
  answer: string
  places: number | null
  source: string
  messageId: string | null
  by: { id: string; name: string | null } | null
  note: string | null
  answeredAt: Date
}

/** Every answer of a guest, newest first, and who wrote it down. */
export async function listAnswers(
  db: Db,
  whose: Whose,
  { before, limit }: { before: Position | null; limit: number },
): Promise<GivenAnswer[]> {
  const { rows } = await sql<GivenAnswer>`
    select n.id::text, n.answer, n.places, n.source,
           case when n.source = 'whatsapp' then n.source_ref end as message_id,
           case when n.answered_by is not null
                then json_build_object('id', n.answered_by, 'name', u.name) end as by,
           n.note, n.answered_at
      from invitations i
      join invitation_answers n on n.invitation_id = i.id
      left join users u on u.id = n.answered_by
     where i.event_id = ${whose.eventId}
       and i.guest_id = ${whose.guestId}
       and exists (select 1 ${guestOf(whose)})
       and (${before?.id ?? null}::bigint is null or n.id < ${before?.id ?? null}::bigint)
     order by n.id desc
     limit ${limit}`.execute(db)
  return rows
}

export type Unmatched = {
  id: string
  phone: string | null
  userId: string | null
  type: string
  text: string | null
  attachment: { mediaType: string; name: string | null } | null
  sentAt: Date
  receivedAt: Date
  intent: string | null
  outcome: string | null
  key: string
}

/** What came from numbers that no guest has, newest first. Groups write to each other and not to us. */
export async function listUnmatched(db: Db, before: Position | null, limit: number): Promise<Unmatched[]> {
  const { rows } = await sql<Unmatched>`
    select m.id, m.phone, coalesce(m.user_id, m.parent_user_id) as user_id, m.type, m.body as text,
           case when m.attachment_type is not null
                then json_build_object('mediaType', m.attachment_type, 'name', m.attachment_name) end as attachment,
           m.sent_at, m.received_at, m.intent, m.outcome, md5(m.id) as key
      from wa_messages m
     where m.is_unmatched
       and m.type not in ('edit', 'revoke', 'reaction', 'system')
       and m.type not like 'group!_%' escape '!'
       -- a guest may have got the number since
       and not exists (select 1 from guests g where g.phone = m.phone)
       and (${before?.at ?? null}::timestamptz is null
            or m.received_at <= ${before?.at ?? null}
               and (m.received_at, md5(m.id)) < (${before?.at ?? null}::timestamptz, ${before?.id ?? null}))
     order by m.received_at desc, md5(m.id) desc
     limit ${limit}`.execute(db)
  return rows
}

/** `id`: of the file at WhatsApp; null: it is no longer known. */
export type StoredAttachment = { id: string | null; name: string | null; simulated: boolean }

/** The file of a message in the conversation with a guest; null: there is no such message, or it has no file. */
export async function findAttachment(db: Db, whose: Whose, messageId: string): Promise<StoredAttachment | null> {
  const { scope, eventId, guestId } = whose
  const { rows } = await sql<StoredAttachment>`
    with guest as (${guestsOf(scope, eventId, guestId)})
    select m.attachment_id as id, m.attachment_name as name, m.simulated
      from guest g
      join wa_messages m on m.phone = g.phone
     where m.id = ${messageId}
       and m.attachment_type is not null
       and ${isOfGuest()}`.execute(db)
  return rows[0] ?? null
}
