/**
 * The waiting list of an event that is full. Whoever waits has said that they would come: when places become free, the first
 * in line whose party fits is confirmed at once, and told. Whoever answers for themselves, yes or no, has left the list.
 */
import { mayFallBackToEmail } from '../contacts/contacts.ts'
import { requestDeliveries } from '../delivery/delivery.ts'
import { findEvent, findGuest, lockInvitation } from '../events/events.ts'
import type { Config } from '../platform/config.ts'
import { newId, withSavepoint, withTx, type Db, type Tx } from '../platform/db.ts'
import { Failure } from '../platform/errors.ts'
import { answerInvitation, isOpen } from '../rsvp/rsvp.ts'
import {
  deleteEntry,
  findAddress,
  findCandidate,
  hasEntry,
  insertEntry,
  listFitting,
  lockLine,
  type Candidate,
  type Entry,
  type Fitting,
  type Sought,
} from './sql.ts'

export { deleteEntry, deleteOldEntries, findEntry } from './sql.ts'

type Context = { db: Db; now: () => Date }
type Joining = Sought & { partySize?: number | undefined; addedBy: string | null }

/**
 * Puts a guest on the list. Who waits already keeps the place in line, and may change the number of people. Throws
 * `invitation_not_found`, `invitation_expired`, `invitation_revoked`, `guest_not_found`, `event_not_open`, `event_cancelled`,
 * `rsvp_closed`, `places_exceeded`, `already_confirmed`.
 */
export async function joinWaitlist({ db, now }: Context, joining: Joining): Promise<Entry> {
  const candidate = await findCandidate(db, joining)
  if (!candidate) throw new Failure('code' in joining ? 'invitation_not_found' : 'guest_not_found')
  const at = now()
  checkEvent(candidate, at, 'code' in joining)
  const { partySize = candidate.places } = joining
  if (partySize > candidate.places)
    throw new Failure('places_exceeded', { detail: `The invitation is for 1 to ${candidate.places} people.` })
  if (candidate.answer === 'yes' && (candidate.answeredPlaces ?? candidate.places) >= partySize)
    throw new Failure('already_confirmed')
  const entry = await insertEntry(db, { ...candidate, partySize, addedBy: joining.addedBy, joinedAt: at })
  if (!entry) throw new Failure('invitation_revoked')
  return entry
}

/** Whoever has only the code learns no more than the page shows. People of the organizer may add guests after the cutoff. */
function checkEvent(candidate: Candidate, now: Date, isByGuest: boolean): void {
  const { eventStatus, startsAt, rsvpUntil, isRevoked } = candidate
  if (isByGuest && eventStatus === 'draft') throw new Failure('invitation_not_found')
  if (isRevoked) throw new Failure('invitation_revoked')
  if (isByGuest && eventStatus === 'expired') throw new Failure('invitation_expired')
  if (eventStatus === 'cancelled') throw new Failure('event_cancelled')
  if (eventStatus !== 'active' || now >= startsAt)
    throw new Failure('event_not_open', { detail: 'Places are given until an active event starts.' })
  if (isByGuest && !isOpen({ ...candidate, endsAt: startsAt }, now))
    throw new Failure('rsvp_closed', { detail: `Answers were taken until ${rsvpUntil?.toISOString()}.` })
}

type Whose = { scope: string | null; eventId: string; guestId: string }

/** Throws `event_not_found`, `guest_not_found`, `not_waiting`. */
export async function leaveWaitlist(db: Db, { scope, eventId, guestId }: Whose): Promise<void> {
  if (await deleteEntry(db, { scope, eventId, guestId })) return
  if (!(await findEvent(db, scope, eventId))) throw new Failure('event_not_found')
  if (!(await findGuest(db, scope, eventId, guestId))) throw new Failure('guest_not_found')
  throw new Failure('not_waiting')
}

/** Gives the free places of an event to those who wait, one guest in a transaction. Returns how many guests got theirs. */
export async function giveFreePlaces(context: Context & { config: Config }, eventId: string): Promise<number> {
  const at = context.now()
  let given = 0
  while (
    (await listFitting(context.db, eventId, at)).length > 0 &&
    (await withTx(context.db, (tx) => giveNext(tx, context.config, eventId, at)))
  )
    given++
  return given
}

/** Confirms the first guest in line whose party fits. False: there is none. */
async function giveNext(tx: Tx, config: Config, eventId: string, now: Date): Promise<boolean> {
  await lockLine(tx, eventId) // one worker at a time, so that the order is kept
  for (const candidate of await listFitting(tx, eventId, now)) {
    const to = { eventId, guestId: candidate.guestId }
    try {
      const { isNew } = await withSavepoint(tx, () => confirm(tx, to, candidate, now))
      if (isNew) await tell(tx, config, to, now)
      return true
    } catch (error) {
      if (!(error instanceof Failure)) throw error // else somebody took the places first, or the guest has left
    }
  }
  return false
}

async function confirm(tx: Tx, to: { eventId: string; guestId: string }, candidate: Fitting, now: Date) {
  const { invitationId, code, partySize: places } = candidate
  // An answer that the guest gives at this moment takes the entry with it.
  if (!(await lockInvitation(tx, to.eventId, code)) || !(await hasEntry(tx, to.eventId, to.guestId)))
    throw new Failure('not_waiting')
  return answerInvitation(tx, {
    ...{ invitationId, answer: 'yes', places, source: 'waitlist', sourceRef: null, saidAt: now, now },
  })
}

/** Requests the message. A guest without any address is confirmed all the same. */
async function tell(tx: Tx, config: Config, to: { eventId: string; guestId: string }, now: Date): Promise<void> {
  const address = await findAddress(tx, to)
  if (!address?.channel) return
  const { channel, organizerId, locale } = address
  const delivery = {
    ...{ id: newId('dl'), ...to, organizerId, locale, channel, channelReason: 'waitlist' },
    ...{ template: 'waitlist_place', variables: {}, attemptsMax: config.delivery.attemptsMax },
    ...{ requestId: newId('req'), requestedBy: 'waitlist', isEnqueued: false },
    // Nobody waits for it at night, so it keeps the quiet hours.
    ...{ requestedAt: now, scheduledAt: now },
    mayFallBack: channel === 'whatsapp' && mayFallBackToEmail(config),
  }
  await requestDeliveries(tx, [delivery], 0)
}
