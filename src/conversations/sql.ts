/** The statements on wa_messages. */
import type { OptWord } from '../contacts/contacts.ts'
import { sql, type Db, type Tx } from '../platform/db.ts'

/** `id`: of the file at WhatsApp. `name`: of a document. */
export type Attachment = { id: string | null; mediaType: string; name: string | null }

export type NewMessage = {
  /** The provider's id. */
  id: string
  /** The guest's, also when we wrote. */
  phone: string | null
  /** WhatsApp's business-scoped user ids of the guest. */
  userIds: string[]
  type: string
  direction: 'in' | 'out'
  origin: 'live' | 'forwarded' | 'history'
  body: string | null
  attachment: Attachment | null
  contextMessageId: string | null
  targetMessageId: string | null
  sentAt: Date
  receivedAt: Date
  inboundEventId: string
  simulated: boolean
}

/** Stores a message. False: it was stored before, so its effects have happened. */
export async function insertMessage(tx: Tx, m: NewMessage): Promise<boolean> {
  const { rows } = await sql`
    insert into wa_messages (
      id, phone, user_id, parent_user_id, type, direction, origin, body, context_message_id, target_message_id,
      sent_at, received_at, inbound_event_id, simulated, attachment_type, attachment_name, attachment_id,
      is_unmatched)
    values (
      ${m.id}, ${m.phone}, ${m.userIds[0] ?? null}, ${m.userIds[1] ?? null}, ${m.type}, ${m.direction}, ${m.origin},
      ${m.body}, ${m.contextMessageId}, ${m.targetMessageId}, ${m.sentAt}, ${m.receivedAt}, ${m.inboundEventId},
      ${m.simulated}, ${m.attachment?.mediaType ?? null}, ${m.attachment?.name ?? null},
      ${m.attachment?.id ?? null},
      ${m.direction === 'in'} and not exists (select 1 from guests where phone = ${m.phone}))
    on conflict (id) do nothing
    returning id`.execute(tx)
  return rows.length === 1
}

export type Interpretation = {
  eventId: string | null
  guestId: string | null
  intent: string | null
  partySize: number | null
  confidence: number | null
  rule: string | null
  /** A stable code. */
  outcome: string
}

/** Stores what a message means and its outcome. */
export async function saveInterpretation(tx: Tx, id: string, m: Interpretation): Promise<void> {
  await sql`
    update wa_messages
       set intent = ${m.intent},
           event_id = ${m.eventId},
           guest_id = ${m.guestId},
           party_size = ${m.partySize},
           confidence = ${m.confidence},
           rule = ${m.rule},
           outcome = ${m.outcome}
     where id = ${id}`.execute(tx)
}

export type Adopted = {
  id: string
  type: string
  direction: 'in' | 'out'
  origin: 'live' | 'forwarded' | 'history'
  text: string | null
  rule: string | null
  outcome: string | null
  contextMessageId: string | null
  sentAt: Date
  at: Date
}

/** Sets the phone of messages that came from this user id without a phone. Returns them, the oldest first. */
export async function adoptMessages(tx: Tx, userId: string, phone: string): Promise<Adopted[]> {
  const { rows } = await sql<Adopted>`
    update wa_messages
       set phone = ${phone},
           is_unmatched = is_unmatched and not exists (select 1 from guests where phone = ${phone})
     where (user_id = ${userId} or parent_user_id = ${userId})
       and phone is null
    returning id, type, direction, origin, body as text, rule, outcome, context_message_id, sent_at,
              least(sent_at, received_at) as at`.execute(tx)
  return rows.toSorted((a, b) => a.at.getTime() - b.at.getTime())
}

/** Gives messages whose sender's number is unknown the sender's new user id. */
export async function renameSender(tx: Tx, userIds: string[], newUserId: string): Promise<void> {
  await sql`
    update wa_messages
       set user_id = ${newUserId}
     where (user_id = any(${userIds}::text[]) or parent_user_id = any(${userIds}::text[]))
       and phone is null`.execute(tx)
}

export type OptMessage = { id: string; contextMessageId: string | null; sentAt: Date }

/** The BAJA and ALTA messages that this person wrote after `sentAt`, by the provider's clock. */
export async function listLaterOptWords(tx: Tx, phones: string[], sentAt: Date): Promise<OptMessage[]> {
  const words: OptWord[] = ['opt_out', 'opt_in']
  const { rows } = await sql<OptMessage>`
    select id, context_message_id, sent_at
      from wa_messages
     where phone = any(${phones}::text[])
       and rule = any(${words}::text[])
       and sent_at > ${sentAt}`.execute(tx)
  return rows
}

/** The limit of one run. The next run continues. */
const BLANKED_MAX = 20_000

/**
 * Deletes the text of old messages, and the names and ids of their files. The rows stay, because their ids recognize a
 * redelivery.
 */
export async function blankOldTexts(db: Db, now: Date, keptDays: number): Promise<void> {
  await sql`
    update wa_messages
       set body = null,
           attachment_name = null,
           attachment_id = null
     where id in (
       select id
         from wa_messages
        where (body is not null or attachment_name is not null or attachment_id is not null)
          and received_at < ${now}::timestamptz - make_interval(days => ${keptDays}::integer)
        limit ${BLANKED_MAX})`.execute(db)
}
