/** Our replies to guests who wrote: deliveries, inserted in the transaction that handles the guest's message. */
import { newId, sql, type Tx } from '../platform/db.ts'
import type { Locale } from '../platform/values/languages.ts'
import type { TemplateName } from '../templates/templates.ts'
import { insertDelivery } from '../delivery/delivery.ts'

/** Templates that are sent as automatic replies. Organizers request the others. */
export type ReplyTemplate = Exclude<
  TemplateName,
  'event_invitation' | 'event_reminder' | 'event_update' | 'event_thanks' | 'personal_reply' | 'waitlist_place'
>
export type NewReply = {
  to: { eventId: string; guestId: string }
  template: ReplyTemplate
  /** The provider's id of the guest's message. Each message gets at most one reply per template. */
  answersMessage: string
  /** The variables that the request must give. */
  variables?: Record<string, string>
  attemptsMax: number
  requestId: string
  now: Date
}

/**
 * Inserts a reply inside the caller's transaction. It takes no slot, because no organizer requested it. It is urgent, and
 * the release job enqueues it within a second. False: this message already has this reply.
 */
export async function answerGuest(tx: Tx, newReply: NewReply): Promise<boolean> {
  const { to, template, answersMessage, variables = {}, attemptsMax, requestId, now } = newReply
  const { rows } = await sql<{ organizerId: string; locale: Locale }>`
    select e.organizer_id, g.locale
      from guests g
      join events e on e.id = g.event_id
     where g.event_id = ${to.eventId} and g.id = ${to.guestId}`.execute(tx)
  if (!rows[0]) return false
  const { organizerId, locale } = rows[0]
  return insertDelivery(tx, {
    ...{ organizerId, eventId: to.eventId, template, variables, attemptsMax, requestId, requestedBy: 'reply' },
    ...{ requestedAt: now, scheduledAt: null, isEnqueued: false, answersMessage },
    ...{ id: newId('dl'), guestId: to.guestId, channel: 'whatsapp' as const, channelReason: 'reply' },
    ...{ mayFallBack: false, locale },
  })
}

/**
 * Whether this guest got a reply of this template at or after `since`. `variables`: the reply must include these. It keeps
 * us from asking the same question twice in a row.
 */
export async function wasAnswered(
  tx: Tx,
  to: { eventId: string; guestId: string },
  template: ReplyTemplate,
  since: Date,
  variables: Record<string, string> = {},
): Promise<boolean> {
  const { rows } = await sql`
    select 1
      from deliveries
     where event_id = ${to.eventId}
       and guest_id = ${to.guestId}
       and template = ${template}
       and requested_at >= ${since}
       -- a reply, not a message that an organizer requested
       and answers_message is not null
       and variables @> ${JSON.stringify(variables)}::jsonb
     limit 1`.execute(tx)
  return rows.length > 0
}

/** Like wasAnswered, but for a person in any event. */
export async function wasPhoneAnswered(
  tx: Tx,
  phones: string[],
  template: ReplyTemplate,
  since: Date,
): Promise<boolean> {
  const { rows } = await sql`
    select 1
      from guests g
      join deliveries d on d.event_id = g.event_id and d.guest_id = g.id
     where g.phone = any(${phones}::text[])
       and d.template = ${template}
       and d.requested_at > ${since}
       -- a reply, not a message that an organizer requested
       and d.answers_message is not null
     limit 1`.execute(tx)
  return rows.length > 0
}
