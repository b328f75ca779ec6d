/** The job that reads payments at their providers. */
import { Type } from 'typebox'
import type { Deps } from '../deps.ts'
import { defineJob } from '../platform/queue.ts'
import { countAttention } from '../payments/payments.ts'
import { countOpenDifferences, reconcile } from './reconciliation.ts'

export const reconcilePayments = defineJob({
  name: 'reconcile-payments',
  queue: 'maintenanceQueue',
  data: Type.Object({}),

  async run(deps: Deps, _, { jobId, log }) {
    const { db, config, metrics } = deps
    const { latePolicy } = config.payments
    const result = await reconcile({ ...deps, log }, { latePolicy, jobId })
    const { reviews, unknown } = await countAttention(db)
    metrics.paymentsToReview.set(reviews)
    metrics.paymentDifferences.set(await countOpenDifferences(db))
    metrics.paymentsUnknown.set(unknown)
    if (result.silent > 0) log.warn({ ...result }, 'A payment provider does not answer the reconciler')
    const { read, changed, silent, failed, refunds } = result
    return `${read} read, ${changed} changed, ${silent} without an answer, ${failed} failed, ${refunds} refunds`
  },
})
