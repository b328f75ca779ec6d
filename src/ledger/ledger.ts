/**
 * The ledger: what organizers owe, have paid and hold in tickets, as an append-only double entry. The database refuses a
 * transaction that does not balance, a second reversal, and every update or delete (migrations/0018_ledger.sql).
 */
import { newId, type Db, type Tx } from '../platform/db.ts'
import { payment, reversal, type Entry } from './movements.ts'
import { findTransaction, insertTransaction, type Transaction } from './sql.ts'

export {
  assignment,
  dispute,
  disputeLost,
  disputeWon,
  fee,
  payment,
  refund,
  TICKET_KINDS,
  writeOff,
  type Entry,
  type TicketKind,
} from './movements.ts'
export {
  findBalance,
  findTransactionByKey,
  IS_PAID,
  listMovementsOfPayment,
  listTransactions,
  lockOrganizer,
  MOVEMENT_KINDS,
  type Balance,
  type LedgerFilter,
  type Transaction,
} from './sql.ts'
export { movedOn, sumLedger, type LedgerSums } from './sums-sql.ts'

/** Who causes a movement, and when it counts. */
export type Cause = { by: string; requestId: string; at: Date; effectiveAt?: Date; idempotencyKey?: string | null }
export type Movement = {
  kind: Transaction['kind']
  organizerId: string
  eventId: string | null
  paymentId?: string
  /** The provider's object that it comes from. */
  objectId?: string
  reversesId?: string
  reason?: string | null
  entries: Entry[]
}

/** Books a movement inside the caller's transaction. Returns its id; null when this payment is booked already. */
export async function book(tx: Tx, movement: Movement, cause: Cause): Promise<string | null> {
  const { by, requestId, at, effectiveAt = at, idempotencyKey = null } = cause
  const { paymentId = null, objectId = null, reversesId = null, reason = null, ...rest } = movement
  return insertTransaction(tx, {
    id: newId('ltx'),
    ...rest,
    paymentId,
    objectId,
    reversesId,
    reason,
    createdBy: by,
    idempotencyKey,
    requestId,
    effectiveAt,
    createdAt: at,
  })
}

export type Paid = {
  id: string
  organizerId: string | null
  eventId: string | null
  provider: string
  method: string | null
  amountCents: number
  currency: string
}

/** Books money that has arrived, once for each payment. Money without an organizer is in no ledger. */
export async function bookPayment(tx: Tx, paid: Paid, cause: Cause): Promise<void> {
  const { id: paymentId, organizerId, eventId } = paid
  if (organizerId === null) return
  const entries = payment(paid.method ?? paid.provider, paid)
  await book(tx, { kind: 'payment', organizerId, eventId, paymentId, entries }, cause)
}

/** Books the opposite of a movement. Returns null when it is reversed already. */
export async function bookReversal(
  tx: Tx,
  reversed: Transaction,
  reason: string,
  cause: Cause,
): Promise<string | null> {
  const { id: reversesId, organizerId, eventId, paymentId, entries } = reversed
  const ofPayment = paymentId === null ? {} : { paymentId }
  const opposite = { reversesId, reason, entries: reversal(entries), ...ofPayment }
  return book(tx, { kind: 'reversal', organizerId, eventId, ...opposite }, cause)
}

/** Finds a movement of one organizer or of all. */
export const findMovement = (db: Db, scope: string | null, id: string): Promise<Transaction | null> =>
  findTransaction(db, scope, { id })

/** Finds the movement of a payment. */
export const findMovementOfPayment = (db: Db, paymentId: string): Promise<Transaction | null> =>
  findTransaction(db, null, { paymentId })
