/** The workers that run jobs, the other half of the door to BullMQ. */
import { setTimeout as sleep } from 'node:timers/promises'
import { createPostgresBackend, UnrecoverableError, Worker, type Job as BullJob } from 'bullmq'
import type { TSchema } from 'typebox'
import { Compile } from 'typebox/compile'
import type { Config } from './config.ts'
import { GiveUp } from './errors.ts'
import type { Logger } from './log.ts'
import type { Metrics } from './metrics.ts'
import {
  backoffMs,
  errorReporter,
  postgresConnection,
  QUEUE_NAMES,
  withTimeout,
  type Job,
  type JobName,
  type QueueName,
} from './queue.ts'

type WorkerDeps = { config: Config; log: Logger; metrics: Metrics; now: () => Date; databaseUrl: string }

export type Workers = { close(): Promise<void> }

/** Starts one worker per queue. `onDead` is called with each job whose attempts are spent. */
export async function startWorkers<D extends WorkerDeps>(
  deps: D,
  jobs: readonly Job<TSchema, D>[],
  onDead: (job: { name: string; data: unknown; attempts: number; reason: string }) => Promise<void>,
): Promise<Workers> {
  const byName = new Map(jobs.map((job) => [job.name, { ...job, fits: Compile(job.data) }]))
  const report = errorReporter(deps.log)
  let isClosed = false // its last connections may outlive it for a moment, and end with the database
  const onError = (queue: string, error: Error) => {
    if (!isClosed) report(queue, error)
  }
  const unfinished = new Set<Promise<unknown>>()
  const workers = await Promise.all(QUEUE_NAMES.map((name) => openReady(name)))
  // The promise of run() settles at close(); errors before that are 'error' events.
  for (const worker of workers) worker.run().catch((error: Error) => onError('run', error))
  return {
    async close() {
      await Promise.allSettled(workers.map((worker) => worker.close()))
      isClosed = true
      await Promise.allSettled(unfinished)
    },
  }

  /**
   * Opens a worker and waits until it is ready. A BullMQ worker whose first connection fails never recovers and retries
   * without a pause, so it is discarded and created again.
   */
  async function openReady(name: QueueName): Promise<AnyWorker> {
    for (let triesLeft = 5; ; triesLeft--) {
      const worker = listen(name, openWorker(name, deps, process))
      try {
        await withTimeout(worker.waitUntilReady(), 5000)
        return worker
      } catch (error) {
        onError(name, error as Error)
        void worker.close(true).catch(() => undefined)
        if (triesLeft === 0) throw error
        await sleep(500)
      }
    }
  }

  function listen(name: QueueName, worker: AnyWorker): AnyWorker {
    worker.on('error', (error) => onError(name, error))
    worker.on('failed', (bullJob, error) => {
      if (!bullJob) return
      const isLast = error instanceof UnrecoverableError || bullJob.attemptsMade >= (bullJob.opts.attempts ?? 1)
      const fields = { queue: name, job: bullJob.name, jobId: bullJob.id, attempt: bullJob.attemptsMade }
      if (!isLast) return deps.log.warn({ ...fields, err: error }, 'A job failed and will run again')
      deps.log.error({ ...fields, err: error }, 'A job failed for the last time')
      onDead({
        name: bullJob.name,
        data: bullJob.data,
        attempts: bullJob.attemptsMade,
        reason: error.message.slice(0, 200),
      }).catch((failure: unknown) => deps.log.error({ ...fields, err: failure }, 'A dead letter could not be written'))
    })
    return worker
  }

  async function process(bullJob: BullJob): Promise<unknown> {
    const job = byName.get(bullJob.name)
    if (!job) throw new UnrecoverableError(`unknown job ${bullJob.name}`)
    if (!job.fits.Check(bullJob.data)) throw new UnrecoverableError('job data does not fit its schema')
    const jobId = bullJob.id ?? ''
    const log = deps.log.child({ job: job.name, jobId })
    let release = () => {}
    const released = new Promise<typeof RELEASED>((resolve) => (release = () => resolve(RELEASED)))
    const work = observe(job, () => job.run(deps, bullJob.data, { jobId, log, release }))
    const outcome = await Promise.race([work, released])
    // At most `concurrency` released jobs may still be settling; beyond that the worker waits for the database.
    if (outcome !== RELEASED || unfinished.size >= deps.config.queue.concurrency) return toResult(await work)
    const rest = work
      .catch((error: unknown) => log.error({ err: error }, 'A job failed after its release; the sweep finds its row'))
      .finally(() => unfinished.delete(rest))
    unfinished.add(rest)
    return undefined
  }

  async function observe(job: JobName, run: () => Promise<unknown>): Promise<unknown> {
    const startedMs = performance.now()
    const end = (outcome: 'done' | 'failed') =>
      deps.metrics.jobSeconds.observe(
        { queue: job.queue, job: job.name, outcome },
        (performance.now() - startedMs) / 1000,
      )
    try {
      const outcome = await run()
      end('done')
      // What the clock enqueues goes there; the sweeps, which it runs itself, are noted by the clock.
      if (job.queue === 'maintenanceQueue')
        deps.metrics.scheduleLastSuccess.set({ entry: job.name }, deps.now().getTime() / 1000)
      return outcome
    } catch (error) {
      end('failed')
      throw error instanceof GiveUp ? new UnrecoverableError(error.reason) : error
    }
  }
}

const RELEASED = Symbol('released')

/** Only short text results go to the queue; the others are in rows. */
const toResult = (outcome: unknown): string | undefined => (typeof outcome === 'string' ? outcome : undefined)

type AnyWorker = Pick<Worker, 'close' | 'waitUntilReady' | 'run'> & {
  on(event: 'error', listener: (error: Error) => void): unknown
  on(event: 'failed', listener: (job: BullJob | undefined, error: Error) => void): unknown
}

function openWorker(name: QueueName, deps: WorkerDeps, process: (job: BullJob) => Promise<unknown>): AnyWorker {
  const { config } = deps
  const options = {
    autorun: false,
    concurrency: name === 'maintenanceQueue' ? 4 : config.queue.concurrency,
    lockDuration: 60_000,
    stalledInterval: 15_000,
    // With the default of 1 a crash would fail jobs that never ran. Attempts are counted in rows instead.
    maxStalledCount: 1000,
    // Much shorter than lockDuration, so that running jobs keep their locks during an outage.
    runRetryDelay: 1000,
    drainDelay: 5,
    settings: { backoffStrategy: (attemptsMade: number) => backoffMs(config.queue.backoffDelayMs, attemptsMade) },
  }
  if (config.redis.url) {
    return new Worker(name, process, { ...options, connection: { url: config.redis.url, maxRetriesPerRequest: null } })
  }
  // Every job is one commit. More connections let PostgreSQL flush more commits of deliveries together.
  const connection = postgresConnection(deps.databaseUrl, name === 'deliveryQueue' ? 8 : 3)
  return new Worker(name, process, { ...options, connection }, createPostgresBackend)
}
