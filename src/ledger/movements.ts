/**
 * The movements of the ledger and their entries. An asset grows with a positive number; a debt of ours and income with a
 * negative one. So the entries of every movement add up to zero, in each currency and in tickets. docs/ledger.md has an
 * example of each.
 */
import type { Money } from '../platform/values/money.ts'

/** `prepaid`: usable because they are paid. `loan`: usable at once and owed. */
export const TICKET_KINDS = ['prepaid', 'loan'] as const
export type TicketKind = (typeof TICKET_KINDS)[number]

type MoneyAccount = 'receivable' | 'cash' | 'sales' | 'write_off' | 'disputed' | 'fees'
type TicketAccount = `${'tickets' | 'issued' | 'used'}_${TicketKind}`

export type Entry = {
  account: MoneyAccount | TicketAccount
  /** How cash came: a provider, or the method of a manual payment. Null for every other account. */
  method: string | null
  /** Null for tickets. */
  currency: string | null
  amountCents: number
  tickets: number
}

const ofMoney = (account: MoneyAccount, { amountCents, currency }: Money, sign: 1 | -1, method: string | null = null) =>
  ({ account, method, currency, amountCents: sign * amountCents, tickets: 0 }) satisfies Entry
const ofTickets = (account: TicketAccount, tickets: number) =>
  ({ account, method: null, currency: null, amountCents: 0, tickets }) satisfies Entry

/** Tickets for an organizer, billed. `price`: of all of them; 0 when they are free. */
export const assignment = (kind: TicketKind, tickets: number, price: Money): Entry[] => [
  ...(price.amountCents === 0 ? [] : [ofMoney('receivable', price, 1), ofMoney('sales', price, -1)]),
  ofTickets(`tickets_${kind}`, tickets),
  ofTickets(`issued_${kind}`, -tickets),
]

/** Money that came in. */
export const payment = (method: string, money: Money): Entry[] => [
  ofMoney('cash', money, 1, method),
  ofMoney('receivable', money, -1),
]

/** Money that was given back: the organizer owes it again. */
export const refund = (method: string, money: Money): Entry[] => [
  ofMoney('receivable', money, 1),
  ofMoney('cash', money, -1, method),
]

/** Money that a bank has taken while it decides a dispute. */
export const dispute = (method: string, money: Money): Entry[] => [
  ofMoney('disputed', money, 1),
  ofMoney('cash', money, -1, method),
]

/** What a provider takes for a dispute. It is ours to bear. */
export const fee = (method: string, money: Money): Entry[] => [
  ofMoney('fees', money, 1),
  ofMoney('cash', money, -1, method),
]

/** The bank gives the money back. */
export const disputeWon = (method: string, money: Money): Entry[] => [
  ofMoney('cash', money, 1, method),
  ofMoney('disputed', money, -1),
]

/** The payer keeps the money: the organizer owes it again. */
export const disputeLost = (money: Money): Entry[] => [ofMoney('receivable', money, 1), ofMoney('disputed', money, -1)]

/** A debt that nobody will pay. */
export const writeOff = (money: Money): Entry[] => [ofMoney('write_off', money, 1), ofMoney('receivable', money, -1)]

/**
 * Tickets that were used. Prepaid ones go first; what is left comes from the loan, also beyond what was lent, because
 * TICKET_LIMIT decides before a message is sent and not after a guest has entered.
 */
export function use(tickets: number, prepaidLeft: number): Entry[] {
  const prepaid = Math.min(tickets, Math.max(prepaidLeft, 0))
  const loan = tickets - prepaid
  return [
    ...(prepaid === 0 ? [] : [ofTickets('used_prepaid', prepaid), ofTickets('tickets_prepaid', -prepaid)]),
    ...(loan === 0 ? [] : [ofTickets('used_loan', loan), ofTickets('tickets_loan', -loan)]),
  ]
}

/** The opposite of a movement. */
export const reversal = (entries: Entry[]): Entry[] =>
  entries.map((entry) => ({ ...entry, amountCents: 0 - entry.amountCents, tickets: 0 - entry.tickets }))
