/**
 * Measures what a request costs when the tables are a hundred and a thousand times as large. Each size is a database of its
 * own with an API of its own (the built program, in production mode) on one PostgreSQL and one Redis. The requests are for
 * guests all over the tables, never the same one twice.
 *
 * The cost of a request is the CPU time of the API and of its PostgreSQL connections, at a fixed load that all sizes get at
 * the same time. So whatever else the machine does meanwhile raises the cost of all of them.
 *
 *   npm run bench:growth -- [--base 5000] [--factors 1,100,1000] [--rows scan,send] [--rate 100] [--seconds 3] [--rounds 5]
 *                           [--backend redis|postgres] [--check]
 *
 * The first round warms up and does not count. --check exits with 1 when a median cost is more than 1.3 times that of the
 * smallest size.
 */
import pg from 'pg'
import { hashPassword, logIn } from '../src/auth/auth.ts'
import { readArguments, refuse, type Usage } from '../src/commands/usage.ts'
import { openDeps, type Deps } from '../src/deps.ts'
import { loadConfig } from '../src/platform/config.ts'
import { sql } from '../src/platform/db.ts'
import { openLog } from '../src/platform/log.ts'
import { GROUP, fill, GUESTS_PER_ACCOUNT, GUESTS_PER_EVENT } from './growth-data.ts'
import { describeRow, ENVIRONMENT, ROWS as ALL_ROWS, type RowName, type Tokens } from './http-rows.ts'
import { createAccounts, logInEach, runLoad, startServer, type Accounts, type Server } from './http-site.ts'
import type { Load, LoadResult } from './load.ts'
import { createDatabase, readArgumentsOf, startMachine } from './machine.ts'
import { readCpuMs } from './processes.ts'

const TARGET = 1.3
const CONNECTIONS = 8
const PASSWORD = 'only for the bench'
const MISS_MAX_MS = 60_000
/** Accounts that send in the row `session`. */
const ACCOUNTS = 20
const ROWS: RowName[] = ALL_ROWS.filter((name) => name !== 'empty')

const usage = {
  command: 'npm run bench:growth',
  does: 'Measures what a request costs when the tables are a hundred and a thousand times as large. Filling a million rows of every table takes three minutes or more.',
  flags: {
    base: { kind: 'whole', default: '5000', description: 'Guests of the smallest size, and rows of the other tables.' },
    factors: { kind: 'text', default: '1,100,1000', description: 'The sizes; the first one is compared with.' },
    rows: { kind: 'text', default: ROWS.join(','), description: 'What to measure.' },
    rate: { kind: 'whole', default: '100', description: 'Requests a second for each size.' },
    seconds: { kind: 'whole', default: '3', description: 'Seconds per run.' },
    rounds: { kind: 'whole', default: '5', description: 'Rounds that count.' },
    backend: { kind: 'text', choices: ['redis', 'postgres'], default: 'redis', description: 'Queue backend.' },
    check: { kind: 'switch', description: `Exits with code 1 when a request costs more than ${TARGET} times as much.` },
  },
  variables: ['REDIS_URL'],
} as const satisfies Usage
const { flags } = readArguments(usage)
const base = Number(flags.base)
const rate = Number(flags.rate)
const seconds = Number(flags.seconds)
const rounds = Number(flags.rounds)
const factors = flags.factors.split(',').map(Number)
const rows = flags.rows.split(',') as RowName[]
const unknown = rows.find((row) => !ROWS.includes(row))
if (unknown) refuse(usage, `--rows: ${unknown} is unknown; there are ${ROWS.join(', ')}.`)
if (factors.some((factor) => !(factor > 0))) refuse(usage, '--factors: whole numbers, separated by commas.')
if (base % GUESTS_PER_EVENT > 0) refuse(usage, `--base: a multiple of ${GUESTS_PER_EVENT}, the guests of an event.`)
// The load generator may send somewhat more.
const numbered = 1.2 * (rate * seconds + CONNECTIONS) * (rounds + 1)
if (numbered > base * factors[0]!) refuse(usage, `--base: at least ${numbered}, so that no guest has two requests.`)

