/** Computes the Director's overview in one snapshot: money from its tables, everything else from the views. */
import type { Deps } from '../deps.ts'
import type { Db } from '../platform/db.ts'
import { sumLedger, type LedgerSums } from '../ledger/ledger.ts'
import { Failure } from '../platform/errors.ts'
import { formatCents } from '../platform/values/money.ts'
import { listRecentPayments, sumPayments, type Payment, type PaymentSum } from '../payments/payments.ts'
import { COMPARED_DAYS, shareOf, sumPredictions } from './predictions.ts'
import {
  countActiveOrganizers,
  countOpenSessions,
  findFreshness,
  findVersion,
  listTopOrganizers,
  sumDeliveries,
  sumEvents,
  sumSavings,
  type DeliverySum,
  type EventSum,
  type Filter,
  type PriceOfDay,
} from './sql.ts'

type Context = Pick<Deps, 'db' | 'now' | 'config'>
export type Overview = Awaited<ReturnType<typeof computeFrom>>

/** Reads everything in one snapshot, so that a concurrent refresh or payment changes either all numbers or none. */
const inSnapshot = <T>(db: Db, read: (tx: Db) => Promise<T>): Promise<T> =>
  db.transaction().setIsolationLevel('repeatable read').setAccessMode('read only').execute(read)

export const computeOverview = ({ db, now, config }: Context, filter: Filter) =>
  inSnapshot(db, async (tx) => ({
    version: await findVersion({ db: tx }, filter.organizerId),
    body: await computeFrom(tx, filter, now(), config),
  }))

/** Two overviews of one snapshot. */
export const compareOverviews = ({ db, now, config }: Context, [one, other]: [Filter, Filter]) =>
  inSnapshot(db, async (tx): Promise<[Overview, Overview]> => {
    const first = await computeFrom(tx, one, now(), config)
    return [first, await computeFrom(tx, other, now(), config)]
  })

async function computeFrom(tx: Db, filter: Filter, now: Date, config: Deps['config']) {
  const { asOf, refreshedAt } = await findFreshness(tx)
  if (!asOf || !refreshedAt)
    throw new Failure('unavailable', { detail: 'The numbers are being computed.', retryAfterSeconds: 2 })
  const events = await sumEvents(tx, filter)
  const deliveries = await sumDeliveries(tx, filter)
  const ledger = await sumLedger(tx, filter)
  const openSince = new Date(now.getTime() - config.whatsapp.windowMs)
  return {
    asOf,
    refreshedAt,
    currency: filter.currency,
    tickets: describeTickets(ledger, events),
    finance: describeFinance(ledger, filter.currency),
    payments: describePayments(await sumPayments(tx, filter), filter.currency),
    events: describeEvents(events),
    guests: describeGuests(events.filter(({ status }) => status !== 'cancelled')),
    deliveries: describeDeliveries(deliveries),
    whatsapp: {
      ...describeWhatsApp(deliveries),
      openSessions: await countOpenSessions(tx, filter.organizerId, openSince),
      estimatedSavingsCents: Math.round(await sumSavings(tx, filter, listPricesInCents(config.whatsapp.prices))),
      predictionDrift: await describePredictions(tx, filter.organizerId, now),
    },
    organizers: {
      active: await countActiveOrganizers(tx, filter),
      top: (await listTopOrganizers(tx, filter)).map((organizer) => ({
        ...organizer,
        openDebt: formatCents(organizer.openDebtCents, filter.currency),
      })),
    },
    recentPayments: (await listRecentPayments(tx, { ...filter, limit: 10 })).map(describePayment),
  }
}

const total = <T>(rows: T[], valueOf: (row: T) => number): number => rows.reduce((sum, row) => sum + valueOf(row), 0)
const rate = (part: number, whole: number): number | null => (whole === 0 ? null : part / whole)

function describeTickets({ prepaid, onLoan, used: equivalent, left: remaining }: LedgerSums, events: EventSum[]) {
  return {
    prepaid,
    onLoan,
    delivered: total(events, (event) => event.placesDelivered),
    used: total(events, (event) => event.placesUsed),
    remaining,
    equivalent,
  }
}

function describeFinance(ledger: LedgerSums, currency: string) {
  return {
    ...amounts('billed', ledger.billedCents, currency),
    ...amounts('paid', ledger.paidCents, currency),
    ...describeBalance(ledger, currency),
  }
}

export function describeBalance(
  { openDebtCents, creditCents }: { openDebtCents: number; creditCents: number },
  currency: string,
) {
  return { ...amounts('openDebt', openDebtCents, currency), ...amounts('credit', creditCents, currency) }
}

