/** The invitation as its guest sees it, and the guest's answer. What is shown is read anew, so it is never stale. */
import {
  answerAtOnce,
  chooseTexts,
  findCode,
  mapLinkOf,
  nameCompanions,
  readCodeOfPath,
  readCompanions,
  showInvitation,
  type Companion,
  type EventTexts,
  type ShownInvitation,
} from '../events/events.ts'
import { violatedConstraint, withTx, type Db, type Tx } from '../platform/db.ts'
import { Failure } from '../platform/errors.ts'
import { answerInvitation, isOpen, type AnswerKind } from '../rsvp/rsvp.ts'
import { findEntry, joinWaitlist } from '../waitlist/waitlist.ts'

export { findLastRun } from './runs.ts'

export type InvitationView = {
  code: string
  status: Exclude<ShownInvitation['eventStatus'], 'draft'>
  /** Whether answers are accepted now. An event stops accepting them when it ends, before the nightly job archives it. */
  isOpen: boolean
  /** Answers are closed, and the event is still to come. */
  isPastCutoff: boolean
  /** The waiting list still takes guests; it gives places until the event starts. */
  mayJoin: boolean
  /** A no is still taken after the cutoff. */
  mayDecline: boolean
  locale: ShownInvitation['locale']
  event: Pick<ShownInvitation, 'startsAt' | 'endsAt' | 'timeZone' | 'location' | 'venue' | 'rsvpUntil'> & {
    id: string
    name: string
    mapLink: string | null
  }
  /** What the organizer wrote, for the guest's language. */
  texts: EventTexts
  /** partySize: the number of people invited. */
  guest: { name: string; partySize: number; companions: Companion[] }
  answer: ShownInvitation['answer']
  answeredPlaces: number | null
  admitted: number
  passVersion: number
  waitlist: { partySize: number; joinedAt: Date } | null
}

type Context = { db: Db; now: () => Date }

/**
 * Reads an invitation without changing it. Throws `invitation_not_found` (also for a draft), `invitation_revoked` and
 * `invitation_expired`.
 */
export async function viewInvitation({ db, now }: Context, code: string): Promise<InvitationView> {
  const invitation = await showInvitation(db, readCodeOfPath(code))
  if (!invitation || invitation.eventStatus === 'draft') throw new Failure('invitation_not_found')
  if (invitation.isRevoked) throw new Failure('invitation_revoked')
  if (invitation.eventStatus === 'expired') throw new Failure('invitation_expired')
  const view = toView(invitation, now())
  if (!(view.isOpen || view.isPastCutoff) || invitation.capacity === null) return view
  return { ...view, waitlist: await findEntry(db, view.code) }
}

/** Records the answer of a guest who has the code. Throws what answerInvitation throws. */
export async function answerByCode(
  { db, now }: Context,
  input: { code: string; answer: AnswerKind; places?: number; companions?: Companion[]; sourceRef: string },
): Promise<InvitationView> {
  const reading = readCodeOfPath(input.code)
  const { answer, places = null, sourceRef } = input
  const companions = answer === 'yes' ? input.companions : undefined
  const [spelled, ...others] = reading.exact
  if (spelled !== undefined && others.length === 0 && companions === undefined) {
    const at = now()
    const answered = await answerAtOnce({ db }, { code: spelled, answer, places, sourceRef, at })
    if (answered) return toView(answered, at)
  }
  const code = await findCode(db, reading, null)
  if (code === null) throw new Failure('invitation_not_found')
  const at = now()
  const said = { code, answer, sourceRef, source: 'landing' as const, saidAt: at, now: at }
  await withTx(db, async (tx) => {
    if (companions) await nameAll(tx, code, companions, at)
    const { answeredPlaces } = await answerInvitation(tx, { ...said, ...(places === null ? {} : { places }) })
    if (companions && companions.length >= (answeredPlaces ?? 1)) throw new Failure('companions_exceeded')
  })
  return toView((await showInvitation(db, { ...reading, exact: [code] }))!, now())
}

/** Puts the guest of a code on the waiting list. Throws what joinWaitlist throws. */
export async function joinByCode(
  { db, now }: Context,
  { code: text, partySize }: { code: string; partySize?: number | undefined },
): Promise<InvitationView> {
  const code = await findCode(db, readCodeOfPath(text), null)
  if (code === null) throw new Failure('invitation_not_found')
  await joinWaitlist({ db, now }, { code, partySize, addedBy: null })
  return viewInvitation({ db, now }, code)
}

/** Throws `companions_exceeded` when the whole party is not that large. */
const nameAll = (tx: Tx, code: string, companions: Companion[], now: Date): Promise<void> =>
  nameCompanions(tx, code, readCompanions(companions, companions.length + 1), now).catch((error: unknown) => {
    throw violatedConstraint(error) === 'guests_companions' ? new Failure('companions_exceeded') : error
  })

function toView(invitation: ShownInvitation, now: Date): InvitationView {
  const { code, eventStatus, startsAt, endsAt, timeZone, location, venue, rsvpUntil } = invitation
  const { locale, answeredPlaces, admitted, passVersion } = invitation
  const isPastCutoff = isOpen({ ...invitation, rsvpUntil: null }, now) && !isOpen(invitation, now)
  return {
    code,
    status: eventStatus as InvitationView['status'],
    isOpen: isOpen(invitation, now),
    isPastCutoff,
    mayJoin: isOpen(invitation, now) && now < startsAt,
    mayDecline: isPastCutoff && invitation.mayDecline,
    locale,
    event: {
      ...{ id: invitation.eventId, name: invitation.eventName, startsAt, endsAt, timeZone, location, venue, rsvpUntil },
      mapLink: mapLinkOf(invitation),
    },
    texts: chooseTexts(invitation.texts, locale),
    guest: { name: invitation.guestName, partySize: invitation.places, companions: invitation.companions },
    answer: invitation.answer,
    answeredPlaces,
    admitted,
    passVersion,
    waitlist: null, // whoever has just answered waits no longer
  }
}
