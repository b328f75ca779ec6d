/** What every program of this package does first: configuration, log, database, and a clean end. */
import { ConfigError, loadConfig, type Config } from '../platform/config.ts'
import { MIGRATIONS_FOLDER, applyMigrations, listPendingMigrations, openDb } from '../platform/db.ts'
import { BootError, openDeps, waitForDeps, type Deps } from '../deps.ts'
import { EmbeddedFailure, findRunningUrl, startEmbedded, type Embedded } from '../platform/embedded.ts'
import { openLog, type Logger } from '../platform/log.ts'
import { migrateQueues } from '../platform/queue.ts'

/** Worker and tool may use the embedded database of a server that runs; a tool neither sends nor charges. */
export type Role = 'server' | 'worker' | 'tool'
export type Boot = { config: Config; log: Logger; deps: Deps; close(): Promise<void> }

/**
 * Reads the environment, starts the embedded PostgreSQL when no other is configured, opens deps and
 * waits until they answer.
 */
export async function boot(options: {
  env: NodeJS.ProcessEnv
  role: Role
  logTo?: NodeJS.WritableStream
}): Promise<Boot> {
  const config = loadConfig(options.env)
  const log = openLog(config.log, options.logTo)
  const embedded = config.embedded ? await openEmbedded(config, log, options.role !== 'server') : undefined
  const deps = openDeps(config, log, {
    databaseUrl: config.database.url ?? embedded!.url,
    isTool: options.role === 'tool',
  })
  const close = async () => {
    await deps.close()
    await embedded?.stop()
  }
  try {
    await waitForDeps(deps)
    return { config, log, deps, close }
  } catch (error) {
    await close()
    throw error
  }
}

async function openEmbedded(config: Config, log: Logger, isShared: boolean): Promise<Pick<Embedded, 'url' | 'stop'>> {
  try {
    return await startOwn(config, log)
  } catch (error) {
    const url =
      isShared && error instanceof EmbeddedFailure && error.heldBy ? findRunningUrl(config.data.folder) : undefined
    if (url) return { url, stop: async () => {} } // the server that runs goes on using it
    throw error
  }
}

function startOwn(config: Config, log: Logger): Promise<Embedded> {
  return startEmbedded({
    folder: config.data.folder,
    log: (message, fields) => log.debug(fields ?? {}, message),
    onExit: (message) => {
      log.fatal(message)
      process.exit(1)
    },
  })
}

/** A migration may write a large table anew; the limit of a request would end it, and every later try as well. */
const MIGRATION_TIMEOUT_MS = 3_600_000

/** Brings the schema up to this program. Safe to run again and by several processes at once: they wait for each other. */
export async function migrate({ deps, config, log }: Pick<Boot, 'deps' | 'config' | 'log'>): Promise<void> {
  const onError = (error: Error) => log.warn({ err: error }, 'A database connection was lost')
  const { db, close } = openDb(deps.databaseUrl, { max: 2, statementTimeoutMs: MIGRATION_TIMEOUT_MS, onError })
  try {
    const applied = await applyMigrations(db, MIGRATIONS_FOLDER)
    await migrateQueues({ redis: config.redis, database: { url: deps.databaseUrl } })
    log.info({ applied }, applied.length > 0 ? 'Migrations were applied' : 'The schema is up to date')
  } finally {
    await close()
  }
}

/** Migrates when the configuration says so; else says what is missing and lets /ready answer 503. */
export async function prepareSchema(started: Boot): Promise<{ isReady: boolean }> {
  if (started.config.database.migrateOnStart) {
    await migrate(started)
    return { isReady: true }
  }
  const isReady = await hasSchema(started)
  if (!isReady) started.log.warn('Migrations are pending: run npm run migrate; until then this process is not ready')
  return { isReady }
}

/** Nothing is pending, neither of ours nor (on PostgreSQL queues) of BullMQ's, which migrate applies last. */
export async function hasSchema({ deps }: Pick<Boot, 'deps'>): Promise<boolean> {
  return (await listPendingMigrations(deps.db, MIGRATIONS_FOLDER)).length === 0
}

/** Runs a program; a foreseeable failure is one clear message and exit code 1, not a stack. */
export async function runProgram(main: () => Promise<void>): Promise<void> {
  try {
    await main()
  } catch (error) {
    const isForeseen = error instanceof ConfigError || error instanceof BootError || error instanceof EmbeddedFailure
    process.stderr.write(
      isForeseen ? `${error.message}\n` : `${error instanceof Error ? error.stack : String(error)}\n`,
    )
    process.exit(1)
  }
}

/**
 * Ends the process on SIGTERM or SIGINT: `close` stops taking work and waits for what runs. After
 * `shutdownMs` the process ends anyway; rows keep whatever was not finished.
 */
export function endOnSignal(config: Config, log: Logger, close: () => Promise<void>): void {
  let isEnding = false
  const end = (signal: NodeJS.Signals) => {
    if (isEnding) return // npm forwards the terminal's signal a second time
    isEnding = true
    log.info({ signal }, 'Stopping: running work finishes, nothing new is taken')
    const deadline = setTimeout(() => {
      log.warn('The time to stop is over; what still runs is left to its row')
      process.exit(1)
    }, config.boot.shutdownMs)
    close().then(
      () => {
        clearTimeout(deadline)
        log.info('Stopped')
        process.exit(0)
      },
      (error: unknown) => {
        log.error({ err: error }, 'Stopping failed')
        process.exit(1)
      },
    )
  }
  process.on('SIGTERM', end)
  process.on('SIGINT', end)
  process.on('unhandledRejection', (error) => log.error({ err: error }, 'A promise was rejected and nobody listened'))
}
