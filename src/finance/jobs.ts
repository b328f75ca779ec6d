/** Keeping the Director's numbers fresh. */
import { Type } from 'typebox'
import { defineJob } from '../queue.ts'
import { refreshKpis } from './refresh.ts'

/** Refreshes every materialized view in one snapshot and clears the panel's cache. One runner at a time, everywhere. */
export const refreshKpisJob = defineJob({
  name: 'refresh-kpis',
  queue: 'maintenanceQueue',
  data: Type.Object({}),

  async run(deps, _, { log }) {
    try {
      const views = await refreshKpis(deps, { ifBusy: 'leave' })
      if (!views) return 'another runner is at it'
      log.info(
        { tookMs: Object.fromEntries(views.map((view) => [view.viewName, view.tookMs])) },
        'The views were refreshed',
      )
      return `${views.length} views refreshed`
    } catch (error) {
      log.error({ err: error, job: 'refresh-kpis' }, 'The views could not be refreshed: the numbers grow old')
      throw error
    }
  },
})
