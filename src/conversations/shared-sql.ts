/** What several statements on conversations share: which messages belong to whom, and what a text is composed from. */
import { sql } from '../platform/db.ts'

/**
 * Message `m` with the phone of guest `g` belongs to their conversation: it is about their invitation,
 * it quotes a message to them, or it is about no event. One number of ours serves all organizers, so words about no event
 * belong to nobody while guests of two organizers have the phone.
 */
export const isOfGuest = (organizerId: ReturnType<typeof sql> = sql`g.organizer_id`) => sql`(
         m.event_id = g.event_id and m.guest_id = g.id
         or exists (
              select 1
                from deliveries quoted
               where quoted.event_id = g.event_id
                 and quoted.guest_id = g.id
                 and quoted.channel = 'whatsapp'
                 and quoted.provider_message_id in (m.context_message_id, m.target_message_id))
         or m.event_id is null and not is_known_elsewhere(g.phone, ${organizerId}))`

/** Guest `g` of event `e`, if the caller may see them. `guestId` null: every guest of the event. */
export const guestsOf = (scope: string | null, eventId: string, guestId: string | null) => sql`
      select g.event_id, g.id, g.name, g.phone, g.search, e.organizer_id
        from guests g
        join events e on e.id = g.event_id
       where g.event_id = ${eventId}
         and (${guestId}::text is null or g.id = ${guestId})
         and (${scope}::text is null or e.organizer_id = ${scope})`

/** Who wrote delivery `d`: a person of the organizer, the system in answer to the guest, or a send that was requested. */
export const sourceOfDelivery = sql`
           case when d.template = 'personal_reply' then 'person'
                when d.answers_message is not null then 'automatic'
                else 'requested' end`
export const sourceOfMessage = sql`case m.direction when 'in' then 'guest' else 'whatsapp' end`

/** The meaning of message `m`; of an edited one that of its last edit, which `withEdit` joins. */
export const withEdit = sql`
      left join lateral (
        select c.id, c.intent, c.party_size, c.outcome
          from wa_messages c
         where c.target_message_id = m.id
           and c.type = 'edit'
           and c.sent_at = m.edited_at
         limit 1) edit on true`
export const meaning = sql`
           coalesce(edit.intent, case when edit.id is null then m.intent end) as intent,
           coalesce(edit.party_size, case when edit.id is null then m.party_size end) as party_size,
           coalesce(edit.outcome, m.outcome) as outcome`

/** What the text of a delivery to guest `g` of event `e` is composed from. */
export const textFacts = sql`
           json_build_object(
             'guestName', g.name, 'phone', g.phone, 'eventName', e.name, 'startsAt', e.starts_at, 'timeZone', e.time_zone,
             'location', e.location, 'organizerName', o.name, 'invitationId', i.id, 'code', i.code)`
