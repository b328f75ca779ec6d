/** The processes of the embedded PostgreSQL and the lock of its folder. */
import { spawnSync, type SpawnOptions } from 'node:child_process'
import { randomBytes } from 'node:crypto'
import fs from 'node:fs'
import { createServer } from 'node:net'
import path from 'node:path'
import { setTimeout as wait } from 'node:timers/promises'

/** Its message says in one sentence what is wrong and what to do. */
export class EmbeddedFailure extends Error {
  /** The process that has locked the folder, when that is the reason. */
  lockedBy?: number
}

export function makeLockedFailure(folder: string, lockedBy: number): EmbeddedFailure {
  const failure = new EmbeddedFailure(
    `Another Monotickets (pid ${lockedBy}) already uses ${folder}: ` +
      'stop it first, or start this one with another folder (DATA_FOLDER=…).',
  )
  return Object.assign(failure, { lockedBy })
}

export type Account = { uid: number; gid: number }

export const codeOf = (error: unknown) => (error as { code?: string } | null)?.code ?? ''
export const isRoot = () => process.getuid?.() === 0
export const makeNonce = () => randomBytes(8).toString('hex')
export const isDirectory = (directory: string) =>
  fs.lstatSync(directory, { throwIfNoEntry: false })?.isDirectory() === true

/** Returns false when it fails with one of these codes; any other error is thrown. */
export function tryTo(act: () => unknown, ...codes: string[]): boolean {
  try {
    act()
    return true
  } catch (error) {
    if (codes.includes(codeOf(error))) return false
    throw error
  }
}

export function readText(file: string): string | undefined {
  let text: string | undefined
  tryTo(() => (text = fs.readFileSync(file, 'utf8')), 'ENOENT', 'ESRCH', 'ENOTDIR')
  return text
}

/** Gives a child a clean environment, without PGDATA, PGOPTIONS or locale of the caller. */
export function isolateChild(account?: Account): SpawnOptions {
  const cwd = path.parse(process.execPath).root // the account may not be able to enter our working directory
  const env = { PATH: '/usr/bin:/bin', LC_ALL: 'C', TZ: 'UTC' }
  // Windows finds its own libraries through the environment, so it keeps the inherited one.
  return { cwd, windowsHide: true, ...account, ...(process.platform !== 'win32' && { env }) }
}

export const ask = (program: string, args: string[]) =>
  String(spawnSync(program, args, { windowsHide: true }).stdout ?? '').trim()

/** Returns the start time of a process, which distinguishes processes with the same pid. Empty when dead or unknown. */
function readStartTime(pid: number): string {
  if (process.platform === 'win32') return ''
  if (process.platform !== 'linux') return ask('ps', ['-o', 'lstart=', '-p', String(pid)])
  const stat = readText(`/proc/${pid}/stat`) ?? ''
  const fields = stat.slice(stat.lastIndexOf(')') + 2).split(' ')
  return fields[0] === 'Z' ? '' : (fields[19] ?? '') // a zombie has no lock any more
}

/** Returns the command line of a process; empty when there is no such process or it is a zombie. */
function readCommand(pid: number): string {
  const text = process.platform === 'linux' ? readText(`/proc/${pid}/cmdline`) : undefined
  if (process.platform === 'linux') return text?.replaceAll('\0', ' ') ?? ''
  if (process.platform !== 'win32') return ask('ps', ['-ww', '-o', 'command=', '-p', `${pid}`])
  const line = ask('tasklist', ['/nh', '/fi', `PID eq ${pid}`])
  return line.includes(`${pid}`) ? line : ''
}

/** Whether this process is a PostgreSQL of this cluster; after a crash its pid may belong to another program. */
export function isPostgresOf(pid: number, cluster: string): boolean {
  const command = readCommand(pid)
  if (process.platform === 'win32') return command.includes('postgres')
  return command.includes(`/bin/postgres -D ${cluster} `)
}

/** Reads postmaster.pid of a running server. `isSame`: it runs the binaries that we would run. */
export function findPostmaster(cluster: string, native: string) {
  const lines = readText(path.join(cluster, 'postmaster.pid'))?.split('\n')
  const pid = Number(lines?.[0])
  if (lines === undefined || !isPostgresOf(pid, cluster)) return undefined
  const isSame = process.platform === 'win32' || readCommand(pid).startsWith(native)
  return { pid, port: Number(lines[3]), ready: lines[7]?.trim() === 'ready', isSame }
}

