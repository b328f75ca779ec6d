/** A guest's answer on the page, in one statement when nothing has to be decided. Concurrent guests share it. */
import { batching } from '../platform/batching.ts'
import { sql, type Db } from '../platform/db.ts'
import type { AnswerKind } from './invitations.ts'
import { SHOWN, type ShownInvitation } from './shown.ts'

/** `places`: of a yes; null: all that are invited. `sourceRef`: the request. */
export type PageAnswer = { code: string; answer: AnswerKind; places: number | null; sourceRef: string; at: Date }

/**
 * Records an answer to the invitation with exactly this code and returns the invitation, if all of this is so: the event
 * takes answers; the answer is another one than before; it fits the invitation and those who are already inside; it takes no
 * more places of an event with a capacity; nobody else is changing the invitation. Otherwise it returns null and has changed
 * nothing: answerInvitation of rsvp waits, locks, and tells the reason of a refusal.
 */
export const answerAtOnce = batching(
  async ({ db }: { db: Db }, given: PageAnswer[]): Promise<(ShownInvitation | null)[]> => {
    // Of two answers to one invitation the first is recorded here, and then the other one by answerInvitation.
    const firsts = new Map<string, PageAnswer>()
    for (const one of given) if (!firsts.has(one.code)) firsts.set(one.code, one)
    const column = <K extends keyof PageAnswer>(name: K) => Array.from(firsts.values(), (one) => one[name])

    const { rows } = await sql<ShownInvitation>`/* prepared answer_invitations */
      with given as (
        select *
          from unnest(${column('code')}::text[], ${column('answer')}::text[], ${column('places')}::integer[],
                      ${column('sourceRef')}::text[], ${column('at')}::timestamptz[])
            as g (code, answer, wanted, source_ref, at)),
      accepted as (
        select i.id, g.answer, w.places, g.source_ref, g.at
          from given g
          join invitations i on i.code = g.code
          join events e on e.id = i.event_id
         cross join lateral (select case g.answer when 'yes' then coalesce(g.wanted, i.places) end as places) w
         -- the rule of isOpen
         where e.status = 'active'
           and i.revoked_at is null
           and least(e.ends_at, e.rsvp_until) > g.at
           and (i.answer, i.answered_places) is distinct from (g.answer, w.places)
           and (w.places is null or w.places between 1 and i.places)
           -- the rule of recordAnswer
           and i.admitted <= coalesce(w.places, 0)
           and (e.capacity is null or w.places is null
                or i.answer = 'yes' and w.places <= door_places(i.answer, i.answered_places, i.places))
           for no key update of i skip locked),
      answered as (
        update invitations i
           set answer = a.answer, answered_places = a.places, answered_at = a.at, answered_by = 'landing',
               answer_said_at = greatest(i.answer_said_at, a.at), updated_at = a.at
          from accepted a
         where i.id = a.id
        returning i.*, a.source_ref),
      noted as (
        insert into invitation_answers (invitation_id, answer, places, source, source_ref, answered_at)
        select id, answer, answered_places, answered_by, source_ref, answered_at
          from answered)
      select ${SHOWN}
        from answered i
        join events e on e.id = i.event_id
        join guests g on g.event_id = i.event_id and g.id = i.guest_id`.execute(db)
    const shown = new Map(rows.map((row) => [row.code, row]))
    return given.map((one) => (firsts.get(one.code) === one ? (shown.get(one.code) ?? null) : null))
  },
  { max: 100, lanes: 2 },
)
