/**
 * Starts the PostgreSQL of the npm package with its data in one folder, for machines that have only Node.
 *
 * The server runs in its own process group, so Ctrl-C stops it only through stop(). It survives a crash of this
 * process, and the next start adopts it.
 */
import { spawn, type ChildProcess } from 'node:child_process'
import { createHash, randomBytes } from 'node:crypto'
import fs from 'node:fs'
import { tmpdir } from 'node:os'
import path from 'node:path'
import { setTimeout as wait } from 'node:timers/promises'
import { Client } from 'pg'
import * as home from './home.ts'
import type { Place } from './home.ts'
import * as processes from './process.ts'
import { EmbeddedFailure } from './process.ts'

export { EmbeddedFailure } from './process.ts'

export type Embedded = { url: string; port: number; adopted: boolean; stop(): Promise<void> }
export type EmbeddedOptions = {
  folder: string
  log: (message: string, fields?: Record<string, unknown>) => void
  port?: number
  /** Further settings of postgresql.conf, such as fsync=off for tests. */
  settings?: Record<string, string>
  onExit?: (message: string) => void
  machine?: Partial<Machine>
}
/** What differs between machines, so that tests can simulate another one. Homes are for root only, the best first. */
type Machine = {
  platform: string
  passwdFile: string
  homes: string[]
  native?: string
  pickPort: () => Promise<number>
}
type Job = EmbeddedOptions & { machine: Machine; place: Place; password: string }
type Server = { pid: number; port: number; child?: ChildProcess }

const SUPERUSER = 'postgres'
const DATABASE = 'monotickets'
const LOG_LIMIT_BYTES = 10_000_000

export async function startEmbedded(options: EmbeddedOptions): Promise<Embedded> {
  try {
    const machine = describeMachine(options.machine)
    const folder = makeFolder(options.folder, machine.passwdFile)
    const lock = await processes.takeLock(path.join(folder, 'lock'))
    if ('lockedBy' in lock) throw processes.makeLockedFailure(folder, lock.lockedBy)
    try {
      return await startLocked({ ...options, folder }, machine, lock.release)
    } catch (error) {
      lock.release()
      throw error
    }
  } catch (cause) {
    if (cause instanceof EmbeddedFailure) throw cause
    const why = cause instanceof Error ? cause.message : String(cause)
    throw new EmbeddedFailure(
      `PostgreSQL could not be started in ${options.folder} (${why}): make that folder writable ` +
        'for this user, start with another folder (DATA_FOLDER=…), or set DATABASE_URL.',
      { cause },
    )
  }
}

function describeMachine(given: Partial<Machine> = {}): Machine {
  return {
    platform: `${process.platform === 'win32' ? 'windows' : process.platform}-${process.arch}`,
    passwdFile: '/etc/passwd',
    homes: ['/var/lib/monotickets', path.join(tmpdir(), 'monotickets')],
    pickPort: () => processes.probePort(0),
    ...given,
  }
}

function makeFolder(folder: string, passwdFile: string): string {
  if (!fs.existsSync(folder)) {
    fs.mkdirSync(path.dirname(folder), { recursive: true })
    fs.mkdirSync(folder, { mode: 0o700 })
    if (processes.isRoot()) home.openForGroup(folder, home.findAccount(passwdFile).gid)
  }
  return fs.realpathSync(folder)
}

async function startLocked(options: EmbeddedOptions, machine: Machine, release: () => void): Promise<Embedded> {
  const { folder, log } = options
  const beganMs = performance.now()
  const place = await choosePlace(folder, machine)
  const password = await prepareCluster(folder, place)
  const job = { ...options, machine, place, password }
  const server = (await adoptServer(job)) ?? (await launchServer(job))
  const { pid, port } = server
  const adopted = server.child === undefined
  const stopServer = () => processes.stopPostmaster(pid, place.native, place.cluster)
  try {
    await createDatabase(port, password)
  } catch (error) {
    await stopServer()
    throw error
  }
  let stopped: Promise<void> | undefined
  const message = `PostgreSQL (pid ${pid}) ended unexpectedly: see ${folder}/postgres.log.`
  watchServer(server, place.cluster, () => stopped === undefined && options.onExit?.(message))
  log('PostgreSQL is ready', {
    port,
    pid,
    adopted,
    tookMs: Math.round(performance.now() - beganMs),
  })
  return { url: urlOf(port, password), port, adopted, stop: () => (stopped ??= stopServer().finally(release)) }
}

/** Returns the URL of the server that is running on this folder, for a second tool. */
export function findRunningUrl(folder: string): string | undefined {
  const keys = home.readKeys(folder)
  const port = processes.readPort(path.join(folder, 'postgres'))
  return keys && port ? urlOf(port, keys.password) : undefined
}

