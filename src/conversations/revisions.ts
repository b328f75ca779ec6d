/**
 * Edits and withdrawals of earlier messages (Meta, "Edit messages" and "Revoke messages webhook reference"). They change what a
 * conversation shows. Webhooks arrive in any order, so the same statement runs when the change comes and when the message comes.
 */
import { sql, type Tx } from '../platform/db.ts'

type Revised = { id: string; type: string; targetMessageId: string | null }

/** Applies a change to the message it is about, or to a new message the changes that came before it. */
export async function applyRevisions(tx: Tx, message: Revised): Promise<void> {
  const isChange = message.type === 'edit' || message.type === 'revoke'
  const id = isChange ? message.targetMessageId : message.id
  if (id === null) return
  const { rows } = await sql<{ isWithdrawn: boolean }>`
    with changes as (
      select c.type, c.body, c.sent_at
        from wa_messages c
        join wa_messages m on m.id = c.target_message_id and ${isBySameWriter}
       where c.target_message_id = ${id}
         and c.type in ('edit', 'revoke')),
    -- of several edits the last one counts
    last_edit as (
      select body, sent_at
        from changes
       where type = 'edit'
       order by sent_at desc
       limit 1),
    withdrawal as (
      select min(sent_at) as at
        from changes
       where type = 'revoke')
    update wa_messages m
       set body = case when w.at is null then coalesce((select body from last_edit), m.body) end,
           attachment_name = case when w.at is null then m.attachment_name end,
           attachment_id = case when w.at is null then m.attachment_id end,
           edited_at = (select sent_at from last_edit),
           withdrawn_at = w.at
      from withdrawal w
     where m.id = ${id}
       and exists (select 1 from changes)
    returning m.withdrawn_at is not null as is_withdrawn`.execute(tx)
  if (!rows[0]?.isWithdrawn) return
  // The text of a withdrawn message is not kept in its edits either.
  await sql`
    update wa_messages
       set body = null
     where target_message_id = ${id}
       and type = 'edit'`.execute(tx)
}

/** Whether the change `c` is by the writer of the message `m`: nobody edits the words of others. */
const isBySameWriter = sql`
  c.direction = m.direction
  and (c.phone = m.phone or c.user_id in (m.user_id, m.parent_user_id))`

export type Original = {
  isTheirs: boolean
  origin: 'live' | 'forwarded' | 'history'
  contextMessageId: string | null
}

/** The message that an edit is about; null when we have not seen it. */
export async function findOriginal(
  tx: Tx,
  { id, targetMessageId }: { id: string; targetMessageId: string | null },
): Promise<Original | null> {
  const { rows } = await sql<Original>`
    select coalesce(${isBySameWriter}, false) as is_theirs, m.origin, m.context_message_id
      from wa_messages m
      join wa_messages c on c.id = ${id}
     where m.id = ${targetMessageId}`.execute(tx)
  return rows[0] ?? null
}
