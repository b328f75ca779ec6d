/** Finding the invitation that a message is about: by the quoted message, a button or the sender's phone number. */
import { mayDecline } from '../events/events.ts'
import { sql, type Tx } from '../platform/db.ts'

export type Invited = {
  invitationId: string
  eventId: string
  guestId: string
  organizerId: string
  phone: string | null
  answer: string
  /** When the guest gave the answer, by the provider's clock. */
  answerSaidAt: Date | null
}
export type OpenInvitation = Invited & {
  eventName: string
  guestName: string
  startsAt: Date
  timeZone: string
  /** The guest opted out of messages of this organizer. */
  isOptedOut: boolean
  /** The guest has heard of the invitation: we wrote about it, or they answered it, or we never wrote to them at all. */
  isKnown: boolean
  /** Sending is paused for the event or its organizer. */
  isPaused: boolean
}

/** The ids of deliveries that WhatsApp knows by this message id, of the current or an earlier attempt. */
const deliveriesOf = (providerMessageId: string) => sql`(
  select id from deliveries where provider_message_id = ${providerMessageId}
  union
  select delivery_id from delivery_attempts where provider_message_id = ${providerMessageId})`

/**
 * The invitation of the outbound message that a reply quotes. Null when the guest has another number now, because then
 * somebody else replied.
 */
export async function findInvitedByMessage(tx: Tx, providerMessageId: string): Promise<Invited | null> {
  const { rows } = await sql<Invited>`
    select i.id as invitation_id, i.event_id, i.guest_id, i.answer, i.answer_said_at, d.organizer_id, g.phone
      from ${deliveriesOf(providerMessageId)} sent (id)
      join deliveries d on d.id = sent.id and d.channel = 'whatsapp'
      join guests g on g.event_id = d.event_id and g.id = d.guest_id
      join invitations i on i.event_id = d.event_id and i.guest_id = d.guest_id
     -- the guest still has the number it was sent to
     where d.sent_to is null or d.sent_to = g.phone
     limit 1`.execute(tx)
  return rows[0] ?? null
}

/** Whether our message was sent to a number that its guest no longer has. */
export async function wasSentToAnother(tx: Tx, providerMessageId: string): Promise<boolean> {
  const { rows } = await sql`
    select 1
      from ${deliveriesOf(providerMessageId)} sent (id)
      join deliveries d on d.id = sent.id and d.channel = 'whatsapp'
      join guests g on g.event_id = d.event_id and g.id = d.guest_id
     where d.sent_to is not null
       and d.sent_to is distinct from g.phone`.execute(tx)
  return rows.length > 0
}

/** Finds an invitation. `wasWritten`: WhatsApp accepted a message to this guest, so they can have our buttons. */
export async function findInvitedById(
  tx: Tx,
  invitationId: string,
): Promise<(Invited & { wasWritten: boolean }) | null> {
  const { rows } = await sql<Invited & { wasWritten: boolean }>`
    select i.id as invitation_id, i.event_id, i.guest_id, i.answer, i.answer_said_at, e.organizer_id, g.phone,
           exists (
             select 1
               from deliveries d
              where d.event_id = i.event_id
                and d.guest_id = i.guest_id
                and d.channel = 'whatsapp'
                and d.provider_message_id is not null
                and (d.sent_to is null or d.sent_to = g.phone)) as was_written
      from invitations i
      join guests g on g.event_id = i.event_id and g.id = i.guest_id
      join events e on e.id = i.event_id
     where i.id = ${invitationId}`.execute(tx)
  return rows[0] ?? null
}

/** Webhooks have whole seconds, and clocks differ a little. */
const SLACK_MS = 60_000
const DAY_MS = 24 * 3_600_000

/**
 * The invitations of a person that take answers now, the earliest event first. `mustHaveHeardBy`: `isKnown` leaves out
 * invitations that were requested after it, and after a day those of guests whom we never wrote to.
 */
