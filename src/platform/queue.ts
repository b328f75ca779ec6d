/**
 * The one door to BullMQ: queues and jobs, the same on Redis and on PostgreSQL. Workers are in queue-workers.ts.
 *
 * A job is a hint that carries ids. Rows are the truth, and a sweep enqueues every due row that has no job. So a lost job
 * does no harm, and neither does one that runs twice.
 */
import { createPostgresBackend, runMigrations, Queue } from 'bullmq'
import { setTimeout as sleep } from 'node:timers/promises'
import { Assert } from 'typebox/value'
import type { Static, TSchema } from 'typebox'
import type { Config } from './config.ts'
import { PreparingClient, withClient } from './db.ts'
import { gathering } from './batching.ts'
import { Failure } from './errors.ts'
import { throttleLogs } from './log-throttle.ts'
import type { Logger } from './log.ts'

export const QUEUE_NAMES = ['deliveryQueue', 'waInboundQueue', 'paymentsQueue', 'maintenanceQueue'] as const
export type QueueName = (typeof QUEUE_NAMES)[number]

export type JobContext = {
  jobId: string
  log: Logger
  /**
   * Ends the job for the queue while `run` continues, so that the worker takes the next job during the settlement. A failure
   * after it is not retried by the queue, so use it only when a sweep finds the row again.
   */
  release?: () => void
}
/** What is needed to enqueue a job. */
export type JobName<S extends TSchema = TSchema> = {
  /** verb-noun; the same in the constant, the logs and the runbook. */
  name: string
  queue: QueueName
  /** Ids only: queues hold no personal data. */
  data: S
}
/** A job. `D`: the dependencies that `run` needs. */
export type Job<S extends TSchema = TSchema, D = never> = JobName<S> & {
  run(deps: D, data: Static<S>, context: JobContext): Promise<unknown>
}

export const defineJob = <S extends TSchema, D>(job: Job<S, D>): Job<S, D> => job

/** `waitMs`: how long to wait for the queue; short by default, because requests wait for it. */
export type EnqueueOptions = { id: string; delayMs?: number; waitMs?: number }
export type JobCounts = { waiting: number; active: number; delayed: number; failed: number }

export type Queues = {
  backend: 'redis' | 'postgres'
  /** Resolves when the queues are open. The first call opens them. Rejects after waitMs, but opening continues. */
  ready(waitMs: number): Promise<void>
  /**
   * Adds a job, together with those of the same moment, and returns its id. Never throws and never waits long, because the
   * sweep finds the rows of lost jobs; a request need not wait for it.
   */
  enqueue<S extends TSchema>(job: JobName<S>, data: Static<S>, options: EnqueueOptions): Promise<string>
  /** Adds many jobs of one kind. Never throws. An urgent job runs before all waiting ones. */
  enqueueMany<S extends TSchema>(
    job: JobName<S>,
    items: { data: Static<S>; id: string; delayMs?: number; isUrgent?: boolean }[],
  ): Promise<void>
  count(queue: QueueName): Promise<JobCounts>
  /** Whether a sweep should add jobs: false while many jobs wait or the queue is down. Never throws. */
  hasRoom(queue: QueueName): Promise<boolean>
  countWorkers(queue: QueueName): Promise<number>
  /** BullMQ's queues, for the board. Throws `unavailable` until they are open. */
  list(): Queue[]
  /** How many jobs were lost because the queue was down. */
  lostJobs(): number
  close(): Promise<void>
}

/**
 * The id of a job that a sweep adds. It differs from the first id, because a job whose worker died keeps its id until its
 * lock expires, and BullMQ ignores a second job with the same id.
 */
export const sweptJobId = (jobId: string, at: Date): string => `${jobId}-${at.getTime().toString(36)}`

/** With more waiting jobs than this, workers are busy anyway, and sweeps add none. */
const WAITING_MAX = 1000

/** How long enqueueing waits for the queue before it gives up. */
const ENQUEUE_TIMEOUT_MS = 500

type NewJob = { job: JobName; data: unknown; id: string; delayMs?: number; isUrgent?: boolean }

type Backend = Pick<Config, 'redis'> & { database: { url: string } }
type AnyQueue = Pick<Queue, 'addBulk' | 'getJobCounts' | 'getWorkersCount' | 'close' | 'waitUntilReady'> & {
  on(event: 'error', listener: (error: Error) => void): unknown
}

function openQueue(name: string, config: Backend): AnyQueue {
  if (config.redis.url) {
    // Fail at once instead of queueing in memory while Redis is down.
    const connection = {
      url: config.redis.url,
      enableOfflineQueue: false,
      maxRetriesPerRequest: 1,
      connectTimeout: 3000,
    }
    return new Queue(name, { connection })
  }
  return new Queue(name, { connection: postgresConnection(config.database.url, 2) }, createPostgresBackend)
}

/** The connection of BullMQ to PostgreSQL. Every wait is bounded, because a half-open connection would hang for ever. */
export function postgresConnection(url: string, max: number) {
  const address = new URL(url)
  address.searchParams.delete('options') // would override the search_path that BullMQ sets
  return {
    connectionString: address.toString(),
    max,
    connectionTimeoutMillis: 3000,
    query_timeout: 5000,
    keepAlive: true,
    // Jobs are hints: the sweep replaces those that a crash of PostgreSQL loses.
    options: '-c synchronous_commit=off',
    Client: PreparingClient,
  }
}

/** Creates or upgrades BullMQ's tables in PostgreSQL. Does nothing with Redis. */
export async function migrateQueues(config: Backend): Promise<void> {
  if (config.redis.url) return
  await withClient(config.database.url, (client) => runMigrations(client))
}

