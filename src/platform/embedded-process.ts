/** Processes and the lock of the embedded PostgreSQL: who runs, who holds the folder, how to stop. */
import { spawnSync, type SpawnOptions } from 'node:child_process'
import { randomBytes } from 'node:crypto'
import fs from 'node:fs'
import { createServer } from 'node:net'
import path from 'node:path'
import { setTimeout as wait } from 'node:timers/promises'

/** One sentence that says what is wrong and what to do. */
export class EmbeddedFailure extends Error {
  /** The process that holds the folder, when that is what is wrong. */
  heldBy?: number
}

export function refuseHeldFolder(folder: string, heldBy: number): EmbeddedFailure {
  const failure = new EmbeddedFailure(
    `Another Monotickets (pid ${heldBy}) already uses ${folder}: ` +
      'stop it first, or start this one with another folder (DATA_FOLDER=…).',
  )
  return Object.assign(failure, { heldBy })
}

export type Account = { uid: number; gid: number }

export const codeOf = (error: unknown) => (error as { code?: string } | null)?.code ?? ''
export const isRoot = () => process.getuid?.() === 0
export const makeNonce = () => randomBytes(8).toString('hex')
export const isDirectory = (directory: string) =>
  fs.lstatSync(directory, { throwIfNoEntry: false })?.isDirectory() === true

/** False when it fails with one of these codes; any other failure is thrown. */
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

/** A clean environment, because PGDATA, PGOPTIONS or a locale of the caller would leak in. */
export function isolateChild(account?: Account): SpawnOptions {
  const cwd = path.parse(process.execPath).root // The account may not be able to enter ours.
  const env = { PATH: '/usr/bin:/bin', LC_ALL: 'C', TZ: 'UTC' }
  // Windows finds its own libraries through the environment, so it keeps the inherited one.
  return { cwd, windowsHide: true, ...account, ...(process.platform !== 'win32' && { env }) }
}

export const ask = (program: string, args: string[]) =>
  String(spawnSync(program, args, { windowsHide: true }).stdout ?? '').trim()

/** Tells two processes with the same number apart. Empty when dead or unknown. */
function readBirth(pid: number): string {
  if (process.platform === 'win32') return ''
  if (process.platform !== 'linux') return ask('ps', ['-o', 'lstart=', '-p', String(pid)])
  const stat = readText(`/proc/${pid}/stat`) ?? ''
  const fields = stat.slice(stat.lastIndexOf(')') + 2).split(' ')
  return fields[0] === 'Z' ? '' : (fields[19] ?? '') // A zombie holds nothing any more.
}

/** Empty when there is no such process, or only what is left of one for its parent. */
function readCommand(pid: number): string {
  const text = process.platform === 'linux' ? readText(`/proc/${pid}/cmdline`) : undefined
  if (process.platform === 'linux') return text?.replaceAll('\0', ' ') ?? ''
  if (process.platform !== 'win32') return ask('ps', ['-ww', '-o', 'command=', '-p', `${pid}`])
  const line = ask('tasklist', ['/nh', '/fi', `PID eq ${pid}`])
  return line.includes(`${pid}`) ? line : ''
}

/** After a crash the number may have gone to a stranger, so the process must name this cluster. */
export function isPostgresOf(pid: number, cluster: string): boolean {
  const command = readCommand(pid)
  if (process.platform === 'win32') return command.includes('postgres')
  return command.includes(`/bin/postgres -D ${cluster} `)
}

/** What postmaster.pid says of a living server, and whether it runs the same binaries as we would. */
export function findPostmaster(cluster: string, native: string) {
  const lines = readText(path.join(cluster, 'postmaster.pid'))?.split('\n')
  const pid = Number(lines?.[0])
  if (lines === undefined || !isPostgresOf(pid, cluster)) return undefined
  const isSame = process.platform === 'win32' || readCommand(pid).startsWith(native)
  return { pid, port: Number(lines[3]), ready: lines[7]?.trim() === 'ready', isSame }
}

/** The port of a server that says it is ready. */
export function readPort(cluster: string): number | undefined {
  const lines = readText(path.join(cluster, 'postmaster.pid'))?.split('\n')
  return lines?.[7]?.trim() === 'ready' ? Number(lines[3]) : undefined
}

/** PostgreSQL does not start while the number in its stale file belongs to any other program. */
export function dropStrangerPid(cluster: string): void {
  const file = path.join(cluster, 'postmaster.pid')
  const pid = Number(readText(file)?.split('\n')[0])
  if (readCommand(pid) !== '' && !isPostgresOf(pid, cluster)) fs.rmSync(file, { force: true })
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

function readHolder(file: string) {
  const text = readText(file)
  if (text === undefined) return undefined
  const [pid = '', nonce = '', birth = ''] = text.split('\n')
  return { pid: Number(pid), nonce: /^[0-9a-f]{16}$/.test(nonce) ? nonce : 'none', birth }
}

function isHeld({ pid, nonce, birth }: { pid: number; nonce: string; birth: string }): boolean {
  if (pid === process.pid) return held.has(nonce) // In a container we often inherit our own number.
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
      if (holder !== undefined) await dropStaleLock(file, holder.pid, holder.nonce)
    }
  } finally {
    fs.rmSync(draft, { force: true })
  }
}

/** Another may take it between our look and our removal: only who locked the stale one removes it. */
async function dropStaleLock(file: string, pid: number, nonce: string): Promise<void> {
  const turn = await takeLock(`${file}.${nonce}`)
  if ('heldBy' in turn) return wait(20)
  const now = readHolder(file)
  if (now?.nonce === nonce && now.pid === pid) fs.rmSync(file, { force: true })
  turn.release()
}

/** Returns a free port, or the given one when it is free. */
export function probePort(port: number): Promise<number> {
  return new Promise((resolve, reject) => {
    const probe = createServer().once('error', reject)
    probe.listen({ port, host: '127.0.0.1', exclusive: true }, () => {
      const address = probe.address()
      probe.close(() => resolve(typeof address === 'object' ? (address?.port ?? port) : port))
    })
  })
}
