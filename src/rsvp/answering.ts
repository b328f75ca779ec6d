/**
 * Records a guest's answer from the page, a button or a text.
 *
 * A guest may change the answer while the event is active and has not ended. A `yes` takes places from the event's
 * capacity; every such answer locks the event's row first, so the capacity is never exceeded.
 */
import { markSaid, recordAnswer, type AnswerKind, type NewAnswer } from '../events/events.ts'
import type { Tx } from '../platform/db.ts'
import { Failure } from '../platform/errors.ts'
import { countConfirmed, lockCapacity, lockInvitation, type Locked } from './sql.ts'

export type InvitationAnswer = ({ code: string } | { invitationId: string }) & {
  answer: AnswerKind
  /** How many people come, for `yes`: 1 to the number invited, which is the default. */
  places?: number
  source: NewAnswer['source']
  /** The message or request that carried the answer. */
  sourceRef: string | null
  /** When the guest answered, by the provider's clock. */
  saidAt: Date
  now: Date
}

export type Answered = {
  invitationId: string
  code: string
  answer: AnswerKind
  answeredPlaces: number | null
  /** False when the guest had already given this answer. */
  isNew: boolean
}

/**
 * Writes a guest's answer inside the caller's transaction; the caller calls forgetInvitation after the
 * commit. On an error the previous answer stays. Throws `invitation_not_found`, `invitation_expired`,
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
    throw new Failure('guest_already_admitted', {
      detail: 'More people of this invitation are already inside than this answer allows.',
    })
  }
  await markSaid(tx, invitationId, input.saidAt)
  return { ...answered, isNew: true }
}

/** A caller with a code gets the same errors as the page, so the code reveals nothing about drafts. */
function checkOpen({ eventStatus, endsAt }: Locked, input: InvitationAnswer): void {
  if ('code' in input && eventStatus === 'draft') throw new Failure('invitation_not_found')
  if ('code' in input && eventStatus === 'expired') throw new Failure('invitation_expired')
  if (!isOpen(eventStatus, endsAt, input.now)) {
    throw new Failure('event_not_open', {
      detail: 'The event does not accept answers: it has ended or is not published.',
    })
  }
}

/** Whether answers are accepted. An event stops accepting them when it ends, before the nightly job archives it. */
export const isOpen = (status: Locked['eventStatus'], endsAt: Date, now: Date) => status === 'active' && now < endsAt

function checkPlaces({ places }: Locked, wanted: number = places): number {
  if (!Number.isInteger(wanted) || wanted < 1 || wanted > places) {
    throw new Failure('places_exceeded', { detail: `The invitation is for 1 to ${places} people.` })
  }
  return wanted
}

async function checkCapacity(tx: Tx, { eventId, invitationId, ...current }: Locked, places: number): Promise<void> {
  if (current.capacity === null) return
  const taken = current.answer === 'yes' ? Math.min(current.answeredPlaces ?? current.places, current.places) : 0
  if (places <= taken) return // a smaller party needs no new places
  const capacity = await lockCapacity(tx, eventId)
  if (capacity === null) return
  const free = capacity - (await countConfirmed(tx, eventId, invitationId))
  if (places > free) {
    throw new Failure('capacity_reached', { detail: `The event has ${Math.max(0, free)} places left.` })
  }
}