const urlOf = (port: number, password: string) => `postgres://${SUPERUSER}:${password}@127.0.0.1:${port}/${DATABASE}`

/** Chooses the binaries and the cluster. Throws when the folder's cluster is missing, instead of creating a new one. */
async function choosePlace(folder: string, machine: Machine): Promise<Place> {
  const native = machine.native ?? home.findNative(machine.platform)
  const keys = home.readKeys(folder)
  const id = createHash('sha256').update(folder).digest('hex').slice(0, 16)
  const candidates = processes.isRoot() ? machine.homes.map((parent) => path.join(parent, id)) : []
  const homes = candidates.filter(home.isTrusted)
  const inside = path.join(folder, 'postgres')
  const atHome = homes.map((one) => path.join(one, 'cluster'))
  // A removed folder means a fresh start, and a home is a part of its folder.
  if (keys === undefined) for (const cluster of atHome) await home.wipeCluster(native, cluster)
  const kept = [inside, ...atHome].find(processes.isDirectory)
  const lost = keys === undefined ? `${folder}/postgres.json, the password of ${inside},` : inside
  if (keys === undefined ? kept !== undefined : keys.initialised && kept === undefined)
    throw new EmbeddedFailure(
      `${lost} is gone or was left behind when the folder moved: ` +
        `bring it back, or remove ${folder} to start afresh.`,
    )
  if (processes.isRoot()) return home.placeForRoot(native, inside, homes, machine.passwdFile, kept)
  return home.placeForUser(native, inside)
}

/** Creates the cluster if needed and returns its password, which is written before the cluster that needs it. */
async function prepareCluster(folder: string, place: Place): Promise<string> {
  const fresh = { password: randomBytes(32).toString('base64url'), initialised: false }
  const keys = home.readKeys(folder) ?? home.writeKeys(folder, fresh)
  const inside = path.join(folder, 'postgres')
  if (!processes.isDirectory(inside)) fs.rmSync(inside, { force: true })
  if (!processes.isDirectory(place.cluster)) await initCluster(place, keys.password)
  if (place.cluster !== inside) fs.symlinkSync(place.cluster, inside) // people look for it in the folder
  if (!keys.initialised) home.writeKeys(folder, { ...keys, initialised: true })
  return keys.password
}

/** Creates the cluster under another name and renames it, so that an interrupted run leaves no partial cluster. */
async function initCluster({ native, cluster, account }: Place, password: string): Promise<void> {
  const prefix = `${cluster}.new-`
  for (const left of fs.readdirSync(path.dirname(cluster)))
    if (left.startsWith(path.basename(prefix)))
      fs.rmSync(path.join(path.dirname(cluster), left), { recursive: true, maxRetries: 5 })
  const draft = prefix + processes.makeNonce()
  const passwordFile = `${draft}.password`
  fs.mkdirSync(draft, { mode: 0o700 })
  fs.writeFileSync(passwordFile, `${password}\n`, { mode: 0o600 })
  if (account !== undefined) for (const file of [draft, passwordFile]) fs.chownSync(file, account.uid, account.gid)
  const args = ['-D', draft, '-U', SUPERUSER, '-A', 'scram-sha-256', `--pwfile=${passwordFile}`]
  // The built-in provider sorts and changes case in the same way on every machine.
  args.push('-E', 'UTF8', '--locale=C', '--locale-provider=builtin', '--builtin-locale=C.UTF-8')
  args.push('--no-sync', '--no-instructions')
  const child = spawn(path.join(native, 'bin', 'initdb'), args, processes.isolateChild(account))
  let output = ''
  for (const stream of [child.stdout, child.stderr]) stream?.on('data', (text) => (output += text))
  const code = await new Promise((resolve, reject) => {
    child.once('error', reject).once('close', resolve)
  })
  fs.rmSync(passwordFile, { force: true })
  if (code !== 0) throw new Error(`initdb failed: ${pickReason(output)}`)
  fs.renameSync(draft, cluster)
}

const pickReason = (text: string) =>
  text.match(/^.*(?:FATAL|PANIC|error|could not).*$/m)?.[0].trim() ?? text.trim().slice(-300)