export async function listOpenInvitations(
  tx: Tx,
  phones: string[],
  { now, limit, mustHaveHeardBy }: { now: Date; limit: number; mustHaveHeardBy?: Date | undefined },
): Promise<OpenInvitation[]> {
  const heardBy = mustHaveHeardBy ? new Date(mustHaveHeardBy.getTime() + SLACK_MS) : null
  const mayBeUnwritten = heardBy === null || now.getTime() < heardBy.getTime() + DAY_MS
  const { rows } = await sql<OpenInvitation>`
    select i.id as invitation_id, i.event_id, i.guest_id, i.answer, i.answer_said_at,
           e.organizer_id, g.phone, e.name as event_name, g.name as guest_name, e.starts_at, e.time_zone,
           -- the guest answered it
           i.answer <> 'pending'
             -- or we wrote to the guest about it
             or exists (
               select 1
                 from deliveries d
                where d.event_id = g.event_id
                  and d.guest_id = g.id
                  and d.provider_message_id is not null
                  and (${heardBy}::timestamptz is null or d.requested_at <= ${heardBy}))
             -- or we never wrote to this person
             or ${mayBeUnwritten} and not exists (
               select 1
                 from guests w
                 join deliveries d on d.event_id = w.event_id and d.guest_id = w.id
                where w.phone = any(${phones}::text[])
                  and d.provider_message_id is not null) as is_known,
           exists (
             select 1
               from opt_outs x
              where x.organizer_id = e.organizer_id
                and x.phone = g.phone) as is_opted_out,
           exists (
             select 1
               from pauses p
              where (p.scope, p.scope_id) in (('event', e.id), ('organizer', e.organizer_id))) as is_paused
      from guests g
      join events e on e.id = g.event_id
      join invitations i on i.event_id = g.event_id and i.guest_id = g.id
     where g.phone = any(${phones}::text[])
       -- takes answers: the rule of checkOpen
       and e.status = 'active'
       and e.ends_at > ${now}
       and (e.rsvp_until is null or e.rsvp_until > ${now} or ${mayDecline})
     order by e.starts_at, i.id
     limit ${limit}`.execute(tx)
  return rows
}

/**
 * The organizers that a BAJA or ALTA is meant for: the organizer of the quoted message, else of the last message that this
 * person had received when they wrote, else every organizer who has their number.
 */
export async function listMeantOrganizers(
  tx: Tx,
  said: { phones: string[]; contextMessageId: string | null; sentAt: Date },
): Promise<string[]> {
  const quoted = said.contextMessageId ? await findInvitedByMessage(tx, said.contextMessageId) : null
  if (quoted) return [quoted.organizerId]
  const latest = await sql<{ organizerId: string }>`
    select d.organizer_id
      from guests g
      join deliveries d on d.event_id = g.event_id and d.guest_id = g.id
     where g.phone = any(${said.phones}::text[])
       and d.channel = 'whatsapp'
       and d.provider_message_id is not null
     -- messages sent before the guest wrote come first; WhatsApp's times are whole seconds
     order by (coalesce(d.sent_at, d.requested_at) < ${said.sentAt}::timestamptz + interval '1 second') desc,
              coalesce(d.sent_at, d.requested_at) desc
     limit 1`.execute(tx)
  if (latest.rows[0]) return [latest.rows[0].organizerId]
  const all = await sql<{ organizerId: string }>`
    select distinct e.organizer_id
      from guests g
      join events e on e.id = g.event_id
     where g.phone = any(${said.phones}::text[])
     order by 1`.execute(tx)
  return all.rows.map(({ organizerId }) => organizerId)
}

/** The latest invitation of a person that takes no answers any more. Drafts do not count. */
export async function findLatestClosed(tx: Tx, phones: string[], now: Date) {
  const { rows } = await sql<Invited & { isCancelled: boolean; isToCome: boolean }>`
    select i.id as invitation_id, i.event_id, i.guest_id, i.answer, i.answer_said_at, e.organizer_id, g.phone,
           e.status = 'cancelled' as is_cancelled, e.status = 'active' and e.ends_at > ${now} as is_to_come
      from guests g
      join events e on e.id = g.event_id
      join invitations i on i.event_id = g.event_id and i.guest_id = g.id
     where g.phone = any(${phones}::text[])
       and e.status <> 'draft'
       and (e.status <> 'active' or least(e.ends_at, e.rsvp_until) <= ${now})
     order by e.ends_at desc, i.id
     limit 1`.execute(tx)
  return rows[0] ?? null
}

/** A guest of these organizers with one of these phones, to address a reply to: of an active event first, then the earliest. */
export async function findAnyInvited(tx: Tx, organizerIds: string[], phones: string[]): Promise<Invited | null> {
  const { rows } = await sql<Invited>`
    select i.id as invitation_id, i.event_id, i.guest_id, i.answer, i.answer_said_at, e.organizer_id, g.phone
      from guests g
      join events e on e.id = g.event_id
      join invitations i on i.event_id = g.event_id and i.guest_id = g.id
     where g.phone = any(${phones}::text[])
       and e.organizer_id = any(${organizerIds}::text[])
     order by array_position(array['active', 'draft', 'cancelled', 'archived', 'expired'], e.status), e.starts_at, i.id
     limit 1`.execute(tx)
  return rows[0] ?? null
}
