/** Balances, assignments and movements as the wire shows them. */
import type { Balance, Entry, Transaction } from '../ledger/ledger.ts'
import { formatCents } from '../platform/values/money.ts'
import { readAssignment } from './assignments.ts'

export function describeAccount(organizerId: string, balance: Balance, currency: string) {
  const { billedCents, paidCents, writtenOffCents, openDebtCents, creditCents, prepaid, loan } = balance
  return {
    organizerId,
    currency,
    billedCents,
    billed: formatCents(billedCents, currency),
    paidCents,
    paid: formatCents(paidCents, currency),
    writtenOffCents,
    writtenOff: formatCents(writtenOffCents, currency),
    openDebtCents,
    openDebt: formatCents(openDebtCents, currency),
    creditCents,
    credit: formatCents(creditCents, currency),
    tickets: { prepaid, loan, left: prepaid.left + loan.left },
  }
}

export function describeAssignment(transaction: Transaction) {
  const { id, kind, organizerId, eventId, reversedBy, reason, createdBy, createdAt } = transaction
  const { tickets, amountCents, currency } = readAssignment(transaction)
  const unitPriceCents = Math.round(amountCents / tickets) // before the ledger had two entries, a price was that of all
  return {
    id,
    kind: kind as 'prepaid' | 'loan',
    status: reversedBy === null ? ('active' as const) : ('reversed' as const),
    organizerId,
    eventId,
    tickets,
    unitPrice: formatCents(unitPriceCents, currency),
    unitPriceCents,
    amount: formatCents(amountCents, currency),
    amountCents,
    currency,
    note: reason,
    createdBy,
    createdAt,
  }
}

export function describeMovement(transaction: Transaction) {
  const { entries, requestId: causedBy, ...rest } = transaction
  const owed = entries.filter(({ account }) => account === 'receivable')
  const owedCents = owed.length === 0 ? null : owed.reduce((sum: number, entry: Entry) => sum + entry.amountCents, 0)
  const currency = owed[0]?.currency ?? null
  const left = entries.filter(({ account }) => account.startsWith('tickets_'))
  return {
    ...rest,
    owedCents,
    owed: owedCents === null ? null : formatCents(owedCents, currency!),
    currency,
    tickets: left.reduce((sum: number, { tickets }: Entry) => sum + tickets, 0),
    entries,
    causedBy,
  }
}
