/**
 * Every external dependency, opened once and passed as an argument. Only this file reads the clock; everything else uses
 * `now`.
 */
import { setTimeout as sleep } from 'node:timers/promises'
import { signingKeyOf } from './auth/auth.ts'
import { REMEMBER_MS } from './auth/basic.ts'
import { openCredentials, type Credentials } from './auth/credentials.ts'
import { openRevocations, type Revocations } from './auth/revocations.ts'
import type { Config } from './platform/config.ts'
import { openDb, pingDb, type Db } from './platform/db.ts'
import { openKeyring, type Keyring } from './checkin/keyring.ts'
import { openChannels, type Channels } from './channels/channels.ts'
import { openPostgresKv, openRedisKv, type Kv } from './platform/kv.ts'
import { throttleLogs } from './platform/log-throttle.ts'
import type { Logger } from './platform/log.ts'
import { openMetrics, type Metrics } from './platform/metrics.ts'
import { openPaymentProviders, type PaymentProviders } from './providers/providers.ts'
import { findTemplate } from './templates/templates.ts'
import { findPoolingProblem } from './platform/pooling.ts'
import { openQueues, type Queues } from './platform/queue.ts'

export type Deps = {
  config: Config
  log: Logger
  /** The current time. Tests pass their own. */
  now: () => Date
  /** The address of PostgreSQL itself, for what needs a session: never that of a pooler. */
  databaseUrl: string
  /** Through the pooler, when there is one. */
  db: Db
  /** A pool of two connections with a long statement timeout, for work that reads whole tables. */
  slowDb: Db
  kv: Kv
  queues: Queues
  channels: Channels
  providers: PaymentProviders
  metrics: Metrics
  /** Signs access tokens. */
  signingKey: Uint8Array
  /** Signs and verifies the passes of guests. */
  keyring: Keyring
  /** The access tokens that have ended before their time. */
  revocations: Revocations
  /** Who API keys and the tokens of devices are. */
  credentials: Credentials
  close(): Promise<void>
}

/**
 * `isTool`: the program neither sends nor charges, so it does not warn about simulated channels and mock payments.
 * `jwtSecret`: used when JWT_SECRET is not set.
 */
export type DepsOptions = { databaseUrl: string; now?: () => Date; isTool?: boolean; jwtSecret?: string | undefined }

/** Creates pools and clients without connecting. waitForDeps waits for them. */
export function openDeps(config: Config, log: Logger, options: DepsOptions): Deps {
  const { directUrl } = config.database
  const databaseUrl = directUrl ?? options.databaseUrl
  const now = options.now ?? (() => new Date())
  const notices = options.isTool ? log.child({}, { level: 'error' }) : log
  const onPoolError = (error: Error) => log.warn({ err: error }, 'A database connection was lost')
  const mayLog = throttleLogs(10_000)
  const onRedisError = (error: Error) => {
    if (mayLog('redis')) log.warn({ err: error }, 'Redis does not answer')
  }
  const main = openDb(options.databaseUrl, {
    max: config.database.poolMax,
    statementTimeoutMs: 10_000,
    isPooled: directUrl !== undefined,
    onError: onPoolError,
  })
  const slow = openDb(databaseUrl, { max: 2, statementTimeoutMs: 120_000, onError: onPoolError })
  const kv = config.redis.url ? openRedisKv(config.redis.url, onRedisError) : openPostgresKv(main.db)
  const credentials = openCredentials({ db: main.db, now }, { freshMs: 1000 })
  const queues = openQueues({ redis: config.redis, database: { url: databaseUrl } }, log)
  const signingKey = signingKeyOf(config.auth.jwtSecret ?? options.jwtSecret)
  return {
    config,
    log,
    now,
    databaseUrl,
    db: main.db,
    slowDb: slow.db,
    kv,
    queues,
    channels: openChannels({
      config,
      db: main.db,
      now,
      log: notices,
      categoryOf: (name) => findTemplate(name).category,
    }),
    providers: openPaymentProviders(config.payments, notices),
    metrics: openMetrics(),
    signingKey,
    keyring: openKeyring({ db: main.db, now }, signingKey),
    revocations: openRevocations(
      { db: main.db, now, credentials },
      { lifetimeMs: Math.max(config.auth.accessTtlSeconds * 1000, REMEMBER_MS), freshMs: 1000 },
    ),
    credentials,
    async close() {
      await queues.close()
      await kv.close()
      await Promise.allSettled([main.close(), slow.close()])
    },
  }
}

/** A dependency did not come up in time. The message tells the operator what to do. */
export class BootError extends Error {}

/**
 * Waits until PostgreSQL (and Redis, when configured) responds. Throws BootError after `config.boot.waitMs`, or at once when
 * a pooler in front of PostgreSQL cannot be used as it is, and the reason of `stop` when it is aborted.
 */
export async function waitForDeps(
  deps: Pick<Deps, 'config' | 'log' | 'db' | 'databaseUrl' | 'kv'>,
  stop: AbortSignal = new AbortController().signal,
): Promise<void> {
  const { config, log, db, databaseUrl, kv } = deps
  const poolerUrl = config.database.directUrl === undefined ? undefined : config.database.url
  await waitFor(
    'PostgreSQL',
    async () => {
      const problem = await findPoolingProblem({ databaseUrl, poolerUrl })
      if (problem) throw new BootError(problem)
      await pingDb(db)
    },
    { waitMs: config.boot.waitMs, log, stop },
    'Start it, or check DATABASE_URL / DB_*; without them an embedded one starts by itself.',
  )
  if (!config.redis.url) return
  await waitFor(
    'Redis',
    () => kv.ping(),
    { waitMs: config.boot.waitMs, log, stop },
    'Start it, or check REDIS_URL; without it the queues live in PostgreSQL.',
  )
}

async function waitFor(
  what: string,
  ping: () => Promise<void>,
  { waitMs, log, stop }: { waitMs: number; log: Logger; stop: AbortSignal },
  hint: string,
): Promise<void> {
  const startedMs = performance.now()
  for (let attempt = 1; ; attempt++) {
    try {
      return await ping()
    } catch (error) {
      stop.throwIfAborted()
      if (error instanceof BootError) throw error
      const reason =
        error instanceof Error ? error.message || ('code' in error ? String(error.code) : error.name) : String(error)
      const elapsedMs = performance.now() - startedMs
      if (elapsedMs >= waitMs) {
        throw new BootError(`${what} does not answer after ${Math.round(elapsedMs / 1000)} s (${reason}). ${hint}`)
      }
      log.warn({ attempt, reason }, `${what} does not answer yet; trying again`)
      await sleep(Math.min(250 * 2 ** (attempt - 1), 3000), undefined, { signal: stop }).catch(() =>
        stop.throwIfAborted(),
      )
    }
  }
}
