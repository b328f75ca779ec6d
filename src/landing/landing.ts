/**
 * The invitation as its guest sees it, and the guest's answer.
 *
 * A guest may change the answer while the event is active and has not ended. A `yes` takes places from the
 * event's capacity; every such answer locks the event's row first, so the capacity is never exceeded.
 */
import { findCode, readCodeOfPath } from '../events/events.ts'
import { withTx, type Db } from '../platform/db.ts'
import { Failure } from '../platform/errors.ts'
import type { Kv } from '../platform/kv.ts'
import { findCached, forgetInvitation, keepCached } from './cache.ts'
import { answerInvitation, isOpen, type AnswerKind } from '../rsvp/rsvp.ts'
import { findInvitation, type Invitation } from './sql.ts'

export { forgetInvitation } from './cache.ts'
export { findLastRun } from './runs.ts'

export type InvitationView = {
  code: string
  status: Exclude<Invitation['eventStatus'], 'draft'>
  /** Whether answers are accepted now. An event stops accepting them when it ends, before the nightly job archives it. */
  isOpen: boolean
  locale: Invitation['locale']
  event: Pick<Invitation, 'startsAt' | 'endsAt' | 'timeZone' | 'location'> & { id: string; name: string }
  /** partySize: the number of people invited. */
  guest: { name: string; partySize: number }
  answer: Invitation['answer']
  answeredPlaces: number | null
  admitted: number
}

type Context = { db: Db; kv: Kv; now: () => Date }

/** Reads an invitation without changing it. Throws `invitation_not_found` (also for a draft) and `invitation_expired`. */
export async function viewInvitation({ db, kv, now }: Context, code: string): Promise<InvitationView> {
  const reading = readCodeOfPath(code)
  const cached = await findCached(kv, reading.exact[0] ?? '')
  const stored = cached ? null : await findCode(db, reading, null)
  const invitation = cached ?? (stored && (await findInvitation(db, stored)))
  if (!invitation || invitation.eventStatus === 'draft') throw new Failure('invitation_not_found')
  if (!cached) await keepCached(kv, invitation)
  if (invitation.eventStatus === 'expired') throw new Failure('invitation_expired')
  return toView(invitation, now())
}

/** Records the answer of a guest who has the code. Throws what answerInvitation throws. */
export async function answerByCode(
  { db, kv, now }: Context,
  input: { code: string; answer: AnswerKind; places?: number; sourceRef: string },
): Promise<InvitationView> {
  const code = await findCode(db, readCodeOfPath(input.code), null)
  if (code === null) throw new Failure('invitation_not_found')
  await withTx(db, (tx) => answerInvitation(tx, { ...input, code, source: 'landing', saidAt: now(), now: now() }))
  await forgetInvitation(kv, code)
  return toView((await findInvitation(db, code))!, now())
}

function toView(invitation: Invitation, now: Date): InvitationView {
  const { code, eventStatus, startsAt, endsAt, timeZone, location, locale, answeredPlaces, admitted } = invitation
  return {
    code,
    status: eventStatus as InvitationView['status'],
    isOpen: isOpen(eventStatus, endsAt, now),
    locale,
    event: { id: invitation.eventId, name: invitation.eventName, startsAt, endsAt, timeZone, location },
    guest: { name: invitation.guestName, partySize: invitation.places },
    answer: invitation.answer,
    answeredPlaces,
    admitted,
  }
}
