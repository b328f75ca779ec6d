/** Erasing a guest: the row stays for the counts, without anything that says who it was. Its code is revoked. */
import { sql, type Tx } from '../platform/db.ts'
import type { Locale } from '../platform/values/languages.ts'

export type PersonalGuest = {
  organizerId: string
  eventId: string
  guestId: string
  name: string
  phone: string | null
  waId: string | null
  email: string | null
  locale: Locale
  invitationId: string
  code: string
  createdAt: Date
  anonymizedAt: Date | null
  /** Another guest of any organizer has the number. */
  isPhoneShared: boolean
  /** Another guest, or a user, has the address. */
  isEmailShared: boolean
}

/** Locks a guest against new messages and changes until the transaction ends. Null: this caller has no such guest. */
export async function lockPersonalGuest(
  tx: Tx,
  scope: string | null,
  eventId: string,
  guestId: string,
): Promise<PersonalGuest | null> {
  const isOther = sql`(o.event_id, o.id) <> (g.event_id, g.id)`
  const { rows } = await sql<PersonalGuest>`
    select e.organizer_id, g.event_id, g.id as guest_id, g.name, g.phone, g.wa_id, g.email, g.locale,
           i.id as invitation_id, i.code, g.created_at, g.anonymized_at,
           exists (
             select from guests o
              where o.phone = g.phone
                and ${isOther}) as is_phone_shared,
           exists (select from users u where u.email = g.email)
             or exists (
               select from guests o
                where o.email = g.email
                  and o.search like '%' || search_text(g.email) || '%' -- has an index
                  and ${isOther}) as is_email_shared
      from guests g
      join events e on e.id = g.event_id
      join invitations i on i.event_id = g.event_id and i.guest_id = g.id
     where g.event_id = ${eventId}
       and g.id = ${guestId}
       and (${scope}::text is null or e.organizer_id = ${scope})
       for update of g`.execute(tx)
  return rows[0] ?? null
}

/** What a guest is called who has no name any more. */
const NAMES: Record<Locale, string> = { 'es-MX': 'Invitado anónimo', en: 'Anonymous guest' }

/** Returns how many notes of answers were erased. */
export async function eraseGuest(tx: Tx, g: PersonalGuest, now: Date): Promise<number> {
  const { rows } = await sql<{ notes: number }>`
    with revoked as (
      update invitations
         set revoked_at = ${now}, updated_at = ${now}
       where id = ${g.invitationId}),
    silenced as (
      update invitation_answers
         set note = null
       where invitation_id = ${g.invitationId}
         and note is not null
      returning id),
    unexplained as (
      update revoked_codes
         set reason = null
       where invitation_id = ${g.invitationId}),
    erased as (
      update guests
         set name = ${NAMES[g.locale]}, phone = null, wa_id = null, email = null, notes = null, tags = '{}',
             companions = '[]', anonymized_at = ${now}, updated_at = ${now}
       where event_id = ${g.eventId}
         and id = ${g.guestId})
    select count(*) as notes from silenced`.execute(tx)
  return rows[0]!.notes
}
