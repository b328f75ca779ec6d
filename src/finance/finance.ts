/** The Director's overview with its cache and age, and payments entered by hand. */
import type { Deps } from '../deps.ts'
import { etagOf } from '../http/etag.ts'
import { findBalance } from '../ledger/ledger.ts'
import { withTx, type Db } from '../platform/db.ts'
import { Failure } from '../platform/errors.ts'
import { openMemory } from '../platform/memory.ts'
import { computeOverview, describeBalance } from './overview.ts'
import {
  recordManualPayment,
  reverseManualPayment,
  type ManualPaymentRequest,
  type Payment,
  type Reversal,
} from '../payments/payments.ts'
import { refreshIfCheap } from './refresh.ts'
import { findOrganizer, findVersion, type Filter } from './sql.ts'

export { findDriftShare } from './predictions.ts'
export { PERIOD } from './schemas.ts'
export { findOrganizer } from './sql.ts'

/** Of some 5 kB each. */
const CACHED_MAX = 200

type Context = Pick<Deps, 'config' | 'db' | 'slowDb' | 'log' | 'now'>
/** `members`: the JSON of the overview after its opening brace; who asks and when is added to each answer. */
type Rendered = { version: string; asOf: Date; etag: string; members: string }
export type ShownOverview = { isHit: boolean; etag: string; ageSeconds: number; members: string }

/**
 * Returns a function that reads the overview, from the memory of this process or computed. One in memory is valid only for
 * the views and the money that it was computed from; the database tells both at every request. So a payment shows at once,
 * in every process, whatever became of a refresh. The function throws organizer_not_found.
 */
export function openOverview(context: Context): (filter: Filter) => Promise<ShownOverview> {
  const { config, db, now } = context
  const memory = openMemory<Rendered>(CACHED_MAX)
  const running = new Map<string, Promise<Rendered>>()

  async function findValid(key: string, { organizerId }: Filter): Promise<Rendered | null> {
    const version = await findVersion({ db }, organizerId)
    const known = memory.get(key, now())
    return known?.version === version ? known : null
  }

  async function compute(key: string, filter: Filter): Promise<Rendered> {
    const rendered = await render(context, filter)
    memory.set(key, rendered, new Date(now().getTime() + config.director.cacheTtlMs))
    return rendered
  }

  return async (filter) => {
    if (config.director.cacheTtlMs === 0) return describeAge(await render(context, filter), false, now())
    const key = JSON.stringify(filter)
    let valid = await findValid(key, filter)
    if (!valid && running.has(key)) {
      // Somebody computes the same, maybe from what was there before this request, so its version is compared too.
      await running.get(key)!.catch(() => undefined)
      valid = await findValid(key, filter)
    }
    if (valid) return describeAge(valid, true, now())
    const computing = compute(key, filter)
    running.set(key, computing)
    try {
      return describeAge(await computing, false, now())
    } finally {
      if (running.get(key) === computing) running.delete(key)
    }
  }
}

async function render(context: Context, filter: Filter): Promise<Rendered> {
  const { db } = context
  if (filter.organizerId && !(await findOrganizer(db, filter.organizerId))) throw new Failure('organizer_not_found')
  await refreshIfCheap(context)
  const { version, body } = await computeOverview(context, filter)
  const json = JSON.stringify(body)
  return { version, asOf: body.asOf, etag: etagOf(json), members: json.slice(1) }
}

const describeAge = ({ asOf, etag, members }: Rendered, isHit: boolean, now: Date): ShownOverview => ({
  ...{ isHit, etag, members },
  ageSeconds: Math.max(0, Math.round((now.getTime() - asOf.getTime()) / 1000)),
})

type PaymentResult = { payment: Payment; balance: ReturnType<typeof describeBalance> & { currency: string } }

/** Records a manual payment. The answer waits for its commit only. Throws what recordManualPayment throws. */
export async function enterPayment({ db, now }: Context, request: ManualPaymentRequest): Promise<PaymentResult> {
  return withBalance(db, await withTx(db, (tx) => recordManualPayment(tx, request, now())))
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
