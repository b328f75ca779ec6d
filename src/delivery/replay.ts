/**
 * Replaying dead letters of deliveries at a person's request. A message that arrived or was requested again meanwhile
 * is not sent; a concurrent replay finds the letters locked and then resolved.
 */
import { sql, type Tx } from '../platform/db.ts'
import type { Candidate } from './claiming-sql.ts'
import { takeSlots, type SlotRequest } from './slots.ts'

/** `arrived`: it was sent after all. `superseded`: another delivery has its slot. `moved`: it is queued or skipped. */
export type ReplayOutcome = 'retried' | 'arrived' | 'superseded' | 'moved'
export type Replayed = { letterId: number; outcome: ReplayOutcome }

/**
 * Makes the deliveries of open letters due at once, with `attemptsMax` more attempts each; the release enqueues them.
 * Returns one outcome per open letter; the caller resolves those in the same transaction.
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

type Dead = Pick<Candidate, 'id' | 'eventId' | 'guestId' | 'template' | 'isAnswer'> & {
  letterId: number
  status: string
  nextAttemptAt: Date | null
  requestedAt: Date
}

/** An unknown outcome needs review when it has no due time; otherwise it still waits for a status. */
const isReplayable = ({ status, nextAttemptAt }: Dead): boolean =>
  status === 'dead' || status === 'failed' || (status === 'unknown' && nextAttemptAt === null)

function outcomeOf(one: Dead, retried: Set<string>): ReplayOutcome {
  if (retried.has(one.id)) return 'retried'
  if (['sent', 'delivered', 'read'].includes(one.status)) return 'arrived'
  return isReplayable(one) ? 'superseded' : 'moved'
}

/** Of several dead messages in one slot the latest request wins. An answer needs no slot. */
function latestOfEachSlot(candidates: Dead[]): SlotRequest[] {
  const latest = new Map<string, SlotRequest>()
  const byTime = candidates.toSorted((a, b) => a.requestedAt.getTime() - b.requestedAt.getTime())
  for (const { eventId, guestId, template, id, isAnswer } of byTime)
    if (!isAnswer) latest.set([eventId, guestId, template].join(' '), { eventId, guestId, template, deliveryId: id })
  return [...latest.values()]
}

/** Locks deliveries before letters and in the order of their ids, as every statement does, to avoid deadlocks. */
async function lockDead(tx: Tx, letterIds: number[]): Promise<Dead[]> {
  const { rows } = await sql<Dead>`
    select l.id as letter_id, d.id, d.status, d.next_attempt_at, d.answers_message is not null as is_answer,
           d.event_id, d.guest_id, d.template, d.requested_at
      from dead_letters l
      join deliveries d on d.id = l.ref_id
     where l.id = any(${letterIds}::bigint[]) and l.kind = 'delivery' and l.resolved_at is null
     order by d.id
       for update of d, l`.execute(tx)
  return rows
}

/** Keeps the attempts made so far. Marks a possible duplicate when the outcome of one of them is unknown. */
async function requeueDead(
  tx: Tx,
  ids: string[],
  { now, attemptsMax }: { now: Date; attemptsMax: number },
): Promise<Set<string>> {
  const { rows } = await sql<{ id: string }>`
    update deliveries d
       set status = 'queued', reason = 'replayed', waiting_for = null,
           attempts_max = attempts + ${attemptsMax}::integer, replays = replays + 1, next_attempt_at = ${now}, enqueued_at = null,
           first_attempt_at = null, ended_at = null, provider_message_id = null, lease_token = null, lease_until = null,
           possible_duplicate = possible_duplicate or status = 'unknown' or exists (
             select 1 from delivery_attempts a
              where a.delivery_id = d.id and a.outcome = 'unknown'),
           updated_at = ${now}
     where id = any(${ids}::text[]) and status in ('dead', 'failed', 'unknown')
    returning id`.execute(tx)
  return new Set(rows.map(({ id }) => id))
}
