/** The conversation with a guest, as its organizer sees it. */
import { sql, type Db } from '../platform/db.ts'

export type ThreadMessage = {
  id: string
  direction: 'in' | 'out'
  type: string
  origin: 'live' | 'forwarded' | 'history'
  text: string | null
  sentAt: Date
  editedAt: Date | null
  withdrawnAt: Date | null
  replyTo: string | null
  reactionTo: string | null
  intent: string | null
  outcome: string | null
}

/**
 * The newest messages, of this event's guest. One number of ours serves all organizers, so that words which are about no event are
 * shown only while no other organizer has the guest's number.
 */
export async function listThread(
  db: Db,
  { eventId, guestId, limit }: { eventId: string; guestId: string; limit: number },
): Promise<ThreadMessage[]> {
  const { rows } = await sql<ThreadMessage>`
    with guest as (
      select g.event_id, g.id, g.phone, e.organizer_id
        from guests g
        join events e on e.id = g.event_id
       where g.event_id = ${eventId}
         and g.id = ${guestId}),
    ours as (
      select d.provider_message_id as id
        from deliveries d
        join guest g on g.event_id = d.event_id and g.id = d.guest_id
       where d.channel = 'whatsapp'
         and d.provider_message_id is not null),
    is_shared as (
      select exists (
        select 1
          from guests o
          join events e on e.id = o.event_id
          join guest g on g.phone = o.phone and g.organizer_id <> e.organizer_id) as yes)
    select m.id, m.direction, m.type, m.origin, m.body as text, m.sent_at, m.edited_at, m.withdrawn_at,
           m.context_message_id as reply_to, m.target_message_id as reaction_to,
           coalesce(edit.intent, case when edit.id is null then m.intent end) as intent,
           coalesce(edit.outcome, m.outcome) as outcome
      from wa_messages m
      join guest g on m.phone = g.phone
      -- an edited message means what its last edit was understood as
      left join lateral (
        select c.id, c.intent, c.outcome
          from wa_messages c
         where c.target_message_id = m.id
           and c.type = 'edit'
           and c.sent_at = m.edited_at
         limit 1) edit on true
     where (m.event_id = g.event_id and m.guest_id = g.id
            or m.context_message_id in (select id from ours)
            or m.target_message_id in (select id from ours)
            or m.event_id is null and not (select yes from is_shared))
       -- shown at the message that they change
       and m.type not in ('edit', 'revoke')
       -- of several reactions to a message the last one counts
       and (m.type <> 'reaction' or m.id in (select r.id from wa_reactions r))
     order by m.sent_at desc, m.received_at desc, m.id
     limit ${limit}`.execute(db)
  return rows
}