/** `billed`, 150000 → { billedCents: 150000, billed: "1500.00" } */
function amounts<N extends string>(name: N, cents: number, currency: string) {
  return { [`${name}Cents`]: cents, [name]: formatCents(cents, currency) } as Record<`${N}Cents`, number> &
    Record<N, string>
}

function describePayments(sums: PaymentSum[], currency: string) {
  const of = (group: PaymentSum['group']) => {
    const { count = 0, amountCents = 0 } = sums.find((sum) => sum.group === group) ?? {}
    return { count, amountCents, amount: formatCents(amountCents, currency) }
  }
  return { confirmed: of('confirmed'), pending: of('pending'), failed: of('failed'), refunded: of('refunded') }
}

function describeEvents(sums: EventSum[]) {
  const countOf = (matches: (sum: EventSum) => boolean) => total(sums.filter(matches), (sum) => sum.events)
  const inStatus = (status: EventSum['status']) => countOf((sum) => sum.status === status)
  return {
    total: countOf(() => true),
    byStatus: {
      draft: inStatus('draft'),
      active: inStatus('active'),
      archived: inStatus('archived'),
      expired: inStatus('expired'),
      cancelled: inStatus('cancelled'),
    },
    byType: { standard: countOf((sum) => sum.type === 'standard'), premium: countOf((sum) => sum.type === 'premium') },
  }
}

function describeGuests(sums: EventSum[]) {
  const guests = total(sums, (sum) => sum.guests)
  const confirmed = total(sums, (sum) => sum.confirmed)
  return {
    total: guests,
    pending: total(sums, (sum) => sum.pending),
    confirmed,
    declined: total(sums, (sum) => sum.declined),
    scanned: total(sums, (sum) => sum.scanned),
    confirmationRate: rate(confirmed, guests),
    showUpRate: rate(
      total(sums, (sum) => sum.confirmedScanned),
      confirmed,
    ),
  }
}

function describeDeliveries(sums: DeliverySum[]) {
  const of = (rows: DeliverySum[]) => {
    const [sent, delivered] = [total(rows, (row) => row.sent), total(rows, (row) => row.delivered)]
    return {
      queued: total(rows, (row) => row.queued),
      sent,
      delivered,
      read: total(rows, (row) => row.read),
      failed: total(rows, (row) => row.failed),
      skipped: total(rows, (row) => row.skipped),
      deliveredRate: rate(delivered, sent),
    }
  }
  const on = (channel: DeliverySum['channel']) => of(sums.filter((sum) => sum.channel === channel))
  return { ...of(sums), byChannel: { whatsapp: on('whatsapp'), email: on('email') } }
}

function describeWhatsApp(sums: DeliverySum[]) {
  const rows = sums.filter(({ channel }) => channel === 'whatsapp')
  const [priced, free] = [total(rows, (row) => row.priced), total(rows, (row) => row.free)]
  return { freeShare: rate(free, priced), billable: priced - free, free }
}

async function describePredictions(tx: Db, organizerId: string | null, now: Date) {
  const predictions = await sumPredictions(tx, organizerId, now)
  return { days: COMPARED_DAYS, ...predictions, share: shareOf(predictions) }
}

/**
 * WA_PRICES in centavos of MXN. A free message other than marketing or authentication saves the price of a utility
 * template, which would have been its replacement outside the window.
 */
function listPricesInCents(prices: Deps['config']['whatsapp']['prices']): PriceOfDay[] {
  return prices.map(({ from, currency, mxnRate, marketing, authentication, utility }) => {
    const cents = (currency === 'MXN' ? 1 : (mxnRate ?? 0)) * 100
    return { from, marketing: marketing * cents, authentication: authentication * cents, otherwise: utility * cents }
  })
}

/** A payment as the Director sees it: without the payer's secret. */
export function describePayment(payment: Payment) {
  const { id, kind, status, organizerId, eventId, provider, mode, amountCents, currency } = payment
  const { receivedCents, refundedCents, disputedCents, lostCents, isLate, expiresAt } = payment
  const { method, reference, note, reason, paidAt, createdAt } = payment
  const amount = formatCents(amountCents, currency)
  return {
    id,
    kind,
    status,
    organizerId,
    eventId,
    provider,
    mode,
    amount,
    amountCents,
    currency,
    receivedCents,
    refundedCents,
    disputedCents,
    lostCents,
    isLate,
    expiresAt,
    method,
    reference,
    note,
    reason,
    paidAt,
    createdAt,
  }
}
