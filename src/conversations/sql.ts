import { sql, type Db, type Tx } from '../platform/db.ts'

export type Window = { openedAt: Date; lastInboundAt: Date }

/** With a scope: only of a number that is among this organizer's guests. */
export async function findWindow(db: Db, scope: string | null, phone: string): Promise<Window | null> {
  const { rows } = await sql<Window>`
    select opened_at, last_inbound_at from wa_windows w
     where phone = ${phone}
       and (${scope}::text is null or exists (
             select 1 from guests g join events e on e.id = g.event_id where g.phone = w.phone and e.organizer_id = ${scope}))`.execute(
    db,
  )
  return rows[0] ?? null
}

/**
 * A guest wrote at `at` (provider's time). A message older than the last one changes nothing; one
 * after the window had closed opens a new window.
 */
export async function extendWindow(tx: Tx, phone: string, at: Date, windowMs: number): Promise<void> {
  await sql`
    insert into wa_windows as w (phone, opened_at, last_inbound_at) values (${phone}, ${at}, ${at})
    on conflict (phone) do update set
      opened_at = case when excluded.last_inbound_at < w.last_inbound_at + make_interval(secs => ${windowMs / 1000})
                       then least(w.opened_at, excluded.opened_at) else excluded.opened_at end,
      last_inbound_at = excluded.last_inbound_at
    where excluded.last_inbound_at > w.last_inbound_at`.execute(tx)
}

export type NewMessage = {
  /** The provider's. */
  id: string
  phone: string | null
  /** WhatsApp's business-scoped user id. */
  userId: string | null
  type: string
  body: string | null
  contextMessageId: string | null
  sentAt: Date
  receivedAt: Date
  inboundEventId: string
  simulated: boolean
}

/** False: this message was stored before, so its effect has happened. */
export async function insertMessage(tx: Tx, m: NewMessage): Promise<boolean> {
  const { rows } = await sql`
    insert into wa_messages (id, phone, user_id, type, body, context_message_id, sent_at, received_at, inbound_event_id, simulated)
    values (${m.id}, ${m.phone}, ${m.userId}, ${m.type}, ${m.body}, ${m.contextMessageId}, ${m.sentAt}, ${m.receivedAt},
            ${m.inboundEventId}, ${m.simulated})
    on conflict (id) do nothing returning id`.execute(tx)
  return rows.length === 1
}

export type Meaning = {
  eventId: string | null
  guestId: string | null
  intent: string | null
  partySize: number | null
  confidence: number | null
  rule: string | null
  /** What came of it; a stable code. */
  outcome: string
}

/** What we made of a message. */
export async function markUnderstood(tx: Tx, id: string, m: Meaning): Promise<void> {
  await sql`
    update wa_messages set intent = ${m.intent}, event_id = ${m.eventId}, guest_id = ${m.guestId}, party_size = ${m.partySize},
           confidence = ${m.confidence}, rule = ${m.rule}, outcome = ${m.outcome} where id = ${id}`.execute(tx)
}

/**
 * Whether an answer that this guest gave about this event later than `sentAt`, in a message or on the page, counts:
 * webhooks come in any order.
 * Guesses and refused answers silence nothing. Rows without outcome are older than that column.
 */
export async function hasLaterIntent(
  tx: Tx,
  guest: { eventId: string; guestId: string },
  sentAt: Date,
): Promise<boolean> {
  const { rows } = await sql`
    select 1 from wa_messages
     where event_id = ${guest.eventId} and guest_id = ${guest.guestId} and intent is not null and sent_at > ${sentAt}
       and coalesce(outcome, 'answered') in ('answered', 'unchanged')
    union all
    select 1 from invitations i join invitation_answers a on a.invitation_id = i.id
     where i.event_id = ${guest.eventId} and i.guest_id = ${guest.guestId} and a.source = 'landing' and a.answered_at > ${sentAt}
     limit 1`.execute(tx)
  return rows.length > 0
}
