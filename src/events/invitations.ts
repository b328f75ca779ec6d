/** The SQL that changes an invitation: the guest's answer and the number of admitted people. */
import { sql, type Tx } from '../platform/db.ts'

export type AnswerKind = 'yes' | 'no' | 'maybe'
export type NewAnswer = {
  invitationId: string
  answer: AnswerKind
  places: number | null
  source: 'landing' | 'whatsapp' | 'organizer' | 'staff'
  /** The message or request that carried the answer. */
  sourceRef: string | null
  /** The user who wrote down what the guest said, and a note of theirs. */
  by?: string | undefined
  note?: string | undefined
  now: Date
}

/**
 * Writes the answer and adds it to the history. Returns false, and writes nothing, when more people of the invitation
 * are already inside than the answer allows.
 */
export async function recordAnswer(tx: Tx, a: NewAnswer): Promise<boolean> {
  const { rows } = await sql`
    with answered as (
      update invitations
         set answer = ${a.answer}, answered_places = ${a.places}, answered_at = ${a.now}, answered_by = ${a.source},
             updated_at = ${a.now}
       where id = ${a.invitationId} and admitted <= ${a.places ?? 0}::integer
      returning id)
    insert into invitation_answers (invitation_id, answer, places, source, source_ref, answered_by, note, answered_at)
    select id, ${a.answer}, ${a.places}::integer, ${a.source}, ${a.sourceRef}, ${a.by ?? null}, ${a.note ?? null},
           ${a.now}::timestamptz
      from answered
    returning id`.execute(tx)
  return rows.length === 1
}

/** Stores when the guest answered, by the provider's clock; an earlier answer that arrives later is then ignored. */
export async function markSaid(tx: Tx, invitationId: string, saidAt: Date): Promise<void> {
  await sql`
    update invitations set answer_said_at = greatest(answer_said_at, ${saidAt})
     where id = ${invitationId}`.execute(tx)
}

export type Admission = {
  invitationId: string
  guestName: string
  answer: 'pending' | AnswerKind
  admitted: number
  remaining: number
}

/**
 * Admits people of the invitations in `asked` (invitation_id, count, at, …) if enough places are left. Returns the rows of
 * `asked` that were admitted, each with its Admission. The WHERE clause makes it safe under concurrency; `asked` names an
 * invitation once.
 */
export const admitting = (asked: ReturnType<typeof sql>) => sql`
    update invitations i
       set admitted = i.admitted + a.count,
           first_admitted_at = coalesce(i.first_admitted_at, a.at),
           updated_at = a.at
      from ${asked} a, guests g
     where i.id = a.invitation_id
       and g.event_id = i.event_id
       and g.id = i.guest_id
       and i.admitted + a.count <= door_places(i.answer, i.answered_places, i.places)
    returning a.*, g.name as guest_name, i.answer, i.admitted,
              door_places(i.answer, i.answered_places, i.places) - i.admitted as remaining`

/** Admits `count` people if enough places are left, else returns null. */
export async function admit(
  tx: Tx,
  a: { eventId: string; code: string; count: number; now: Date },
): Promise<Admission | null> {
  const asked = sql`(
      select id as invitation_id, ${a.count}::integer as count, ${a.now}::timestamptz as at
        from invitations
       where event_id = ${a.eventId}
         and code = ${a.code})`
  const { rows } = await sql<Admission>`${admitting(asked)}`.execute(tx)
  return rows[0] ?? null
}

/** Stores WhatsApp's alias of this phone with its guests. It locks the rows in one order, so that calls do not deadlock. */
export async function setWaId(tx: Tx, phone: string, waId: string): Promise<void> {
  await sql`
    update guests g set wa_id = ${waId}
      from (select event_id, id from guests
             where phone = ${phone} and wa_id is distinct from ${waId}
             order by event_id, id for update) locked
     where g.event_id = locked.event_id and g.id = locked.id`.execute(tx)
}
