/** The conversation with a guest, as its organizer sees it: what the guest wrote, and what we sent. */
import { explainReason, type Explanation } from '../channels/channels.ts'
import { openCursor, writeCursor } from '../http/page.ts'
import { sql, type Db } from '../platform/db.ts'
import { guestsOf, isOfGuest, meaning, sourceOfDelivery, sourceOfMessage, textFacts, withEdit } from './shared-sql.ts'
import { textOf, type Sent, type TextFacts } from './texts.ts'

export type ThreadMessage = {
  id: string
  direction: 'in' | 'out'
  source: 'guest' | 'whatsapp' | 'person' | 'automatic' | 'requested'
  channel: 'whatsapp' | 'email'
  type: string
  origin: 'live' | 'forwarded' | 'history'
  text: string | null
  attachment: { mediaType: string; name: string | null } | null
  sentAt: Date
  editedAt: Date | null
  withdrawnAt: Date | null
  replyTo: string | null
  reactionTo: string | null
  intent: string | null
  partySize: number | null
  outcome: string | null
  changed: { answer: string; places: number | null } | null
  template: string | null
  status: string | null
  reason: string | null
  explanation: Explanation | null
  sentBy: { id: string; name: string | null } | null
}
type Row = Omit<ThreadMessage, 'explanation'> & { sortKey: string; sent: Sent | null; facts: TextFacts }

type Wanted = { scope: string | null; eventId: string; guestId: string; limit: number; cursor: string | undefined }

/** Messages of one second are in the order in which they were received. */
const sortKey = (receivedAt: ReturnType<typeof sql>, id: ReturnType<typeof sql>) =>
  sql`to_char(${receivedAt} at time zone 'UTC', 'YYYYMMDDHH24MISSUS') || left(md5(${id}), 12)`

/** The newest messages first, below the cursor. */
export async function listThread(db: Db, wanted: Wanted, baseUrl: string) {
  const { scope, eventId, guestId, limit, cursor } = wanted
  const before = cursor === undefined ? null : openCursor(cursor, readInstantOf)
  const { rows } = await sql<Row>`
    with guest as (${guestsOf(scope, eventId, guestId)}),
    thread as (
      select m.id, m.direction, ${sourceOfMessage} as source, 'whatsapp' as channel, m.type, m.origin, m.body as text,
             case when m.attachment_type is not null
                  then json_build_object('mediaType', m.attachment_type, 'name', m.attachment_name) end as attachment,
             m.sent_at, m.edited_at, m.withdrawn_at, m.context_message_id as reply_to,
             m.target_message_id as reaction_to, ${meaning},
             (select json_build_object('answer', n.answer, 'places', n.places)
                from invitations i
                join invitation_answers n on n.invitation_id = i.id and n.source_ref in (m.id, edit.id)
               where i.event_id = g.event_id
                 and i.guest_id = g.id
               order by n.id desc
               limit 1) as changed,
             null as template, null as status, null as reason, null::json as sent_by, null::json as sent,
             ${sortKey(sql`m.received_at`, sql`m.id`)} as sort_key
        from guest g
        join wa_messages m on m.phone = g.phone
        ${withEdit}
       where ${isOfGuest()}
         -- shown at the message that they change
         and m.type not in ('edit', 'revoke')
         and (m.type <> 'reaction' or ${isLastReaction})
      union all
      select d.id, 'out', ${sourceOfDelivery}, d.channel, 'text', 'live', null, null,
             coalesce(d.sent_at, d.requested_at), null, null, d.answers_message, null, null, null, null, null,
             d.template, d.status, d.reason,
             case when d.requested_by <> 'reply'
                  then json_build_object('id', d.requested_by, 'name', u.name) end,
             json_build_object('id', d.id, 'template', d.template, 'locale', d.locale, 'variables', d.variables),
             ${sortKey(sql`d.requested_at`, sql`d.id`)}
        from guest g
        join deliveries d on d.event_id = g.event_id and d.guest_id = g.id
        left join users u on u.id = d.requested_by)
    select t.*, ${textFacts} as facts
      from thread t
      cross join guest g
      join events e on e.id = g.event_id
      join organizers o on o.id = e.organizer_id
      left join invitations i on i.event_id = g.event_id and i.guest_id = g.id
     where ${before?.sortedBy ?? null}::timestamptz is null
        or (t.sent_at, t.sort_key collate "C") < (${before?.sortedBy ?? null}::timestamptz, ${before?.id ?? null}::text)
     order by t.sent_at desc, t.sort_key collate "C" desc
     limit ${limit + 1}`.execute(db)
  const last = rows.length > limit ? rows[limit - 1] : undefined
  const data = rows.slice(0, limit).map((row): ThreadMessage => {
    const { sent, facts, sortKey: _, ...told } = row
    const message = { ...told, explanation: explainReason(told.reason) }
    return sent ? { ...message, text: textOf(facts, sent, baseUrl) } : message
  })
  return { data, page: { nextCursor: last ? writeCursor(last.sentAt.toISOString(), last.sortKey) : null } }
}

/** Of several reactions to a message the last one counts, and one without an emoji removes it. */
const isLastReaction = sql`(
           m.body is not null
           and m.direction = 'in'
           and not exists (
             select 1
               from wa_messages later
              where later.target_message_id = m.target_message_id
                and later.type = 'reaction'
                and later.direction = 'in'
                and coalesce(later.phone, later.user_id) = coalesce(m.phone, m.user_id)
                and (later.sent_at, later.received_at) > (m.sent_at, m.received_at)))`

function readInstantOf(value: unknown): Date {
  if (typeof value !== 'string' || Number.isNaN(Date.parse(value))) throw new Error('instant')
  return new Date(value)
}