type Size = {
  factor: number
  guests: number
  deps: Deps
  api: Server
  accounts: Accounts
  session?: { tokens: Tokens; untilMs: number }
}
type Measured = LoadResult & { apiMs: number; postgresMs: number }

const machine = await startMachine()
const sizes: Size[] = []
const missed: string[] = []
try {
  for (const factor of factors) sizes.push(await openSize(factor))
  for (const name of rows) missed.push(...(await compare(name)))
} finally {
  for (const { api, deps } of sizes) {
    await api.stop()
    await deps.close()
  }
  await machine.stop()
}
for (const line of missed) process.stdout.write(`above ${TARGET}: ${line}\n`)
process.exit(flags.check && missed.length > 0 ? 1 : 0)

async function openSize(factor: number): Promise<Size> {
  const databaseUrl = await createDatabase(machine.databaseUrl, `bench_growth_${factor}`)
  const env = {
    ...ENVIRONMENT,
    DATABASE_URL: databaseUrl,
    DIRECTOR_CACHE_TTL_SECONDS: '3600', // only hits are compared
    // Each size has a Redis database of its own, so that none finds what another has cached.
    ...(flags.backend === 'redis' && machine.redisUrl
      ? { REDIS_URL: new URL(`/${sizes.length}`, machine.redisUrl).toString() }
      : {}),
  }
  const client = new pg.Client({ connectionString: databaseUrl })
  await client.connect()
  const startedMs = performance.now()
  await fill(client, base * factor, await hashPassword(PASSWORD))
  await client.query('checkpoint')
  const { rows: found } = await client.query<{ mb: number }>(
    'select pg_database_size(current_database()) / 1000000 as mb',
  )
  process.stdout.write(
    `${factor} x ${base}: ${found[0]!.mb} MB, filled in ${Math.round((performance.now() - startedMs) / 1000)} s\n`,
  )
  await client.end()
  const config = loadConfig({ ...env, LOG_LEVEL: 'error' })
  const deps = openDeps(config, openLog(config.log), { databaseUrl, isTool: true })
  const accounts = await createAccounts(deps)
  const api = await startServer(await readArgumentsOf('start'), env, '/health')
  return { factor, guests: base * factor, deps, api, accounts }
}

/** Runs one kind of request against all sizes at once. Returns what costs too much. */
async function compare(name: RowName): Promise<string[]> {
  const measured = sizes.map(() => [] as Measured[])
  const next = sizes.map(() => 1)
  const runs = await Promise.all(sizes.map((size) => describeRun(name, size)))
  if (name === 'overview') for (const [n, size] of sizes.entries()) await computeOverview(size, runs[n]!.load)
  const before = await Promise.all(sizes.map((size) => countProof(size, runs[0]!.proof)))
  for (let round = 0; round <= rounds; round++) {
    const results = await Promise.all(sizes.map((size, n) => measure(size, { ...runs[n]!.load, from: next[n]! })))
    for (const [n, one] of results.entries()) {
      if (one.failed > 0) throw new Error(`${name} ${factors[n]} x: ${one.failed} requests failed`)
      measured[n]!.push(one)
      next[n]! += one.numbered
    }
  }
  for (const [n, size] of sizes.entries()) {
    const stored = (await countProof(size, runs[n]!.proof)) - before[n]!
    const answered = measured[n]!.reduce((sum, { succeeded }) => sum + succeeded, 0)
    const open = CONNECTIONS * (rounds + 1) // the last requests of a run may have no answer
    if (runs[n]!.proof && (stored < answered || stored > answered + open))
      throw new Error(`${name} ${size.factor} x: ${answered} answers, but ${stored} rows`)
  }
  return measured.flatMap((all, n) => {
    const counted = all.slice(1)
    const ratio = median(counted.map((one, round) => costOf(one) / costOf(measured[0]![round + 1]!)))
    const line = `${flags.backend} ${name.padEnd(10)} ${String(factors[n]).padStart(4)} x: ${ratio.toFixed(2)}`
    process.stdout.write(`${line}; ${describe(counted)}\n`)
    return ratio > TARGET ? [line] : []
  })
}

