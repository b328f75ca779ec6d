/** The jobs that refresh the Director's numbers and watch WhatsApp's prices. */
import { Type } from 'typebox'
import type { Deps } from '../deps.ts'
import { defineJob } from '../platform/queue.ts'
import { countServiceMessages } from '../delivery/delivery.ts'
import { isDrifting, sumPredictions } from './predictions.ts'
import { refreshKpis } from './refresh.ts'
import { findFreshness } from './sql.ts'

/** Refreshes every materialized view in one snapshot. A lock allows one refresh at a time. */
export const refreshKpisJob = defineJob({
  name: 'refresh-kpis',
  queue: 'maintenanceQueue',
  data: Type.Object({}),

  async run(deps: Deps, _, { log }) {
    try {
      const views = await refreshKpis(deps, { ifBusy: 'skip' })
      if (!views) return 'another refresh is running'
      log.info(
        { tookMs: Object.fromEntries(views.map((view) => [view.viewName, view.tookMs])) },
        'The views were refreshed',
      )
      return `${views.length} views refreshed`
    } catch (error) {
      log.error(
        { err: error, job: 'refresh-kpis' },
        "The views could not be refreshed: the Director's numbers are stale",
      )
      throw error
    }
  },
})

/** Warns when WhatsApp's charges differ from our predictions, and counts the messages that the next predictions need. */
export const watchPrices = defineJob({
  name: 'watch-prices',
  queue: 'maintenanceQueue',
  data: Type.Object({}),

  async run({ db, now }: Deps, _, { log }) {
    const at = now()
    await countServiceMessages(db, at)
    const { asOf } = await findFreshness(db)
    if (!asOf) return 'the views have not been refreshed yet'
    const predictions = await sumPredictions(db, null, at)
    if (isDrifting(predictions))
      log.warn(
        { ...predictions, asOf },
        "WhatsApp's charges differ from predictions: prices or categories have changed",
      )
    return `${predictions.drifted} of ${predictions.compared} predictions were wrong`
  },
})