/**
 * The queues; ready() opens them and keeps trying. A BullMQ queue that is created while PostgreSQL is down or not migrated
 * never works and reports no error, so a set that is not ready in time is discarded and created again.
 */
export function openQueues(config: Backend, log: Logger): Queues {
  const report = errorReporter(log)
  let queues: Map<QueueName, AnyQueue> | undefined
  let isClosed = false
  const closing = new AbortController()
  const onError = (queue: string, error: Error) => {
    if (!isClosed) report(queue, error)
  }
  let lost = 0

  async function build(): Promise<void> {
    const fresh = new Map(QUEUE_NAMES.map((name) => [name, openQueue(name, config)]))
    for (const [name, queue] of fresh) queue.on('error', (error) => onError(name, error))
    try {
      await withTimeout(Promise.all([...fresh.values()].map((queue) => queue.waitUntilReady())), 5000)
      queues = fresh
    } catch (error) {
      onError('all', error as Error)
      void Promise.allSettled([...fresh.values()].map((queue) => queue.close()))
      throw error
    }
  }
  async function keepBuilding(): Promise<void> {
    for (let pauseMs = 250; !queues && !isClosed; pauseMs = Math.min(pauseMs * 2, 5000)) {
      const pause = () => sleep(pauseMs, undefined, { ref: false, signal: closing.signal }).catch(() => undefined)
      await build().catch(pause)
    }
  }
  let building: Promise<void> | undefined

  async function add(name: QueueName, items: NewJob[], waitMs: number): Promise<void> {
    const jobs = items.map(({ job, data, id, delayMs, isUrgent }) => ({
      name: job.name,
      data,
      opts: {
        jobId: id,
        attempts: 3, // for our own faults only; attempts to send are counted in rows
        backoff: { type: 'custom' },
        removeOnComplete: true,
        removeOnFail: true, // BullMQ would ignore the next job with the id of a kept failed one
        ...(delayMs ? { delay: delayMs } : {}),
        ...(isUrgent ? { lifo: true } : {}),
      },
    }))
    try {
      if (!queues || isClosed) throw new Error('the queues are not open') // an add after close() never settles
      await withTimeout(queues.get(name)!.addBulk(jobs), waitMs)
    } catch (error) {
      lost += items.length
      onError(name, error as Error)
    }
  }
  const gatherers = new Map(QUEUE_NAMES.map((name) => [name, gathering(addTogether(name), { max: 100, lanes: 2 })]))
  function addTogether(name: QueueName) {
    return async (items: NewJob[]) => {
      await add(name, items, ENQUEUE_TIMEOUT_MS)
      return items.map(({ id }) => id)
    }
  }
  const opened = (name: QueueName) => {
    if (!queues) throw new Failure('unavailable', { detail: 'The queues are not open yet.' })
    return queues.get(name)!
  }
  return {
    backend: config.redis.url ? 'redis' : 'postgres',
    ready: (waitMs) => withTimeout((building ??= keepBuilding()), waitMs),
    async enqueue(job, data, { id, delayMs = 0, waitMs }) {
      Assert(job.data, data)
      const item = { job, data, id, delayMs }
      if (waitMs !== undefined) await add(job.queue, [item], waitMs)
      else await gatherers.get(job.queue)!(item)
      return id
    },
    async enqueueMany(job, items) {
      const jobs = items.map((item) => ({ ...item, job }))
      if (jobs.length > 0) await add(job.queue, jobs, jobs.length > 50 ? 10_000 : ENQUEUE_TIMEOUT_MS)
    },
    async count(name) {
      const counts = await withTimeout(
        opened(name).getJobCounts('waiting', 'active', 'delayed', 'failed', 'prioritized'),
        2000,
      )
      return {
        waiting: (counts.waiting ?? 0) + (counts.prioritized ?? 0),
        active: counts.active ?? 0,
        delayed: counts.delayed ?? 0,
        failed: counts.failed ?? 0,
      }
    },
    async hasRoom(name) {
      try {
        return (await withTimeout(opened(name).getJobCounts('waiting'), 2000))['waiting']! < WAITING_MAX
      } catch {
        return false
      }
    },
    countWorkers: (name) => withTimeout(opened(name).getWorkersCount(), 2000),
    list: () => QUEUE_NAMES.map((name) => opened(name) as Queue), // the type of both backends
    lostJobs: () => lost,
    async close() {
      isClosed = true
      closing.abort()
      await building // queues that are being opened must not outlive their database
      await Promise.allSettled([...(queues?.values() ?? [])].map((queue) => queue.close()))
    },
  }
}

/** Exponential backoff with ±20 % jitter: `delayMs` after attempt 1, doubling up to an hour. */
export function backoffMs(delayMs: number, attempt: number, random: number = Math.random()): number {
  const exponential = Math.min(delayMs * 2 ** (attempt - 1), 3_600_000)
  return Math.round(exponential * (0.8 + 0.4 * random))
}

/** Logs at most one error line per queue in ten seconds, because an outage repeats the same error many times a second. */
export function errorReporter(log: Logger) {
  const mayLog = throttleLogs(10_000)
  return (queue: string, error: Error) => {
    if (mayLog(queue)) log.warn({ queue, err: error }, 'The queue is not reachable; the sweep will enqueue the rows')
  }
}

export async function withTimeout<T>(work: Promise<T>, timeoutMs: number): Promise<T> {
  let timer: NodeJS.Timeout | undefined
  const timeout = new Promise<never>((_, reject) => {
    timer = setTimeout(() => reject(new Error('timeout exceeded when trying to connect')), timeoutMs)
  })
  try {
    return await Promise.race([work, timeout])
  } finally {
    clearTimeout(timer)
  }
}
