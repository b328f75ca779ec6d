/** The jobs that write exports. */
import { Type } from 'typebox'
import type { Deps } from '../deps.ts'
import { defineJob } from '../platform/queue.ts'
import { writeExport } from './exports.ts'
import { claimExport, failSpentExports, findDueExport, releaseExport, type Export } from './sql.ts'

/** The job of the next attempt. */
export const exportJobId = ({ id, attempt }: Pick<Export, 'id' | 'attempt'>): string => `${id}-${attempt}`

/** Writes one export. A failure gives it back, and the sweep finds it again. */
export const writeExportJob = defineJob({
  name: 'write-export',
  queue: 'maintenanceQueue',
  data: Type.Object({ exportId: Type.String() }),

  async run(deps: Deps, { exportId }, { log }) {
    const claimed = await claimExport(deps.db, exportId, deps.now())
    if (!claimed) return 'it is not due, or another export is being written'
    const { report, format, attempt } = claimed
    try {
      const isOurs = await writeExport(deps, claimed)
      if (isOurs) log.info({ exportId, report, format, attempt }, 'An export was written')
      return isOurs ? 'written' : 'another worker has taken it'
    } catch (error) {
      const status = await releaseExport(deps.db, claimed, deps.now())
      const facts = { err: error, exportId, report, format, attempt }
      if (status === 'failed') log.error(facts, 'An export failed for the last time')
      else log.warn(facts, 'An export failed and will be written again')
      return 'failed'
    }
  },
})

/** Enqueues the next export when none is being written: what waits, and what a worker left behind. */
export const sweepExports = defineJob({
  name: 'sweep-exports',
  queue: 'maintenanceQueue',
  data: Type.Object({}),

  async run({ db, queues, now }: Deps, _, { log }) {
    for (const exportId of await failSpentExports(db, now()))
      log.error({ exportId }, 'An export failed: its workers died')
    const due = await findDueExport(db, now())
    if (due) await queues.enqueue(writeExportJob, { exportId: due.id }, { id: exportJobId(due) })
  },
})
