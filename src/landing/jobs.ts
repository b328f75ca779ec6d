/** The nightly landing job, and the one that notices when it did not run. */
import { Type } from 'typebox'
import type { Deps } from '../deps.ts'
import { defineJob } from '../platform/queue.ts'
import { isLandingRunMissing, runLandingTtl, type LandingReport } from './ttl.ts'

/** Archives and expires landings. The clock adds it once a night; running it twice changes nothing. */
export const runLandingTtlJob = defineJob({
  name: 'run-landing-ttl',
  queue: 'maintenanceQueue',
  data: Type.Object({}),

  run: async (deps: Deps, _, { log }) => outcomeOf(await runLandingTtl({ ...deps, log }, { forced: false })),
})

/** The queue may have lost the night's job, or every process may have been down: then it runs now. */
export const catchUpLandingTtl = defineJob({
  name: 'catch-up-landing-ttl',
  queue: 'maintenanceQueue',
  data: Type.Object({}),

  async run(deps: Deps, _, { log }) {
    if (!(await isLandingRunMissing(deps))) return 'nothing to do'
    return outcomeOf(await runLandingTtl({ ...deps, log }, { forced: false }))
  },
})

const outcomeOf = ({ skipped, stopped, archived, expired }: LandingReport): string =>
  skipped ?? stopped ?? `${archived.length} archived, ${expired.length} expired`
