/** THE LIST OF JOBS, and starting the workers and the clock that run them. */
import { deliverInvitation, releaseDeliveries, sweepDeliveries } from './delivery/jobs.ts'
import { triggerCampaigns } from './campaigns/jobs.ts'
import { syncTemplates } from './templates/jobs.ts'
import type { Deps } from './deps.ts'
import { refreshKpisJob, sendWeeklyEmail, sweepWeeklyEmails, watchPrices } from './finance/jobs.ts'
import { bookTicketUses, checkLedger } from './ledger/jobs.ts'
import { reconcilePayments } from './reconciliation/jobs.ts'
import { deleteOldRows, logQueueMetrics } from './operations/housekeeping.ts'
import { insertDeadJob } from './platform/dead-letters.ts'
import {
  processEmailEvent,
  playMockPayments,
  processPaymentEvent,
  processWaEvent,
  sweepInboundEvents,
} from './inbox/jobs.ts'
import { catchUpLandingTtl, runLandingTtlJob } from './landing/jobs.ts'
import { importGuestList, sweepImports } from './guestlists/jobs.ts'
import { sweepExports, writeExportJob } from './reports/jobs.ts'
import { givePlaces } from './waitlist/jobs.ts'
import type { TSchema } from 'typebox'
import type { Job } from './platform/queue.ts'
import { startClock } from './schedule.ts'
import { startWorkers } from './platform/queue-workers.ts'
import { unlessStopped } from './platform/stop.ts'

/** Any job of this program. */
export type AnyJob = Job<TSchema, Deps>

export const JOBS = [
  deliverInvitation,
  sweepDeliveries,
  releaseDeliveries,
  syncTemplates,
  triggerCampaigns,
  processWaEvent,
  processEmailEvent,
  processPaymentEvent,
  sweepInboundEvents,
  playMockPayments,
  runLandingTtlJob,
  catchUpLandingTtl,
  refreshKpisJob,
  watchPrices,
  sendWeeklyEmail,
  sweepWeeklyEmails,
  logQueueMetrics,
  deleteOldRows,
  bookTicketUses,
  reconcilePayments,
  checkLedger,
  writeExportJob,
  sweepExports,
  givePlaces,
  importGuestList,
  sweepImports,
] as unknown as readonly AnyJob[]

/**
 * Starts workers and clock. close() stops the clock and waits for running jobs. Throws the reason of `stop` when it is aborted.
 */
export async function startWorking(deps: Deps, stop: AbortSignal): Promise<{ close(): Promise<void> }> {
  await unlessStopped(deps.queues.ready(deps.config.boot.waitMs), stop)
  const workers = await startWorkers(deps, JOBS, (job) => insertDeadJob(deps.db, job, deps.now()))
  const clock = startClock(deps)
  deps.log.info({ backend: deps.queues.backend }, 'Workers and clock are running')
  return {
    async close() {
      await clock.stop()
      await workers.close()
    },
  }
}
