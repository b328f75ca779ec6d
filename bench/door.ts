/**
 * Measures how long the door takes to answer at a steady rate while Redis is down. The server is the built program in production
 * mode on PostgreSQL and Redis; Redis is stopped before the scans begin. Every scan must be answered with 200, and stored.
 *
 *   npm run bench:door -- [--rate 500] [--seconds 20] [--connections 32] [--check]
 *
 * The thinnest program that does the same (floor-server.ts) gets the same load before it: it tells how busy the machine is. An
 * answer that comes late delays the requests behind it; their waiting counts too.
 */
import { readArguments, refuse, type Usage } from '../src/commands/usage.ts'
import { openDeps } from '../src/deps.ts'
import { loadConfig } from '../src/platform/config.ts'
import { sql } from '../src/platform/db.ts'
import { openLog } from '../src/platform/log.ts'
import { describeRow, ENVIRONMENT, type Row } from './http-rows.ts'
import {
  createAccounts,
  createFloorTables,
  logInEach,
  readCpuSeconds,
  runLoad,
  seedEvent,
  startServer,
  type Server,
} from './http-site.ts'
import type { LoadResult } from './load.ts'
import { createDatabase, readArgumentsOf, seedGuests, startMachine } from './machine.ts'

const P99_MAX_MS = 50
const WARM_UP_SECONDS = 5

const usage = {
  command: 'npm run bench:door',
  does: 'Measures how long the door takes to answer at a steady rate while Redis is down.',
  flags: {
    rate: { kind: 'whole', default: '500', description: 'Scans a second.' },
    seconds: { kind: 'whole', default: '20', description: 'Seconds that count.' },
    connections: { kind: 'whole', default: '32', description: 'Connections of the load generator.' },
    check: { kind: 'switch', description: `Exits with code 1 when the p99 is above ${P99_MAX_MS} ms.` },
  },
  variables: [],
} as const satisfies Usage
const { flags } = readArguments(usage)
const rate = Number(flags.rate)
if (process.env['REDIS_URL']) refuse(usage, 'REDIS_URL is set; the bench stops the Redis that it starts itself.')

const machine = await startMachine()
let isSlow = false
try {
  if (!machine.redisUrl) throw new Error('There is no redis-server on the path.')
  const databaseUrl = await createDatabase(machine.databaseUrl, 'bench_door')
  const env = { ...ENVIRONMENT, DATABASE_URL: databaseUrl, REDIS_URL: machine.redisUrl, LOG_LEVEL: 'warn' }
  const config = loadConfig(env)
  const deps = openDeps(config, openLog({ ...config.log, level: 'fatal' }), { databaseUrl, isTool: true })
  await seedGuests(deps, 'ev_accounts', 1)
  const accounts = await createAccounts(deps)
  const server = await startServer(await readArgumentsOf('start'), env, '/health')
  const { REDIS_URL: _, ...withoutRedis } = env
  await createFloorTables(deps)
  const floor = await startServer(['--import', 'tsx', 'bench/floor-server.ts'], withoutRedis, '/empty')
  const tokens = await logInEach(deps, accounts)
  machine.stopRedis()
  for (const seconds of [WARM_UP_SECONDS, Number(flags.seconds)]) {
    const run = `door-${seconds}`
    const event = `EV-${run.toUpperCase()}`
    await seedEvent(deps, event, rate * (seconds + 1))
    const row = describeRow('scan', event, run, tokens)
    const what = seconds === WARM_UP_SECONDS ? 'warm-up' : 'Redis down'
    await measure(floor, row.floor, { what: `${what}, floor`, seconds })
    const result = await measure(server, row.ours, { what: `${what}, ours `, seconds })
    const stored = await countAdmissions(event)
    if (stored < result.succeeded) throw new Error(`${result.succeeded} answers, but ${stored} rows`)
    isSlow = result.p99Ms > P99_MAX_MS
  }
  await floor.stop()
  await server.stop()
  await deps.close()

  async function measure(
    { url, pid }: Server,
    request: Row['ours'],
    { what, seconds }: { what: string; seconds: number },
  ): Promise<LoadResult> {
    const before = await readCpuSeconds({ pid })
    const result = await runLoad({ ...request, url, from: 1, connections: Number(flags.connections), seconds, rate })
    const cpuUs = Math.round((((await readCpuSeconds({ pid })) - before) * 1e6) / result.succeeded)
    if (result.failed > 0) throw new Error(`${result.failed} scans failed`)
    const { p50Ms, p99Ms, succeeded } = result
    const line = `${succeeded} scans, ${Math.round(result.rate)}/s: p50 ${p50Ms} ms, p99 ${p99Ms} ms, ${cpuUs} µs of the server`
    process.stdout.write(`${what}: ${line}\n`)
    return result
  }

  async function countAdmissions(eventId: string): Promise<number> {
    const { rows } = await sql<{ count: number }>`
      select count(*)::integer as count from scans where event_id = ${eventId} and result = 'valid'`.execute(deps.db)
    return rows[0]?.count ?? 0
  }
} finally {
  await machine.stop()
}
if (isSlow) process.stdout.write(`above ${P99_MAX_MS} ms\n`)
process.exit(flags.check && isSlow ? 1 : 0)
