/**
 * Measures how long the door takes to answer at a steady rate while Redis is down. The server is the built program in production
 * mode on PostgreSQL and Redis; Redis is stopped before the scans begin. Every scan must be answered with 200, and stored.
 *
 *   npm run bench:door -- [--rate 500] [--seconds 20] [--connections 32] [--check]
 *
 * An answer that comes late delays the requests behind it; their waiting counts too.
 */
import { readArguments, refuse, type Usage } from '../src/commands/usage.ts'
import { openDeps } from '../src/deps.ts'
import { loadConfig } from '../src/platform/config.ts'
import { sql } from '../src/platform/db.ts'
import { openLog } from '../src/platform/log.ts'
import { describeRow, ENVIRONMENT } from './http-rows.ts'
import { createAccounts, logInEach, readCpuSeconds, runLoad, startServer } from './http-site.ts'
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
  const tokens = await logInEach(deps, accounts)
  machine.stopRedis()
  for (const seconds of [WARM_UP_SECONDS, Number(flags.seconds)]) {
    const run = `door-${seconds}`
    const event = `EV-${run.toUpperCase()}`
    await seedGuests(deps, event, rate * (seconds + 1))
    await sql`vacuum analyze`.execute(deps.db)
    const { ours } = describeRow('scan', event, run, tokens)
    const before = await readCpuSeconds(server)
    const result = await runLoad({
      ...ours,
      ...{ url: server.url, from: 1, connections: Number(flags.connections), seconds, rate },
    })
    const cpuUs = Math.round((((await readCpuSeconds(server)) - before) * 1e6) / result.succeeded)
    const stored = await countAdmissions(event)
    if (result.failed > 0 || stored < result.succeeded)
      throw new Error(`${result.failed} scans failed; ${result.succeeded} answers, but ${stored} rows`)
    const { p50Ms, p99Ms, succeeded } = result
    const line = `${succeeded} scans, ${Math.round(result.rate)}/s: p50 ${p50Ms} ms, p99 ${p99Ms} ms, ${cpuUs} µs of the server`
    process.stdout.write(`${seconds === WARM_UP_SECONDS ? 'warm-up' : 'Redis down'}: ${line}\n`)
    isSlow = p99Ms > P99_MAX_MS
  }
  await server.stop()
  await deps.close()

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
