/**
 * The reconciler reads payments at their provider: those whose call got no answer, vouchers near their end and after it, and
 * money of the day before. What it finds goes the way of a webhook; what differed is listed. `payments.next_check_at` says
 * when a payment is due (checks.ts).
 */
import { withTx, type Db } from '../platform/db.ts'
import { GiveUp } from '../platform/errors.ts'
import { planCheck } from './checks.ts'
import type { Cause, LatePolicy } from './fact.ts'
import { applyNews } from './facts.ts'
import { settle } from './payments.ts'
import { ProviderSilent, type News, type PaymentProvider, type PaymentProviders } from '../providers/providers.ts'
import {
  claimDuePayments,
  failNeverCreated,
  noteDifference,
  planPayment,
  type Difference,
  type Due,
} from './reconciler-sql.ts'
import { resumeRefund } from './refunds.ts'
import { claimDueRefunds, postponeRefund } from './refunds-sql.ts'
import { findPaymentById, type Payment } from './sql.ts'

type Context = { db: Db; now: () => Date; providers: PaymentProviders }
export type Reconciled = { read: number; changed: number; silent: number; refunds: number }

const LIMIT = 100
/** How long a claimed payment belongs to this run; after a crash it is due again. */
const LEASE_MS = 10 * 60_000
const SILENT_WAIT_MS = 5 * 60_000
/** An intent that its provider cannot find after 1 and 5 minutes, an hour and two days was never created. */
const LOOKUPS_MAX = 5
const REFUND_CHECKS_MAX = 5
const REFUND_WAITS_MS = [60_000, 5 * 60_000, 3_600_000]

/** Reads what is due, one after the other. */
export async function reconcile(context: Context, latePolicy: LatePolicy, jobId: string): Promise<Reconciled> {
  const { db, now } = context
  const result = { read: 0, changed: 0, silent: 0, refunds: 0 }
  for (const due of await claimDuePayments(db, now(), LEASE_MS, LIMIT)) {
    const cause = { by: 'clock', requestId: jobId, at: now() }
    try {
      if (await reconcileOne(context, due, cause, latePolicy)) result.changed++
      result.read++
    } catch (error) {
      if (!(error instanceof ProviderSilent || error instanceof GiveUp)) throw error
      await planPayment(db, due.id, new Date(now().getTime() + SILENT_WAIT_MS))
      result.silent++
    }
  }
  for (const { id, checks } of await claimDueRefunds(db, now(), LEASE_MS, LIMIT, REFUND_CHECKS_MAX)) {
    await resumeOne(context, id, checks, { by: 'clock', requestId: jobId, at: now() })
    result.refunds++
  }
  return result
}

async function resumeOne(context: Context, id: string, checks: number, cause: Cause): Promise<void> {
  try {
    const refund = await resumeRefund(context, { id, checks }, cause)
    if (refund?.status !== 'unknown') return
  } catch (error) {
    if (!(error instanceof ProviderSilent || error instanceof GiveUp)) throw error
  }
  const waitMs = REFUND_WAITS_MS[checks - 1] ?? 86_400_000
  await postponeRefund(context.db, id, new Date(cause.at.getTime() + waitMs))
}

/** Returns whether something changed. */
async function reconcileOne(context: Context, due: Due, cause: Cause, latePolicy: LatePolicy): Promise<boolean> {
  const { db, providers } = context
  const provider = providers[due.provider]
  const before = await findPaymentById(db, due.id)
  if (!before) return false
  if (provider.mode === 'mock') {
    // Its key is gone, so nobody can be asked.
    await planPayment(db, due.id, new Date(cause.at.getTime() + 86_400_000))
    return false
  }
  const known = before.providerRef === null ? await findLost(context, provider, before, due, cause) : before
  const after = known?.providerRef ? await readOne(context, provider, known, cause, latePolicy) : known
  const payment = after ?? (await findPaymentById(db, due.id))!
  await planPayment(db, due.id, planCheck({ ...payment, checks: due.checks }, cause.at))
  const isChanged = payment.status !== before.status || payment.receivedCents !== before.receivedCents
  return isChanged || payment.refundedCents !== before.refundedCents || payment.disputedCents !== before.disputedCents
}

/** Looks for an intent whose call got no answer. */
async function findLost(
  { db }: Context,
  provider: PaymentProvider,
  payment: Payment,
  due: Due,
  cause: Cause,
): Promise<Payment | null> {
  const found = await provider.find(payment.id)
  if (found?.kind === 'created') return settle(db, payment.id, found, cause)
  if (due.checks < LOOKUPS_MAX) return null
  await withTx(db, async (tx) => {
    await failNeverCreated(tx, payment.id, cause)
    await noteDifference(tx, { ...differs(payment, 'never_created', payment.status, 'none'), isFixed: true }, cause.at)
  })
  return null
}

async function readOne(
  { db }: Context,
  provider: PaymentProvider,
  payment: Payment,
  cause: Cause,
  latePolicy: LatePolicy,
): Promise<Payment> {
  const news = await provider.read(payment.providerRef!)
  return withTx(db, async (tx) => {
    if (!news) {
      await noteDifference(tx, { ...differs(payment, 'missing', payment.status, 'none'), isFixed: false }, cause.at)
      return payment
    }
    const { outcome, payment: after } = await applyNews(tx, { provider: provider.name, news, cause, latePolicy })
    for (const difference of compare(payment, after ?? payment, news, outcome === 'other_mode'))
      await noteDifference(tx, difference, cause.at)
    return after ?? payment
  })
}

const differs = (payment: Payment, kind: Difference['kind'], ours: string | number, theirs: string | number) => ({
  paymentId: payment.id,
  kind,
  ours: String(ours),
  theirs: String(theirs),
})

/** What we had, what the provider says, and whether the two agree now. */
function compare(before: Payment, after: Payment, { facts }: News, isOtherMode: boolean): Difference[] {
  const sum = (kind: string, states: string[]) =>
    facts.reduce(
      (total, fact) => total + (fact.kind === kind && states.includes(fact.state) ? (fact.amountCents ?? 0) : 0),
      0,
    )
  const sums = [
    ['received', before.receivedCents, after.receivedCents, sum('charge', ['paid'])],
    ['refunded', before.refundedCents, after.refundedCents, sum('refund', ['succeeded'])],
    ['disputed', before.disputedCents, after.disputedCents, sum('dispute', ['withdrawn'])],
  ] as const
  const found = sums
    .filter(([, ours, , theirs]) => ours !== theirs)
    .map(([kind, ours, now, theirs]) => ({ ...differs(before, kind, ours, theirs), isFixed: now === theirs }))
  if (found.length > 0) return found
  if (isOtherMode) return [{ ...differs(before, 'status', before.mode, 'the other mode'), isFixed: false }]
  if (before.status === after.status) return []
  return [{ ...differs(before, 'status', before.status, after.status), isFixed: true }]
}
