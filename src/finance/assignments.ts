/** Tickets that the Director gives to an organizer, on prepaid or on loan, and debts that are written off. */
import type { Deps } from '../deps.ts'
import type { User } from '../http/access.ts'
import {
  assignment,
  book,
  bookReversal,
  findBalance,
  findMovement,
  findTransactionByKey,
  lockOrganizer,
  writeOff,
  type Balance,
  type Entry,
  type TicketKind,
  type Transaction,
} from '../ledger/ledger.ts'
import { findPayment, recordManualPayment, type Payment } from '../payments/payments.ts'
import { withTx, type Tx } from '../platform/db.ts'
import { Failure } from '../platform/errors.ts'
import { formatCents, MAX_CENTS, readCurrency, readMoney, type Money } from '../platform/values/money.ts'
import { isEventOf } from './sql.ts'

type Context = Pick<Deps, 'db' | 'now'>
type Caller = { user: User; requestId: string; idempotencyKey: string | null }

export type AssignmentRequest = Caller & {
  organizerId: string
  eventId?: string
  kind: TicketKind
  tickets: number
  unitPrice?: number | string
  unitPriceCents?: number
  currency: string
  note?: string
  /** A payment that comes with the tickets; its amount defaults to their price. */
  payment?: {
    amount?: number | string
    amountCents?: number
    method: string
    reference?: string
    note?: string
    paidAt?: string
  }
}
export type Assigned = { transaction: Transaction; payment: Payment | null; balance: Balance; currency: string }

/**
 * Gives tickets to an organizer. Tickets on loan are owed. Prepaid ones must be paid: by the credit that the organizer has,
 * or by a payment that is recorded in the same transaction. Throws organizer_not_found, event_not_found, payment_required,
 * invalid_amount, unsupported_currency, idempotency_key_reused, and what recordManualPayment throws.
 */
export async function assignTickets({ db, now }: Context, request: AssignmentRequest): Promise<Assigned> {
  const price = readPrice(request)
  const { organizerId, eventId = null, kind, tickets, user, requestId, idempotencyKey } = request
  const at = now()
  return withTx(db, async (tx) => {
    if (!(await lockOrganizer(tx, organizerId))) throw new Failure('organizer_not_found')
    if (eventId !== null && !(await isEventOf(tx, organizerId, eventId))) throw new Failure('event_not_found')
    const entries = assignment(kind, tickets, price)
    const earlier = idempotencyKey ? await findTransactionByKey(tx, user.id, idempotencyKey) : null
    if (earlier) return repeat(tx, earlier, request, entries, price)
    const { creditCents } = await findBalance(tx, organizerId, price.currency)
    const payment = request.payment ? await pay(tx, request, price, at) : null
    if (kind === 'prepaid') requirePaid(price, creditCents, payment)
    const paidBy = payment ? { paymentId: payment.id } : {}
    const movement = { kind, organizerId, eventId, reason: request.note ?? null, entries, ...paidBy }
    const id = await book(tx, movement, { by: user.id, requestId, at, idempotencyKey })
    if (!id) throw reusedKey()
    return describe(tx, id, organizerId, price.currency, payment)
  })
}

const ZERO = /^0(\.0{1,2})?$/

/** The price of all tickets. They are free when it is a plain 0; another spelling of zero is a mistake. */
function readPrice({ unitPrice, unitPriceCents, tickets, currency }: AssignmentRequest): Money {
  const isFree = unitPrice === undefined ? unitPriceCents === 0 : ZERO.test(String(unitPrice))
  const isSaidOnce = unitPrice === undefined || unitPriceCents === undefined
  if (isFree && isSaidOnce) return { amountCents: 0, currency: readCurrency(currency) }
  const fields = { amount: 'unitPrice', amountCents: 'unitPriceCents' }
  const unit = readMoney(
    {
      currency,
      ...(unitPrice === undefined ? {} : { amount: unitPrice }),
      ...(unitPriceCents === undefined ? {} : { amountCents: unitPriceCents }),
    },
    fields,
  )
  const amountCents = unit.amountCents * tickets
  if (amountCents > MAX_CENTS) {
    const message = 'The tickets cost more than 999,999,999.99 in all.'
    throw new Failure('invalid_amount', { detail: message, errors: [{ path: 'body.tickets', message }] })
  }
  return { amountCents, currency: unit.currency }
}

/** The amount of the payment that comes with the tickets. */
function readPaid({ amount, amountCents }: NonNullable<AssignmentRequest['payment']>, price: Money): number {
  if (amount === undefined && amountCents === undefined) return price.amountCents
  const given = { ...(amount === undefined ? {} : { amount }), ...(amountCents === undefined ? {} : { amountCents }) }
  const names = { amount: 'payment.amount', amountCents: 'payment.amountCents' }
  return readMoney({ ...given, currency: price.currency }, names).amountCents
}

function pay(tx: Tx, request: AssignmentRequest, price: Money, at: Date): Promise<Payment> {
  const { payment, organizerId, eventId, user, requestId } = request
  const { amount: _, ...said } = payment!
  return recordManualPayment(
    tx,
    {
      ...said,
      amountCents: readPaid(payment!, price),
      ...(eventId === undefined ? {} : { eventId }),
      organizerId,
      currency: price.currency,
      user,
      requestId,
      idempotencyKey: null, // that of the assignment stands for both
    },
    at,
  )
}

