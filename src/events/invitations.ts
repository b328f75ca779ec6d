/** The SQL that changes an invitation: the guest's answer and the number of admitted people. */
import type { Companion } from './guest-fields.ts'
import { sql, type Tx } from '../platform/db.ts'

export type AnswerKind = 'yes' | 'no' | 'maybe'
export type NewAnswer = {
  invitationId: string
  answer: AnswerKind
  places: number | null
  source: 'landing' | 'whatsapp' | 'organizer' | 'staff' | 'waitlist'
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

/**
 * Names those who come with the guest of this code. It locks the guest, so the caller does it before it locks the invitation, as
 * every other statement does.
 */
export async function nameCompanions(tx: Tx, code: string, companions: Companion[], now: Date): Promise<void> {
  await sql`
    update guests g
       set companions = ${JSON.stringify(companions)}::jsonb,
           updated_at = ${now}
      from invitations i
     where i.code = ${code}
       and g.event_id = i.event_id
       and g.id = i.guest_id
       and g.companions <> ${JSON.stringify(companions)}::jsonb`.execute(tx)
}

export type Admission = {
  invitationId: string
  guestName: string
  notes: string | null
  companions: Companion[]
  answer: 'pending' | AnswerKind
  /** How many are inside now. */
  admitted: number
  remaining: number
}

/** The companions of guest `g`, no more than invitation `i` has places. The answer may have come after their names. */
export const comingWith = sql`
  first_companions(g.companions, door_places(i.answer, i.answered_places, i.places)) as companions`

/** The admission of guest `g` with invitation `i`. */
const ADMISSION = sql`
  g.name as guest_name, g.notes, ${comingWith}, i.answer, i.admitted - i.outside as admitted,
  door_places(i.answer, i.answered_places, i.places) - (i.admitted - i.outside) as remaining`

/**
 * Admits people of the invitations in `asked` (invitation_id, count, at, received_at, must_confirm, …) if enough places are
 * left; those who had left come back first. Returns the rows of `asked` that were admitted, each with its Admission. The WHERE
 * clause makes it safe under concurrency; `asked` names an invitation once.
 */
export const admitting = (asked: ReturnType<typeof sql>) => sql`
    update invitations i
       set admitted = i.admitted + greatest(a.count - i.outside, 0),
           outside = greatest(i.outside - a.count, 0),
           first_admitted_at = least(i.first_admitted_at, a.at),
           updated_at = a.received_at
      from ${asked} a, guests g
     where i.id = a.invitation_id
       and g.event_id = i.event_id
       and g.id = i.guest_id
       and i.admitted - i.outside + a.count <= door_places(i.answer, i.answered_places, i.places)
       and (i.answer = 'yes' or not a.must_confirm)
    returning a.*, ${ADMISSION}`

export type LockedInvitation = {
  answer: Admission['answer']
  places: number
  admitted: number
  outside: number
  passVersion: number
  isRevoked: boolean
}

/** Locks the invitation of a code until the end of the transaction, so that what is judged is what is changed. */
export async function lockInvitation(
  tx: Tx,
  eventId: string,
  code: string,
): Promise<(LockedInvitation & { id: string }) | null> {
  const { rows } = await sql<LockedInvitation & { id: string }>`
    select id, answer, door_places(answer, answered_places, places) as places, admitted, outside, pass_version,
           revoked_at is not null as is_revoked
      from invitations
     where event_id = ${eventId} and code = ${code}
       for no key update`.execute(tx)
  return rows[0] ?? null
}

/** What happens at the door to people of an invitation. `undo_in` and `undo_out` take back what was scanned by mistake. */
export type Passage = 'in' | 'out' | 'undo_in' | 'undo_out'

/** How a passage changes who has come in and who of them has left again. Whoever returns had left before. */
function countsAfter(passage: Passage, count: number) {
  const people = sql`${count}::integer`
  const same = { admitted: sql`i.admitted`, outside: sql`i.outside` }
  if (passage === 'undo_in') return { ...same, admitted: sql`(i.admitted - ${people})` }
  if (passage === 'undo_out') return { ...same, outside: sql`(i.outside - ${people})` }
  if (passage === 'out') return { ...same, outside: sql`(i.outside + ${people})` }
  return {
    admitted: sql`(i.admitted + greatest(${people} - i.outside, 0))`,
    outside: sql`greatest(i.outside - ${people}, 0)`,
  }
}

/** Lets people in or out if the numbers allow it, else returns null. `at`: when it took place. */
export async function passDoor(
  tx: Tx,
  p: { invitationId: string; passage: Passage; count: number; at: Date; now: Date },
): Promise<Admission | null> {
  const { admitted, outside } = countsAfter(p.passage, p.count)
  const { rows } = await sql<Admission>`
    update invitations i
       set admitted = ${admitted},
           outside = ${outside},
           first_admitted_at = case
             when ${admitted} = 0 then null
             when ${admitted} > i.admitted then least(i.first_admitted_at, ${p.at})
             else i.first_admitted_at
           end,
           updated_at = ${p.now}
      from guests g
     where i.id = ${p.invitationId}
       and g.event_id = i.event_id
       and g.id = i.guest_id
       and ${outside} between 0 and ${admitted}
       and ${admitted} - ${outside} <= door_places(i.answer, i.answered_places, i.places)
    returning i.id as invitation_id, ${ADMISSION}`.execute(tx)
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
