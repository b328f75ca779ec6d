/**
 * The one door to BullMQ: queues, workers, jobs. Identical on Redis and on PostgreSQL.
 *
 * A job is only a hint that carries ids: rows are the truth, and the sweep of schedule.ts enqueues
 * again whatever nobody holds. So adding a job may fail without harm, and a job may run twice.
 */
import { createPostgresBackend, runMigrations, Queue } from 'bullmq'
import { setTimeout as sleep } from 'node:timers/promises'
import { Assert } from 'typebox/value'
import type { Static, TSchema } from 'typebox'
import type { Config } from './config.ts'
import { PreparingClient, withClient } from './db.ts'
import { Failure } from './errors.ts'
import { throttleLogs } from './log-throttle.ts'
import type { Logger } from './log.ts'

export const QUEUE_NAMES = ['deliveryQueue', 'waInboundQueue', 'paymentsQueue', 'maintenanceQueue'] as const
export type QueueName = (typeof QUEUE_NAMES)[number]

export type JobContext = {
  jobId: string
  log: Logger
  /**
   * The enqueue has done its part: the worker may take the next one while this one writes down what came of it. Only for
   * work whose rows are found again without it: a failure after this is not tried again by the queue.
   */
  release?: () => void
}
/** What it takes to enqueue a job. */
export type JobName<S extends TSchema = TSchema> = {
  /** verb-noun; the same in the constant, the logs and the runbook. */
  name: string
  queue: QueueName
  /** Ids only: queues hold no personal data. */
  data: S
}
/** `D`: what `run` needs of the program's dependencies. */
export type Job<S extends TSchema = TSchema, D = never> = JobName<S> & {
  run(deps: D, data: Static<S>, context: JobContext): Promise<unknown>
}

export const defineJob = <S extends TSchema, D>(job: Job<S, D>): Job<S, D> => job

export type EnqueueOptions = { id: string; delayMs?: number }
export type JobCounts = { waiting: number; active: number; delayed: number; failed: number }

export type Queues = {
  backend: 'redis' | 'postgres'
  /** Opens the queues (the first call does) and resolves when they stand; rejects after waitMs, still trying. */
  ready(waitMs: number): Promise<void>
  /** Adds a job. Never throws and never waits long: a lost enqueue is found by the sweep. Returns the job id. */
  enqueue<S extends TSchema>(job: JobName<S>, data: Static<S>, options: EnqueueOptions): Promise<string>
  /** Adds many jobs of one kind at once; never throws. An urgent one goes before all that wait. */
  enqueueMany<S extends TSchema>(
    job: JobName<S>,
    items: { data: Static<S>; id: string; delayMs?: number; isUrgent?: boolean }[],
  ): Promise<void>
  count(queue: QueueName): Promise<JobCounts>
  /** False while so much waits that another enqueue only makes it longer, and while the queue is away. Never throws. */
  hasRoom(queue: QueueName): Promise<boolean>
  countWorkers(queue: QueueName): Promise<number>
  /** The queues themselves, for the board of operators. Throws `unavailable` until they stand. */
  list(): Queue[]
  /** How many enqueues were lost because the queue was away. */
  lostJobs(): number
  close(): Promise<void>
}

/**
 * The id of a sweep's enqueue. It differs from the first enqueue's on purpose: a job that died with its worker
 * still holds that id until its lock runs out, and the same id would be ignored in silence.
 */
export const sweptJobId = (jobId: string, at: Date): string => `${jobId}-${at.getTime().toString(36)}`

/** Above this many waiting jobs the workers are busy anyway, and sweeping would only pile up more. */
const WAITING_MAX = 1000

/** How long a caller waits for the queue before it leaves the row to the sweep. */
const ENQUEUE_TIMEOUT_MS = 500

type Backend = Pick<Config, 'redis'> & { database: { url: string } }
type AnyQueue = Pick<Queue, 'addBulk' | 'getJobCounts' | 'getWorkersCount' | 'close' | 'waitUntilReady'> & {
  on(event: 'error', listener: (error: Error) => void): unknown
}

