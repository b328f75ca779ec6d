/**
 * Dead letters of deliveries, sent again when a person says so. Whatever arrived meanwhile, or was asked for anew, is
 * left alone; a second replay at the same moment finds the letters taken.
 */
import { sql, type Tx } from '../platform/db.ts'
import { takeSlots, type SlotRequest } from './slots.ts'

/** `arrived`: a status proved it meanwhile. `superseded`: another delivery has its slot. `moved`: it is on its way, or skipped. */
export type ReplayOutcome = 'retried' | 'arrived' | 'superseded' | 'moved'
export type Replayed = { letterId: number; outcome: ReplayOutcome }

/**
 * Makes the deliveries of these open letters due at once, with `attemptsMax` more tries each. What happened to guest,
 * event or campaign since is asked when they are claimed, as always. The sweep enqueues them within a second. Returns
 * one outcome for each letter that was open; the caller resolves those in the same transaction.
 */
export async function replayDeliveries(
  tx: Tx,
  letterIds: number[],
  { now, attemptsMax }: { now: Date; attemptsMax: number },
): Promise<Replayed[]> {
  const dead = await lockDead(tx, letterIds)
  const candidates = dead.filter(isReplayable)
  const slots = latestOfEachSlot(candidates)
  const own = slots.map(({ deliveryId }) => deliveryId)
  const free = await takeSlots(tx, slots, { requestedAt: now, dueAt: now, windowMs: null }, own)
  const replayable = candidates.filter(({ id, isAnswer }) => isAnswer || free.has(id)).map(({ id }) => id)
  const retried = await requeueDead(tx, replayable, { now, attemptsMax })
  return dead.map((one) => ({ letterId: one.letterId, outcome: outcomeOf(one, retried) }))
}

type Dead = {
  letterId: number
  id: string
  status: string
  nextAttemptAt: Date | null
  eventId: string
  guestId: string
  template: string
  isAnswer: boolean
}

/** An unknown outcome without a due time is held for a person; with one it still waits for evidence. */
const isReplayable = ({ status, nextAttemptAt }: Dead): boolean =>
  status === 'dead' || status === 'failed' || (status === 'unknown' && nextAttemptAt === null)

function outcomeOf(one: Dead, retried: Set<string>): ReplayOutcome {
  if (retried.has(one.id)) return 'retried'
  if (['sent', 'delivered', 'read'].includes(one.status)) return 'arrived'
  return isReplayable(one) ? 'superseded' : 'moved'
}

/** Of two dead messages in one slot the later request goes; ids sort by time. An answer needs no slot. */
function latestOfEachSlot(candidates: Dead[]): SlotRequest[] {
  const latest = new Map<string, SlotRequest>()
  for (const { eventId, guestId, template, id, isAnswer } of candidates)
    if (!isAnswer) latest.set([eventId, guestId, template].join(' '), { eventId, guestId, template, deliveryId: id })
  return [...latest.values()]
}

/** The delivery before its letter, in the order of their ids, as everybody locks them. */
async function lockDead(tx: Tx, letterIds: number[]): Promise<Dead[]> {
  const { rows } = await sql<Dead>`
    select l.id as letter_id, d.id, d.status, d.next_attempt_at, d.answers_message is not null as is_answer,
           d.event_id, d.guest_id, d.template
      from dead_letters l join deliveries d on d.id = l.ref_id
     where l.id = any(${letterIds}::bigint[]) and l.kind = 'delivery' and l.resolved_at is null
     order by d.id for update of d, l`.execute(tx)
  return rows
}

/**
 * The history of attempts stays, and the tries begin anew above it. Whoever had an attempt whose outcome nobody saw
 * may get the message twice, and the row says so.
 */
async function requeueDead(
  tx: Tx,
  ids: string[],
  { now, attemptsMax }: { now: Date; attemptsMax: number },
): Promise<Set<string>> {
  const { rows } = await sql<{ id: string }>`
    update deliveries d set status = 'queued', reason = 'replayed', attempts_max = attempts + ${attemptsMax}::integer,
           replays = replays + 1, next_attempt_at = ${now}, enqueued_at = null, waiting_for = null, first_attempt_at = null,
           provider_message_id = null, lease_token = null, lease_until = null, ended_at = null, updated_at = ${now},
           possible_duplicate = possible_duplicate or status = 'unknown' or exists (
             select 1 from delivery_attempts a where a.delivery_id = d.id and a.outcome = 'unknown')
     where id = any(${ids}::text[]) and status in ('dead', 'failed', 'unknown') returning id`.execute(tx)
  return new Set(rows.map(({ id }) => id))
}
