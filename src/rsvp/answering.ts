/**
 * The guest's answer, however it comes: by page, button or words.
 *
 * An answer may be changed as long as the event is active and has not ended. `yes` takes places of the event's capacity,
 * which is never exceeded: whoever wants places waits for the event's row.
 */
import { markSaid, recordAnswer, type AnswerKind, type NewAnswer } from '../events/events.ts'
import type { Tx } from '../platform/db.ts'
import { Failure } from '../platform/errors.ts'
import { countConfirmed, lockCapacity, lockInvitation, type Locked } from './sql.ts'

export type InvitationAnswer = ({ code: string } | { invitationId: string }) & {
  answer: AnswerKind
  /** People who come, for `yes`: 1 up to the invited number, which is also the default. */
  places?: number
  source: NewAnswer['source']
  /** The message or request that carried it. */
  sourceRef: string | null
  /** When the guest said it, by the provider's clock. */
  saidAt: Date
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
  if (invitation.answer === input.answer && invitation.answeredPlaces === places) {
    await markSaid(tx, invitationId, input.saidAt)
    return { ...answered, isNew: false }
  }

  if (places !== null) await checkCapacity(tx, invitation, places)
  const { source, sourceRef, now } = input
  if (!(await recordAnswer(tx, { invitationId, answer: input.answer, places, source, sourceRef, now }))) {
    throw new Failure('guest_already_admitted', { detail: 'More people of this invitation are inside already.' })
  }
  await markSaid(tx, invitationId, input.saidAt)
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

/** Answers are taken until the event ends, although it is archived only at night. */
export const isOpen = (status: Locked['eventStatus'], endsAt: Date, now: Date) => status === 'active' && now < endsAt

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
