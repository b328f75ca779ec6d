/** What the ledger shows of a payment: the movements that follow from its facts. */
import assert from 'node:assert/strict'
import {
  book,
  bookReversal,
  dispute,
  disputeLost,
  disputeWon,
  fee,
  listMovementsOfPayment,
  payment as paid,
  refund,
  type Entry,
  type Transaction,
} from '../ledger/ledger.ts'
import type { Tx } from '../platform/db.ts'
import type { Cause, Fact } from './fact.ts'
import { listFacts } from './facts-sql.ts'
import type { Payment } from './sql.ts'

type Wanted = { kind: Transaction['kind']; objectId: string; effectiveAt: Date; entries: Entry[] }

/**
 * Books each movement that follows from the facts and is not in the ledger, and reverses each that follows no longer: of a
 * refund that failed after all, or a dispute that was won after it was lost. Held money is in no ledger, and neither is
 * money without an organizer. What goes is booked only once something has come.
 */
export async function bookFacts(tx: Tx, payment: Payment, { by, requestId, at }: Cause): Promise<void> {
  const { id: paymentId, organizerId, eventId, provider } = payment
  if (organizerId === null || payment.isHeld || payment.receivedCents === 0) return
  const wanted = (await listFacts(tx, paymentId)).flatMap((fact) => movementsOf(fact, provider))
  const standing = (await listMovementsOfPayment(tx, paymentId)).filter(
    ({ kind, reversedBy }) => kind !== 'reversal' && reversedBy === null,
  )
  const keyOf = ({ kind, objectId }: { kind: string; objectId: string | null }) => `${kind} ${objectId ?? ''}`
  const booked = new Set(standing.map(keyOf))
  const due = new Set(wanted.map(keyOf))
  for (const movement of standing.filter((one) => !due.has(keyOf(one))))
    await bookReversal(tx, movement, 'The provider took it back.', { by, requestId, at })
  for (const { effectiveAt, ...movement } of wanted.filter((one) => !booked.has(keyOf(one)))) {
    const id = await book(tx, { organizerId, eventId, paymentId, ...movement }, { by, requestId, at, effectiveAt })
    assert(id, `${movement.kind} of ${movement.objectId} is in the ledger already, and reversed`)
  }
}

function movementsOf({ kind, state, objectId, occurredAt, feeCents, ...money }: Fact, method: string): Wanted[] {
  const movement = (name: Transaction['kind'], entries: Entry[]) => ({
    kind: name,
    ...{ objectId, effectiveAt: occurredAt, entries },
  })
  if (kind === 'charge') return [movement('payment', paid(method, money))]
  if (kind === 'refund') return state === 'succeeded' ? [movement('refund', refund(method, money))] : []
  if (state === 'open') return []
  const cost = feeCents === 0 ? [] : [movement('fee', fee(method, { ...money, amountCents: feeCents }))]
  if (money.amountCents === 0) return cost
  const taken = [movement('dispute', dispute(method, money)), ...cost]
  if (state === 'lost') return [...taken, movement('dispute_lost', disputeLost(money))]
  return state === 'won' ? [...taken, movement('dispute_won', disputeWon(method, money))] : taken
}
