/** Logging the queues, and deleting old rows. */
import { Type } from 'typebox'
import { deleteOldApiKeys, deleteOldDevices, deleteOldLinks, deleteOldTokens } from '../auth/auth.ts'
import { deleteOldIntervals } from '../channels/channels.ts'
import { deleteOldPreflights } from '../campaigns/campaigns.ts'
import { blankOldTexts } from '../conversations/conversations.ts'
import { deleteOldSlots, deleteStrayEvents } from '../delivery/delivery.ts'
import type { Deps } from '../deps.ts'
import { deleteOldImports } from '../guestlists/guestlists.ts'
import { deleteOldKeys } from '../http/idempotency.ts'
import { deleteExpiredEntries } from '../platform/kv.ts'
import { defineJob } from '../platform/queue.ts'
import { deleteOldExports } from '../reports/reports.ts'
import { deleteOldEntries } from '../waitlist/waitlist.ts'
import { measureQueues } from './measures.ts'
import { deleteOldLogs } from './retention.ts'

/** Logs one `queue_metrics` line per queue. */
export const logQueueMetrics = defineJob({
  name: 'log-queue-metrics',
  queue: 'maintenanceQueue',
  data: Type.Object({}),

  async run(deps: Deps, _, { log }) {
    const { backend, lostJobs } = deps.queues
    for (const { queue, counts } of await measureQueues(deps)) {
      log.info({ queue, backend, ...counts, lostJobs: lostJobs() }, 'queue_metrics')
    }
  },
})

/** Deletes rows that are no longer needed. Each domain decides that for its own tables. */
export const deleteOldRows = defineJob({
  name: 'delete-old-rows',
  queue: 'maintenanceQueue',
  data: Type.Object({}),

  async run({ db, now, config }: Deps) {
    const at = now()
    await deleteOldLogs({ db, now, config })
    await deleteExpiredEntries(db)
    await deleteOldKeys(db)
    await deleteOldTokens(db)
    await deleteOldLinks(db)
    await deleteOldApiKeys(db, at)
    await deleteOldDevices(db, at)
    await deleteOldPreflights(db, at)
    await deleteStrayEvents(db, at)
    await deleteOldIntervals(db, at)
    await deleteOldExports(db, at)
    await deleteOldImports(db, at)
    await deleteOldEntries(db, at)
    await deleteOldSlots(db, at, config.delivery.dedupeWindowMs)
    await blankOldTexts(db, at, config.whatsapp.messageTextDays)
  },
})