async function describeRun(name: RowName, size: Size): Promise<{ load: Omit<Load, 'from'>; proof?: string }> {
  const { guests, api } = size
  const tokens = await findTokens(size)
  const row = describeRow(name, GROUP, `growth-${name}`, tokens)
  const load = {
    ...row.ours,
    // As many as were invited, because one of them is inside already.
    ...(row.ours.body ? { body: row.ours.body.replace('"partySize":1', '"partySize":20') } : {}),
    ...(name === 'session' ? { tokens: await logInMany(size) } : {}),
    url: api.url,
    spread: { rows: guests, groupSize: GUESTS_PER_EVENT },
    connections: CONNECTIONS,
    seconds,
    rate,
  }
  return { load, ...(row.proof ? { proof: row.proof } : {}) }
}

/** Asks until the answer comes from the cache, so that the load measures hits. Prints how long the first answer took. */
async function computeOverview({ factor }: Size, { url, path, headers }: Omit<Load, 'from'>): Promise<void> {
  const startedMs = performance.now()
  for (;;) {
    const answer = await fetch(`${url}${path}`, { headers })
    const isHit = answer.headers.get('x-cache') === 'hit'
    if (isHit) return
    const ms = Math.round(performance.now() - startedMs)
    process.stdout.write(`overview, not cached, ${factor} x: ${answer.status} after ${ms} ms\n`)
    if (ms > MISS_MAX_MS) throw new Error('the overview cannot be computed')
  }
}

/** A token is good for 15 minutes, and few log-ins a minute are allowed. */
async function findTokens(size: Size): Promise<Tokens> {
  if (!size.session || size.session.untilMs < performance.now())
    size.session = { tokens: await logInEach(size.deps, size.accounts), untilMs: performance.now() + 600_000 }
  return size.session.tokens
}

/** Logs in with accounts from all over the table. */
async function logInMany({ deps, guests }: Size): Promise<string[]> {
  const step = Math.floor(guests / GUESTS_PER_ACCOUNT / ACCOUNTS)
  const logIns = Array.from({ length: ACCOUNTS }, (_, n) =>
    logIn(deps, { email: `user${n * step}@example.com`, password: PASSWORD, address: `10.0.0.${n}` }),
  )
  return (await Promise.all(logIns)).map(({ accessToken }) => accessToken)
}

async function measure(size: Size, load: Load): Promise<Measured> {
  const before = await readUsed(size)
  const result = await runLoad(load)
  const after = await readUsed(size)
  const connections = [...after.connections].map(([pid, ms]) => ms - (before.connections.get(pid) ?? 0))
  return {
    ...result,
    apiMs: (after.api - before.api) / result.succeeded,
    postgresMs: connections.reduce((sum, ms) => sum + ms, 0) / result.succeeded,
  }
}

/** The CPU time that the API and each of its connections have used so far. */
async function readUsed({ api, deps: { db } }: Size): Promise<{ api: number; connections: Map<number, number> }> {
  const { rows: found } = await sql<{ pid: number }>`
    select pid from pg_stat_activity
     where datname = current_database() and pid <> pg_backend_pid()`.execute(db)
  const connections = found.map(async ({ pid }) => [pid, await readCpuMs(pid)] as const)
  return { api: await readCpuMs(api.pid), connections: new Map(await Promise.all(connections)) }
}

async function countProof({ deps: { slowDb } }: Size, query: string | undefined): Promise<number> {
  if (!query) return 0
  const { rows: found } = await sql.raw<{ count: number }>(query).execute(slowDb)
  return found[0]!.count
}

function costOf({ apiMs, postgresMs }: Measured): number {
  return apiMs + postgresMs
}

function describe(results: Measured[]): string {
  const of = (pick: (result: Measured) => number) => median(results.map(pick))
  const [api, postgres] = [of(({ apiMs }) => apiMs), of(({ postgresMs }) => postgresMs)]
  const cpu = `${of(costOf).toFixed(2)} ms of CPU a request (API ${api.toFixed(2)}, PostgreSQL ${postgres.toFixed(2)})`
  return `${cpu}; ${Math.round(of((result) => result.rate))}/s, p50 ${of(({ p50Ms }) => p50Ms)} ms`
}

function median(numbers: number[]): number {
  return numbers.toSorted((a, b) => a - b)[Math.floor(numbers.length / 2)]!
}
