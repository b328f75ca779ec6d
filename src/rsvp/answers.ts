/** What we answer a guest who wrote: rows like every other message, written beside what the guest's message did. */
import { newId, sql, type Tx } from '../platform/db.ts'
import type { Locale } from '../platform/languages.ts'
import type { TemplateName } from '../templates/templates.ts'
import { insertDeliveries } from '../delivery/delivery.ts'

/** What an organizer asks for is no answer. */
export type AnswerTemplate = Exclude<
  TemplateName,
  'event_invitation' | 'event_reminder' | 'event_update' | 'event_thanks'
>
export type NewAnswerMessage = {
  to: { eventId: string; guestId: string }
  template: AnswerTemplate
  /** The guest's message, by the provider's id: one answer of a template for each. */
  answersMessage: string
  /** What the text needs; every value is a string. */
  variables?: Record<string, string>
  attemptsMax: number
  requestId: string
  now: Date
}

/**
 * Queues an answer inside the caller's transaction. It takes no slot, since no organizer requested it, and it is urgent;
 * the sweep releases it within a second. False: this message was answered before.
 */
export async function answerGuest(tx: Tx, answer: NewAnswerMessage): Promise<boolean> {
  const { to, template, answersMessage, variables = {}, attemptsMax, requestId, now } = answer
  const { rows } = await sql<{ organizerId: string; locale: Locale }>`
    select e.organizer_id, g.locale
      from guests g join events e on e.id = g.event_id
     where g.event_id = ${to.eventId} and g.id = ${to.guestId}`.execute(tx)
  if (!rows[0]) return false
  const { organizerId, locale } = rows[0]
  const request = {
    ...{ organizerId, eventId: to.eventId, template, variables, attemptsMax, requestId, requestedBy: 'reply' },
    ...{ requestedAt: now, scheduledAt: null, isEnqueued: false, answersMessage },
  }
  const delivery = {
    ...{ id: newId('dl'), guestId: to.guestId, channel: 'whatsapp' as const, channelReason: 'reply' },
    ...{ mayFallBack: false, locale },
  }
  return (await insertDeliveries(tx, request, [delivery])).length === 1
}

/**
 * Whether this guest was sent an answer of this kind, with these variables among its own, at or after `since`: nobody
 * is asked the same twice in a row.
 */
export async function wasAnswered(
  tx: Tx,
  to: { eventId: string; guestId: string },
  template: AnswerTemplate,
  since: Date,
  variables: Record<string, string> = {},
): Promise<boolean> {
  const { rows } = await sql`
    select 1 from deliveries
     where event_id = ${to.eventId} and guest_id = ${to.guestId} and template = ${template} and requested_at >= ${since}
       and answers_message is not null and variables @> ${JSON.stringify(variables)}::jsonb limit 1`.execute(tx)
  return rows.length > 0
}

/** As wasAnswered, of whatever event: for what is said to a person and not to a guest of one event. */
export async function wasPhoneAnswered(
  tx: Tx,
  phones: string[],
  template: AnswerTemplate,
  since: Date,
): Promise<boolean> {
  const { rows } = await sql`
    select 1 from guests g join deliveries d on d.event_id = g.event_id and d.guest_id = g.id
     where g.phone = any(${phones}::text[]) and d.template = ${template} and d.requested_at > ${since}
       and d.answers_message is not null limit 1`.execute(tx)
  return rows.length > 0
}
