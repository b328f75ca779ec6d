/** The job that reads payments at their providers. */
import { Type } from 'typebox'
import type { Deps } from '../deps.ts'
import { defineJob } from '../platform/queue.ts'
import { countAttention } from './reconciler-sql.ts'
import { reconcile } from './reconciler.ts'

export const reconcilePayments = defineJob({
  name: 'reconcile-payments',
  queue: 'maintenanceQueue',
  data: Type.Object({}),

  async run(deps: Deps, _, { jobId, log }) {
    const { db, config, metrics } = deps
    const result = await reconcile(deps, config.payments.latePolicy, jobId)
    const { reviews, differences, unknown } = await countAttention(db)
    metrics.paymentsToReview.set(reviews)
    metrics.paymentDifferences.set(differences)
    metrics.paymentsUnknown.set(unknown)
    if (result.silent > 0) log.warn({ ...result }, 'A payment provider does not answer the reconciler')
    return `${result.read} read, ${result.changed} changed, ${result.silent} without an answer, ${result.refunds} refunds`
  },
})