/** Returns the port of a server that is ready. */
export function readPort(cluster: string): number | undefined {
  const lines = readText(path.join(cluster, 'postmaster.pid'))?.split('\n')
  return lines?.[7]?.trim() === 'ready' ? Number(lines[3]) : undefined
}

/** Removes a postmaster.pid whose pid belongs to another program, because PostgreSQL would not start. */
export function removeStalePidFile(cluster: string): void {
  const file = path.join(cluster, 'postmaster.pid')
  const pid = Number(readText(file)?.split('\n')[0])
  if (readCommand(pid) !== '' && !isPostgresOf(pid, cluster)) fs.rmSync(file, { force: true })
}

const STOP_LIMITS_MS = { SIGINT: 30_000, SIGQUIT: 10_000, SIGKILL: 5_000 }

/** Shuts the server down, first with a fast shutdown, then with harder signals, so that a hanging server ends too. */
export async function stopPostmaster(pid: number, native: string, cluster: string): Promise<void> {
  if (process.platform === 'win32') ask(path.join(native, 'bin', 'pg_ctl'), ['stop', '-D', cluster, '-m', 'fast', '-w'])
  for (const [signal, limitMs] of Object.entries(STOP_LIMITS_MS)) {
    if (isPostgresOf(pid, cluster)) tryTo(() => process.kill(pid, signal), 'ESRCH')
    const untilMs = performance.now() + limitMs
    while (isPostgresOf(pid, cluster) && performance.now() < untilMs) await wait(20)
  }
}

const ownNonces = new Set<string>()

function readLock(file: string) {
  const text = readText(file)
  if (text === undefined) return undefined
  const [pid = '', nonce = '', startTime = ''] = text.split('\n')
  return { pid: Number(pid), nonce: /^[0-9a-f]{16}$/.test(nonce) ? nonce : 'none', startTime }
}

function isAlive({ pid, nonce, startTime }: { pid: number; nonce: string; startTime: string }): boolean {
  if (pid === process.pid) return ownNonces.has(nonce) // in a container a new process often has the same pid
  return startTime === '' ? readCommand(pid).includes('node') : readStartTime(pid) === startTime
}

/** Takes the lock, also from a dead process. Returns `lockedBy` when a running process has it. */
export async function takeLock(file: string): Promise<{ lockedBy: number } | { release(): void }> {
  const nonce = makeNonce()
  const draft = `${file}.${nonce}.draft`
  const release = () => {
    if (ownNonces.delete(nonce) && readLock(file)?.nonce === nonce) fs.rmSync(file, { force: true })
  }
  fs.writeFileSync(draft, `${process.pid}\n${nonce}\n${readStartTime(process.pid)}\n`, { mode: 0o600 })
  try {
    ownNonces.add(nonce)
    for (;;) {
      // A hard link appears with its content and never replaces a file, so nobody reads a partial lock.
      if (tryTo(() => fs.linkSync(draft, file), 'EEXIST')) return { release }
      const other = readLock(file)
      if (other !== undefined && isAlive(other)) return { lockedBy: other.pid }
      if (other !== undefined) await removeStaleLock(file, other.pid, other.nonce)
    }
  } finally {
    fs.rmSync(draft, { force: true })
  }
}

/** Removes a stale lock under a lock of its own, because another process may replace it between the check and the removal. */
async function removeStaleLock(file: string, pid: number, nonce: string): Promise<void> {
  const guard = await takeLock(`${file}.${nonce}`)
  if ('lockedBy' in guard) return wait(20)
  const current = readLock(file)
  if (current?.nonce === nonce && current.pid === pid) fs.rmSync(file, { force: true })
  guard.release()
}

/** Returns a free port for 0, or the given port. Rejects when it is in use. */
export function probePort(port: number): Promise<number> {
  return new Promise((resolve, reject) => {
    const probe = createServer().once('error', reject)
    probe.listen({ port, host: '127.0.0.1', exclusive: true }, () => {
      const address = probe.address()
      probe.close(() => resolve(typeof address === 'object' ? (address?.port ?? port) : port))
    })
  })
}
