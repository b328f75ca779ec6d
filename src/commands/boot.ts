/** What every program of this package does first: configuration, log, database, and a clean end. */
import { constants } from 'node:os'
import { findRoleProblem } from '../platform/acting.ts'
import { ConfigError, listMisspelled, loadConfig, readEnvironment, type Config } from '../platform/config.ts'
import { MIGRATIONS_FOLDER, applyMigrations, listPendingMigrations, openDb } from '../platform/db.ts'
import { BootError, openDeps, waitForDeps, type Deps } from '../deps.ts'
import { EmbeddedFailure, findRunningUrl, startEmbedded, type Embedded } from '../platform/embedded/embedded.ts'
import { keepSecret } from '../platform/embedded/home.ts'
import { openLog, type Logger } from '../platform/log.ts'
import { migrateQueues } from '../platform/queue.ts'

/** Worker and tool may use the embedded database of a server that runs; a tool ends by itself, and neither sends nor charges. */
export type Role = 'server' | 'worker' | 'tool'
/** A run of a program. `stop` is aborted by SIGTERM or SIGINT, and its reason is a Stopped. */
export type Run = { role: Role; stop: AbortSignal }
export type Boot = { config: Config; log: Logger; deps: Deps; stop: AbortSignal; close(): Promise<void> }

/**
 * Reads the environment, starts the embedded PostgreSQL when no other is configured, opens deps and
 * waits until they answer. A signal meanwhile closes what is open and throws Stopped.
 */
export async function boot({ role, stop }: Run, { logTo }: { logTo?: NodeJS.WritableStream } = {}): Promise<Boot> {
  const env = readEnvironment()
  const config = loadConfig(env, { isTool: role === 'tool' })
  const log = openLog(config.log, logTo)
  stop.addEventListener('abort', () => announceStop(config, log, stop.reason as Stopped), { once: true })
  if (role !== 'tool')
    process.on('unhandledRejection', (error) => log.error({ err: error }, 'A promise was rejected and nobody listened'))
  for (const warning of listMisspelled(env)) log.warn(warning)
  const embedded = config.embedded ? await openEmbedded(config, log, role !== 'server') : undefined
  let deps: Deps | undefined
  const close = async () => {
    await deps?.close()
    await embedded?.stop()
    if (stop.aborted) log.info('Stopped')
  }
  try {
    stop.throwIfAborted()
    const databaseUrl = config.database.url ?? embedded!.url
    const jwtSecret = role === 'server' ? findDemoSecret(config, log) : undefined // only the server signs
    deps = openDeps(config, log, { databaseUrl, isTool: role === 'tool', jwtSecret })
    await waitForDeps(deps, stop)
    return { config, log, deps, stop, close }
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
      isShared && error instanceof EmbeddedFailure && error.lockedBy ? findRunningUrl(config.data.folder) : undefined
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

/** The secret of logins when JWT_SECRET gives none, which only demo mode allows. undefined: a new one for this process. */
function findDemoSecret({ auth, embedded, data }: Config, log: Logger): string | undefined {
  if (auth.jwtSecret) return undefined
  const why = auth.isSecretWeak ? 'JWT_SECRET has fewer than 32 bytes and is not used' : 'JWT_SECRET is not set'
  const level = auth.isSecretWeak ? 'warn' : 'info'
  if (embedded) {
    log[level](`${why}: a secret in the data folder signs the logins, so they survive a restart`)
    return keepSecret(data.folder)
  }
  log.warn(`${why}: a new secret signs the logins, so they end with this process`)
  return undefined
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
    await checkRole(started)
    return { isReady: true }
  }
  const isReady = await hasSchema(started)
  if (isReady) await checkRole(started)
  else started.log.warn('Migrations are pending: run npm run migrate; until then this process is not ready')
  return { isReady }
}

/** Without its role no request of an organizer could be answered, so the program does not start. */
async function checkRole({ deps }: Pick<Boot, 'deps'>): Promise<void> {
  const problem = await findRoleProblem(deps.db)
  if (problem) throw new BootError(problem)
}

/** Nothing is pending, neither of ours nor (on PostgreSQL queues) of BullMQ's, which migrate applies last. */
export async function hasSchema({ deps }: Pick<Boot, 'deps'>): Promise<boolean> {
  return (await listPendingMigrations(deps.db, MIGRATIONS_FOLDER)).length === 0
}

/** Somebody asked the program to stop. */
export class Stopped extends Error {
  readonly signal: NodeJS.Signals
  constructor(signal: NodeJS.Signals) {
    super(`Stopped by ${signal}`)
    this.signal = signal
  }
}

/**
 * Runs a program to its end. SIGTERM and SIGINT abort `stop`, and what is open is closed by `main`. A foreseeable failure
 * is one clear message and exit code 1, not a stack. A stop is exit code 0; a tool that it cut short has not done its work,
 * so its exit code says so (130, 143).
 */
export async function runProgram(role: Role, main: (run: Run) => Promise<void>): Promise<void> {
  const stopping = new AbortController()
  const { signal: stop } = stopping
  // npm forwards the terminal's signal a second time, and the second one changes nothing.
  for (const name of ['SIGTERM', 'SIGINT'] as const) process.on(name, () => stopping.abort(new Stopped(name)))
  try {
    await main({ role, stop })
    process.exit(0)
  } catch (error) {
    const isForeseen = [ConfigError, BootError, EmbeddedFailure].some((kind) => error instanceof kind)
    // The terminal's Ctrl+C reaches initdb too, and a start that a stop broke off did not fail.
    if (stop.aborted && (isForeseen || error === stop.reason))
      process.exit(role === 'tool' ? 128 + constants.signals[(stop.reason as Stopped).signal] : 0)
    const message = isForeseen ? (error as Error).message : error instanceof Error ? error.stack : String(error)
    process.stderr.write(`${message}\n`)
    process.exit(1)
  }
}

/** After `shutdownMs` the process ends anyway; rows keep whatever was not finished. */
function announceStop(config: Config, log: Logger, { signal }: Stopped): void {
  log.info({ signal }, 'Stopping: running work finishes, nothing new is taken')
  setTimeout(() => {
    log.warn('The time to stop is over; what still runs is left to its row')
    process.exit(1)
  }, config.boot.shutdownMs).unref()
}
