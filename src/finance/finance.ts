/** The Director's overview with its cache and age, and payments entered by hand. */
import { createHash } from 'node:crypto'
import { DateTime } from 'luxon'
import type { Deps } from '../deps.ts'
import { Failure } from '../platform/errors.ts'
import { computeOverview, describeBalance, type Overview } from './overview.ts'
import {
  recordManualPayment,
  reverseManualPayment,
  type ManualPaymentRequest,
  type Payment,
  type Reversal,
} from '../payments/payments.ts'
import { CACHE_PREFIX, publishChange, refreshKpis } from './refresh.ts'
import { findBalance, findFreshness, findOrganizer, type Filter, type Freshness } from './sql.ts'

export { findDriftShare } from './predictions.ts'

const DIRECTOR_TIME_ZONE = 'America/Mexico_City'

/** Views that refresh faster than QUICK_REFRESH_MS are refreshed on request when they are older than STALE_MS. */
const QUICK_REFRESH_MS = 500
const STALE_MS = 2000

/** Reads `from` and `to`: ISO dates, or instants, which count as their day in Mexico City. Throws invalid_date. */
export function readDays(query: { from?: string; to?: string }): { from: string | null; to: string | null } {
  const from = readDay('from', query.from)
  const to = readDay('to', query.to)
  if (from && to && from > to) throw new Failure('invalid_date', { detail: 'from is after to.' })
  return { from, to }
}

function readDay(field: string, text: string | undefined): string | null {
  if (text === undefined) return null
  const isDate = /^\d{4}-\d{2}-\d{2}$/.test(text)
  const isInstant = /^\d{4}-\d{2}-\d{2}T\d{2}:\d{2}(:\d{2}(\.\d{1,9})?)?(Z|[+-]\d{2}:?\d{2})$/.test(text)
  const at = isDate || isInstant ? DateTime.fromISO(text, { zone: DIRECTOR_TIME_ZONE }) : null
  const day = at?.isValid ? at.toISODate() : null
  if (!day) throw new Failure('invalid_date', { detail: `${field} must be an ISO date or instant.` })
  return day
}

type Context = Pick<Deps, 'config' | 'db' | 'slowDb' | 'kv' | 'log' | 'now'>
type Cached = { refreshedAt: string; etag: string; body: Overview }
export type OverviewResult = { isHit: boolean; etag: string; body: Overview & { ageSeconds: number } }

/**
 * Returns the overview, cached or computed. A cached one is valid only for the views it was computed from, so a
 * request that was slower than a refresh cannot bring old numbers back. Throws organizer_not_found.
 */
export async function readOverview(context: Context, filter: Filter): Promise<OverviewResult> {
  const { config, db, now } = context
  if (filter.organizerId && !(await findOrganizer(db, filter.organizerId))) throw new Failure('organizer_not_found')
  const key = `${CACHE_PREFIX}overview:${createHash('sha256').update(JSON.stringify(filter)).digest('hex').slice(0, 32)}`
  const cached = config.director.cacheTtlMs > 0 ? await readCache(context, key) : null
  const freshness = await findFreshness(db)
  if (cached && cached.refreshedAt === freshness.refreshedAt?.toISOString()) return withAge(cached, true, now())

  await refreshIfCheap(context, freshness)
  const body = await computeOverview(context, filter)
  const etag = `"${createHash('sha256').update(JSON.stringify(body)).digest('base64url').slice(0, 27)}"`
  const fresh: Cached = { refreshedAt: body.refreshedAt.toISOString(), etag, body }
  if (config.director.cacheTtlMs > 0) await writeCache(context, key, fresh)
  return withAge(fresh, false, now())
}

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

/** Records a manual payment and refreshes the overview before it returns. Throws what recordManualPayment throws. */
export async function enterPayment(context: Context, request: ManualPaymentRequest): Promise<PaymentResult> {
  return publish(context, await recordManualPayment(context, request))
}

/** Reverses a manual payment and refreshes the overview. Throws what reverseManualPayment throws. */
export async function reversePayment(context: Context, request: Reversal): Promise<PaymentResult> {
  return publish(context, await reverseManualPayment(context, request))
}

async function publish(context: Context, payment: Payment): Promise<PaymentResult> {
  const { organizerId, currency } = payment
  const balance = await findBalance(context.db, organizerId!, currency)
  await publishChange(context)
  return { payment, balance: { ...describeBalance(balance, currency), currency } }
}