/** A payment that comes with the tickets pays for them, also when the organizer owes something else. */
function requirePaid({ amountCents, currency }: Money, creditCents: number, payment: Payment | null): void {
  if (creditCents + (payment?.amountCents ?? 0) >= amountCents) return
  const [cost, credit] = [amountCents, creditCents].map((cents) => `${formatCents(cents, currency)} ${currency}`)
  const detail = `The tickets cost ${cost} and the organizer's credit is ${credit}. Send a payment with them, or lend them.`
  throw new Failure('payment_required', { detail })
}

type Wanted = { kind: Transaction['kind']; organizerId: string; eventId: string | null; entries: Entry[] }

const isSameMovement = (earlier: Transaction, wanted: Wanted): boolean =>
  earlier.kind === wanted.kind &&
  earlier.organizerId === wanted.organizerId &&
  earlier.eventId === wanted.eventId &&
  JSON.stringify(earlier.entries) === JSON.stringify(wanted.entries)

const reusedKey = () => new Failure('idempotency_key_reused', { detail: 'This key was used for another movement.' })

/** A retry of the same request gets its assignment, and the payment that came with it. */
async function repeat(
  tx: Tx,
  earlier: Transaction,
  { kind, organizerId, eventId, payment: asked }: AssignmentRequest,
  entries: Entry[],
  price: Money,
): Promise<Assigned> {
  const payment = earlier.paymentId === null ? null : await findPayment(tx, null, earlier.paymentId)
  const isPaidAlike = (payment?.amountCents ?? null) === (asked ? readPaid(asked, price) : null)
  if (!isPaidAlike || !isSameMovement(earlier, { kind, organizerId, eventId: eventId ?? null, entries }))
    throw reusedKey()
  return describe(tx, earlier.id, organizerId, price.currency, payment)
}

async function describe(tx: Tx, id: string, organizerId: string, currency: string, payment: Payment | null) {
  const transaction = await findMovement(tx, null, id)
  return { transaction: transaction!, payment, balance: await findBalance(tx, organizerId, currency), currency }
}

const isAssignment = ({ kind }: Transaction): boolean => kind === 'prepaid' || kind === 'loan'

/**
 * Takes tickets back that nobody has used; what they cost is no longer owed, or becomes credit. Throws
 * assignment_not_found, assignment_reversed and tickets_used.
 */
export async function reverseAssignment(
  { db, now }: Context,
  { id, reason, user, requestId }: { id: string; reason: string; user: User; requestId: string },
): Promise<Assigned> {
  return withTx(db, async (tx) => {
    const found = await findMovement(tx, null, id)
    if (!found || !isAssignment(found)) throw new Failure('assignment_not_found')
    await lockOrganizer(tx, found.organizerId)
    const movement = (await findMovement(tx, null, id))! // another request may have reversed it meanwhile
    if (movement.reversedBy !== null) throw new Failure('assignment_reversed')
    const { tickets, currency } = readAssignment(movement)
    const balance = await findBalance(tx, movement.organizerId, currency)
    const { left } = balance[movement.kind as TicketKind]
    if (left < tickets)
      throw new Failure('tickets_used', { detail: `Of these ${tickets} tickets, ${Math.max(left, 0)} are left.` })
    const reversed = await bookReversal(tx, movement, reason, { by: user.id, requestId, at: now() })
    if (reversed === null) throw new Failure('assignment_reversed')
    return describe(tx, id, movement.organizerId, currency, null)
  })
}

/** The tickets of an assignment and their price. */
export function readAssignment({ entries }: Transaction): { tickets: number; amountCents: number; currency: string } {
  const billed = entries.find(({ account }) => account === 'sales')
  const { tickets = 0 } = entries.find(({ account }) => account.startsWith('tickets_')) ?? {}
  return { tickets, amountCents: 0 - (billed?.amountCents ?? 0), currency: billed?.currency ?? 'MXN' }
}

export type WriteOffRequest = Caller & {
  organizerId: string
  amount?: number | string
  amountCents?: number
  currency: string
  reason: string
}

/** Gives up a part of the debt or all of it. Throws organizer_not_found, above_debt, invalid_amount and unsupported_currency. */
export async function writeDebtOff({ db, now }: Context, request: WriteOffRequest): Promise<Assigned> {
  const money = readMoney(request)
  const { organizerId, reason, user, requestId, idempotencyKey } = request
  return withTx(db, async (tx) => {
    if (!(await lockOrganizer(tx, organizerId))) throw new Failure('organizer_not_found')
    const movement = { kind: 'write_off' as const, organizerId, eventId: null, reason, entries: writeOff(money) }
    const earlier = idempotencyKey ? await findTransactionByKey(tx, user.id, idempotencyKey) : null
    if (earlier && !isSameMovement(earlier, movement)) throw reusedKey()
    if (earlier) return describe(tx, earlier.id, organizerId, money.currency, null)
    const { openDebtCents } = await findBalance(tx, organizerId, money.currency)
    if (money.amountCents > openDebtCents)
      throw new Failure('above_debt', { detail: `The open debt is ${formatCents(openDebtCents, money.currency)}.` })
    const id = await book(tx, movement, { by: user.id, requestId, at: now(), idempotencyKey })
    if (!id) throw reusedKey()
    return describe(tx, id, organizerId, money.currency, null)
  })
}
