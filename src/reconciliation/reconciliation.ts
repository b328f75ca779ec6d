/**
 * The reconciler reads payments at their provider: those whose call got no answer, vouchers near their end and after it, and
 * money of the day before. What it finds goes the way of a webhook; what differed is listed. `payments.next_check_at` says
 * when a payment is due (payments/readings.ts).
 */
import {
  applyUpdate,
  claimDuePayments,
  claimDueRefund,
  endIntent,
  findPayment,
  hasOpenFacts,
  listRefs,
  lockPayment,
  planPayment,
  planReading,
  postponeRefund,
  resumeRefund,
  settle,
  sumFactsOfRef,
  type Cause,
  type Due,
  type FactSums,
  type LatePolicy,
  type Payment,
} from '../payments/payments.ts'
import { withTx, type Db, type Tx } from '../platform/db.ts'
import { GiveUp } from '../platform/errors.ts'
import type { Logger } from '../platform/log.ts'
import {
  ProviderUnreachable,
  type ProviderUpdate,
  type PaymentProvider,
  type PaymentProviders,
} from '../providers/providers.ts'
import { fixDifferences, noteDifference, type Difference } from './sql.ts'

export { countOpenDifferences } from './sql.ts'

type Context = { db: Db; now: () => Date; providers: PaymentProviders; log: Logger }
export type Reconciled = { read: number; changed: number; silent: number; failed: number; refunds: number }
type Rules = { latePolicy: LatePolicy; jobId: string }

const LIMIT = 100
/** How long a claimed payment belongs to this run; after a crash it is due again. */
const LEASE_MS = 10 * 60_000
const SILENT_WAIT_MS = 5 * 60_000
const DAY_MS = 86_400_000
/** An intent that its provider cannot find after 1 and 5 minutes, an hour and two days was never created. */
const LOOKUPS_MAX = 5
const NEVER_CREATED = { from: ['creating', 'unknown'] as const, to: 'failed', reason: 'never_created' } as const
const OPEN = ['requires_payment', 'requires_action', 'processing'] as const
const NOT_PAID = { from: OPEN, to: 'expired', reason: 'not_paid_in_time' } as const
const REFUND_WAITS_MS = [60_000, 5 * 60_000, 3_600_000]

/**
 * Reads what is due, one after the other. One that fails is due again later, and stops no other; a provider that was silent
 * once is not asked again in this run, so that an outage costs one wait and not a hundred.
 */
export async function reconcile(context: Context, rules: Rules): Promise<Reconciled> {
  const { db, now, log } = context
  const result = { read: 0, changed: 0, silent: 0, failed: 0, refunds: 0 }
  const causeOf = (): Cause => ({ by: 'clock', requestId: rules.jobId, at: now() })
  const silent = new Set<string>()
  for (const due of await claimDuePayments(db, now(), LEASE_MS, LIMIT)) {
    try {
      if (silent.has(due.provider)) throw new ProviderUnreachable(due.provider)
      if (await reconcileOne(context, due, causeOf(), rules.latePolicy)) result.changed++
      result.read++
    } catch (error) {
      const isSilent = error instanceof ProviderUnreachable
      result[isSilent ? 'silent' : 'failed']++
      if (isSilent) silent.add(due.provider)
      if (!isSilent) log.error({ paymentId: due.id, err: error }, 'A payment could not be reconciled')
      await planPayment(db, due.id, new Date(now().getTime() + SILENT_WAIT_MS))
    }
  }
  for (let count = 0; count < LIMIT; count++) {
    const due = await claimDueRefund(db, now(), LEASE_MS)
    if (!due) break
    result.refunds++
    if (await resumeOne(context, due, causeOf())) continue
    result.silent++
    break
  }
  return result
}

/** Returns whether the provider answered. */
async function resumeOne(context: Context, { id, checks }: { id: string; checks: number }, cause: Cause) {
  let isAnswered = true
  try {
    const refund = await resumeRefund(context, { id, tries: checks }, cause)
    if (refund?.status !== 'unknown') return true
  } catch (error) {
    isAnswered = !(error instanceof ProviderUnreachable)
    if (isAnswered) context.log.error({ refundId: id, err: error }, 'A refund could not be taken up')
  }
  const waitMs = REFUND_WAITS_MS[checks - 1] ?? DAY_MS
  await postponeRefund(context.db, id, new Date(cause.at.getTime() + waitMs))
  return isAnswered
}

