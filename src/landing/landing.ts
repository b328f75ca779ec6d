/** The invitation as its guest sees it, and the guest's answer. What is shown is read anew, so it is never stale. */
import { answerAtOnce, findCode, readCodeOfPath, showInvitation, type ShownInvitation } from '../events/events.ts'
import { withTx, type Db } from '../platform/db.ts'
import { Failure } from '../platform/errors.ts'
import { answerInvitation, isOpen, type AnswerKind } from '../rsvp/rsvp.ts'

export { findLastRun } from './runs.ts'

export type InvitationView = {
  code: string
  status: Exclude<ShownInvitation['eventStatus'], 'draft'>
  /** Whether answers are accepted now. An event stops accepting them when it ends, before the nightly job archives it. */
  isOpen: boolean
  locale: ShownInvitation['locale']
  event: Pick<ShownInvitation, 'startsAt' | 'endsAt' | 'timeZone' | 'location'> & { id: string; name: string }
  /** partySize: the number of people invited. */
  guest: { name: string; partySize: number }
  answer: ShownInvitation['answer']
  answeredPlaces: number | null
  admitted: number
}

type Context = { db: Db; now: () => Date }

/** Reads an invitation without changing it. Throws `invitation_not_found` (also for a draft), `invitation_revoked` and `invitation_expired`. */
export async function viewInvitation({ db, now }: Context, code: string): Promise<InvitationView> {
  const invitation = await showInvitation(db, readCodeOfPath(code))
  if (!invitation || invitation.eventStatus === 'draft') throw new Failure('invitation_not_found')
  if (invitation.isRevoked) throw new Failure('invitation_revoked')
  if (invitation.eventStatus === 'expired') throw new Failure('invitation_expired')
  return toView(invitation, now())
}

/** Records the answer of a guest who has the code. Throws what answerInvitation throws. */
export async function answerByCode(
  { db, now }: Context,
  input: { code: string; answer: AnswerKind; places?: number; sourceRef: string },
): Promise<InvitationView> {
  const reading = readCodeOfPath(input.code)
  const { answer, places = null, sourceRef } = input
  const [spelled, ...others] = reading.exact
  if (spelled !== undefined && others.length === 0) {
    const at = now()
    const answered = await answerAtOnce({ db }, { code: spelled, answer, places, sourceRef, at })
    if (answered) return toView(answered, at)
  }
  const code = await findCode(db, reading, null)
  if (code === null) throw new Failure('invitation_not_found')
  await withTx(db, (tx) => answerInvitation(tx, { ...input, code, source: 'landing', saidAt: now(), now: now() }))
  return toView((await showInvitation(db, { ...reading, exact: [code] }))!, now())
}

function toView(invitation: ShownInvitation, now: Date): InvitationView {
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