function openQueue(name: string, config: Backend): AnyQueue {
  if (config.redis.url) {
    // Fail at once instead of queueing in memory while Redis is away.
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

/** Every wait is bounded; a half-open connection would otherwise hang for ever without an error. */
export function postgresConnection(url: string, max: number) {
  const address = new URL(url)
  address.searchParams.delete('options') // would override the search_path that BullMQ pins
  return {
    connectionString: address.toString(),
    max,
    connectionTimeoutMillis: 3000,
    query_timeout: 5000,
    keepAlive: true,
    // Jobs are hints: whatever a crash of PostgreSQL takes back, the sweep finds in the rows.
    options: '-c synchronous_commit=off',
    Client: PreparingClient,
  }
}

/** Creates or upgrades BullMQ's own tables. With Redis there is nothing to do. */
export async function migrateQueues(config: Backend): Promise<void> {
  if (config.redis.url) return
  await withClient(config.database.url, (client) => runMigrations(client))
}

/**
 * Opens every queue, once asked to, and keeps trying until they stand. A queue that is built while PostgreSQL is down
 * (or not migrated) stays dead for ever and says nothing, so such a set is thrown away and built anew.
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

  async function add(
    job: JobName,
    items: { data: unknown; id: string; delayMs?: number; isUrgent?: boolean }[],
  ): Promise<void> {
    if (items.length === 0) return
    const jobs = items.map(({ data, id, delayMs, isUrgent }) => ({
      name: job.name,
      data,
      opts: {
        jobId: id,
        attempts: 3, // of our own faults only; the rows count the attempts that matter
        backoff: { type: 'custom' },
        removeOnComplete: true,
        removeOnFail: true, // a kept failed job would silently swallow the next job of the same id
        ...(delayMs ? { delay: delayMs } : {}),
        ...(isUrgent ? { lifo: true } : {}),
      },
    }))
    try {
      if (!queues || isClosed) throw new Error('the queues are not open') // an add after close() never settles
      await withTimeout(queues.get(job.queue)!.addBulk(jobs), items.length > 50 ? 10_000 : ENQUEUE_TIMEOUT_MS)
    } catch (error) {
      lost += items.length
      onError(job.queue, error as Error)
    }
  }
  const opened = (name: QueueName) => {
    if (!queues) throw new Failure('unavailable', { detail: 'The queues are not open yet.' })
    return queues.get(name)!
  }
  return {
    backend: config.redis.url ? 'redis' : 'postgres',
    ready: (waitMs) => withTimeout((building ??= keepBuilding()), waitMs),
    async enqueue(job, data, { id, delayMs }) {
      Assert(job.data, data)
      await add(job, [{ data, id, ...(delayMs ? { delayMs } : {}) }])
      return id
    },
    enqueueMany: (job, items) => add(job, items),
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
    list: () => QUEUE_NAMES.map((name) => opened(name) as Queue), // whatever its backend
    lostJobs: () => lost,
    async close() {
      isClosed = true
      closing.abort()
      await building // queues that are just being opened must not outlive their database
      await Promise.allSettled([...(queues?.values() ?? [])].map((queue) => queue.close()))
    },
  }
}

/** Exponential with ±20 % jitter: attempt 1 waits `delayMs`, attempt 2 twice that, and so on up to an hour. */
export function backoffMs(delayMs: number, attempt: number, random: number = Math.random()): number {
  const exponential = Math.min(delayMs * 2 ** (attempt - 1), 3_600_000)
  return Math.round(exponential * (0.8 + 0.4 * random))
}

/** An outage repeats the same error many times a second: this logs one line per queue every ten seconds. */
export function errorReporter(log: Logger) {
  const mayLog = throttleLogs(10_000)
  return (queue: string, error: Error) => {
    if (mayLog(queue)) log.warn({ queue, err: error }, 'The queue is not reachable; rows keep the work')
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
