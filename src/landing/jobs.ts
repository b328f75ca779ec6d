/** The nightly landing job, and the job that runs it when a night was missed. */
import { Type } from 'typebox'
import type { Deps } from '../deps.ts'
import { defineJob } from '../platform/queue.ts'
import { isLandingRunMissing, runLandingTtl, type LandingReport } from './ttl.ts'

/** Archives and expires landings. The clock enqueues it once a night; a second run changes nothing. */
export const runLandingTtlJob = defineJob({
  name: 'run-landing-ttl',
  queue: 'maintenanceQueue',
  data: Type.Object({}),

  run: async (deps: Deps, _, { log }) => outcomeOf(await runLandingTtl({ ...deps, log }, { forced: false })),
})

/** Runs the nightly job now when the queue lost it or no process was up at its time. */
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
