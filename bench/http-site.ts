/** The two servers that `npm run bench:http` compares, as processes on one database and one queue backend. */
import { spawn, type ChildProcess } from 'node:child_process'
import { once } from 'node:events'
import { readFile } from 'node:fs/promises'
import { createAccount, logIn } from '../src/auth/auth.ts'
import { loadConfig } from '../src/platform/config.ts'
import { sql } from '../src/platform/db.ts'
import { openDeps, type Deps } from '../src/deps.ts'
import { openLog } from '../src/platform/log.ts'
import { ENVIRONMENT, type Tokens } from './http-rows.ts'
import type { Load, LoadResult } from './load.ts'
import { assignStaff, createDatabase, findFreePort, readArgumentsOf, seedGuests, type Machine } from './machine.ts'

export type Backend = 'redis' | 'postgres'
/** `startMs`: from the start of the process to its first good answer. */
export type Server = { url: string; pid: number; startMs: number; stop(): Promise<void> }
export type Site = { deps: Deps; ours: Server; floor: Server; logIn(): Promise<Tokens>; close(): Promise<void> }

/** Opens a new database and starts both servers on it. */
export async function openSite(machine: Machine, backend: Backend): Promise<Site> {
  const databaseUrl = await createDatabase(machine.databaseUrl, `bench_http_${backend}`)
  const env = {
    ...ENVIRONMENT,
    DATABASE_URL: databaseUrl,
    ...(backend === 'redis' ? { REDIS_URL: machine.redisUrl! } : {}),
  }
  const config = loadConfig({ ...env, LOG_LEVEL: 'error' })
  const deps = openDeps(config, openLog(config.log), { databaseUrl, isTool: true })
  await seedGuests(deps, 'ev_accounts', 1)
  const accounts = await createAccounts(deps)
  await createFloorTables(deps)
  const floor = await startServer(['--import', 'tsx', 'bench/floor-server.ts'], env, '/empty')
  const ours = await startServer(await readArgumentsOf('start'), env, '/health')
  return {
    deps,
    ours,
    floor,
    logIn: () => logInAll(deps, accounts),
    async close() {
      await Promise.all([floor.stop(), ours.stop()])
      await deps.close()
    },
  }
}

const ROLES = ['organizer', 'staff', 'director'] as const
export type Accounts = Record<(typeof ROLES)[number], { email: string; password: string }>

/** An account of each role. The organizer `org_bench` must be there. */
export async function createAccounts(deps: Deps): Promise<Accounts> {
  const entries = ROLES.map(async (role) => {
    const organizerId = role === 'director' ? null : 'org_bench'
    return [role, await createAccount(deps, { email: `${role}@example.com`, name: 'Ana', role, organizerId })]
  })
  return Object.fromEntries(await Promise.all(entries)) as Accounts
}

/** Logs in anew: an access token lives for 15 minutes, and a benchmark may take longer. */
export async function logInEach(deps: Deps, accounts: Accounts): Promise<Tokens> {
  await assignStaff(deps)
  const entries = ROLES.map(async (role) => {
    const { accessToken } = await logIn(deps, { ...accounts[role], address: '127.0.0.1' })
    return [role, accessToken]
  })
  return Object.fromEntries(await Promise.all(entries)) as Tokens
}

/** Tells the floor too. */
async function logInAll(deps: Deps, accounts: Accounts): Promise<Tokens> {
  const tokens = await logInEach(deps, accounts)
  for (const role of ROLES)
    await sql`insert into floor_sessions (token, id, role, name)
      select ${tokens[role]}, id, role, name from users where email = ${accounts[role].email}
      on conflict do nothing`.execute(deps.db)
  return tokens
}

export async function createFloorTables({ db }: Pick<Deps, 'db'>): Promise<void> {
  for (const table of [
    'floor_webhooks (key text primary key, body bytea not null)',
    'floor_tickets (code text primary key, places integer not null, admitted integer not null default 0, answer text)',
    'floor_sends (id uuid not null, guest text not null, template text not null, primary key (guest, template))',
    'floor_sessions (token text primary key, id text not null, role text not null, name text not null)',
    'floor_payments (id uuid primary key, cents bigint not null, currency text not null)',
  ])
    await sql.raw(`create table ${table}`).execute(db)
}

/** Inserts an event with guests, and as many tickets of the floor. */
export async function seedEvent(deps: Deps, eventId: string, guests: number): Promise<void> {
  await seedGuests(deps, eventId, guests)
  await sql`insert into floor_tickets (code, places)
    select code, places from invitations where event_id = ${eventId}`.execute(deps.db)
  await sql`vacuum analyze`.execute(deps.db)
}

/** Starts a program, API or worker, and waits until `readyPath` answers. */
export async function startServer(args: string[], env: Record<string, string>, readyPath: string): Promise<Server> {
  const port = String(await findFreePort())
  const startedMs = performance.now()
  const child = spawn(process.execPath, args, {
    env: { PATH: process.env['PATH'], ...env, PORT: port, METRICS_PORT: port },
    stdio: ['ignore', 'ignore', 'inherit'],
  })
  const exited = once(child, 'exit')
  const url = `http://127.0.0.1:${port}`
  await untilReady(`${url}${readyPath}`, child)
  return {
    url,
    pid: child.pid!,
    startMs: performance.now() - startedMs,
    async stop() {
      child.kill('SIGTERM')
      await exited
    },
  }
}

const START_MAX_MS = 30_000

async function untilReady(url: string, child: ChildProcess): Promise<void> {
  const untilMs = performance.now() + START_MAX_MS
  for (;;) {
    if (performance.now() > untilMs) throw new Error(`${url} does not answer`)
    if (child.exitCode !== null) throw new Error(`${child.spawnargs.join(' ')} ended with code ${child.exitCode}`)
    const isReady = await fetch(url).then(
      ({ ok }) => ok,
      () => false,
    )
    if (isReady) return
    await new Promise((resolve) => setTimeout(resolve, 10))
  }
}

/** The processor time that a process has used, in seconds. Linux counts it in ticks of 10 ms (proc(5)). */
export async function readCpuSeconds({ pid }: Pick<Server, 'pid'>): Promise<number> {
  const stat = await readFile(`/proc/${pid}/stat`, 'utf8')
  const [user, system] = stat.slice(stat.lastIndexOf(')')).split(' ').slice(12, 14).map(Number)
  return (user! + system!) / 100
}

/** Runs the load generator in a process of its own. */
export async function runLoad(load: Load): Promise<LoadResult> {
  const child = spawn(process.execPath, ['--import', 'tsx', 'bench/load.ts', JSON.stringify(load)], {
    stdio: ['ignore', 'pipe', 'inherit'],
  })
  let output = ''
  child.stdout.on('data', (chunk: Buffer) => (output += chunk.toString()))
  const [code] = (await once(child, 'close')) as [number]
  if (code !== 0) throw new Error(`the load generator ended with code ${code}`)
  return JSON.parse(output) as LoadResult
}
