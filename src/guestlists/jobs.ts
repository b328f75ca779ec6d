/** The jobs that import long lists. */
import { Type } from 'typebox'
import type { Deps } from '../deps.ts'
import { defineJob } from '../platform/queue.ts'
import { continueImport } from './long-imports.ts'
import { claimImport, endImport, listDueImports, listSpentImports, releaseImport } from './queue-sql.ts'

/** The job of the next attempt. */
export const importJobId = ({ id, attempt }: { id: string; attempt: number }): string => `${id}-${attempt}`

/** Imports one list, or what another worker has left of it. A failure gives it back, and the sweep finds it again. */
export const importGuestList = defineJob({
  name: 'import-guest-list',
  queue: 'maintenanceQueue',
  data: Type.Object({ importId: Type.String() }),

  async run(deps: Deps, { importId }, { log }) {
    const claimed = await claimImport(deps.db, importId, deps.now())
    if (!claimed) return 'it is not due, or an older import of its event is open'
    const { attempt, rowsTotal, format } = claimed
    try {
      const isOurs = await continueImport(deps, claimed)
      if (isOurs) log.info({ importId, rowsTotal, format, attempt }, 'A guest list was imported')
      return isOurs ? 'imported' : 'another worker has taken it'
    } catch (error) {
      await releaseImport(deps.db, claimed)
      log.warn({ err: error, importId, attempt }, 'An import failed and will be continued')
      return 'failed'
    }
  },
})

/** Enqueues the imports that are due: what waits, and what a worker left behind. Gives up those that kill their workers. */
export const sweepImports = defineJob({
  name: 'sweep-imports',
  queue: 'maintenanceQueue',
  data: Type.Object({}),

  async run({ db, queues, now }: Deps, _, { log }) {
    for (const spent of await listSpentImports(db, now()))
      if (await endImport(db, spent, 'failed', now()))
        log.error({ importId: spent.id }, 'An import failed for the last time')
    for (const due of await listDueImports(db, now()))
      await queues.enqueue(importGuestList, { importId: due.id }, { id: importJobId(due) })
  },
})
