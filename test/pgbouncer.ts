/** A real PgBouncer in front of the test PostgreSQL, with the settings of docs/pgbouncer.md. */
import { spawn, type ChildProcess } from 'node:child_process'
import { existsSync } from 'node:fs'
import { chmod, mkdtemp, readFile, rm, writeFile } from 'node:fs/promises'
import { createConnection, createServer, type AddressInfo } from 'node:net'
import { tmpdir } from 'node:os'
import { delimiter, join } from 'node:path'
import type { TestContext } from 'node:test'
import { until } from './program.ts'

export type PgBouncer = {
  /** The address of the same database through PgBouncer. */
  url: string
  /** The address of its console, which answers `show …`. */
  consoleUrl: string
  output(): string
  stop(): Promise<void>
  start(): Promise<void>
}

// Debian installs it where only root has its PATH.
const FOLDERS = [...(process.env['PATH'] ?? '').split(delimiter), '/usr/sbin']
const BINARY = FOLDERS.map((folder) => join(folder, 'pgbouncer')).find(existsSync)
export const skipWithoutPgBouncer = BINARY === undefined && 'no pgbouncer here (Debian: apt-get install pgbouncer)'

/** It refuses to run as root. */
const ACCOUNT = process.getuid?.() === 0 ? { uid: 65534, gid: 65534 } : {}

/** Starts PgBouncer in front of a database. `settings` replace those of the documented pgbouncer.ini. */
export async function startPgBouncer(
  t: TestContext,
  databaseUrl: string,
  settings: Record<string, string> = {},
): Promise<PgBouncer> {
  const folder = await mkdtemp(join(tmpdir(), 'monotickets-pgbouncer-'))
  await chmod(folder, 0o755)
  const address = new URL(databaseUrl)
  const port = await findFreePort()
  const users = join(folder, 'userlist.txt')
  await writeFile(users, `"${decodeURIComponent(address.username)}" "${decodeURIComponent(address.password)}"\n`)
  const file = join(folder, 'pgbouncer.ini')
  const text = await documentedSettings(address, {
    ...{ listen_addr: '127.0.0.1', listen_port: String(port), auth_file: users, unix_socket_dir: '' },
    ...{ stats_users: decodeURIComponent(address.username), ...settings },
  })
  await writeFile(file, text)
  let child: ChildProcess | undefined
  let output = ''
  const start = async () => {
    const started = spawn(BINARY!, [file], { ...ACCOUNT, cwd: '/', stdio: ['ignore', 'pipe', 'pipe'] })
    for (const stream of [started.stdout, started.stderr])
      stream.on('data', (chunk: Buffer) => (output += chunk.toString()))
    child = started
    await until(() => accepts(port), Boolean, 5000)
  }
  const stop = async () => {
    if (child?.exitCode !== null || child.signalCode !== null) return
    const ended = new Promise((resolve) => child!.once('close', resolve))
    child.kill('SIGKILL') // newer versions wait for their clients after other signals
    await ended
  }
  t.after(async () => {
    await stop()
    await rm(folder, { recursive: true, force: true })
  })
  await start()
  const at = (database: string) =>
    Object.assign(new URL(databaseUrl), { host: `127.0.0.1:${port}`, pathname: database })
  return {
    url: at(address.pathname).toString(),
    consoleUrl: at('/pgbouncer').toString(),
    output: () => output,
    start,
    stop,
  }
}

/** The pgbouncer.ini of docs/pgbouncer.md, for this database and with these settings. */
async function documentedSettings(address: URL, settings: Record<string, string>): Promise<string> {
  const { connect_query: query, ...others } = settings
  const page = await readFile('docs/pgbouncer.md', 'utf8')
  const [, ini] = /```ini\n([^]*?)```/.exec(page)!
  const name = address.pathname.slice(1)
  const lines = ini!
    .replace(
      /^monotickets = host=postgres port=5432 dbname=monotickets/m,
      `${name} = host=${address.hostname} port=${address.port} dbname=${name}`,
    )
    .replace(/connect_query='.*'/, (documented) =>
      query === undefined ? documented : query && `connect_query='${query}'`,
    )
    .split('\n')
    .filter((line) => others[line.split(' = ')[0]!] === undefined)
  return [...lines, ...Object.entries(others).map(([key, value]) => `${key} = ${value}`), ''].join('\n')
}

function findFreePort(): Promise<number> {
  return new Promise((resolve) => {
    const probe = createServer().listen(0, '127.0.0.1', () => {
      const { port } = probe.address() as AddressInfo
      probe.close(() => resolve(port))
    })
  })
}

function accepts(port: number): Promise<boolean> {
  return new Promise((resolve) => {
    const socket = createConnection({ port, host: '127.0.0.1' })
    socket.once('connect', () => resolve(true)).once('error', () => resolve(false))
    socket.once('connect', () => socket.destroy())
  })
}
