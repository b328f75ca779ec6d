/**
 * The invitation as its guest sees it, and what the guest answers.
 *
 * An answer may be changed as long as the event is active and has not ended. `yes` takes places of the
 * event's capacity, which is never exceeded: whoever wants places waits for the event's row.
 */
import { isCode, readCode } from '../checkin/checkin.ts'
import { withTx, type Db, type Tx } from '../platform/db.ts'
import { Failure } from '../platform/errors.ts'
import type { Kv } from '../platform/kv.ts'
import { findCached, forgetInvitation, keepCached } from './cache.ts'
import {
  answer,
  countConfirmed,
  findInvitation,
  lockCapacity,
  lockInvitation,
  type AnswerKind,
  type Invitation,
  type Locked,
  type NewAnswer,
} from './sql.ts'

export { forgetInvitation } from './cache.ts'

export type InvitationView = {
  code: string
  status: Exclude<Invitation['eventStatus'], 'draft'>
  /** Answers are taken now. An event that has ended takes none, although it is archived only at night. */
  isOpen: boolean
  locale: Invitation['locale']
  event: Pick<Invitation, 'startsAt' | 'endsAt' | 'timeZone' | 'location'> & { id: string; name: string }
  /** partySize: as many as were invited. */
  guest: { name: string; partySize: number }
  answer: Invitation['answer']
  answeredPlaces: number | null
  admitted: number
}

type Context = { db: Db; kv: Kv; now: () => Date }

/** Throws `invitation_not_found` (a draft's too) and `invitation_expired`. Changes nothing. */
export async function viewInvitation({ db, kv, now }: Context, code: string): Promise<InvitationView> {
  const given = readCode(code)
  if (!isCode(given)) throw new Failure('invitation_not_found')
  const cached = await findCached(kv, given)
  const invitation = cached ?? (await findInvitation(db, given))
  if (!invitation || invitation.eventStatus === 'draft') throw new Failure('invitation_not_found')
  if (!cached) await keepCached(kv, invitation)
  if (invitation.eventStatus === 'expired') throw new Failure('invitation_expired')
  return toView(invitation, now())
}

/** Takes the answer of a guest who has the code. */
export async function answerByCode(
  { db, kv, now }: Context,
  input: { code: string; answer: AnswerKind; places?: number; sourceRef: string },
): Promise<InvitationView> {
  const code = readCode(input.code)
  if (!isCode(code)) throw new Failure('invitation_not_found')
  await withTx(db, (tx) => answerInvitation(tx, { ...input, code, source: 'landing', now: now() }))
  await forgetInvitation(kv, code)
  return toView((await findInvitation(db, code))!, now())
}

export type InvitationAnswer = ({ code: string } | { invitationId: string }) & {
  answer: AnswerKind
  /** People who come, for `yes`: 1 up to the invited number, which is also the default. */
  places?: number
  source: NewAnswer['source']
  /** The message or request that carried it. */
  sourceRef: string | null
  now: Date
}

export type Answered = {
  invitationId: string
  code: string
  answer: AnswerKind
  answeredPlaces: number | null
  /** False: the guest had said the same before, and nothing was written. */
  isNew: boolean
}

/**
 * Writes a guest's answer inside the caller's transaction; the caller calls forgetInvitation after the
 * commit. A refusal leaves the old answer. Throws `invitation_not_found`, `invitation_expired`,
 * `event_not_open`, `places_exceeded`, `capacity_reached`, `guest_already_admitted`.
 */
export async function answerInvitation(tx: Tx, input: InvitationAnswer): Promise<Answered> {
  const invitation = await lockInvitation(tx, input)
  if (!invitation) throw new Failure('invitation_not_found')
  checkOpen(invitation, input)
  const { invitationId, code } = invitation
  const places = input.answer === 'yes' ? checkPlaces(invitation, input.places) : null
  const answered = { invitationId, code, answer: input.answer, answeredPlaces: places }
  if (invitation.answer === input.answer && invitation.answeredPlaces === places) return { ...answered, isNew: false }

  if (places !== null) await checkCapacity(tx, invitation, places)
  const { source, sourceRef, now } = input
  if (!(await answer(tx, { invitationId, answer: input.answer, places, source, sourceRef, now }))) {
    throw new Failure('guest_already_admitted', { detail: 'More people of this invitation are inside already.' })
  }
  return { ...answered, isNew: true }
}

/** Who comes with a code learns no more than the page would tell. */
function checkOpen({ eventStatus, endsAt }: Locked, input: InvitationAnswer): void {
  if ('code' in input && eventStatus === 'draft') throw new Failure('invitation_not_found')
  if ('code' in input && eventStatus === 'expired') throw new Failure('invitation_expired')
  if (!isOpen(eventStatus, endsAt, input.now)) {
    throw new Failure('event_not_open', { detail: 'The event takes no answers: it has ended or is not published.' })
  }
}

const isOpen = (status: Invitation['eventStatus'], endsAt: Date, now: Date) => status === 'active' && now < endsAt

function checkPlaces({ places }: Locked, wanted: number = places): number {
  if (!Number.isInteger(wanted) || wanted < 1 || wanted > places) {
    throw new Failure('places_exceeded', { detail: `The invitation is for 1 to ${places} people.` })
  }
  return wanted
}

async function checkCapacity(tx: Tx, { eventId, invitationId, ...held }: Locked, places: number): Promise<void> {
  if (held.capacity === null) return
  const alreadyOurs = held.answer === 'yes' ? Math.min(held.answeredPlaces ?? held.places, held.places) : 0
  if (places <= alreadyOurs) return // giving places back is always welcome
  const capacity = await lockCapacity(tx, eventId)
  if (capacity === null) return
  const free = capacity - (await countConfirmed(tx, eventId, invitationId))
  if (places > free) {
    throw new Failure('capacity_reached', { detail: `The event has ${Math.max(0, free)} places left.` })
  }
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
