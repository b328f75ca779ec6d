/** The list of an event's conversations. */
import type { Position } from '../http/page.ts'
import { sql, type Db } from '../platform/db.ts'
import { normalizePhone } from '../platform/values/phone.ts'
import { foldCode } from '../platform/values/text.ts'
import { guestsOf, isOfGuest, meaning, sourceOfDelivery, sourceOfMessage, textFacts, withEdit } from './shared-sql.ts'
import { textOf, type Sent, type TextFacts } from './texts.ts'

export type LastMessage = {
  id: string
  direction: 'in' | 'out'
  source: 'guest' | 'whatsapp' | 'person' | 'automatic' | 'requested'
  type: string
  text: string | null
  at: string
  intent: string | null
  outcome: string | null
  status: string | null
}
export type Conversation = {
  guestId: string
  guestName: string
  phone: string | null
  lastMessage: LastMessage | null
  unread: number
  windowOpenUntil: Date | null
  assignee: { id: string; name: string } | null
  readAt: Date | null
  readBy: string | null
}
type Row = Conversation & { lastAt: Date | null; sent: Sent | null; facts: TextFacts }

export type ConversationFilter = {
  scope: string | null
  eventId: string
  /** Of this guest alone, even if nobody wrote. */
  guestId?: string
  isUnread?: boolean | undefined
  /** Words of name, phone or message. */
  q?: string | undefined
  before: Position | null
  limit: number
}

/**
 * The conversations of an event, the last written first. It reads the messages of all guests of the event by their indexes,
 * because who a message belongs to changes with guests and their phones.
 */
export async function listConversations(
  db: Db,
  filter: ConversationFilter,
  { now, windowMs, baseUrl }: { now: Date; windowMs: number; baseUrl: string },
): Promise<(Conversation & { lastAt: Date | null })[]> {
  const { scope, eventId, guestId = null, isUnread, q = '', before, limit } = filter
  const { rows } = await sql<Row>`
    with guest as materialized (${guestsOf(scope, eventId, guestId)}),
    -- what guests wrote, and what people of ours wrote in WhatsApp itself
    said as materialized (
      select g.id as guest_id, m.id, m.body, m.direction, m.origin, m.sent_at, m.received_at
        from guest g
        join wa_messages m on m.phone = g.phone
       where m.type not in ('edit', 'revoke', 'reaction', 'system')
         and ${isOfGuest()}),
    last_said as (
      select distinct on (guest_id) guest_id, id, sent_at as at
        from said
       order by guest_id, sent_at desc, received_at desc, id),
    -- unread by the team: whoever reads it, it is read for all
    unread as (
      select s.guest_id, count(*) as messages
        from said s
        left join conversations c on c.event_id = ${eventId} and c.guest_id = s.guest_id
       where s.direction = 'in'
         and s.origin <> 'history'
         and s.received_at > coalesce(c.read_at, '-infinity')
       group by s.guest_id),
    last_sent as (
      select distinct on (d.guest_id) d.guest_id, d.id, coalesce(d.sent_at, d.requested_at) as at
        from deliveries d
        join guest g on g.id = d.guest_id
       where d.event_id = ${eventId}
         -- what was not sent and never will be is no message, but a person must see what became of their words
         and (d.status not in ('scheduled', 'skipped') or d.template = 'personal_reply')
       order by d.guest_id, coalesce(d.sent_at, d.requested_at) desc, d.id desc),
    listed as (
      select g.event_id, g.id, g.name, g.phone, u.messages as unread, greatest(s.at, t.at) as last_at,
             case when t.at is null or s.at >= t.at then s.id end as said_id,
             case when s.at is null or s.at < t.at then t.id end as sent_id
        from guest g
        left join last_said s on s.guest_id = g.id
        left join last_sent t on t.guest_id = g.id
        left join unread u on u.guest_id = g.id
       where (s.at is not null or t.at is not null or ${guestId}::text is not null)
         and (${isUnread ?? null}::boolean is null or (u.messages is not null) = ${isUnread ?? null}::boolean)
         and ${matches(eventId, q)}
         and (${before?.at ?? null}::timestamptz is null
              or (greatest(s.at, t.at), g.id) < (${before?.at ?? null}::timestamptz, ${before?.id ?? null}))
       order by greatest(s.at, t.at) desc nulls last, g.id desc
       limit ${limit})
    select g.id as guest_id, g.name as guest_name, g.phone, g.last_at, coalesce(g.unread, 0)::integer as unread,
           case when w.last_inbound_at > ${new Date(now.getTime() - windowMs)}
                then w.last_inbound_at + make_interval(secs => ${windowMs / 1000}) end as window_open_until,
           c.read_at, c.read_by,
           case when a.id is not null then json_build_object('id', a.id, 'name', a.name) end as assignee,
           case when m.id is not null then json_build_object(
                  'id', m.id, 'direction', m.direction, 'source', ${sourceOfMessage}, 'type', m.type, 'text', m.body,
                  'intent', m.intent, 'outcome', m.outcome, 'status', null)
                when d.id is not null then json_build_object(
                  'id', d.id, 'direction', 'out', 'source', ${sourceOfDelivery}, 'type', 'text', 'text', null,
                  'intent', null, 'outcome', null, 'status', d.status) end as last_message,
           case when d.id is not null then json_build_object(
             'id', d.id, 'template', d.template, 'locale', d.locale, 'variables', d.variables) end as sent,
           ${textFacts} as facts
      from listed g
      join events e on e.id = g.event_id
      join organizers o on o.id = e.organizer_id
      left join invitations i on i.event_id = g.event_id and i.guest_id = g.id
      left join conversations c on c.event_id = g.event_id and c.guest_id = g.id
      left join users a on a.id = c.assignee_id
      left join wa_windows w on w.phone = g.phone
      left join deliveries d on d.id = g.sent_id
      left join lateral (
        select m.id, m.direction, m.type, m.body, ${meaning}
          from wa_messages m
          ${withEdit}
         where m.id = g.said_id) m on true
     order by g.last_at desc nulls last, g.id desc`.execute(db)
  return rows.map(({ sent, facts, lastMessage, ...row }) => ({
    ...row,
    lastMessage: lastMessage && {
      ...lastMessage,
      at: row.lastAt?.toISOString() ?? '',
      text: sent ? textOf(facts, sent, baseUrl) : lastMessage.text,
    },
  }))
}

/** Guest `g` has every word of `q` in name, phone or e-mail, or in one message of the conversation; accents do not matter. Its subqueries name no guest, so that each runs once. */
function matches(eventId: string, q: string) {
  const text = foldCode(q)
  if (text === '') return sql`true`
  const words = sql`(
      select array_agg('%' || regexp_replace(word, '([\\\\%_])', '\\\\\\1', 'g') || '%')
        from unnest(string_to_array(search_text(${text}), ' ')) word
       where word <> '')`
  return sql`(
         g.phone = ${normalizePhone(text)}
         or g.search like all (${words}::text[])
         or g.id in (select said.guest_id from said where search_text(said.body) like all (${words}::text[]))
         or g.id in (
              select d.guest_id
                from deliveries d
               where d.event_id = ${eventId}
                 and d.template = 'personal_reply'
                 and search_text(d.variables ->> 'reply_text') like all (${words}::text[])))`
}