/** Returns whether something changed. */
async function reconcileOne(context: Context, due: Due, cause: Cause, latePolicy: LatePolicy): Promise<boolean> {
  const { db, providers } = context
  const provider = providers[due.provider]
  const before = await findPayment(db, null, due.id)
  if (!before) return false
  if (provider.mode === 'mock') {
    // Its key is gone, so nobody can be asked.
    await planPayment(db, due.id, new Date(cause.at.getTime() + DAY_MS))
    return false
  }
  if (before.status === 'creating' || before.status === 'unknown') await findLost(context, provider, before, due, cause)
  let isFine = true
  for (const ref of await listRefs(db, due.id))
    if (!(await readOne(db, provider, due.id, ref, cause, latePolicy))) isFine = false
  return withTx(db, (tx) => plan(tx, before, due, isFine, cause))
}

/** Decides when the payment is read again. Returns whether it has changed. */
async function plan(tx: Tx, before: Payment, due: Due, isFine: boolean, cause: Cause): Promise<boolean> {
  const payment = (await lockPayment(tx, due.id))!
  const isChanged = (['status', 'receivedCents', 'refundedCents', 'disputedCents', 'lostCents'] as const).some(
    (name) => payment[name] !== before[name],
  )
  if (isFine && payment.providerRef !== null) await fixDifferences(tx, due.id, cause.at)
  const isUnsettled = isChanged || !isFine || (await hasOpenFacts(tx, due.id))
  const neverCreated = payment.status === 'failed' && payment.providerRef === null
  const next = neverCreated ? null : planReading({ ...payment, checks: due.checks, isUnsettled }, cause.at)
  if (next === null) await endIntent(tx, due.id, NOT_PAID, cause)
  await planPayment(tx, due.id, next)
  return isChanged
}

/** Looks for an intent whose call got no answer. */
async function findLost(
  { db }: Context,
  provider: PaymentProvider,
  payment: Payment,
  due: Due,
  cause: Cause,
): Promise<void> {
  const found = await provider.find(payment.id, payment.createdAt)
  if (found?.kind === 'created') return void (await settle(db, payment.id, found, cause))
  if (due.checks < LOOKUPS_MAX) return
  await withTx(db, async (tx) => {
    await endIntent(tx, payment.id, NEVER_CREATED, cause)
    const difference = { paymentId: payment.id, kind: 'never_created' as const, ours: payment.status, theirs: 'none' }
    await noteDifference(tx, { ...difference, isFixed: true }, cause.at)
  })
}

/** Reads one intent or order of a payment. Returns whether we agree with the provider now. */
async function readOne(
  db: Db,
  provider: PaymentProvider,
  id: string,
  ref: string,
  cause: Cause,
  latePolicy: LatePolicy,
): Promise<boolean> {
  const update = await readUpdate(provider, ref)
  return withTx(db, async (tx) => {
    const payment = (await lockPayment(tx, id))!
    const before = await sumFactsOfRef(tx, provider.name, ref)
    const found = await differencesOf(tx, payment, before)
    for (const difference of found) await noteDifference(tx, difference, cause.at)
    return found.every(({ isFixed }) => isFixed)
  })

  async function differencesOf(tx: Tx, payment: Payment, before: FactSums): Promise<Difference[]> {
    const say = (kind: Difference['kind'], ours: string | number, theirs: string | number, isFixed: boolean) =>
      ({ paymentId: id, kind, ours: String(ours), theirs: String(theirs), isFixed }) satisfies Difference
    if (update === 'missing' || update === 'unreadable') return [say(update, payment.status, 'none', false)]
    const applied = await applyUpdate(tx, { provider: provider.name, update, cause, latePolicy })
    if (applied.outcome === 'other_mode') return [say('status', payment.mode, 'the other mode', false)]
    const after = await sumFactsOfRef(tx, provider.name, ref)
    const theirs = sumUpdate(update)
    const sums = (['received', 'refunded', 'disputed'] as const)
      .filter((kind) => before[kind] !== theirs[kind])
      .map((kind) => say(kind, before[kind], theirs[kind], after[kind] === theirs[kind]))
    const status = applied.payment?.status ?? payment.status
    if (sums.length > 0 || status === payment.status) return sums
    return [say('status', payment.status, status, true)]
  }
}

async function readUpdate(provider: PaymentProvider, ref: string): Promise<ProviderUpdate | 'missing' | 'unreadable'> {
  try {
    return (await provider.read(ref)) ?? 'missing'
  } catch (error) {
    if (error instanceof GiveUp) return 'unreadable'
    throw error
  }
}

function sumUpdate({ facts }: ProviderUpdate): FactSums {
  const sum = (kind: string, state: string) =>
    facts.reduce((total, fact) => total + (fact.kind === kind && fact.state === state ? (fact.amountCents ?? 0) : 0), 0)
  return {
    received: sum('charge', 'paid'),
    refunded: sum('refund', 'succeeded'),
    disputed: sum('dispute', 'withdrawn'),
  }
}
