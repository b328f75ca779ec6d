/** The Director's overview with its cache and age, and payments entered by hand. */
import { createHash } from 'node:crypto'
import type { Deps } from '../deps.ts'
import type { Db } from '../platform/db.ts'
import { Failure } from '../platform/errors.ts'
import { computeOverview, describeBalance, type Overview } from './overview.ts'
import {
  recordManualPayment,
  reverseManualPayment,
  type ManualPaymentRequest,
  type Payment,
  type Reversal,
} from '../payments/payments.ts'
import { CACHE_PREFIX, refreshKpis } from './refresh.ts'
import { findBalance, findFreshness, findMoneyVersion, findOrganizer, type Filter, type Freshness } from './sql.ts'

export { findDriftShare } from './predictions.ts'

/** Views that refresh faster than QUICK_REFRESH_MS are refreshed on request when they are older than STALE_MS. */
const QUICK_REFRESH_MS = 500
const STALE_MS = 2000

type Context = Pick<Deps, 'config' | 'db' | 'slowDb' | 'kv' | 'log' | 'now'>
type Cached = { refreshedAt: string; moneyVersion: number; etag: string; body: Overview }
export type OverviewResult = { isHit: boolean; etag: string; body: Overview & { ageSeconds: number } }

/**
 * Returns the overview, cached or computed. A cached one is valid only for the views and the money that it was computed
 * from; the database tells both at every request. So a payment shows at once, in every process, whatever became of the
 * cache or of a refresh. Throws organizer_not_found.
 */
export async function readOverview(context: Context, filter: Filter): Promise<OverviewResult> {
  const { config, db, now } = context
  if (filter.organizerId && !(await findOrganizer(db, filter.organizerId))) throw new Failure('organizer_not_found')
  const key = `${CACHE_PREFIX}overview:${hashOf(filter)}`
  const cached = config.director.cacheTtlMs > 0 ? await readCache(context, key) : null
  const freshness = await findFreshness(db)
  const isValid =
    cached?.refreshedAt === freshness.refreshedAt?.toISOString() &&
    cached?.moneyVersion === (await findMoneyVersion(db, filter.organizerId))
  if (cached && isValid) return withAge(cached, true, now())

  await refreshIfCheap(context, freshness)
  const { moneyVersion, body } = await computeOverview(context, filter)
  const fresh = { refreshedAt: body.refreshedAt.toISOString(), moneyVersion, etag: `"${hashOf(body)}"`, body }
  if (config.director.cacheTtlMs > 0) await writeCache(context, key, fresh)
  return withAge(fresh, false, now())
}

const hashOf = (value: object): string =>
  createHash('sha256').update(JSON.stringify(value)).digest('base64url').slice(0, 27)

function withAge({ etag, body }: Cached, isHit: boolean, now: Date): OverviewResult {
  const ageSeconds = Math.max(0, Math.round((now.getTime() - new Date(body.asOf).getTime()) / 1000))
  return { isHit, etag, body: { ...body, ageSeconds } }
}

async function readCache({ kv, log }: Context, key: string): Promise<Cached | null> {
  try {
    const text = await kv.get(key)
    return text === null ? null : (JSON.parse(text) as Cached)
  } catch (error) {
    log.warn({ err: error }, "The Director's cache could not be read")
    return null
  }
}

async function writeCache({ kv, log, config }: Context, key: string, cached: Cached): Promise<void> {
  try {
    await kv.set(key, JSON.stringify(cached), config.director.cacheTtlMs)
  } catch (error) {
    log.warn({ err: error }, "The Director's cache could not be written")
  }
}

/** Refreshes views that refresh quickly; slow ones are served with their age. Views without data are always refreshed. */
async function refreshIfCheap(context: Context, { asOf, tookMs }: Freshness): Promise<void> {
  if (asOf === null) {
    await refreshKpis(context, { ifBusy: 'wait' })
    return
  }
  const ageMs = context.now().getTime() - asOf.getTime()
  if (tookMs >= QUICK_REFRESH_MS || ageMs <= STALE_MS) return
  try {
    await refreshKpis(context, { ifBusy: 'skip' })
  } catch (error) {
    context.log.warn({ err: error }, "The Director's numbers are stale: a refresh failed")
  }
}

type PaymentResult = { payment: Payment; balance: ReturnType<typeof describeBalance> & { currency: string } }

/** Records a manual payment. The answer waits for its commit only. Throws what recordManualPayment throws. */
export async function enterPayment({ db, now }: Context, request: ManualPaymentRequest): Promise<PaymentResult> {
  return withBalance(db, await recordManualPayment({ db, now }, request))
}

/** Reverses a manual payment. Throws what reverseManualPayment throws. */
export async function reversePayment({ db, now }: Context, request: Reversal): Promise<PaymentResult> {
  return withBalance(db, await reverseManualPayment({ db, now }, request))
}

async function withBalance(db: Db, payment: Payment): Promise<PaymentResult> {
  const { organizerId, currency } = payment
  const balance = await findBalance(db, organizerId!, currency)
  return { payment, balance: { ...describeBalance(balance, currency), currency } }
}
