/**
 * Recording a guest's answer, whether it comes from the page, a button or words.
 *
 * A guest may change the answer while the event is active and has not ended. A `yes` takes places of the event's capacity,
 * which is never exceeded: concurrent answers that take places wait for the lock on the event.
 */
import { markSaid, recordAnswer, type AnswerKind, type NewAnswer } from '../events/events.ts'
import type { Tx } from '../platform/db.ts'
import { Failure } from '../platform/errors.ts'
import { countConfirmed, lockCapacity, lockInvitation, type Locked } from './sql.ts'

export type InvitationAnswer = ({ code: string } | { invitationId: string }) & {
  answer: AnswerKind
  /** For `yes`: how many people come, from 1 to the invited number. Default: the invited number. */
  places?: number
  source: NewAnswer['source']
  /** The id of the message or request with the answer. */
  sourceRef: string | null
  /** The user who wrote it down for the guest, and a note of theirs. */
  by?: string | undefined
  note?: string | undefined
  /** When the guest answered, by the provider's clock. */
  saidAt: Date
  now: Date
}

export type Answered = {
  invitationId: string
  code: string
  answer: AnswerKind
  answeredPlaces: number | null
  /** False: the guest had given the same answer before. */
  isNew: boolean
}

/**
 * Records a guest's answer inside the caller's transaction. A refused answer leaves the old one. Throws `invitation_not_found`,
 * `invitation_expired`, `invitation_revoked`, `event_not_open`, `event_cancelled`, `rsvp_closed`, `places_exceeded`,
 * `capacity_reached`, `guest_already_admitted`.
 */
export async function answerInvitation(tx: Tx, input: InvitationAnswer): Promise<Answered> {
  const invitation = await lockInvitation(tx, input)
  if (!invitation) throw new Failure('invitation_not_found')
  checkOpen(invitation, input)
  const { invitationId, code } = invitation
  const places = input.answer === 'yes' ? checkPlaces(invitation, input.places) : null
  const answered = { invitationId, code, answer: input.answer, answeredPlaces: places }
  if (invitation.answer === input.answer && invitation.answeredPlaces === places) {
    await markSaid(tx, invitationId, input.saidAt)
    return { ...answered, isNew: false }
  }

  if (places !== null) await checkCapacity(tx, invitation, places, input)
  const { answer, source, sourceRef, by, note, now } = input
  if (!(await recordAnswer(tx, { invitationId, answer, places, source, sourceRef, by, note, now }))) {
    throw new Failure('guest_already_admitted', {
      detail: 'More people of this invitation have already been admitted.',
    })
  }
  await markSaid(tx, invitationId, input.saidAt)
  return { ...answered, isNew: true }
}

/** Throws unless the event takes answers. Whoever has only the code learns no more than the page shows. */
function checkOpen(event: Locked, input: InvitationAnswer): void {
  const { eventStatus, endsAt, rsvpUntil, isRevoked } = event
  if ('code' in input && eventStatus === 'draft') throw new Failure('invitation_not_found')
  if (isRevoked) throw new Failure('invitation_revoked')
  if ('code' in input && eventStatus === 'expired') throw new Failure('invitation_expired')
  if (eventStatus === 'cancelled') throw new Failure('event_cancelled')
  if (!isOpen({ eventStatus, endsAt, rsvpUntil: null }, input.now)) {
    throw new Failure('event_not_open', { detail: 'The event takes no answers: it has ended or is not active.' })
  }
  // After the cutoff people of the organizer may still correct what guests said, and some guests may decline.
  if (isOfGuest(input) && !isOpen(event, input.now) && !(input.answer === 'no' && event.mayDecline))
    throw new Failure('rsvp_closed', { detail: `Answers were taken until ${rsvpUntil?.toISOString()}.` })
}

const isOfGuest = ({ source }: InvitationAnswer) => source === 'landing' || source === 'whatsapp'

/** Whether the event takes answers of guests. It is archived only at night, so its end counts too. */
export const isOpen = (
  { eventStatus, endsAt, rsvpUntil }: Pick<Locked, 'eventStatus' | 'endsAt' | 'rsvpUntil'>,
  now: Date,
) => eventStatus === 'active' && now < endsAt && (rsvpUntil === null || now < rsvpUntil)

function checkPlaces({ places }: Locked, wanted: number = places): number {
  if (!Number.isInteger(wanted) || wanted < 1 || wanted > places) {
    throw new Failure('places_exceeded', { detail: `The invitation is for 1 to ${places} people.` })
  }
  return wanted
}

async function checkCapacity(tx: Tx, current: Locked, places: number, input: InvitationAnswer): Promise<void> {
  if (current.capacity === null) return
  const taken = current.answer === 'yes' ? Math.min(current.answeredPlaces ?? current.places, current.places) : 0
  if (places <= taken) return // takes no more places, so no lock is needed
  const { capacity, isAwaited } = await lockCapacity(tx, current, input.now)
  if (capacity === null) return
  // What becomes free is for those who wait, unless a person of the organizer decides otherwise.
  if (isAwaited && isOfGuest(input)) throw new Failure('capacity_reached', { detail: 'Other guests wait for places.' })
  const free = capacity - (await countConfirmed(tx, current.eventId, current.invitationId))
  if (places > free) {
    throw new Failure('capacity_reached', { detail: `The event has ${Math.max(0, free)} places left.` })
  }
}