/** Adopts the server of a killed process; it may be running, starting or stopping. Returns undefined without one. */
async function adoptServer({ place, password, port }: Job): Promise<Server | undefined> {
  const untilMs = performance.now() + 60_000
  for (;;) {
    const found = processes.findPostmaster(place.cluster, place.native)
    if (found === undefined) return undefined
    if (found.ready && (!found.isSame || (port ?? found.port) !== found.port))
      await processes.stopPostmaster(found.pid, place.native, place.cluster)
    else if (found.ready) {
      const refusal = await runSql(found.port, password, 'select').then(() => '', processes.codeOf)
      if (refusal === '') return found
      if (refusal === '28P01' || performance.now() > untilMs)
        throw new EmbeddedFailure(
          `A PostgreSQL (pid ${found.pid}) already serves ${place.cluster} and does not let us in ` +
            `(${refusal}): stop it with «kill ${found.pid}», then start again.`,
        )
    }
    await wait(50)
  }
}

/** Starts a server. It retries while a killed server's processes end, and when another program takes the free port. */
async function launchServer(job: Job): Promise<Server> {
  const untilMs = performance.now() + 15_000
  for (;;) {
    const port = job.port ?? (await job.machine.pickPort())
    const busy = job.port !== undefined && (await processes.probePort(port).then(() => '', processes.codeOf))
    const result = busy ? `could not bind: ${busy}` : await launchOnce(job, port)
    if (typeof result !== 'string') return result
    const isPort = /could not bind|could not create any TCP/.test(result)
    if (isPort && job.port !== undefined)
      throw new EmbeddedFailure(
        `Port ${port} of 127.0.0.1 cannot be used, most likely because another program listens ` +
          'there: stop that program, or choose another port.',
      )
    const isTemporary = isPort || /still in use|already exists/.test(result)
    if (!isTemporary || performance.now() > untilMs)
      throw new EmbeddedFailure(
        `PostgreSQL did not start (${pickReason(result)}): ` +
          `see ${job.folder}/postgres.log and repair what it says.`,
      )
    await wait(isPort ? 0 : 100)
  }
}

/** Returns the server once it is ready, or its log when it ended before that. */
async function launchOnce(job: Job, port: number): Promise<Server | string> {
  const { native, cluster, account } = job.place
  processes.removeStalePidFile(cluster)
  const logFile = path.join(job.folder, 'postgres.log')
  const output = fs.openSync(logFile, 'a', 0o600)
  if (fs.fstatSync(output).size > LOG_LIMIT_BYTES) fs.ftruncateSync(output)
  const before = fs.fstatSync(output).size
  const settings = describeSettings(port, job.settings)
  const child = spawn(path.join(native, 'bin', 'postgres'), ['-D', cluster, ...settings], {
    ...processes.isolateChild(account),
    detached: true,
    stdio: ['ignore', output, output],
  })
  fs.closeSync(output)
  child.unref()
  const failures: Error[] = []
  child.once('error', (error) => failures.push(error))
  while (failures.length === 0 && child.exitCode === null && child.signalCode === null) {
    const found = processes.findPostmaster(cluster, native)
    if (found?.ready === true && found.pid === child.pid) return { pid: found.pid, port, child }
    await wait(20) // without a limit, because recovery may take long and Ctrl-C can end it
  }
  return failures.join() + fs.readFileSync(logFile).subarray(before).toString()
}

const SETTINGS = `listen_addresses=127.0.0.1 unix_socket_directories= timezone=UTC log_timezone=UTC
  max_connections=100 shared_buffers=128MB logging_collector=off log_destination=stderr`.split(/\s+/)

function describeSettings(port: number, more: Record<string, string> = {}): string[] {
  const extra = Object.entries(more).map(([name, value]) => `${name}=${value}`)
  return [...SETTINGS, `port=${port}`, ...extra].flatMap((setting) => ['-c', setting])
}

function watchServer({ pid, child }: Server, cluster: string, onGone: () => void): void {
  const isGone = () => !processes.isPostgresOf(pid, cluster)
  if (child !== undefined && !isGone()) return void child.once('exit', onGone)
  const timer = setInterval(() => {
    if (!isGone()) return
    clearInterval(timer)
    onGone()
  }, 1000).unref()
}

async function createDatabase(port: number, password: string): Promise<void> {
  const known = await runSql(port, password, `select from pg_database where datname='${DATABASE}'`)
  if (known === 0) await runSql(port, password, `create database ${DATABASE}`)
}

async function runSql(port: number, password: string, sql: string): Promise<number | null> {
  const server = { host: '127.0.0.1', port, database: 'postgres', user: SUPERUSER, password }
  const client = new Client({ ...server, ssl: false, connectionTimeoutMillis: 5000 })
  client.on('error', () => {}) // an unhandled error event would end this process when the server dies
  try {
    await client.connect()
    return (await client.query(sql)).rowCount
  } finally {
    await client.end()
  }
}
